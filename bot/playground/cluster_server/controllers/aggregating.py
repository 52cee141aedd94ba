"""ClusterRoles that are made of others by their labels, and APIServices, which are there when what serves them is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.access.people import APISERVER, User
from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WRITING = Writing("clusterrole-aggregation-controller")
_ROLES = ("rbac.authorization.k8s.io", "clusterroles")
_SERVICES = ("apiregistration.k8s.io", "apiservices")


class Aggregation(Controller):
    account = "clusterrole-aggregation-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource != _ROLES:
            return ()
        labels = change.obj["metadata"].get("labels") or {}
        kind = self.scene.kind("rbac.authorization.k8s.io/v1", "ClusterRole")
        gathering = [role for role in self.registry.list(kind) if role.get("aggregationRule")]
        return [key_of(role) for role in gathering if role is change.obj or _gathers(role, labels)]

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("rbac.authorization.k8s.io/v1", "ClusterRole")
        role = self.registry.find(kind, *key)
        if role is None or not role.get("aggregationRule") or is_going(role):
            return None
        rules: list[Object] = []
        for other in self.registry.list(kind):
            if other is not role and _gathers(role, other["metadata"].get("labels") or {}):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
        if rules != (role.get("rules") or []):
            self.registry.update(kind, *key, role | {"rules": rules}, _WRITING)
        return None


def _gathers(role: Object, labels: Object) -> bool:
    selectors = dig(role, "aggregationRule", "clusterRoleSelectors", default=())
    return any(selector_matches(selector, labels) for selector in selectors)


class APIServices(Controller):
    def user(self, key: Key) -> User:
        return APISERVER

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == _SERVICES:
            return [key_of(change.obj)] if change.type != "DELETED" else ()
        if change.resource in (("", "services"), ("", "endpoints")):
            where = key_of(change.obj)
            return [key_of(found) for found in self._all() if _place(found) == where]
        return ()

    def _all(self) -> Iterable[Object]:
        return self.registry.list(self.scene.kind("apiregistration.k8s.io/v1", "APIService"))

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("apiregistration.k8s.io/v1", "APIService")
        service = self.registry.find(kind, *key)
        if service is None or is_going(service):
            return None
        holds, reason, message = self._judged(service)
        condition = {
            "type": "Available", "status": "True" if holds else "False", "lastTransitionTime": self.registry.now(),
            "reason": reason, "message": message,
        }  # fmt: skip
        for before in dig(service, "status", "conditions", default=()):
            if before["type"] == "Available" and before["status"] == condition["status"]:
                condition["lastTransitionTime"] = before["lastTransitionTime"]
        self.registry.write_status(kind, service, {"conditions": [condition]}, "kube-apiserver")
        return None

    def _judged(self, service: Object) -> tuple[bool, str, str]:
        where = _place(service)
        if where is None:
            return True, "Local", "Local APIServices are always available"
        said = f'"{where[1]}" in "{where[0]}"'
        if not self.registry.find(self.scene.kind("v1", "Service"), *where):
            return False, "ServiceNotFound", f"service/{where[1]} in {said.partition(' in ')[2]} is not present"
        endpoints = self.registry.find(self.scene.kind("v1", "Endpoints"), *where)
        if not any(subset.get("addresses") for subset in dig(endpoints, "subsets", default=())):
            return (
                False,
                "MissingEndpoints",
                f"endpoints for service/{where[1]} in {said.partition(' in ')[2]} have no addresses",
            )
        return True, "Passed", "all checks passed"


def _place(service: Object) -> Key | None:
    """Namespace and name of the Service behind it; None: this server itself."""
    said = dig(service, "spec", "service")
    return (said.get("namespace", ""), said.get("name", "")) if said else None
