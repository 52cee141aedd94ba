"""What objects use of what a ResourceQuota or a LimitRange counts.

See https://kubernetes.io/docs/concepts/policy/resource-quotas/.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.cluster_server.objects.canonical import amount, sum_of
from bot.playground.cluster_server.objects.kinds import Kind

Object = dict[str, Any]
Amounts = dict[str, str]

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_BY_WHICH = [f"{which}.{name}" for which in ("requests", "limits") for name in _COMPUTE]
_OF_PODS = {"count/pods", "pods", *_COMPUTE, *_BY_WHICH}
_OF_SERVICES = {"count/services", "services", "services.nodeports", "services.loadbalancers"}
_OF_CLAIMS = {"count/persistentvolumeclaims", "persistentvolumeclaims", "requests.storage"}
_BY_CLASS = ".storageclass.storage.k8s.io/"
_OF_A_CLASS = ("persistentvolumeclaims", "requests.storage")
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_ALIASES = {"configmaps", "resourcequotas", "replicationcontrollers", "secrets"}
"""Kinds that are counted by their bare name too."""
MUST_SAY = {"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"}
"""What each container has to say something of as soon as a quota counts it."""
_OVER = ("Succeeded", "Failed")


def is_counted(kind: Kind, name: str) -> bool:
    """Whether a quota's resource of this name counts objects of this kind."""
    if (kind.group, kind.name) == ("", "Pod"):
        return name in _OF_PODS or name.startswith(("hugepages-", "requests.hugepages-")) or _is_extended(name)
    if (kind.group, kind.name) == ("", "Service"):
        return name in _OF_SERVICES
    if (kind.group, kind.name) == ("", "PersistentVolumeClaim"):
        return name in _OF_CLAIMS or name.endswith(tuple(_BY_CLASS + of for of in _OF_A_CLASS))
    return name == _count_name(kind) or (not kind.group and kind.plural in _ALIASES and name == kind.plural)


def _count_name(kind: Kind) -> str:
    return f"count/{kind.plural}" + (f".{kind.group}" if kind.group else "")


def _is_extended(name: str) -> bool:
    return name.startswith("requests.") and "/" in name and "kubernetes.io/" not in name


def used_by(kind: Kind, obj: Object, now: datetime.datetime) -> Amounts:
    """What one object uses, by the names that quotas have for it."""
    if (kind.group, kind.name) == ("", "Pod"):
        return {"count/pods": "1"} | (_of_pod(obj) if _is_charged(obj, now) else {})
    if (kind.group, kind.name) == ("", "Service"):
        return _of_service(obj.get("spec") or {})
    if (kind.group, kind.name) == ("", "PersistentVolumeClaim"):
        return _of_claim(obj)
    return {_count_name(kind): "1"} | ({kind.plural: "1"} if not kind.group and kind.plural in _ALIASES else {})


def _is_charged(pod: Object, now: datetime.datetime) -> bool:
    """Pods that ended, or that should be gone by now, use nothing any more."""
    if (pod.get("status") or {}).get("phase") in _OVER:
        return False
    metadata = pod["metadata"]
    grace = metadata.get("deletionGracePeriodSeconds")
    if not metadata.get("deletionTimestamp") or grace is None:
        return True
    due = datetime.datetime.fromisoformat(metadata["deletionTimestamp"]) + datetime.timedelta(seconds=grace)
    return now <= due


def _of_pod(pod: Object) -> Amounts:
    requests, limits = asked_of(pod, "requests"), asked_of(pod, "limits")
    return {"pods": "1"} | _named(requests, limits)


def _named(requests: Amounts, limits: Amounts) -> Amounts:
    """Requests and limits under the names that quotas have for them."""
    found: Amounts = {}
    for name, value in requests.items():
        if name in _COMPUTE or name.startswith("hugepages-"):
            found |= {name: value, f"requests.{name}": value}
        elif "/" in name:
            found[f"requests.{name}"] = value
    return found | {f"limits.{name}": value for name, value in limits.items() if name in _COMPUTE}


def unsaid(pod: Object, counted: Iterable[str]) -> dict[str, list[str]]:
    """By resource, in order: the containers that say nothing of it though they must."""
    spec = pod["spec"]
    if any((spec.get("resources") or {}).values()):
        return {}
    missing: dict[str, list[str]] = {}
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        said = container.get("resources") or {}
        named = _named(said.get("requests") or {}, said.get("limits") or {})
        for name in sorted(set(counted) & MUST_SAY - set(named)):
            missing.setdefault(name, []).append(container["name"])
    return {name: sorted(set(containers)) for name, containers in sorted(missing.items())}


def asked_of(pod: Object, which: str) -> Amounts:
    """The `requests` or `limits` of a pod: those of its containers, unless those that come first ask for more.

    Containers that start first and stay (sidecars) count with both. See
    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers.
    """
    spec = pod["spec"]
    total = summed(*(_said(container, which) for container in spec.get("containers") or ()))
    staying: Amounts = {}
    first: Amounts = {}
    for container in spec.get("initContainers") or ():
        said = _said(container, which)
        if container.get("restartPolicy") == "Always":
            total, staying = summed(total, said), summed(staying, said)
            first = _greater(first, staying)
        else:
            first = _greater(first, summed(said, staying))
    total = _greater(total, first)
    own = (spec.get("resources") or {}).get(which) or {}
    total |= {name: value for name, value in own.items() if name in ("cpu", "memory")}
    overhead = spec.get("overhead") or {}
    if which == "limits":
        overhead = {name: value for name, value in overhead.items() if amount(total.get(name, "0"))}
    return summed(total, overhead)


def summed(*amounts: Amounts) -> Amounts:
    total: Amounts = {}
    for found in amounts:
        for name, value in found.items():
            total[name] = sum_of(total[name], value) if name in total else value
    return total


def grown(after: Amounts, before: Amounts) -> Amounts:
    """What `after` has more than `before`: nothing where it has less."""
    less = {name: _negative(value) for name, value in before.items()}
    return {name: value if amount(value) > 0 else "0" for name, value in summed(after, less).items()}


def _negative(value: str) -> str:
    return value.removeprefix("-") if value.startswith("-") else f"-{value}"


def _said(container: Object, which: str) -> Amounts:
    return dict((container.get("resources") or {}).get(which) or {})


def _greater(first: Amounts, second: Amounts) -> Amounts:
    more = {name: value for name, value in second.items() if name not in first or amount(value) > amount(first[name])}
    return first | more


def _of_service(spec: Object) -> Amounts:
    ports, kind = spec.get("ports") or (), spec.get("type", "ClusterIP")
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        node_ports = sum(bool(port.get("nodePort")) for port in ports)
    return {
        "count/services": "1", "services": "1", "services.nodeports": str(node_ports),
        "services.loadbalancers": str(int(kind == "LoadBalancer")),
    }  # fmt: skip


def _of_claim(claim: Object) -> Amounts:
    spec = claim.get("spec") or {}
    found = {"count/persistentvolumeclaims": "1", "persistentvolumeclaims": "1"}
    annotations = claim["metadata"].get("annotations") or {}
    of_class = annotations.get(_CLASS_ANNOTATION) or spec.get("storageClassName") or ""
    if of_class:
        found[f"{of_class}{_BY_CLASS}persistentvolumeclaims"] = "1"
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is not None:
        allocated = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage", "0")
        wanted = allocated if amount(allocated) > amount(storage) else storage
        whole = wanted if amount(wanted) == amount(wanted).to_integral_value() else str(math.ceil(amount(wanted)))
        found["requests.storage"] = whole
        if of_class:
            found[f"{of_class}{_BY_CLASS}requests.storage"] = whole
    return found


def scopes_of(quota: Object) -> Iterator[Object]:
    """What a quota says of the objects that it counts, each as an expression."""
    spec = quota.get("spec") or {}
    for scope in spec.get("scopes") or ():
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def is_in_scope(kind: Kind, obj: Object, scope: Object) -> bool:
    name: str = scope["scopeName"]
    spec = obj.get("spec") or {}
    if (kind.group, kind.name) == ("", "PersistentVolumeClaim") and name == "VolumeAttributesClass":
        return _fits(scope, spec.get("volumeAttributesClassName", ""))
    if (kind.group, kind.name) != ("", "Pod"):
        return False
    if name in ("Terminating", "NotTerminating"):
        return (spec.get("activeDeadlineSeconds") is None) is (name == "NotTerminating")
    if name in ("BestEffort", "NotBestEffort"):
        return _is_best_effort(spec) == (name == "BestEffort")
    if name == "PriorityClass":
        return _fits(scope, spec.get("priorityClassName", ""))
    return name == "CrossNamespacePodAffinity" and any(_looks_elsewhere(term) for term in _affinity_terms(spec))


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
