"""Addresses for Services of type LoadBalancer, where the world has something that gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "service-controller"


class LoadBalancers(Controller):
    account = "service-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        return [key_of(change.obj)] if change.resource == ("", "services") and change.type != "DELETED" else ()

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("v1", "Service")
        service = self.registry.find(kind, *key)
        if service is None or is_going(service):
            return None
        has = dig(service, "status", "loadBalancer", "ingress")
        wants = service["spec"]["type"] == "LoadBalancer" and not service["spec"].get("loadBalancerClass")
        if has and not wants:
            self.registry.write_status(kind, service, {"loadBalancer": {}}, _MANAGER)
        elif wants and not has and (address := self._free_address()):
            given = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}
            self.registry.write_status(kind, service, given, _MANAGER)
        return None

    def _free_address(self) -> str:
        taken = {
            entry.get("ip")
            for service in self.registry.list(self.scene.kind("v1", "Service"))
            for entry in dig(service, "status", "loadBalancer", "ingress", default=())
        }
        return next((ip for ip in self.scene.surroundings.load_balancer_addresses if ip not in taken), "")
