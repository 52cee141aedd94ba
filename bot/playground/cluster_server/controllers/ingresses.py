"""The ingress controllers of a world: an address for each Ingress of a class that one of them handles, once it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_LEGACY = "kubernetes.io/ingress.class"
_OF_ALL = (("networking.k8s.io", "ingressclasses"), ("apps", "deployments"))


class Ingresses(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("networking.k8s.io", "ingresses"):
            return [key_of(change.obj)] if change.type != "DELETED" else ()
        return list(self.everything()) if change.resource in _OF_ALL else ()

    def everything(self) -> Iterable[Key]:
        return [key_of(ingress) for ingress in self.registry.list(self.scene.kind("networking.k8s.io/v1", "Ingress"))]

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("networking.k8s.io/v1", "Ingress")
        ingress = self.registry.find(kind, *key)
        if ingress is None or is_going(ingress):
            return None
        has = dig(ingress, "status", "loadBalancer", "ingress", default=[])
        handled, addresses = self._addresses(ingress)
        if addresses and has != addresses:
            self.registry.write_status(kind, ingress, {"loadBalancer": {"ingress": addresses}}, handled)
        return None

    def _addresses(self, ingress: Object) -> tuple[str, list[Object]]:
        """Who handles it, and where; an address stays when its controller goes, as nobody is there to take it."""
        ingress_class = self._class(ingress)
        controller = dig(ingress_class, "spec", "controller", default="")
        deployment_name, addresses = self.scene.surroundings.ingress_controllers.get(controller, ("", ()))
        if not addresses:
            return "", []
        namespace, _, name = deployment_name.partition("/")
        deployment = self.registry.find(self.scene.kind("apps/v1", "Deployment"), namespace, name)
        runs = bool(dig(deployment, "status", "readyReplicas"))
        return name, [{"ip": address} for address in addresses] if runs else []

    def _class(self, ingress: Object) -> Object | None:
        annotations = ingress["metadata"].get("annotations") or {}
        name = ingress["spec"].get("ingressClassName") or annotations.get(_LEGACY)
        classes = self.registry.list(self.scene.kind("networking.k8s.io/v1", "IngressClass"))
        for found in classes:
            is_default = (found["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"
            if found["metadata"]["name"] == name or (not name and is_default):
                return found
        return None
