"""PodDisruptionBudgets: how many pods are healthy, and how many may go."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going, is_ready, key_of
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.selectors import selector_matches

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"


class Budgets(Controller):
    account = "disruption-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("policy", "poddisruptionbudgets"):
            return [key_of(change.obj)] if change.type != "DELETED" else ()
        if change.resource == ("", "pods"):
            namespace = change.obj["metadata"]["namespace"]
            budgets = self.registry.list(self.scene.kind("policy/v1", "PodDisruptionBudget"), namespace)
            return [key_of(budget) for budget in budgets if _selects(budget, change.obj)]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("policy/v1", "PodDisruptionBudget")
        budget = self.registry.find(kind, *key)
        if budget is None or is_going(budget):
            return None
        pods = [pod for pod in self.registry.list(self.scene.kind("v1", "Pod"), key[0]) if _selects(budget, pod)]
        expected, healthy = len(pods), sum(is_ready(pod) and not is_going(pod) for pod in pods)
        spec = budget.get("spec") or {}
        if spec.get("maxUnavailable") is not None:
            needed = expected - _share(spec["maxUnavailable"], expected)
        else:
            needed = _share(spec.get("minAvailable", 0), expected)
        allowed = max(0, healthy - needed) if expected else 0
        before = budget.get("status") or {}
        reason = "SufficientPods" if allowed else "InsufficientPods"
        condition = {
            "type": "DisruptionAllowed", "status": "True" if allowed else "False",
            "observedGeneration": budget["metadata"].get("generation", 1), "lastTransitionTime": self.registry.now(),
            "reason": reason, "message": "",
        }  # fmt: skip
        for said in before.get("conditions") or ():
            if said["type"] == condition["type"] and said["status"] == condition["status"]:
                condition["lastTransitionTime"] = said["lastTransitionTime"]
        status = {
            "observedGeneration": budget["metadata"].get("generation", 1), "disruptionsAllowed": allowed,
            "currentHealthy": healthy, "desiredHealthy": max(0, needed), "expectedPods": expected,
            "conditions": [condition],
        }  # fmt: skip
        self.registry.write_status(kind, budget, status, _MANAGER)
        return None


def _selects(budget: Object, pod: Object) -> bool:
    return selector_matches((budget.get("spec") or {}).get("selector"), pod["metadata"].get("labels") or {})


def _share(said: int | str, of: int) -> int:
    return math.ceil(int(said.rstrip("%")) * of / 100) if isinstance(said, str) else said
