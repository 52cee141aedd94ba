"""Deployments: a ReplicaSet for each template, scaled within surge and unavailability."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.proportions import MOST, proportions
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
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MANAGER = "kube-controller-manager"
_WRITING = Writing(_MANAGER)
_ALPHABET = "bcdf2456789"
_NOT_PASSED_ON = (
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, "deployment.kubernetes.io/revision-history",
    _DESIRED, MOST, "deprecated.deployment.rollback.to",
)  # fmt: skip


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
            self._resize(deployment, current, sets)
            self._forget(deployment, [rs for rs in sets if rs is not current])
        elif _is_resized(deployment, sets):
            self._resize(deployment, current, sets)
        else:
            if current is None:
                current = self._created(deployment, wanted, sets)
                sets.append(current)
                is_new = True
            else:
                current = self._latest(deployment, current, sets)
            old = [rs for rs in sets if rs is not current]
            self._scaled(deployment, current, old)
            if _is_complete(deployment):
                self._forget(deployment, old)
        return self._tell(deployment, current, is_new=is_new)

    def _resize(self, deployment: Object, current: Object | None, sets: list[Object]) -> None:
        """Scales what there is, while the rollout stands still: several ReplicaSets in proportion to one another."""
        wanted = deployment["spec"]["replicas"]
        active = [rs for rs in sets if rs["spec"]["replicas"]]
        if len(active) < 2:
            for replica_set in active or ([current] if current else sorted(sets, key=_revision)[-1:]):
                self._scale(deployment, replica_set, wanted)
        elif current and _is_saturated(deployment, current):
            for replica_set in active:
                if replica_set is not current:
                    self._scale(deployment, replica_set, 0)
        elif deployment["spec"]["strategy"]["type"] == "RollingUpdate":
            deployed = count(deployment, "replicas")
            for replica_set, size in proportions(active, wanted, _surge(deployment), deployed):
                self._scale(deployment, replica_set, size)

    def _forget(self, deployment: Object, old: list[Object]) -> None:
        """Of the oldest ReplicaSets, those beyond what the Deployment wants to remember, all that are idle."""
        there = sorted((rs for rs in old if not is_going(rs)), key=_revision)
        for replica_set in there[: max(0, len(there) - deployment["spec"]["revisionHistoryLimit"])]:
            seen = count(replica_set, "observedGeneration") >= replica_set["metadata"].get("generation", 0)
            if seen and not replica_set["spec"]["replicas"] and not count(replica_set, "replicas"):
                self.registry.delete(self.scene.kind("apps/v1", "ReplicaSet"), *key_of(replica_set))

    def _latest(self, deployment: Object, current: Object, sets: list[Object]) -> Object:
        """One that comes back is the latest again, and bears what its Deployment is annotated with."""
        revisions = {rs["metadata"]["uid"]: _revision(rs) for rs in sets}
        newest = max(revisions.values())
        annotations = current["metadata"]["annotations"] | _passed_on(deployment)
        if revisions[current["metadata"]["uid"]] != newest:
            annotations[REVISION] = str(newest + 1)
        if annotations == current["metadata"]["annotations"]:
            return current
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
                "annotations": _passed_on(deployment) | {REVISION: str(revision)} | _noted(deployment),
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
        surge = _surge(deployment)
        unavailable = share(rolling["maxUnavailable"], wanted, math.floor)
        if not surge and not unavailable:
            unavailable = 1
        others = sum(rs["spec"]["replicas"] for rs in old)
        room = min(wanted, wanted + surge - others)
        size = max(min(current["spec"]["replicas"], wanted), room)
        self._scale(deployment, current, size)
        if size == current["spec"]["replicas"]:  # else it is looked at again when that is done
            self._shrink(deployment, old, current, wanted - unavailable)

    def _shrink(self, deployment: Object, old: list[Object], current: Object, least: int) -> None:
        """Takes replicas from the oldest sets first: those that are not available, then others, while enough stay."""
        left = {rs["metadata"]["uid"]: rs["spec"]["replicas"] for rs in old}
        missing = current["spec"]["replicas"] - _available(current)
        room = sum(left.values()) + current["spec"]["replicas"] - least - missing
        spare = sum(map(_available, (*old, current))) - least
        oldest = sorted(old, key=lambda rs: str(rs["metadata"]["creationTimestamp"])) if room > 0 else []
        for replica_set in oldest:
            useless = min(room, max(0, left[replica_set["metadata"]["uid"]] - _available(replica_set)))
            left[replica_set["metadata"]["uid"]] -= useless
            room -= useless
        for replica_set in oldest:
            taken = min(max(0, spare), left[replica_set["metadata"]["uid"]])
            left[replica_set["metadata"]["uid"]] -= taken
            spare -= taken
            if replica_set["spec"]["replicas"]:
                self._scale(deployment, replica_set, left[replica_set["metadata"]["uid"]])

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


def _passed_on(deployment: Object) -> Object:
    """Annotations that ReplicaSets take over, as the cause of a change is one."""
    found: Object = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in found.items() if name not in _NOT_PASSED_ON}


def _noted(deployment: Object) -> Object:
    """What a ReplicaSet bears of its Deployment, so that it is scaled in proportion."""
    wanted = deployment["spec"]["replicas"]
    return {_DESIRED: str(wanted), MOST: str(wanted + _surge(deployment))}


def _surge(deployment: Object) -> int:
    surge = dig(deployment, "spec", "strategy", "rollingUpdate", "maxSurge", default=0)
    return share(surge, deployment["spec"]["replicas"], math.ceil)


def _is_resized(deployment: Object, sets: list[Object]) -> bool:
    """Whether it wants another number than when its ReplicaSets were scaled last."""
    noted = [(rs["metadata"].get("annotations") or {}).get(_DESIRED) for rs in sets if rs["spec"]["replicas"]]
    return any(said not in (None, str(deployment["spec"]["replicas"])) for said in noted)


def _is_saturated(deployment: Object, current: Object) -> bool:
    wanted, noted = deployment["spec"]["replicas"], (current["metadata"].get("annotations") or {}).get(_DESIRED)
    return current["spec"]["replicas"] == wanted == _available(current) and noted == str(wanted)


def _is_complete(deployment: Object) -> bool:
    """Whether its rollout is over, by what it says itself."""
    wanted = deployment["spec"]["replicas"]
    counts = {count(deployment, name) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    return counts == {wanted} and count(deployment, "observedGeneration") >= deployment["metadata"]["generation"]


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get(REVISION, 0))


def _available(replica_set: Object) -> int:
    return count(replica_set, "availableReplicas")
