"""Where a connection to an address and port of the world ends, judged from the API's objects at this moment.

It stands outside of the cluster, as a load balancer or a person's machine does, but may reach every address in it. What
kube-proxy does is told at https://kubernetes.io/docs/reference/networking/virtual-ips/: a Service without endpoints is
rejected, so that the client is refused; one whose `externalTrafficPolicy` is Local drops what comes to a node that has
none of its endpoints, so that the client waits (pkg/proxy/iptables/proxier.go, "has no local endpoints").
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.objects.evaluating import OVER
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.rules.services import EXTERNAL_NAME
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
SERVICE_NAME = "kubernetes.io/service-name"
_API_SERVER = ("default", "kubernetes")


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Nothing in the world has that address, or its node is cut off."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The address is there, and nobody takes connections at that port."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Packets are thrown away: who connects waits until it gives up."""


@dataclass(frozen=True)
class ToPod:
    """A port of a pod."""

    pod: Object
    port: int
    service_port: int
    """The port of the Service that led here; where none did, the pod's own."""


@dataclass(frozen=True, slots=True)
class ToAPIServer:
    """What the Service `kubernetes` leads to."""


@dataclass(frozen=True, slots=True)
class ToEdge:
    """An address that a scenario gives to a controller, with no Service of its own."""

    controller: str
    """Its workload, `namespace/name`."""
    port: int


Destination = NoRoute | Refused | Dropped | ToPod | ToAPIServer | ToEdge


class Finder:
    """Looks at the registry; keeps nothing but whose turn it is."""

    def __init__(self, registry: Registry, outside: Callable[[str], str]) -> None:
        """`outside` names the controller to which a scenario gives an address; empty: none."""
        self._registry = registry
        self._outside = outside
        self._turn = itertools.count()

    def find(self, address: str, port: int) -> Destination:
        """Never raises. Session affinity is not kept: endpoints take turns."""
        known = False
        for service in self._services():
            if address in _own_addresses(service):
                known = True
                if said := _port_of(service, port):
                    return self.behind(service, said)
        if pod := self._pod(address):
            return ToPod(pod, port, port)
        if node := self._node(address):
            return self._at_node(node, port) if _is_heard_of(node) else NoRoute()
        if controller := self._outside(address):
            return ToEdge(controller, port)
        return Refused() if known else NoRoute()

    def behind(self, service: Object, port: Object, node: str = "") -> Destination:
        """One of the ready endpoints of a Service's port; with a node, one of those that are there."""
        name = (service["metadata"]["namespace"], service["metadata"]["name"])
        if name == _API_SERVER:
            return ToAPIServer()
        ready = list(self._endpoints(service, port))
        local = [endpoint for endpoint in ready if not node or endpoint[2] == node]
        if not ready:
            return Refused()
        if not local:
            return Dropped()
        address, number, _ = local[next(self._turn) % len(local)]
        return self._endpoint(address, number, port["port"])

    def _endpoint(self, address: str, number: int, service_port: int) -> Destination:
        """What an endpoint's address leads to, which need not be a pod: people write EndpointSlices too."""
        if pod := self._pod(address):
            return ToPod(pod, number, service_port)
        node = self._node(address)
        if node is None or not _is_heard_of(node):
            return NoRoute()
        found = self._on_host(node, number)
        return ToPod(found.pod, found.port, service_port) if isinstance(found, ToPod) else found

    def _endpoints(self, service: Object, port: Object) -> Iterator[tuple[str, int, str]]:
        """Address, port and node of each that is ready; not known counts as ready, as EndpointSlices have it."""
        metadata = service["metadata"]
        for piece in self._all("discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"]):
            if (piece["metadata"].get("labels") or {}).get(SERVICE_NAME) != metadata["name"]:
                continue
            numbers = [said["port"] for said in piece.get("ports") or () if _is_same(said, port) and said.get("port")]
            for endpoint in piece.get("endpoints") or () if numbers else ():
                if dig(endpoint, "conditions", "ready", default=True):
                    yield from ((a, numbers[0], endpoint.get("nodeName", "")) for a in endpoint["addresses"])

    def _at_node(self, node: Object, port: int) -> Destination:
        """Node ports come first: kube-proxy's rules are asked before any program on the host."""
        for service in self._services():
            for said in service["spec"].get("ports") or ():
                if said.get("nodePort") == port and said["protocol"] == "TCP":
                    is_local = service["spec"].get("externalTrafficPolicy") == "Local"
                    return self.behind(service, said, node["metadata"]["name"] if is_local else "")
        return self._on_host(node, port)

    def _on_host(self, node: Object, port: int) -> Destination:
        """The pod there that has this port of its host, or lives on the host's network and listens."""
        for pod in self._pods():
            if pod["spec"].get("nodeName") != node["metadata"]["name"]:
                continue
            for said in _container_ports(pod):
                on_host = said["containerPort"] if pod["spec"].get("hostNetwork") else said.get("hostPort")
                if on_host == port and said.get("protocol", "TCP") == "TCP":
                    return ToPod(pod, said["containerPort"], port)
        return Refused()

    def _node(self, address: str) -> Object | None:
        for node in self._all("v1", "Node"):
            for said in dig(node, "status", "addresses", default=()):
                if said["type"] in ("InternalIP", "ExternalIP") and said["address"] == address:
                    return node
        return None

    def _pod(self, address: str) -> Object | None:
        return next(
            (p for p in self._pods() if not p["spec"].get("hostNetwork") and p["status"]["podIP"] == address), None
        )

    def _pods(self) -> Iterator[Object]:
        """Those that have a place in the network."""
        pods = self._all("v1", "Pod")
        return (pod for pod in pods if dig(pod, "status", "podIP") and dig(pod, "status", "phase") not in OVER)

    def _services(self) -> Iterator[Object]:
        return (each for each in self._all("v1", "Service") if each["spec"]["type"] != EXTERNAL_NAME)

    def _all(self, api_version: str, kind: str, namespace: str = "") -> Iterator[Object]:
        return self._registry.list(self._registry.kinds.named(api_version, kind), namespace)


def _own_addresses(service: Object) -> set[str]:
    """Its addresses in the cluster, those that people gave it, and those of its load balancer."""
    spec = service["spec"]
    balancers = dig(service, "status", "loadBalancer", "ingress", default=())
    found = {spec.get("clusterIP"), *(spec.get("clusterIPs") or ()), *(spec.get("externalIPs") or ())}
    found |= {said.get("ip") for said in balancers if spec["type"] == "LoadBalancer"}
    return {str(address) for address in found if address and address != "None"}


def _port_of(service: Object, port: int) -> Object | None:
    ports = service["spec"].get("ports") or ()
    return next((said for said in ports if said["port"] == port and said["protocol"] == "TCP"), None)


def _is_same(of_slice: Object, of_service: Object) -> bool:
    same = (of_slice.get("name") or "") == (of_service.get("name") or "")
    return same and of_slice.get("protocol", "TCP") == "TCP"


def _container_ports(pod: Object) -> Iterator[Object]:
    for container in pod["spec"]["containers"]:
        yield from container.get("ports") or ()


def _is_heard_of(node: Object) -> bool:
    """False: the node is cut off, nobody has heard of its kubelet for a while."""
    conditions = dig(node, "status", "conditions", default=())
    return not any(said["type"] == "Ready" and said["status"] == "Unknown" for said in conditions)
