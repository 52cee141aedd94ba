"""DaemonSets."""

from __future__ import annotations

from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.rules.workloads import fill_template, judge_workload

_COUNTS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


def fill(daemon_set: Object) -> None:
    fill_template(daemon_set)
    spec = daemon_set["spec"]
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxSurge", 0)
        rolling.setdefault("maxUnavailable", 1)
    status = daemon_set.setdefault("status", {})
    for name in _COUNTS:
        status.setdefault(name, 0)


RULES = Rules(fill=fill, judge=judge_workload)
