"""The gateway controllers of a world: what they say of GatewayClasses, Gateways and routes, as the Gateway API has it.

See https://gateway-api.sigs.k8s.io/reference/spec/ for conditions and reasons. A controller speaks
only while its workload runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, Scene, is_going, key_of
from bot.playground.cluster_server.edges.attaching import ALL_ROUTES, GROUP, ROUTES, Attaching
from bot.playground.cluster_server.edges.contract import Running
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WATCHED = (
    ("", "services"), ("", "secrets"), ("", "namespaces"), ("", "configmaps"), ("apps", "deployments"),
    ("apps", "daemonsets"),
)  # fmt: skip
Told = tuple[bool, str, str]


class Gateways(Controller):
    """Keys are `kind/namespace`, and name."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._attaching = Attaching(scene.registry)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource[0] == GROUP or change.resource in _WATCHED:
            return list(self.everything())
        return ()

    def everything(self) -> Iterable[Key]:
        return [
            (f"{kind.name}/{key_of(obj)[0]}", key_of(obj)[1])
            for kind in self._attaching.kinds(("GatewayClass", "Gateway", *ALL_ROUTES))
            for obj in self.registry.list(kind)
        ]

    def reconcile(self, key: Key) -> Pause:
        name, _, namespace = key[0].partition("/")
        for kind in self._attaching.kinds((name,)):
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

    def _running(self, gateway: Object | None) -> Running | None:
        """Who handles a Gateway, when it runs."""
        if gateway is None:
            return None
        running = self.scene.edges.all()
        return next((each for each in running if each.works and self._attaching.serves(each, gateway)), None)

    def _tell_class(self, kind: Kind, obj: Object) -> None:
        controller = dig(obj, "spec", "controllerName", default="")
        if self.scene.edges.of_gateway_class(controller):
            said = {"Accepted": (True, "Accepted", "")}
            status = dict(obj.get("status") or {}) | {"conditions": self._conditions(obj, dig(obj, "status"), said)}
            self.registry.write_status(kind, obj, status, controller)

    def _tell_gateway(self, kind: Kind, gateway: Object) -> None:
        running = self._running(gateway)
        if running is None:
            return
        addresses = self.scene.edges.gateway_addresses(running)
        listeners = [self._listener(running, gateway, said) for said in dig(gateway, "spec", "listeners", default=())]
        bad = [said["name"] for said in listeners if not _holds(said, "Programmed")]
        accepted: Told = (True, "Accepted", "")
        programmed: Told = (True, "Programmed", "")
        if bad:
            accepted = (True, "ListenersNotValid", f"listeners are not valid: {', '.join(bad)}")
        if not addresses and running.edge.needs_address:
            programmed = (False, "AddressNotAssigned", "no address is assigned to the Gateway")
        elif bad and len(bad) == len(listeners):
            programmed = (False, "Invalid", "no listener is valid")
        said = {"Accepted": accepted, "Programmed": programmed}
        status: Object = {"conditions": self._conditions(gateway, gateway.get("status"), said), "listeners": listeners}
        if addresses:
            status["addresses"] = list(map(_gateway_address, addresses))
        self.registry.write_status(kind, gateway, status, running.gateway_controller)

    def _listener(self, running: Running, gateway: Object, said: Object) -> Object:
        kinds = [k["kind"] for k in dig(said, "allowedRoutes", "kinds", default=())] or list(
            ROUTES.get(said["protocol"], ())
        )
        known = [kind for kind in kinds if kind in ROUTES.get(said["protocol"], ())]
        resolved: Told = (True, "ResolvedRefs", "")
        if known != kinds:
            resolved = (
                False,
                "InvalidRouteKinds",
                f"{said['protocol']} listeners take {', '.join(known) or 'no such routes'}",
            )
        if wrong := self._attaching.without_certificate(gateway, said):
            resolved = (False, *wrong)
        programmed: Told = (
            (True, "Programmed", "") if resolved[0] else (False, "Invalid", "references are not resolved")
        )
        before = next((b for b in dig(gateway, "status", "listeners", default=()) if b["name"] == said["name"]), None)
        accepted: Told = (True, "Accepted", "")
        if running.edge.listens and said["port"] not in running.edge.listens(running):
            accepted = (False, "PortUnavailable", f"{running.edge.title} does not listen on port {said['port']}")
            programmed = (False, "Invalid", "the listener is not accepted")
        conditions = {"Accepted": accepted, "Programmed": programmed, "ResolvedRefs": resolved,
                      "Conflicted": (False, "NoConflicts", "")}  # fmt: skip
        return {
            "name": said["name"], "attachedRoutes": self._attached(gateway, said),
            "supportedKinds": [{"group": GROUP, "kind": kind} for kind in known],
            "conditions": self._conditions(gateway, before, conditions),
        }  # fmt: skip

    def _attached(self, gateway: Object, listener: Object) -> int:
        return sum(1 for _ in self._attaching.attached(gateway, listener, *ALL_ROUTES))

    def _tell_route(self, kind: Kind, route: Object) -> None:
        parents, known = [], dig(route, "status", "parents", default=[])
        for reference in dig(route, "spec", "parentRefs", default=()):
            gateway = self._attaching.parent(route, reference)
            running = self._running(gateway)
            if gateway is None or running is None:
                continue
            controller = running.gateway_controller
            listeners = dig(gateway, "spec", "listeners", default=())
            refusals = [self._attaching.refused(route, reference, gateway, listener) for listener in listeners]
            accepted: Told = (True, "Accepted", "")
            if "" not in refusals:
                order = ("NoMatchingListenerHostname", "NotAllowedByListeners", "NoMatchingParent")
                reason = next((name for name in order if name in refusals), "NoMatchingParent")
                accepted = (False, reason, f"no listener of Gateway {reference['name']} takes this route")
            said = {"Accepted": accepted, "ResolvedRefs": self._resolved(route)}
            before = next((p for p in known if p["parentRef"] == reference and p["controllerName"] == controller), None)
            conditions = self._conditions(route, before, said)
            parents.append({"parentRef": reference, "controllerName": controller, "conditions": conditions})
        ours = {running.gateway_controller for running in self.scene.edges.all()}
        others = [p for p in known if p["controllerName"] not in ours]
        if parents or known:
            writer = parents[0]["controllerName"] if parents else "gateway-controller"
            self.registry.write_status(kind, route, {"parents": [*others, *parents]}, writer)

    def _resolved(self, route: Object) -> Told:
        for rule in dig(route, "spec", "rules", default=()):
            for backend in _led_to(rule):
                if backend.get("kind", "Service") != "Service" or backend.get("group", "") != "":
                    return False, "InvalidKind", f"{backend.get('kind')} is no backend"
                namespace = backend.get("namespace") or route["metadata"]["namespace"]
                if not self._attaching.granted(route, "Service", namespace, backend["name"]):
                    return False, "RefNotPermitted", f"no ReferenceGrant in {namespace} permits it"
                if not self.registry.find(self.scene.kind("v1", "Service"), namespace, backend["name"]):
                    return False, "BackendNotFound", f"Service {namespace}/{backend['name']} does not exist"
        return True, "ResolvedRefs", ""

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


def _led_to(rule: Object) -> Iterable[Object]:
    """What a rule leads requests to, and copies of them."""
    yield from rule.get("backendRefs") or ()
    mirrored = (dig(each, "requestMirror", "backendRef") for each in rule.get("filters") or ())
    yield from filter(None, mirrored)


def _gateway_address(said: Object) -> Object:
    if address := said.get("ip"):
        return {"type": "IPAddress", "value": address}
    return {"type": "Hostname", "value": said["hostname"]}


def _holds(obj: Object, condition: str) -> bool:
    return any(said["type"] == condition and said["status"] == "True" for said in obj["conditions"])
