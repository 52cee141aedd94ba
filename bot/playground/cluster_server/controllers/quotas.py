"""ResourceQuotas: how much of each is used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, key_of
from bot.playground.cluster_server.objects.evaluating import evaluator_of, scopes_of
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.objects.usage import summed

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_RESOURCE = ("", "resourcequotas")


class ResourceQuotas(Controller):
    account = "resourcequota-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == _RESOURCE and change.type != "DELETED":
            return [key_of(change.obj)]
        namespace = change.obj["metadata"].get("namespace", "")
        quotas = self.scene.kind("v1", "ResourceQuota")
        if not namespace or not self.registry.store.count(quotas) or change.resource == ("", "events"):
            return ()
        return [key_of(quota) for quota in self.registry.list(quotas, namespace)]

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("v1", "ResourceQuota")
        quota = self.registry.find(kind, *key)
        if quota is None or is_going(quota):
            return None
        hard = (quota.get("spec") or {}).get("hard") or {}
        status = {"hard": hard, "used": self._used(quota, hard)}
        self.registry.write_status(kind, quota, status if hard else {}, _MANAGER)
        return None

    def _used(self, quota: Object, hard: Object) -> Object:
        scopes, now = list(scopes_of(quota)), self.registry.clock()
        used: Object = {}
        for kind in self.registry.kinds.rows:
            evaluator = evaluator_of(kind)
            counted = [name for name in hard if kind.namespaced and evaluator.counts(name)]
            if counted:
                found = [
                    evaluator.used_by(obj, now)
                    for obj in self.registry.list(kind, quota["metadata"]["namespace"])
                    if all(evaluator.is_in_scope(obj, scope) for scope in scopes)
                ]
                total = summed(*found)
                used |= {name: total.get(name, "0") for name in counted}
        return dict(sorted(used.items()))
