"""What a cloud does for Services of type LoadBalancer: it gives them an address."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.real.hands import items, kubectl

ADDRESS = "172.31.99.11"
"""node1's own for all of them, as K3s's ServiceLB does it: kube-proxy serves it as any other."""
_EVERY_SECONDS = 0.5


@contextmanager
def clouded() -> Iterator[None]:
    """It looks for new ones until it is left."""
    ended = threading.Event()
    thread = threading.Thread(target=_give, args=(ended,), name="cloud", daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join(10)


def _give(ended: threading.Event) -> None:
    while not ended.wait(_EVERY_SECONDS):
        for service in items("services", "-A"):
            pending = service["spec"]["type"] == "LoadBalancer" and not service["status"]["loadBalancer"]
            if pending and "deletionTimestamp" not in service["metadata"]:
                _patch(service["metadata"]["namespace"], service["metadata"]["name"])


def _patch(namespace: str, name: str) -> None:
    status = {"status": {"loadBalancer": {"ingress": [{"ip": ADDRESS, "ipMode": "VIP"}]}}}
    words = ["patch", "service", name, "-n", namespace, "--subresource=status", "--type=merge"]
    try:
        kubectl(*words, "-p", json.dumps(status))
    except AssertionError as error:
        # It may be gone meanwhile.
        if "NotFound" not in str(error):
            raise
