"""Objects, whoever asks for them: `registry` is where HTTP and controllers meet, `store` the place of etcd.

A write goes through patching or `ownership`, `canonical` forms, the kind's rules, `admitting`, `allotting` and
`policing`; which kinds there are is in `kinds`, what is there from the beginning in `beginnings`.
"""
