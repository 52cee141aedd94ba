"""The ingress controllers of a world: an address for each Ingress of a class that one of them handles, once it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_OF_ALL = (("networking.k8s.io", "ingressclasses"), ("apps", "deployments"), ("apps", "daemonsets"), ("", "services"))


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
        running = self.scene.edges.of_ingress(ingress)
        # An address stays when its controller goes, as nobody is there to take it.
        addresses = self.scene.edges.addresses(running) if running else []
        if running and addresses and has != addresses:
            writer = running.workload["metadata"]["name"]
            self.registry.write_status(kind, ingress, {"loadBalancer": {"ingress": addresses}}, writer)
        return None
