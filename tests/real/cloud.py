"""What a cloud does for Services of type LoadBalancer: it gives them an address."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.real.hands import Object, items, kubectl

ADDRESS = "172.31.99.11"
"""node1's own, which a Service gets when nobody else has its ports there: kube-proxy serves it as any other."""
_ADDRESSES = (ADDRESS, "172.31.99.12")
_EVERY_SECONDS = 0.5
Port = tuple[str, int, str]
"""Of an address, for a protocol."""


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
        services = [each for each in items("services", "-A") if each["spec"]["type"] == "LoadBalancer"]
        taken = {port for each in services for address in _addresses(each) for port in _ports(each, address)}
        for service in services:
            pending = not _addresses(service) and "deletionTimestamp" not in service["metadata"]
            if pending and (free := _free(service, taken)):
                taken |= _ports(service, free)
                _patch(service["metadata"]["namespace"], service["metadata"]["name"], free)


def _free(service: Object, taken: set[Port]) -> str | None:
    """Where two had the same port of one address, kube-proxy would send requests to either. K3s's ServiceLB, too,
    leaves a Service pending that finds its ports taken everywhere."""
    return next((each for each in _ADDRESSES if not taken & _ports(service, each)), None)


def _addresses(service: Object) -> list[str]:
    return [each["ip"] for each in service["status"]["loadBalancer"].get("ingress", ())]


def _ports(service: Object, address: str) -> set[Port]:
    return {(address, each["port"], each["protocol"]) for each in service["spec"]["ports"]}


def _patch(namespace: str, name: str, address: str) -> None:
    status = {"status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}}
    words = ["patch", "service", name, "-n", namespace, "--subresource=status", "--type=merge"]
    try:
        kubectl(*words, "-p", json.dumps(status))
    except AssertionError as error:
        # It may be gone meanwhile.
        if "NotFound" not in str(error):
            raise
