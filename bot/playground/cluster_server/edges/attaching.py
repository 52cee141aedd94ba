"""Which routes belong to which listeners of Gateways, and which references are granted.

See https://gateway-api.sigs.k8s.io/reference/spec/: ParentReference, Listener, AllowedRoutes, ReferenceGrant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.cluster_server.edges.contract import PLAIN, TLS, Running
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
GROUP = "gateway.networking.k8s.io"
ROUTES = {
    "HTTP": ("HTTPRoute", "GRPCRoute"), "HTTPS": ("HTTPRoute", "GRPCRoute"), "TLS": ("TLSRoute",), "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}  # fmt: skip
"""What may be attached to a listener, by its protocol."""
ALL_ROUTES = tuple(sorted({kind for kinds in ROUTES.values() for kind in kinds}))
_SPEAKS = {"HTTP": PLAIN, "HTTPS": TLS, "TLS": TLS}


class Attaching:
    """Looks at the registry; keeps nothing."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def kinds(self, names: Iterable[str]) -> list[Kind]:
        """Those that are defined here, each in the version in which it is stored."""
        rows = [row for row in self._registry.kinds.rows if row.group == GROUP and row.name in names]
        return [row for row in rows if row.stored_as == row.api_version]

    def all(self, *names: str) -> Iterator[Object]:
        for kind in self.kinds(names):
            yield from self._registry.list(kind)

    def controller_of(self, class_name: str) -> str:
        """What a GatewayClass says; empty: there is no such class."""
        for kind in self.kinds(("GatewayClass",)):
            found = self._registry.find(kind, "", class_name)
            return str(dig(found, "spec", "controllerName", default=""))
        return ""

    def gateways(self, running: Running) -> list[Object]:
        """Those that a controller serves."""
        return [gateway for gateway in self.all("Gateway") if self.serves(running, gateway)]

    def serves(self, running: Running, gateway: Object) -> bool:
        controller = self.controller_of(dig(gateway, "spec", "gatewayClassName", default=""))
        same = bool(controller) and controller == running.gateway_controller
        return same and running.edge.takes_gateway(running, gateway, self._registry)

    def listeners(self, running: Running, ports: Iterable[int]) -> list[tuple[Object, Object]]:
        """Gateways with those of their listeners that a controller serves at one of these ports; not those whose
        certificate it may not, or cannot, have."""
        wanted = set(ports)
        return [
            (gateway, listener)
            for gateway in self.gateways(running)
            for listener in dig(gateway, "spec", "listeners", default=())
            if listener["port"] in wanted and not self.without_certificate(gateway, listener)
        ]

    def speaks(self, running: Running, port: int) -> str:
        """What is spoken where a listener says so; empty: no listener has this port."""
        protocols = [_SPEAKS.get(said["protocol"], "") for _, said in self.listeners(running, (port,))]
        return next((each for each in protocols if each), "")

    def parent(self, route: Object, reference: Object) -> Object | None:
        """The Gateway that a route names, if it is one."""
        if reference.get("kind", "Gateway") != "Gateway" or reference.get("group", GROUP) != GROUP:
            return None
        namespace = reference.get("namespace") or route["metadata"]["namespace"]
        for kind in self.kinds(("Gateway",)):
            return self._registry.find(kind, namespace, reference["name"])
        return None

    def refused(self, route: Object, reference: Object, gateway: Object, listener: Object) -> str:
        """Why a route is not attached to a listener; empty: it is."""
        if reference.get("sectionName", listener["name"]) != listener["name"]:
            return "NoMatchingParent"
        if reference.get("port", listener["port"]) != listener["port"]:
            return "NoMatchingParent"
        kinds = [k["kind"] for k in dig(listener, "allowedRoutes", "kinds", default=())]
        if route["kind"] not in (kinds or ROUTES.get(listener["protocol"], ())):
            return "NotAllowedByListeners"
        if not self._lets_in(route, gateway, listener):
            return "NotAllowedByListeners"
        hosts = dig(route, "spec", "hostnames", default=())
        wanted = listener.get("hostname", "")
        if wanted and hosts and not any(hosts_meet(wanted, host) for host in hosts):
            return "NoMatchingListenerHostname"
        return ""

    def attached(self, gateway: Object, listener: Object, *names: str) -> Iterator[Object]:
        """The routes of a listener, each as often as it names it."""
        for route in self.all(*names):
            for reference in dig(route, "spec", "parentRefs", default=()):
                if self.parent(route, reference) is gateway and not self.refused(route, reference, gateway, listener):
                    yield route

    def without_certificate(self, gateway: Object, listener: Object) -> tuple[str, str] | None:
        """Reason and message where a Secret that a listener names may not be used or is not there; None: all may."""
        for reference in dig(listener, "tls", "certificateRefs", default=()):
            namespace, name = reference.get("namespace") or gateway["metadata"]["namespace"], reference["name"]
            if not self.granted(gateway, "Secret", namespace, name):
                return "RefNotPermitted", f"no ReferenceGrant in {namespace} permits Secret {namespace}/{name}"
            if not self._registry.find(self._registry.kinds.named("v1", "Secret"), namespace, name):
                return "InvalidCertificateRef", f"Secret {namespace}/{name} does not exist"
        return None

    def granted(self, obj: Object, kind: str, namespace: str, name: str) -> bool:
        """Whether a Gateway or a route may name an object (of core) in another namespace."""
        wanted = {"group": GROUP, "kind": obj["kind"], "namespace": obj["metadata"]["namespace"]}
        if namespace == wanted["namespace"]:
            return True
        for grants in self.kinds(("ReferenceGrant",)):
            for grant in self._registry.list(grants, namespace):
                spec = grant["spec"]
                if wanted in spec.get("from", ()) and any(
                    not to.get("group") and to.get("kind") == kind and to.get("name", name) == name
                    for to in spec.get("to", ())
                ):
                    return True
        return False

    def _lets_in(self, route: Object, gateway: Object, listener: Object) -> bool:
        namespaces = dig(listener, "allowedRoutes", "namespaces", default={})
        match namespaces.get("from", "Same"):
            case "All":
                return True
            case "Selector":
                kind = self._registry.kinds.named("v1", "Namespace")
                found = self._registry.find(kind, "", route["metadata"]["namespace"])
                labels = dig(found, "metadata", "labels", default={})
                return selector_matches(namespaces.get("selector"), labels)
            case _:
                return bool(route["metadata"]["namespace"] == gateway["metadata"]["namespace"])


def hosts_meet(one: str, other: str) -> bool:
    """Whether a name fits both; `*.example.com` stands for all below."""
    if one == other:
        return True
    for wide, narrow in ((one, other), (other, one)):
        if wide.startswith("*.") and narrow.endswith(wide[1:]) and narrow != wide[1:]:
            return True
    return False
