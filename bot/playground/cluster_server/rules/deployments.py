"""Deployments."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, Rules, at_least, immutable
from bot.playground.cluster_server.rules.workloads import ROLLING, fill_template, judge_strategy, judge_workload, warn
from bot.playground.cluster_server.statuses import Cause, invalid


def fill(deployment: Object) -> None:
    fill_template(deployment)
    spec = deployment["spec"]
    for name, value in (("replicas", 1), ("progressDeadlineSeconds", 600), ("revisionHistoryLimit", 10)):
        spec.setdefault(name, value)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", ROLLING)
    if strategy["type"] == ROLLING:
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")


def judge(deployment: Object, before: Object | None) -> Iterator[Cause]:
    spec = deployment["spec"]
    yield from judge_workload(deployment, before)
    yield from judge_strategy(spec["strategy"], "spec.strategy", ("Recreate", ROLLING), other="Recreate")
    yield from at_least("spec.minReadySeconds", spec.get("minReadySeconds"))
    yield from at_least("spec.revisionHistoryLimit", spec["revisionHistoryLimit"])
    deadline = spec["progressDeadlineSeconds"]
    yield from at_least("spec.progressDeadlineSeconds", deadline)
    if deadline <= spec.get("minReadySeconds", 0):
        yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    if before is not None and before["spec"]["selector"] != spec["selector"]:
        yield immutable("spec.selector", spec["selector"])


RULES = Rules(fill=fill, judge=judge, warn=warn)
