"""ReplicaSets."""

from __future__ import annotations

from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.rules.workloads import fill_template, judge_workload, warn


def fill(replica_set: Object) -> None:
    fill_template(replica_set)
    replica_set["spec"].setdefault("replicas", 1)
    replica_set.setdefault("status", {}).setdefault("replicas", 0)


RULES = Rules(fill=fill, judge=judge_workload, warn=warn)
