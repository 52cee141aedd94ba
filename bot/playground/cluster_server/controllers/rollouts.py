"""What a Deployment says of its rollout: how many pods there are, and how far it has come.

The conditions are those of https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status. One
whose status and reason stay is left as it is; one that changes moves to the end.
"""

from __future__ import annotations

import datetime
import math
from typing import Any

from bot.playground.cluster_server.controllers.replicasets import REPLICA_FAILURE

Object = dict[str, Any]

_PROGRESSING = "Progressing"
_AVAILABLE, _LATE, _PAUSED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded", "DeploymentPaused"
_UPDATED, _RESUMED = "ReplicaSetUpdated", "DeploymentResumed"
_CREATED, _FOUND = "NewReplicaSetCreated", "FoundNewReplicaSet"
_UNDER_WAY = (_UPDATED, _RESUMED, _CREATED, _FOUND)
_NO_DEADLINE = 2**31 - 1


class Rollout:
    """One look at a Deployment: its ReplicaSets, the latest of them, and whether that was made just now."""

    def __init__(
        self, deployment: Object, current: Object | None, sets: list[Object], *, is_new: bool, now: datetime.datetime
    ) -> None:
        self._spec = deployment["spec"]
        self._deployment = deployment
        self._current = current
        self._sets = sets
        self._is_new = is_new
        self._now = now
        self._was: Object = deployment.get("status") or {}
        self._conditions: list[Object] = list(self._was.get("conditions") or ())

    def status(self) -> Object:
        counts = self._counts()
        self._note_stops_and_starts()
        enough = counts.get("availableReplicas", 0) >= self._spec["replicas"] - self._may_be_unavailable()
        said = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        if not enough:
            said = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        self._set("Available", "True" if enough else "False", said)
        if not self._spec.get("paused"):
            self._note_progress(counts)
            self._note_failures()
        status: Object = {"observedGeneration": self._deployment["metadata"]["generation"]}
        return status | counts | {"terminatingReplicas": 0, "conditions": self._conditions}

    def seconds_left(self) -> float | None:
        """Until it is late; None when it is over, late already, or was never given a time."""
        found = self._found(_PROGRESSING)
        if found is None or found["reason"] not in _UNDER_WAY or self._spec.get("paused"):
            return None
        return float(self._spec["progressDeadlineSeconds"]) - self._age(found)

    def _counts(self) -> dict[str, int]:
        """Those that are not zero."""
        wanted, available = self._spec["replicas"], sum(count(rs, "availableReplicas") for rs in self._sets)
        counts = {
            "replicas": sum(count(rs, "replicas") for rs in self._sets),
            "updatedReplicas": count(self._current, "replicas") if self._current else 0,
            "readyReplicas": sum(count(rs, "readyReplicas") for rs in self._sets), "availableReplicas": available,
            "unavailableReplicas": max(0, wanted - available),
        }  # fmt: skip
        return {name: number for name, number in counts.items() if number}

    def _may_be_unavailable(self) -> int:
        rolling = self._spec["strategy"].get("rollingUpdate") or {"maxUnavailable": 0}
        return share(rolling["maxUnavailable"], self._spec["replicas"], math.floor)

    def _note_stops_and_starts(self) -> None:
        found = self._found(_PROGRESSING)
        reason = found["reason"] if found else ""
        if self._spec.get("paused") and reason != _LATE:
            self._set(_PROGRESSING, "Unknown", (_PAUSED, "Deployment is paused"))
        elif reason == _PAUSED and not self._spec.get("paused"):
            self._set(_PROGRESSING, "Unknown", (_RESUMED, "Deployment is resumed"))
        if self._current and self._is_new:
            said = f'Created new replica set "{self._current["metadata"]["name"]}"'
            self._set(_PROGRESSING, "True", (_CREATED, said))
        elif self._current and self._found(_PROGRESSING) is None:
            said = f'Found new replica set "{self._current["metadata"]["name"]}"'
            self._set(_PROGRESSING, "True", (_FOUND, said))

    def _note_progress(self, counts: dict[str, int]) -> None:
        if self._spec["progressDeadlineSeconds"] == _NO_DEADLINE:
            self._drop(_PROGRESSING)
            return
        found = self._found(_PROGRESSING)
        updated, total = counts.get("updatedReplicas", 0), counts.get("replicas", 0)
        if found and found["reason"] == _AVAILABLE and updated == total:
            return
        named = f'ReplicaSet "{self._current["metadata"]["name"]}"' if self._current else "Deployment"
        if updated == total == counts.get("availableReplicas", 0) == self._spec["replicas"]:
            self._set(_PROGRESSING, "True", (_AVAILABLE, f"{named} has successfully progressed."))
        elif self._has_moved(counts):
            self._drop(_PROGRESSING)
            self._set(_PROGRESSING, "True", (_UPDATED, f"{named} is progressing."))
            if found and found["status"] == "True":
                self._conditions[-1]["lastTransitionTime"] = found["lastTransitionTime"]
        elif found and found["reason"] in _UNDER_WAY and self._age(found) > self._spec["progressDeadlineSeconds"]:
            self._set(_PROGRESSING, "False", (_LATE, f"{named} has timed out progressing."))

    def _has_moved(self, counts: dict[str, int]) -> bool:
        def old(of: Object) -> int:
            return int(of.get("replicas", 0)) - int(of.get("updatedReplicas", 0))

        names = ("updatedReplicas", "readyReplicas", "availableReplicas")
        return old(counts) < old(self._was) or any(counts.get(name, 0) > self._was.get(name, 0) for name in names)

    def _note_failures(self) -> None:
        """What keeps a ReplicaSet from its pods, the latest one first."""
        for replica_set in ([self._current] if self._current else []) + self._sets:
            for failure in (replica_set.get("status") or {}).get("conditions") or ():
                if failure["type"] == REPLICA_FAILURE:
                    self._set(REPLICA_FAILURE, failure["status"], (failure["reason"], failure["message"]))
                    return
        self._drop(REPLICA_FAILURE)

    def _found(self, kind: str) -> Object | None:
        return next((condition for condition in self._conditions if condition["type"] == kind), None)

    def _drop(self, kind: str) -> None:
        self._conditions = [condition for condition in self._conditions if condition["type"] != kind]

    def _set(self, kind: str, holds: str, said: tuple[str, str]) -> None:
        before, now = self._found(kind), self._now.strftime("%Y-%m-%dT%H:%M:%SZ")
        if before and (before["status"], before["reason"]) == (holds, said[0]):
            return
        turned = before["lastTransitionTime"] if before and before["status"] == holds else now
        self._drop(kind)
        self._conditions.append({
            "type": kind, "status": holds, "lastUpdateTime": now, "lastTransitionTime": turned,
            "reason": said[0], "message": said[1],
        })  # fmt: skip

    def _age(self, condition: Object) -> float:
        return (self._now - datetime.datetime.fromisoformat(condition["lastUpdateTime"])).total_seconds()


def count(obj: Object, name: str) -> int:
    """A number in its status."""
    return int((obj.get("status") or {}).get(name, 0))


def share(said: int | str, of: int, rounded: Any) -> int:
    """So many, or so much of them: `25%`."""
    return int(rounded(int(said.rstrip("%")) * of / 100)) if isinstance(said, str) else said
