"""What an API server makes for itself before anybody comes: its roles and bindings, priorities, APIServices, and the
Service by which it is found. Recorded from a real one by `schema/record_beginnings`, but for what differs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from bot.playground.cluster_server.objects.allotting import SERVICES
from bot.playground.cluster_server.schema import BEGINNINGS

Object = dict[str, Any]

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_ADDRESS, _PORT = "192.0.2.10", 6443
"""Of the control plane inside the cluster; from outside it is met on loopback."""
_FINDABLE = {"component": "apiserver", "provider": "kubernetes"}


@cache
def _recorded() -> list[Object]:
    return list(msgspec.json.decode(BEGINNINGS.read_bytes())["objects"])


def beginnings() -> Iterator[Object]:
    """In the order in which they are to be created."""
    for name in NAMESPACES:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield from _recorded()
    yield {
        "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
        "spec": {"cidrs": [str(SERVICES)]},
    }  # fmt: skip
    port = {"name": "https", "port": _PORT, "protocol": "TCP"}
    yield {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": _FINDABLE},
        "spec": {"clusterIP": str(SERVICES[1]), "ports": [port | {"port": 443, "targetPort": _PORT}]},
    }  # fmt: skip
    yield {
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {
            "name": "kubernetes", "namespace": "default", "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        }, "subsets": [{"addresses": [{"ip": _ADDRESS}], "ports": [port]}],
    }  # fmt: skip
    yield {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {
            "name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"},
        }, "addressType": "IPv4", "ports": [port],
        "endpoints": [{"addresses": [_ADDRESS], "conditions": {"ready": True}}],
    }  # fmt: skip
