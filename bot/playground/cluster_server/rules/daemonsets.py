"""DaemonSets."""

from __future__ import annotations

from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.rules.workloads import fill_template, judge_workload

_COUNTS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


GENERATION = "deprecated.daemonset.template.generation"


def prepare(daemon_set: Object, before: Object | None) -> None:
    """Counts the changes of the template, in an annotation that once was a field."""
    if before is not None:
        count = int(before["metadata"].get("annotations", {}).get(GENERATION, "1"))
        changed = before["spec"]["template"] != daemon_set["spec"]["template"]
        daemon_set["metadata"].setdefault("annotations", {})[GENERATION] = str(count + changed)


def fill(daemon_set: Object) -> None:
    fill_template(daemon_set)
    spec = daemon_set["spec"]
    daemon_set["metadata"].setdefault("annotations", {}).setdefault(GENERATION, "1")
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


RULES = Rules(fill=fill, judge=judge_workload, prepare=prepare)
