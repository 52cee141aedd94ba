"""Deployments: a ReplicaSet for each template, scaled within surge and unavailability."""

from __future__ import annotations

import datetime
import math
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.playground.cluster_server.controllers.eventing import record
from bot.playground.cluster_server.controllers.replicasets import REPLICA_FAILURE
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Idle,
    Key,
    Pause,
    is_going,
    key_of,
    owner_of,
    reference_to,
)
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_MANAGER = "kube-controller-manager"
_WRITING = Writing(_MANAGER)
_ALPHABET = "bcdf2456789"
_LATE = "ProgressDeadlineExceeded"


class Deployments(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("apps", "deployments"):
            return [key_of(change.obj)]
        if change.resource == ("apps", "replicasets") and (owner := owner_of(change.obj)):
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        deployment = self.registry.find(self.scene.kind("apps/v1", "Deployment"), *key)
        if deployment is None or is_going(deployment):
            return None
        sets = self.registry.owned(self.scene.kind("apps/v1", "ReplicaSet"), deployment)
        wanted = template_hash(deployment["spec"]["template"])
        current = next((rs for rs in sets if rs["metadata"]["labels"].get(HASH) == wanted), None)
        if deployment["spec"].get("paused"):
            self._keep(deployment, sets)
        else:
            if current is None:
                current = self._created(deployment, wanted, sets)
                sets.append(current)
            else:
                current = self._latest(current, sets)
            self._scaled(deployment, current, [rs for rs in sets if rs is not current])
        self._forget(deployment, [rs for rs in sets if rs is not current])
        return self._tell(deployment, current)

    def _keep(self, deployment: Object, sets: list[Object]) -> None:
        """While it is paused no template becomes a ReplicaSet; the one that runs is scaled all the same."""
        active = [rs for rs in sets if rs["spec"]["replicas"]] or sorted(sets, key=_revision)[-1:]
        if len(active) == 1:
            self._scale(deployment, active[0], deployment["spec"]["replicas"])

    def _forget(self, deployment: Object, old: list[Object]) -> None:
        """Old ReplicaSets beyond what the Deployment wants to remember."""
        idle = [rs for rs in old if not rs["spec"]["replicas"] and not _count(rs, "replicas")]
        for replica_set in sorted(idle, key=_revision)[: max(0, len(old) - deployment["spec"]["revisionHistoryLimit"])]:
            self.registry.delete(self.scene.kind("apps/v1", "ReplicaSet"), *key_of(replica_set))

    def _latest(self, current: Object, sets: list[Object]) -> Object:
        """One that comes back is the latest again."""
        revisions = {rs["metadata"]["uid"]: _revision(rs) for rs in sets}
        newest = max(revisions.values())
        if revisions[current["metadata"]["uid"]] == newest:
            return current
        annotations = current["metadata"]["annotations"] | {REVISION: str(newest + 1)}
        changed = current | {"metadata": current["metadata"] | {"annotations": annotations}}
        written = self.registry.update(self.scene.kind("apps/v1", "ReplicaSet"), *key_of(current), changed, _WRITING)
        sets[sets.index(current)] = written
        return written

    def _created(self, deployment: Object, wanted: str, sets: list[Object]) -> Object:
        revision = 1 + max(map(_revision, sets), default=0)
        spec, metadata = deployment["spec"], deployment["metadata"]
        template = copied(spec["template"])
        template["metadata"]["labels"] = template["metadata"].get("labels", {}) | {HASH: wanted}
        selector = copied(spec["selector"])
        selector["matchLabels"] = selector.get("matchLabels", {}) | {HASH: wanted}
        obj = {
            "metadata": {
                "name": f"{metadata['name']}-{wanted}", "labels": template["metadata"]["labels"],
                "annotations": {REVISION: str(revision)} | _noted(deployment),
                "ownerReferences": [reference_to(deployment)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }  # fmt: skip
        return self.registry.create(self.scene.kind("apps/v1", "ReplicaSet"), metadata["namespace"], obj, _WRITING)

    def _scaled(self, deployment: Object, current: Object, old: list[Object]) -> None:
        spec = deployment["spec"]
        wanted = spec["replicas"]
        if spec["strategy"]["type"] == "Recreate":
            for replica_set in old:
                self._scale(deployment, replica_set, 0)
            if not any(rs.get("status", {}).get("replicas") for rs in old):
                self._scale(deployment, current, wanted)
            return
        rolling = spec["strategy"]["rollingUpdate"]
        surge = _share(rolling["maxSurge"], wanted, math.ceil)
        unavailable = _share(rolling["maxUnavailable"], wanted, math.floor)
        if not surge and not unavailable:
            unavailable = 1
        others = sum(rs["spec"]["replicas"] for rs in old)
        room = min(wanted, wanted + surge - others)
        self._scale(deployment, current, max(min(current["spec"]["replicas"], wanted), room))
        self._shrink(deployment, old, current, wanted - unavailable)

    def _shrink(self, deployment: Object, old: list[Object], current: Object, least: int) -> None:
        """Takes replicas from older sets, those that are not ready first, while enough stay available."""
        available = sum(_ready(rs) for rs in (*old, current))
        for replica_set in sorted(old, key=lambda rs: rs["metadata"]["creationTimestamp"]):
            replicas = replica_set["spec"]["replicas"]
            ready = min(_ready(replica_set), replicas)
            spare = min(ready, max(0, available - least))
            if replicas:
                self._scale(deployment, replica_set, ready - spare)
                available -= spare

    def _scale(self, deployment: Object, replica_set: Object, replicas: int) -> None:
        was = replica_set["spec"]["replicas"]
        noted = _noted(deployment)
        if was == replicas and all(replica_set["metadata"]["annotations"].get(k) == v for k, v in noted.items()):
            return
        metadata = replica_set["metadata"] | {"annotations": replica_set["metadata"]["annotations"] | noted}
        scaled = replica_set | {"metadata": metadata, "spec": replica_set["spec"] | {"replicas": replicas}}
        self.registry.update(self.scene.kind("apps/v1", "ReplicaSet"), *key_of(replica_set), scaled, _WRITING)
        if was != replicas:
            way = "up" if replicas > was else "down"
            said = f"Scaled {way} replica set {replica_set['metadata']['name']} from {was} to {replicas}"
            record(self.registry, deployment, "Normal", "ScalingReplicaSet", said, component="deployment-controller")

    def _tell(self, deployment: Object, current: Object | None) -> Pause:
        kind, key = self.scene.kind("apps/v1", "Deployment"), key_of(deployment)
        revision = current["metadata"]["annotations"][REVISION] if current else None
        if revision and deployment["metadata"].get("annotations", {}).get(REVISION) != revision:
            metadata = dict(deployment["metadata"])
            metadata["annotations"] = metadata.get("annotations", {}) | {REVISION: revision}
            deployment = self.registry.update(kind, *key, deployment | {"metadata": metadata}, _WRITING)
        sets = self.registry.owned(self.scene.kind("apps/v1", "ReplicaSet"), deployment)
        if current:
            current = next(rs for rs in sets if rs["metadata"]["name"] == current["metadata"]["name"])
        status = self._status(deployment, current, sets)
        self.registry.write_status(kind, deployment, status, _MANAGER)
        progressing = status["conditions"][-1]
        if progressing["reason"] != "ReplicaSetUpdated":
            return None
        deadline = float(deployment["spec"]["progressDeadlineSeconds"])
        return Idle(max(1.0, deadline - self._seconds_since(progressing) + 1))

    def _seconds_since(self, condition: Object) -> float:
        written = datetime.datetime.fromisoformat(condition["lastUpdateTime"])
        return (self.registry.clock() - written).total_seconds()

    def _status(self, deployment: Object, current: Object | None, sets: list[Object]) -> Object:
        wanted = deployment["spec"]["replicas"]
        total, ready = sum(_count(rs, "replicas") for rs in sets), sum(_ready(rs) for rs in sets)
        updated = _count(current, "replicas") if current else 0
        status: Object = {"observedGeneration": deployment["metadata"]["generation"]}
        counts = {
            "replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready,
            "unavailableReplicas": max(0, wanted - ready),
        }  # fmt: skip
        status |= {name: count for name, count in counts.items() if count}
        status["terminatingReplicas"] = 0
        rolling = deployment["spec"]["strategy"].get("rollingUpdate", {"maxUnavailable": 0})
        enough = ready >= wanted - _share(rolling["maxUnavailable"], wanted, math.floor)
        done = current is not None and updated == total == wanted and _ready(current) == wanted
        available = (
            ("MinimumReplicasAvailable", "Deployment has minimum availability.")
            if enough
            else ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        )
        holds = "True" if enough else "False"
        status["conditions"] = [
            self._condition(deployment, "Available", holds, available),
            *self._failures(deployment, current, sets),
            self._progressing(deployment, current, status, done=done),
        ]
        return status

    def _failures(self, deployment: Object, current: Object | None, sets: list[Object]) -> list[Object]:
        """What keeps a ReplicaSet from its pods, the latest one first."""
        for replica_set in ([current] if current else []) + sets:
            for failure in replica_set.get("status", {}).get("conditions") or ():
                if failure["type"] == REPLICA_FAILURE:
                    said = (failure["reason"], failure["message"])
                    return [self._condition(deployment, REPLICA_FAILURE, failure["status"], said)]
        return []

    def _progressing(self, deployment: Object, current: Object | None, status: Object, *, done: bool) -> Object:
        was = deployment.get("status", {})
        before = next((c for c in was.get("conditions") or () if c["type"] == "Progressing"), None)
        if deployment["spec"].get("paused"):
            if before and before["reason"] == _LATE:
                return dict(before)
            return self._condition(deployment, "Progressing", "Unknown", ("DeploymentPaused", "Deployment is paused"))
        named = f'ReplicaSet "{current["metadata"]["name"]}"' if current else "Deployment"
        if done:
            said = ("NewReplicaSetAvailable", f"{named} has successfully progressed.")
            return self._condition(deployment, "Progressing", "True", said)
        moved = any(status.get(name, 0) > was.get(name, 0) for name in ("updatedReplicas", "readyReplicas"))
        if not moved and before and (before["reason"] == _LATE or self._is_late(deployment, before)):
            return self._condition(deployment, "Progressing", "False", (_LATE, f"{named} has timed out progressing."))
        said = ("ReplicaSetUpdated", f"{named} is progressing.")
        condition = self._condition(deployment, "Progressing", "True", said)
        return condition | {"lastUpdateTime": self.registry.now()} if moved else condition

    def _is_late(self, deployment: Object, progressing: Object) -> bool:
        if progressing["reason"] != "ReplicaSetUpdated":
            return False
        return self._seconds_since(progressing) > float(deployment["spec"]["progressDeadlineSeconds"])

    def _condition(self, deployment: Object, kind: str, holds: str, said: tuple[str, str]) -> Object:
        now = self.registry.now()
        condition = {
            "type": kind, "status": holds, "lastUpdateTime": now, "lastTransitionTime": now,
            "reason": said[0], "message": said[1],
        }  # fmt: skip
        for before in deployment.get("status", {}).get("conditions") or ():
            if before["type"] == kind and before["status"] == condition["status"]:
                condition["lastTransitionTime"] = before["lastTransitionTime"]
                if (before["reason"], before["message"]) == said:
                    return dict(before)
        return condition


def template_hash(template: Object) -> str:
    """Ten characters that stand for a template, in the alphabet of the real ones."""
    number = zlib.crc32(msgspec.json.encode(template, order="sorted"))
    return "".join(_ALPHABET[(number >> (3 * place)) % len(_ALPHABET)] for place in range(10))


def _noted(deployment: Object) -> Object:
    """What a ReplicaSet bears of its Deployment, so that it is scaled in proportion."""
    spec = deployment["spec"]
    surge = dig(spec, "strategy", "rollingUpdate", "maxSurge", default=0)
    most = spec["replicas"] + _share(surge, spec["replicas"], math.ceil)
    return {
        "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
        "deployment.kubernetes.io/max-replicas": str(most),
    }


def _share(said: int | str, of: int, rounded: Any) -> int:
    return int(rounded(int(said.rstrip("%")) * of / 100)) if isinstance(said, str) else said


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get(REVISION, 0))


def _count(replica_set: Object, name: str) -> int:
    return int(replica_set.get("status", {}).get(name, 0))


def _ready(replica_set: Object) -> int:
    return _count(replica_set, "readyReplicas")
