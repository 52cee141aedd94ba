"""How a Deployment that is scaled in the middle of a rollout spreads its replicas over its ReplicaSets: in proportion.

See https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling.
"""

from __future__ import annotations

import math
from typing import Any

Object = dict[str, Any]

MOST = "deployment.kubernetes.io/max-replicas"
"""The annotation of a ReplicaSet that says how many replicas its Deployment might have had when it was scaled last."""


def proportions(active: list[Object], wanted: int, surge: int, deployed: int) -> list[tuple[Object, int]]:
    """The new size of each, the largest first. `deployed` is how many replicas the Deployment has now."""
    most = wanted + surge if wanted else 0
    missing = most - sum(map(_size, active))
    newest_first = sorted(active, key=lambda rs: str(rs["metadata"]["creationTimestamp"]), reverse=missing > 0)
    ordered = sorted(newest_first, key=_size, reverse=True)
    added: list[int] = []
    for replica_set in ordered:
        left = missing - sum(added)
        part = _part(replica_set, wanted, surge, deployed) if left else 0
        added.append(min(part, left) if missing > 0 else max(part, left))
    sizes = [_size(rs) + more for rs, more in zip(ordered, added, strict=True)]
    if sizes:
        sizes[0] = max(0, sizes[0] + missing - sum(added))
    return list(zip(ordered, sizes, strict=True))


def _part(replica_set: Object, wanted: int, surge: int, deployed: int) -> int:
    """How many more, or fewer, it would have if nobody had to round."""
    size = _size(replica_set)
    if not wanted:
        return -size
    before = int((replica_set["metadata"].get("annotations") or {}).get(MOST, 0)) or deployed
    return math.floor(size * (wanted + surge) / before + 0.5) - size if before else 0


def _size(replica_set: Object) -> int:
    return int(replica_set["spec"]["replicas"])
