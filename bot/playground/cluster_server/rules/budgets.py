"""PodDisruptionBudgets, and HorizontalPodAutoscalers: numbers that hold for a group of pods."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import label_selector
from bot.playground.cluster_server.rules.contract import Object, Rules, at_least, number_or_percentage
from bot.playground.cluster_server.statuses import Cause, invalid, shown

_UTILIZATION = 80


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


def _fill_scaler(scaler: Object) -> None:
    spec = scaler.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"averageUtilization": _UTILIZATION, "type": "Utilization"}
        spec["metrics"] = [{"resource": {"name": "cpu", "target": target}, "type": "Resource"}]


def _judge_scaler(scaler: Object, before: Object | None) -> Iterator[Cause]:
    spec = scaler["spec"]
    most, least = spec.get("maxReplicas", 0), spec["minReplicas"]
    yield from at_least("spec.minReplicas", least, 1)
    if most < 1:
        yield invalid("spec.maxReplicas", most, "must be greater than 0")
    if most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")


BUDGET = Rules(judge=_judge_budget)
SCALER = Rules(fill=_fill_scaler, judge=_judge_scaler)
