"""ResourceQuotas and LimitRanges: judged. `objects/rationing.py` and `objects/limiting.py` hold others to them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import qualified_name
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.statuses import Cause, duplicate, forbidden_field, invalid, required, shown
from bot.playground.cluster_server.values import copied

_COUNTED = {
    "pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
    "services.nodeports", "services.loadbalancers",
}  # fmt: skip
_LIMITABLE = _COUNTED | {
    "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
    "requests.storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
}  # fmt: skip
"""What a quota may name without a prefix."""
_OF_PODS = ("pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
_SCOPES = {
    "Terminating": _OF_PODS, "NotTerminating": _OF_PODS, "NotBestEffort": _OF_PODS, "PriorityClass": _OF_PODS,
    "CrossNamespacePodAffinity": _OF_PODS, "BestEffort": ("pods",),
    "VolumeAttributesClass": ("persistentvolumeclaims", "requests.storage"),
}  # fmt: skip
"""What may be limited within a scope."""
_EITHER = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_EXISTING = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity")
"""Scopes that objects are in or not, without a value."""
_LIMITED = ("Pod", "Container", "PersistentVolumeClaim")
_OF_CONTAINERS = ("cpu", "memory", "ephemeral-storage")


def _judge_quota(quota: Object, before: Object | None) -> Iterator[Cause]:
    spec = quota.get("spec") or {}
    hard, scopes = sorted(spec.get("hard") or {}), spec.get("scopes") or []
    for name in hard:
        yield from _judge_hard(name, spec["hard"][name])
    for scope in scopes:
        if scope not in _SCOPES:
            yield invalid("spec.scopes", scopes, "unsupported scope")
        for _ in _beyond(scope, hard):
            yield invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    for pair in _EITHER:
        if set(pair) <= set(scopes):
            yield invalid("spec.scopes", scopes, "conflicting scopes")
    if spec.get("scopeSelector") is not None:
        yield from _judge_selector(spec, hard)
    if before is not None and (before.get("spec") or {}).get("scopes", []) != scopes:
        yield invalid("spec.scopes", spec.get("scopes"), "field is immutable")


def _judge_hard(name: str, value: str) -> Iterator[Cause]:
    field = f"spec.hard[{name}]"
    wrong = list(qualified_name(field, name))
    yield from wrong
    if not wrong and "/" not in name:
        if not _is_standard(name):
            yield invalid(field, name, "must be a standard resource type or fully qualified")
        if not _is_limitable(name):
            yield invalid(field, name, "must be a standard resource for quota")
    if amount(value) < 0:
        yield invalid(field, value, "must be greater than or equal to 0")
    if _is_whole(name) and amount(value) % 1:
        yield invalid(field, value, "must be an integer")


def _is_limitable(name: str) -> bool:
    return name in _LIMITABLE or name.startswith(("hugepages-", "requests.hugepages-"))


def _is_standard(name: str) -> bool:
    return name == "storage" or _is_limitable(name)


def _is_whole(name: str) -> bool:
    """Whether it is counted, and not measured."""
    return name in _COUNTED or ("/" in name and "kubernetes.io/" not in name and not name.startswith("requests."))


def _beyond(scope: str, hard: list[str]) -> list[str]:
    """What a scope cannot limit."""
    return [name for name in hard if scope in _SCOPES and _is_limitable(name) and name not in _SCOPES[scope]]


def _judge_selector(spec: Object, hard: list[str]) -> Iterator[Cause]:
    at, said = "spec.scopeSelector.matchExpressions", spec["scopeSelector"].get("matchExpressions") or []
    listed = ",".join(
        f'{{"ScopeName":{shown(each.get("scopeName"))},"Operator":{shown(each.get("operator"))},'
        f'"Values":{shown(each.get("values"))}}}'
        for each in said
    )
    printed = f'{{"MatchExpressions":[{listed}]}}'
    for each in said:
        scope, operator, values = each.get("scopeName", ""), each.get("operator", ""), each.get("values") or []
        if scope not in _SCOPES:
            yield invalid(f"{at}.scopeName", scope, "unsupported scope")
        for _ in _beyond(scope, hard):
            yield Cause(at, f"Invalid value: {printed}: unsupported scope applied to resource")
        if scope in _EXISTING and operator != "Exists":
            named = ", ".join(f"ResourceQuotaScope{name}" for name in _EXISTING[:-1])
            last = f"ResourceQuotaScope{_EXISTING[-1]}"
            yield invalid(f"{at}.operator", operator, f"must be 'Exists' when scope is any of {named} or {last}")
        if operator in ("In", "NotIn"):
            if not values:
                told = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                yield required(f"{at}.values", told)
        elif operator not in ("Exists", "DoesNotExist"):
            yield invalid(f"{at}.operator", operator, "not a valid selector operator")
        elif values:
            told = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield invalid(f"{at}.values", values, told)
    for pair in _EITHER:
        if set(pair) <= {each.get("scopeName") for each in said}:
            yield invalid(at, spec.get("scopes"), "conflicting scopes")


def _fill_range(limit_range: Object) -> None:
    for limit in (limit_range.get("spec") or {}).get("limits") or ():
        if limit.get("type") != "Container":
            continue
        ceilings = copied(limit.get("max") or {}) | (limit.get("default") or {})
        asked = copied(limit.get("min") or {}) | copied(ceilings) | (limit.get("defaultRequest") or {})
        for name, found in (("default", ceilings), ("defaultRequest", asked)):
            if found:
                limit[name] = found


def _judge_range(limit_range: Object, before: Object | None) -> Iterator[Cause]:
    seen: set[str] = set()
    for number, limit in enumerate((limit_range.get("spec") or {}).get("limits") or ()):
        at, kind = f"spec.limits[{number}]", limit.get("type", "")
        wrong = list(qualified_name(f"{at}.type", kind))
        yield from wrong
        if not wrong and "/" not in kind and kind not in _LIMITED:
            yield invalid(f"{at}.type", kind, "must be a standard limit type or fully qualified")
        if kind in seen:
            yield duplicate(f"{at}.type", kind)
        seen.add(kind)
        yield from _judge_names(limit, at, kind)
        yield from _judge_amounts(limit, at)


def _judge_names(limit: Object, at: str, kind: str) -> Iterator[Cause]:
    for group in ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio"):
        found = limit.get(group) or {}
        if kind == "Pod" and found and group.startswith("default"):
            yield forbidden_field(f"{at}.{group}", "may not be specified when `type` is 'Pod'")
            continue
        for name in sorted(found):
            field = f"{at}.{group}[{name}]"
            wrong = list(qualified_name(field, name))
            yield from wrong
            if not wrong and "/" not in name and kind in ("Pod", "Container") and name not in _OF_CONTAINERS:
                yield invalid(field, name, "must be a standard resource for containers")
            elif not wrong and "/" not in name and not _is_standard(name):
                yield invalid(field, name, "must be a standard resource type or fully qualified")
    if kind == "PersistentVolumeClaim" and not ({"storage"} & {*(limit.get("min") or ()), *(limit.get("max") or ())}):
        said = "either minimum or maximum storage value is required, but neither was provided"
        yield required(f"{at}.limits", said)


_CALLED = {
    "min": "min", "max": "max", "default": "default", "defaultRequest": "default request",
}  # fmt: skip
_ORDERED = (
    ("min", "max", "min", ""), ("min", "defaultRequest", "defaultRequest", ""),
    ("defaultRequest", "max", "defaultRequest", ""), ("defaultRequest", "default", "defaultRequest", "default limit"),
    ("min", "default", "default", ""), ("default", "max", "default", ""),
)  # fmt: skip
"""Which must not be more than which, which field is at fault, and what the greater is called here."""


def _judge_amounts(limit: Object, at: str) -> Iterator[Cause]:
    names = sorted({name for group in limit.values() if isinstance(group, dict) for name in group})
    for name in names:
        found = {group: values[name] for group, values in limit.items() if isinstance(values, dict) and name in values}
        for less, more, field, called in _ORDERED:
            if less in found and more in found and amount(found[less]) > amount(found[more]):
                said = (
                    f"{_CALLED[less]} value {found[less]} is greater than {called or _CALLED[more]} value {found[more]}"
                )
                shown = field if field == "defaultRequest" else less if more != "max" or less == "min" else more
                yield invalid(f"{at}.{field}[{name}]", found[shown], said)
        ratio = found.get("maxLimitRequestRatio")
        if ratio is not None and amount(ratio) < 1:
            yield invalid(f"{at}.maxLimitRequestRatio[{name}]", ratio, f"ratio {ratio} is less than 1")
        if ratio is not None and {"min", "max"} <= set(found) and amount(found["min"]):
            most = amount(found["max"]) / amount(found["min"])
            if amount(ratio) > most:
                said = f"ratio {ratio} is greater than max/min = {most:.6f}"
                yield invalid(f"{at}.maxLimitRequestRatio[{name}]", ratio, said)


QUOTA = Rules(judge=_judge_quota)
LIMIT_RANGE = Rules(fill=_fill_range, judge=_judge_range, names_itself=True)
