"""DaemonSets."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object, Rules, at_least
from bot.playground.cluster_server.rules.workloads import ROLLING, fill_template, judge_strategy, judge_workload, warn
from bot.playground.cluster_server.statuses import Cause

_COUNTS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


GENERATION = "deprecated.daemonset.template.generation"


def prepare(daemon_set: Object, before: Object | None) -> None:
    """Counts the changes of the template, in an annotation that once was a field."""
    annotations = daemon_set["metadata"].setdefault("annotations", {})
    if before is None:
        annotations[GENERATION] = "1"
    else:
        count = int(before["metadata"].get("annotations", {}).get(GENERATION, "1"))
        changed = before["spec"]["template"] != daemon_set["spec"]["template"]
        annotations[GENERATION] = str(count + changed)


def fill(daemon_set: Object) -> None:
    fill_template(daemon_set)
    spec = daemon_set["spec"]
    daemon_set["metadata"].setdefault("annotations", {}).setdefault(GENERATION, "0")
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


def judge(daemon_set: Object, before: Object | None) -> Iterator[Cause]:
    yield from judge_workload(daemon_set, before)
    strategy = daemon_set["spec"]["updateStrategy"]
    yield from judge_strategy(strategy, "spec.updateStrategy", (ROLLING, "OnDelete"), other="OnDelete")
    yield from at_least("spec.revisionHistoryLimit", daemon_set["spec"]["revisionHistoryLimit"])


RULES = Rules(fill=fill, judge=judge, warn=warn, prepare=prepare)
