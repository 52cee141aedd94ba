"""What a ResourceQuota can count of each kind: one evaluator a kind, and one for all that are only counted.

See https://kubernetes.io/docs/concepts/policy/resource-quotas/.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.usage import COMPUTE, Amounts, asked_of, named

Object = dict[str, Any]

OVER = ("Succeeded", "Failed")
"""Phases of pods that have ended."""
_BY_WHICH = [f"{which}.{name}" for which in ("requests", "limits") for name in COMPUTE]
_OF_PODS = {"count/pods", "pods", *COMPUTE, *_BY_WHICH}
_OF_SERVICES = {"count/services", "services", "services.nodeports", "services.loadbalancers"}
_OF_CLAIMS = {"count/persistentvolumeclaims", "persistentvolumeclaims", "requests.storage"}
_BY_CLASS = ".storageclass.storage.k8s.io/"
_OF_A_CLASS = ("persistentvolumeclaims", "requests.storage")
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_ALIASES = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"}
"""Kinds that are counted by their bare name too."""
_MUST_SAY = {"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"}
"""What each container has to say something of as soon as a quota counts it."""


class Evaluator:
    """Of a kind that is only counted."""

    def __init__(self, kind: Kind) -> None:
        self._names = {f"count/{kind.plural}" + (f".{kind.group}" if kind.group else "")}
        if not kind.group and kind.plural in _ALIASES:
            self._names.add(kind.plural)

    def counts(self, name: str) -> bool:
        """Whether a quota's resource of this name is about such objects."""
        return name in self._names

    def used_by(self, obj: Object, now: datetime.datetime) -> Amounts:
        """What one object uses, by the names that quotas have for it."""
        return dict.fromkeys(sorted(self._names), "1")

    def may_grow(self, obj: Object, before: Object, subresource: str) -> bool:
        """Whether a change of this sort may use more than before."""
        return False

    def is_in_scope(self, obj: Object, scope: Object) -> bool:
        return False

    def unsaid(self, obj: Object, counted: Iterable[str]) -> dict[str, list[str]]:
        """By resource, in order: the parts of an object that say nothing of it though they must."""
        return {}


class _Pods(Evaluator):
    def counts(self, name: str) -> bool:
        return name in _OF_PODS or name.startswith(("hugepages-", "requests.hugepages-")) or _is_extended(name)

    def used_by(self, obj: Object, now: datetime.datetime) -> Amounts:
        if not _is_charged(obj, now):
            return {"count/pods": "1"}
        return {"count/pods": "1", "pods": "1"} | named(asked_of(obj, "requests"), asked_of(obj, "limits"))

    def may_grow(self, obj: Object, before: Object, subresource: str) -> bool:
        """By a resize, or when it comes into another scope."""
        ends = [(found.get("spec") or {}).get("activeDeadlineSeconds") is not None for found in (obj, before)]
        return subresource == "resize" or ends[0] != ends[1]

    def is_in_scope(self, obj: Object, scope: Object) -> bool:
        name, spec = scope["scopeName"], obj.get("spec") or {}
        if name in ("Terminating", "NotTerminating"):
            return (spec.get("activeDeadlineSeconds") is None) is (name == "NotTerminating")
        if name in ("BestEffort", "NotBestEffort"):
            return _is_best_effort(spec) is (name == "BestEffort")
        if name == "PriorityClass":
            return _fits(scope, spec.get("priorityClassName", ""))
        return name == "CrossNamespacePodAffinity" and any(_looks_elsewhere(term) for term in _affinity_terms(spec))

    def unsaid(self, obj: Object, counted: Iterable[str]) -> dict[str, list[str]]:
        spec = obj["spec"]
        if any((spec.get("resources") or {}).values()):
            return {}
        missing: dict[str, set[str]] = {}
        for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
            said = container.get("resources") or {}
            told = named(said.get("requests") or {}, said.get("limits") or {})
            for name in set(counted) & _MUST_SAY - set(told):
                missing.setdefault(name, set()).add(container["name"])
        return {name: sorted(containers) for name, containers in sorted(missing.items())}


class _Services(Evaluator):
    def counts(self, name: str) -> bool:
        return name in _OF_SERVICES

    def used_by(self, obj: Object, now: datetime.datetime) -> Amounts:
        spec = obj.get("spec") or {}
        ports, kind = spec.get("ports") or (), spec.get("type", "ClusterIP")
        node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
        if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
            node_ports = sum(bool(port.get("nodePort")) for port in ports)
        return {
            "count/services": "1", "services": "1", "services.nodeports": str(node_ports),
            "services.loadbalancers": str(int(kind == "LoadBalancer")),
        }  # fmt: skip

    def may_grow(self, obj: Object, before: Object, subresource: str) -> bool:
        return not subresource


class _Claims(Evaluator):
    def counts(self, name: str) -> bool:
        return name in _OF_CLAIMS or name.endswith(tuple(_BY_CLASS + of for of in _OF_A_CLASS))

    def used_by(self, obj: Object, now: datetime.datetime) -> Amounts:
        spec = obj.get("spec") or {}
        found = {"count/persistentvolumeclaims": "1", "persistentvolumeclaims": "1"}
        annotations = obj["metadata"].get("annotations") or {}
        of_class = annotations.get(_CLASS_ANNOTATION) or spec.get("storageClassName") or ""
        if of_class:
            found[f"{of_class}{_BY_CLASS}persistentvolumeclaims"] = "1"
        storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
        if storage is not None:
            allocated = ((obj.get("status") or {}).get("allocatedResources") or {}).get("storage", "0")
            wanted = allocated if amount(allocated) > amount(storage) else storage
            whole = wanted if amount(wanted) == amount(wanted).to_integral_value() else str(math.ceil(amount(wanted)))
            found["requests.storage"] = whole
            if of_class:
                found[f"{of_class}{_BY_CLASS}requests.storage"] = whole
        return found

    def may_grow(self, obj: Object, before: Object, subresource: str) -> bool:
        return not subresource

    def is_in_scope(self, obj: Object, scope: Object) -> bool:
        value = (obj.get("spec") or {}).get("volumeAttributesClassName", "")
        return scope["scopeName"] == "VolumeAttributesClass" and _fits(scope, value)


_BY_KIND = {("", "Pod"): _Pods, ("", "Service"): _Services, ("", "PersistentVolumeClaim"): _Claims}


def evaluator_of(kind: Kind) -> Evaluator:
    return _BY_KIND.get((kind.group, kind.name), Evaluator)(kind)


def scopes_of(quota: Object) -> Iterator[Object]:
    """What a quota says of the objects that it counts, each as an expression."""
    spec = quota.get("spec") or {}
    for scope in spec.get("scopes") or ():
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def _is_extended(name: str) -> bool:
    return name.startswith("requests.") and "/" in name and "kubernetes.io/" not in name


def _is_charged(pod: Object, now: datetime.datetime) -> bool:
    """Pods that ended, or that should be gone by now, use nothing any more."""
    if (pod.get("status") or {}).get("phase") in OVER:
        return False
    metadata = pod["metadata"]
    grace = metadata.get("deletionGracePeriodSeconds")
    if not metadata.get("deletionTimestamp") or grace is None:
        return True
    due = datetime.datetime.fromisoformat(metadata["deletionTimestamp"]) + datetime.timedelta(seconds=grace)
    return now <= due


def _fits(scope: Object, value: str) -> bool:
    operator, values = scope.get("operator"), scope.get("values") or ()
    if operator == "DoesNotExist":
        return not value
    if operator == "NotIn":
        return value not in values
    return bool(value) if operator == "Exists" else bool(value) and value in values


def _is_best_effort(spec: Object) -> bool:
    asked = [spec, *(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return not any(
        amount(value)
        for who in asked
        for which in ("requests", "limits")
        for name, value in ((who.get("resources") or {}).get(which) or {}).items()
        if name in ("cpu", "memory")
    )


def _affinity_terms(spec: Object) -> Iterator[Object]:
    for kind in ("podAffinity", "podAntiAffinity"):
        found = (spec.get("affinity") or {}).get(kind) or {}
        yield from found.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in found.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted["podAffinityTerm"]


def _looks_elsewhere(term: Object) -> bool:
    return bool(term.get("namespaces")) or term.get("namespaceSelector") is not None
