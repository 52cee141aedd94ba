"""Deployments."""

from __future__ import annotations

from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.rules.workloads import fill_template, judge_workload


def fill(deployment: Object) -> None:
    fill_template(deployment)
    spec = deployment["spec"]
    for name, value in (("replicas", 1), ("progressDeadlineSeconds", 600), ("revisionHistoryLimit", 10)):
        spec.setdefault(name, value)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")


RULES = Rules(fill=fill, judge=judge_workload)
