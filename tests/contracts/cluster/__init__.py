"""What a Kubernetes API does, kept by the embedded cluster and by a real one alike.

`cases/*.yaml` are single requests with the answer that a real server gave, recorded in `answers/` by `record.py`;
`test_*.py` are behaviours that take more than one. Everything runs against the embedded cluster, and with `--cluster`
against the one of KUBECONFIG. Where both differ, the embedded one is wrong.
"""
