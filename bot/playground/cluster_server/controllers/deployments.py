"""Deployments: a ReplicaSet for each template, scaled within surge and unavailability."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.rollouts import Rollout, count, share
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


class Deployments(Controller):
    account = "deployment-controller"

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
        is_new = False
        if deployment["spec"].get("paused"):
            self._keep(deployment, sets)
        else:
            if current is None:
                current = self._created(deployment, wanted, sets)
                sets.append(current)
                is_new = True
            else:
                current = self._latest(current, sets)
            self._scaled(deployment, current, [rs for rs in sets if rs is not current])
        self._forget(deployment, [rs for rs in sets if rs is not current])
        return self._tell(deployment, current, is_new=is_new)

    def _keep(self, deployment: Object, sets: list[Object]) -> None:
        """While it is paused no template becomes a ReplicaSet; the one that runs is scaled all the same."""
        active = [rs for rs in sets if rs["spec"]["replicas"]] or sorted(sets, key=_revision)[-1:]
        if len(active) == 1:
            self._scale(deployment, active[0], deployment["spec"]["replicas"])

    def _forget(self, deployment: Object, old: list[Object]) -> None:
        """Old ReplicaSets beyond what the Deployment wants to remember."""
        idle = [rs for rs in old if not rs["spec"]["replicas"] and not count(rs, "replicas")]
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
        surge = share(rolling["maxSurge"], wanted, math.ceil)
        unavailable = share(rolling["maxUnavailable"], wanted, math.floor)
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
        way = "up" if replicas > was else "down"
        said = f"Scaled {way} replica set {replica_set['metadata']['name']} from {was} to {replicas}"

        def tell(_: Object) -> None:
            if was != replicas:
                component = "deployment-controller"
                record(self.registry, deployment, "Normal", "ScalingReplicaSet", said, component=component)

        kind = self.scene.kind("apps/v1", "ReplicaSet")
        told(lambda: self.registry.update(kind, *key_of(replica_set), scaled, _WRITING), tell)

    def _tell(self, deployment: Object, current: Object | None, *, is_new: bool) -> Pause:
        kind, key = self.scene.kind("apps/v1", "Deployment"), key_of(deployment)
        revision = current["metadata"]["annotations"][REVISION] if current else None
        if revision and deployment["metadata"].get("annotations", {}).get(REVISION) != revision:
            metadata = dict(deployment["metadata"])
            metadata["annotations"] = metadata.get("annotations", {}) | {REVISION: revision}
            deployment = self.registry.update(kind, *key, deployment | {"metadata": metadata}, _WRITING)
        sets = self.registry.owned(self.scene.kind("apps/v1", "ReplicaSet"), deployment)
        if current:
            current = next(rs for rs in sets if rs["metadata"]["name"] == current["metadata"]["name"])
        rollout = Rollout(deployment, current, sets, is_new=is_new, now=self.registry.clock())
        self.registry.write_status(kind, deployment, rollout.status(), _MANAGER)
        left = rollout.seconds_left()
        return None if left is None else Idle(max(1.0, left + 1))


def template_hash(template: Object) -> str:
    """Ten characters that stand for a template, in the alphabet of the real ones."""
    number = zlib.crc32(msgspec.json.encode(template, order="sorted"))
    return "".join(_ALPHABET[(number >> (3 * place)) % len(_ALPHABET)] for place in range(10))


def _noted(deployment: Object) -> Object:
    """What a ReplicaSet bears of its Deployment, so that it is scaled in proportion."""
    spec = deployment["spec"]
    surge = dig(spec, "strategy", "rollingUpdate", "maxSurge", default=0)
    most = spec["replicas"] + share(surge, spec["replicas"], math.ceil)
    return {
        "deployment.kubernetes.io/desired-replicas": str(spec["replicas"]),
        "deployment.kubernetes.io/max-replicas": str(most),
    }


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get(REVISION, 0))


def _ready(replica_set: Object) -> int:
    return count(replica_set, "readyReplicas")
