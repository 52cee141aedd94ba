"""The gateway controllers of a world: what they say of GatewayClasses, Gateways and routes, as the Gateway API has it.

See https://gateway-api.sigs.k8s.io/reference/spec/ for conditions and reasons. A controller of the surroundings speaks
only while its Deployment runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
GROUP = "gateway.networking.k8s.io"
_ROUTES = {
    "HTTP": ("HTTPRoute", "GRPCRoute"), "HTTPS": ("HTTPRoute", "GRPCRoute"), "TLS": ("TLSRoute",), "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}  # fmt: skip
"""What may be attached to a listener, by its protocol."""
_WATCHED = (("", "services"), ("", "secrets"), ("", "namespaces"), ("apps", "deployments"))
Told = tuple[bool, str, str]


class Gateways(Controller):
    """Keys are `kind/namespace`, and name."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource[0] == GROUP or change.resource in _WATCHED:
            return list(self.everything())
        return ()

    def everything(self) -> Iterable[Key]:
        if not self.scene.surroundings.gateway_controllers:
            return []
        return [
            (f"{kind.name}/{key_of(obj)[0]}", key_of(obj)[1])
            for kind in self._kinds(("GatewayClass", "Gateway", *_all_routes()))
            for obj in self.registry.list(kind)
        ]

    def _kinds(self, names: Iterable[str]) -> list[Kind]:
        """Those that are defined here, each in the version in which it is stored."""
        rows = [row for row in self.registry.kinds.rows if row.group == GROUP and row.name in names]
        return [row for row in rows if row.stored_as == row.api_version]

    def reconcile(self, key: Key) -> Pause:
        name, _, namespace = key[0].partition("/")
        for kind in self._kinds((name,)):
            obj = self.registry.find(kind, namespace, key[1])
            if obj is None or is_going(obj):
                return None
            if name == "GatewayClass":
                self._tell_class(kind, obj)
            elif name == "Gateway":
                self._tell_gateway(kind, obj)
            else:
                self._tell_route(kind, obj)
        return None

    def _controller(self, class_name: str) -> tuple[str, tuple[str, ...]]:
        """Who handles a class, when it runs, and at which addresses."""
        for kind in self._kinds(("GatewayClass",)):
            found = self.registry.find(kind, "", class_name)
            name = dig(found, "spec", "controllerName", default="")
            if self._runs(name):
                return name, self.scene.surroundings.gateway_controllers[name][1]
        return "", ()

    def _runs(self, controller: str) -> bool:
        deployment, _ = self.scene.surroundings.gateway_controllers.get(controller, ("", ()))
        namespace, _, name = deployment.partition("/")
        found = self.registry.find(self.scene.kind("apps/v1", "Deployment"), namespace, name)
        return bool(dig(found, "status", "readyReplicas"))

    def _tell_class(self, kind: Kind, obj: Object) -> None:
        if self._runs(dig(obj, "spec", "controllerName", default="")):
            said = {"Accepted": (True, "Accepted", "")}
            status = dict(obj.get("status") or {}) | {"conditions": self._conditions(obj, dig(obj, "status"), said)}
            self.registry.write_status(kind, obj, status, dig(obj, "spec", "controllerName"))

    def _tell_gateway(self, kind: Kind, gateway: Object) -> None:
        controller, addresses = self._controller(dig(gateway, "spec", "gatewayClassName", default=""))
        if not controller:
            return
        listeners = [self._listener(gateway, said) for said in dig(gateway, "spec", "listeners", default=())]
        bad = [said["name"] for said in listeners if not _holds(said, "Programmed")]
        accepted: Told = (True, "Accepted", "")
        programmed: Told = (True, "Programmed", "")
        if bad:
            accepted = (True, "ListenersNotValid", f"listeners are not valid: {', '.join(bad)}")
        if not addresses:
            programmed = (False, "AddressNotAssigned", "no address is assigned to the Gateway")
        elif bad and len(bad) == len(listeners):
            programmed = (False, "Invalid", "no listener is valid")
        said = {"Accepted": accepted, "Programmed": programmed}
        status: Object = {"conditions": self._conditions(gateway, gateway.get("status"), said), "listeners": listeners}
        if addresses:
            status["addresses"] = [{"type": "IPAddress", "value": address} for address in addresses]
        self.registry.write_status(kind, gateway, status, controller)

    def _listener(self, gateway: Object, said: Object) -> Object:
        kinds = [k["kind"] for k in dig(said, "allowedRoutes", "kinds", default=())] or list(
            _ROUTES.get(said["protocol"], ())
        )
        known = [kind for kind in kinds if kind in _ROUTES.get(said["protocol"], ())]
        resolved: Told = (True, "ResolvedRefs", "")
        if known != kinds:
            resolved = (
                False,
                "InvalidRouteKinds",
                f"{said['protocol']} listeners take {', '.join(known) or 'no such routes'}",
            )
        for reference in dig(said, "tls", "certificateRefs", default=()):
            namespace = reference.get("namespace") or gateway["metadata"]["namespace"]
            if not self.registry.find(self.scene.kind("v1", "Secret"), namespace, reference["name"]):
                resolved = (False, "InvalidCertificateRef", f"Secret {namespace}/{reference['name']} does not exist")
        programmed: Told = (
            (True, "Programmed", "") if resolved[0] else (False, "Invalid", "references are not resolved")
        )
        before = next((b for b in dig(gateway, "status", "listeners", default=()) if b["name"] == said["name"]), None)
        conditions = {"Accepted": (True, "Accepted", ""), "Programmed": programmed, "ResolvedRefs": resolved,
                      "Conflicted": (False, "NoConflicts", "")}  # fmt: skip
        return {
            "name": said["name"], "attachedRoutes": self._attached(gateway, said),
            "supportedKinds": [{"group": GROUP, "kind": kind} for kind in known],
            "conditions": self._conditions(gateway, before, conditions),
        }  # fmt: skip

    def _attached(self, gateway: Object, listener: Object) -> int:
        count = 0
        for kind in self._kinds(_all_routes()):
            for route in self.registry.list(kind):
                for parent in dig(route, "spec", "parentRefs", default=()):
                    if self._parent(route, parent) is gateway and not self._refused(route, parent, gateway, listener):
                        count += 1
        return count

    def _parent(self, route: Object, reference: Object) -> Object | None:
        if reference.get("kind", "Gateway") != "Gateway" or reference.get("group", GROUP) != GROUP:
            return None
        namespace = reference.get("namespace") or route["metadata"]["namespace"]
        for kind in self._kinds(("Gateway",)):
            return self.registry.find(kind, namespace, reference["name"])
        return None

    def _refused(self, route: Object, reference: Object, gateway: Object, listener: Object) -> str:
        """Why a route is not attached to a listener; empty: it is."""
        if reference.get("sectionName", listener["name"]) != listener["name"]:
            return "NoMatchingParent"
        if reference.get("port", listener["port"]) != listener["port"]:
            return "NoMatchingParent"
        kinds = [k["kind"] for k in dig(listener, "allowedRoutes", "kinds", default=())]
        if route["kind"] not in (kinds or _ROUTES.get(listener["protocol"], ())):
            return "NotAllowedByListeners"
        if not self._lets_in(route, gateway, listener):
            return "NotAllowedByListeners"
        hosts = dig(route, "spec", "hostnames", default=())
        wanted = listener.get("hostname", "")
        if wanted and hosts and not any(_hosts_meet(wanted, host) for host in hosts):
            return "NoMatchingListenerHostname"
        return ""

    def _lets_in(self, route: Object, gateway: Object, listener: Object) -> bool:
        namespaces = dig(listener, "allowedRoutes", "namespaces", default={})
        match namespaces.get("from", "Same"):
            case "All":
                return True
            case "Selector":
                found = self.registry.find(self.scene.kind("v1", "Namespace"), "", route["metadata"]["namespace"])
                labels = dig(found, "metadata", "labels", default={})
                return selector_matches(namespaces.get("selector"), labels)
            case _:
                return bool(route["metadata"]["namespace"] == gateway["metadata"]["namespace"])

    def _tell_route(self, kind: Kind, route: Object) -> None:
        parents, known = [], dig(route, "status", "parents", default=[])
        for reference in dig(route, "spec", "parentRefs", default=()):
            gateway = self._parent(route, reference)
            controller, _ = self._controller(dig(gateway, "spec", "gatewayClassName", default=""))
            if gateway is None or not controller:
                continue
            listeners = dig(gateway, "spec", "listeners", default=())
            refusals = [self._refused(route, reference, gateway, listener) for listener in listeners]
            accepted: Told = (True, "Accepted", "")
            if "" not in refusals:
                order = ("NoMatchingListenerHostname", "NotAllowedByListeners", "NoMatchingParent")
                reason = next((name for name in order if name in refusals), "NoMatchingParent")
                accepted = (False, reason, f"no listener of Gateway {reference['name']} takes this route")
            said = {"Accepted": accepted, "ResolvedRefs": self._resolved(route)}
            before = next((p for p in known if p["parentRef"] == reference and p["controllerName"] == controller), None)
            conditions = self._conditions(route, before, said)
            parents.append({"parentRef": reference, "controllerName": controller, "conditions": conditions})
        others = [p for p in known if p["controllerName"] not in self.scene.surroundings.gateway_controllers]
        if parents or known:
            writer = parents[0]["controllerName"] if parents else "gateway-controller"
            self.registry.write_status(kind, route, {"parents": [*others, *parents]}, writer)

    def _resolved(self, route: Object) -> Told:
        for rule in dig(route, "spec", "rules", default=()):
            for backend in rule.get("backendRefs") or ():
                if backend.get("kind", "Service") != "Service" or backend.get("group", "") != "":
                    return False, "InvalidKind", f"{backend.get('kind')} is no backend"
                namespace = backend.get("namespace") or route["metadata"]["namespace"]
                if namespace != route["metadata"]["namespace"] and not self._granted(route, namespace, backend["name"]):
                    return False, "RefNotPermitted", f"no ReferenceGrant in {namespace} permits it"
                if not self.registry.find(self.scene.kind("v1", "Service"), namespace, backend["name"]):
                    return False, "BackendNotFound", f"Service {namespace}/{backend['name']} does not exist"
        return True, "ResolvedRefs", ""

    def _granted(self, route: Object, namespace: str, name: str) -> bool:
        wanted = {"group": GROUP, "kind": route["kind"], "namespace": route["metadata"]["namespace"]}
        for kind in self._kinds(("ReferenceGrant",)):
            for grant in self.registry.list(kind, namespace):
                spec = grant["spec"]
                if wanted in spec.get("from", ()) and any(
                    to.get("kind") == "Service" and to.get("name", name) == name for to in spec.get("to", ())
                ):
                    return True
        return False

    def _conditions(self, obj: Object, before: Object | None, said: dict[str, Told]) -> list[Object]:
        known = {condition["type"]: condition for condition in (before or {}).get("conditions") or ()}
        found = []
        for name, (holds, reason, message) in said.items():
            condition = {
                "type": name, "status": "True" if holds else "False", "reason": reason, "message": message,
                "observedGeneration": obj["metadata"].get("generation", 1), "lastTransitionTime": self.registry.now(),
            }  # fmt: skip
            if known.get(name, {}).get("status") == condition["status"]:
                condition["lastTransitionTime"] = known[name]["lastTransitionTime"]
            found.append(condition)
        return found


def _all_routes() -> list[str]:
    return sorted({kind for kinds in _ROUTES.values() for kind in kinds})


def _holds(obj: Object, condition: str) -> bool:
    return any(said["type"] == condition and said["status"] == "True" for said in obj["conditions"])


def _hosts_meet(one: str, other: str) -> bool:
    """Whether a name fits both; `*.example.com` stands for all below."""
    if one == other:
        return True
    for wide, narrow in ((one, other), (other, one)):
        if wide.startswith("*.") and narrow.endswith(wide[1:]) and narrow != wide[1:]:
            return True
    return False
