"""What is done to a pod by creating something below it: binding to a node, and eviction, which budgets may refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.http.requests import Target
from bot.playground.cluster_server.objects.registry import UNHEARD, Deleting, Registry, Writing
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

_CREATED = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


class Disruptions:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._pods = registry.kinds.named("v1", "Pod")
        self._budgets = registry.kinds.named("policy/v1", "PodDisruptionBudget")

    async def bind(self, target: Target, binding: Object, writing: Writing) -> Object:
        """Raises 404, and 409 for a pod that has a node."""
        name = target.name or dig(binding, "metadata", "name", default="")
        if target.name and dig(binding, "metadata", "name") != target.name:
            raise statuses.bad_request("name in URL does not match name in Binding object")
        if wrong := next(_judge_target(binding.get("target") or {}), None):
            raise statuses.APIError(500, "", str(wrong))
        pod = self._registry.get(self._pods, target.namespace, name)
        if node := pod["spec"].get("nodeName"):
            said = f'pod {name} is already assigned to node "{node}"'
            message = f'Operation cannot be fulfilled on pods/binding "{name}": {said}'
            raise statuses.APIError(409, "Conflict", message, {"name": name, "kind": "pods/binding"})
        metadata = (binding.get("metadata") or {}) | {"name": name, "namespace": target.namespace}
        await self._registry.binding(self._pods, target.namespace, binding | {"metadata": metadata}, writing)
        return _CREATED

    async def evict(self, target: Target, eviction: Object, writing: Writing) -> Object:
        """Raises 400, 404, and 429 when a budget does not allow it."""
        if dig(eviction, "metadata", "name") != target.name:
            raise statuses.bad_request("name in URL does not match name in Eviction object")
        pod = self._registry.get(self._pods, target.namespace, target.name)
        options = eviction.get("deleteOptions") or {}
        dry_run = writing.dry_run or "All" in (options.get("dryRun") or ())
        if dig(pod, "status", "phase") not in ("Succeeded", "Failed", "Pending"):
            self._spend(target, pod, dry_run=dry_run)
        conditions = options.get("preconditions") or {}
        deleting = Deleting(
            dry_run, conditions.get("uid") or "", conditions.get("resourceVersion") or "",
            options.get("propagationPolicy") or "Background", options.get("gracePeriodSeconds"), UNHEARD,
        )  # fmt: skip
        await self._registry.deleting(self._pods, target.namespace, target.name, deleting)
        return _CREATED

    def _spend(self, target: Target, pod: Object, *, dry_run: bool) -> None:
        labels = pod["metadata"].get("labels") or {}
        found = [
            budget
            for budget in self._registry.list(self._budgets, target.namespace)
            if selector_matches(budget["spec"].get("selector"), labels)
        ]
        if len(found) > 1:
            said = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise statuses.APIError(500, "InternalError", said)
        for budget in found:
            status = budget.get("status") or {}
            if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
                cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {budget['metadata']['name']} "
                         "is still being processed by the server."}  # fmt: skip
                said = "Cannot evict pod as it would violate the pod's disruption budget."
                raise statuses.APIError(
                    429, "TooManyRequests", said, {"causes": [cause], "retryAfterSeconds": 10}, {"Retry-After": "10"}
                )
            if status.get("disruptionsAllowed", 0) <= 0:
                raise _refused(budget, status)
            if not dry_run:
                spent = status | {"disruptionsAllowed": status["disruptionsAllowed"] - 1}
                self._registry.write_status(self._budgets, budget, spent, "kube-apiserver", asker=UNHEARD)


def _judge_target(target: Object) -> Iterator[statuses.Cause]:
    if target.get("kind", "Node") != "Node":
        yield statuses.unsupported("target.kind", target["kind"], ("Node", "<empty>"))
    if not target.get("name"):
        yield statuses.required("target.name")


def _refused(budget: Object, status: Object) -> statuses.APIError:
    needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    said = f"The disruption budget {budget['metadata']['name']} needs {needs} healthy pods and has {has} currently"
    message = "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {"reason": "DisruptionBudget", "message": said}
    return statuses.APIError(429, "TooManyRequests", message, {"causes": [cause]})
