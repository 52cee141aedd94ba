"""PodDisruptionBudgets, and HorizontalPodAutoscalers: numbers that hold for a group of pods."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import PATH_SEGMENT, label_selector, name_causes
from bot.playground.cluster_server.rules.contract import Object, Rules, member, number_or_percentage
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, shown

_UTILIZATION = 80
_EVICTIONS = ("AlwaysAllow", "IfHealthyBudget")


def _judge_budget(budget: Object, before: Object | None) -> Iterator[Cause]:
    spec = budget.get("spec") or {}
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        order = ("MinAvailable", "Selector", "MaxUnavailable", "UnhealthyPodEvictionPolicy")
        values = (least, spec.get("selector"), most, spec.get("unhealthyPodEvictionPolicy"))
        printed = "{" + ",".join(f'"{name}":{shown(value)}' for name, value in zip(order, values, strict=True)) + "}"
        yield Cause("spec", f"Invalid value: {printed}: minAvailable and maxUnavailable cannot be both set")
    yield from number_or_percentage("spec.minAvailable", least)
    yield from number_or_percentage("spec.maxUnavailable", most)
    yield from label_selector("spec.selector", spec.get("selector"))
    yield from member("spec.unhealthyPodEvictionPolicy", spec.get("unhealthyPodEvictionPolicy"), _EVICTIONS)


def _fill_scaler(scaler: Object) -> None:
    spec = scaler.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"averageUtilization": _UTILIZATION, "type": "Utilization"}
        spec["metrics"] = [{"resource": {"name": "cpu", "target": target}, "type": "Resource"}]


def _judge_scaler(scaler: Object, before: Object | None) -> Iterator[Cause]:
    spec = scaler["spec"]
    most, least = spec.get("maxReplicas", 0), spec["minReplicas"]
    if least < 1:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to 1")
    if most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _judge_reference(spec.get("scaleTargetRef") or {}, "spec.scaleTargetRef")
    kinds = {metric.get("type") for metric in spec["metrics"]}
    if least == 0 and not kinds & {"Object", "External"}:
        said = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield forbidden_field("spec.metrics", said)


def _judge_reference(reference: Object, at: str) -> Iterator[Cause]:
    for name in ("kind", "name"):
        if not reference.get(name):
            yield required(f"{at}.{name}")
        else:
            yield from name_causes(f"{at}.{name}", reference[name], PATH_SEGMENT)
    version = reference.get("apiVersion", "")
    if version.count("/") > 1:
        yield invalid(f"{at}.apiVersion", version, f"unexpected GroupVersion string: {version}")
    elif "/" not in version:
        yield invalid(f"{at}.apiVersion", version, "apiVersion must specify API group")


BUDGET = Rules(judge=_judge_budget, naming=PATH_SEGMENT)
SCALER = Rules(fill=_fill_scaler, judge=_judge_scaler)
