"""ReplicaSets, and ReplicationControllers before them: as many pods as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from bot.playground.cluster_server.controllers.podmaking import CREATE, DELETE, PodMaking, pod_of
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    Scene,
    is_going,
    is_ready,
    key_of,
    owner_of,
)
from bot.playground.cluster_server.objects.evaluating import OVER
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.statuses import APIError

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
REPLICA_FAILURE = "ReplicaFailure"


class ReplicaSets(Controller):
    account = "replicaset-controller"
    api_version, kind_name = "apps/v1", "ReplicaSet"
    more_status: ClassVar[Object] = {"terminatingReplicas": 0}

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._making = PodMaking(scene, _MANAGER, self.account)
        self._ready_since: dict[str, tuple[str, float]] = {}
        """By uid of a pod: when it became ready, and when that was seen, on the clock of the scene."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == self.scene.kind(self.api_version, self.kind_name).resource:
            return [key_of(change.obj)]
        if change.resource != ("", "pods"):
            return ()
        if change.type == "DELETED":
            self._ready_since.pop(change.obj["metadata"]["uid"], None)
        owner = owner_of(change.obj)
        if owner and owner["kind"] == self.kind_name:
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind, pods_kind = self.scene.kind(self.api_version, self.kind_name), self.scene.kind("v1", "Pod")
        replica_set = self.registry.find(kind, *key)
        if replica_set is None or is_going(replica_set):
            return None
        pods = [
            pod
            for pod in self.registry.owned(pods_kind, replica_set)
            if not is_going(pod) and pod["status"]["phase"] not in OVER
        ]
        refusal: APIError | None = None
        try:
            self._fill(replica_set, pods)
        except APIError as error:
            refusal = error
        ready = [pod for pod in pods if is_ready(pod)]
        left = [self._seconds_left(pod, replica_set["spec"].get("minReadySeconds", 0)) for pod in ready]
        counts = {
            "fullyLabeledReplicas": len(pods), "readyReplicas": len(ready),
            "availableReplicas": sum(not seconds for seconds in left),
        }  # fmt: skip
        status: Object = {"replicas": len(pods)} | {name: count for name, count in counts.items() if count}
        status |= {"observedGeneration": replica_set["metadata"]["generation"]} | self.more_status
        if conditions := self._conditions(replica_set, status["replicas"], refusal):
            status["conditions"] = conditions
        self.registry.write_status(kind, replica_set, status, _MANAGER)
        if refusal:
            raise refusal
        return min(filter(None, left), default=None)

    def _seconds_left(self, pod: Object, least: int) -> float:
        """Until a pod has been ready for long enough to be available."""
        if not least or not self.scene.pace:
            return 0.0
        uid, turned = pod["metadata"]["uid"], _turned_ready(pod)
        if self._ready_since.get(uid, ("", 0.0))[0] != turned:
            self._ready_since[uid] = (turned, self.scene.elapsed())
        return max(0.0, self._ready_since[uid][1] + least - self.scene.elapsed())

    def _fill(self, replica_set: Object, pods: list[Object]) -> None:
        """Brings the pods, in place, to as many as wanted, up to the first that is refused."""
        wanted = replica_set["spec"]["replicas"]
        for _ in range(wanted - len(pods)):
            pods.append(self._making.create(replica_set, pod_of(replica_set)))
        for pod in sorted(pods, key=_worth)[: max(0, len(pods) - wanted)]:
            self._making.delete(replica_set, pod)
            pods.remove(pod)

    def _conditions(self, replica_set: Object, pods: int, refusal: APIError | None) -> list[Object]:
        """The first refusal stays told until there is none any more."""
        before = list((replica_set.get("status") or {}).get("conditions") or ())
        if refusal is None:
            return [condition for condition in before if condition["type"] != REPLICA_FAILURE]
        if any(condition["type"] == REPLICA_FAILURE for condition in before):
            return before
        reason = CREATE if pods < replica_set["spec"]["replicas"] else DELETE
        told = {"type": REPLICA_FAILURE, "status": "True", "lastTransitionTime": self.registry.now()}
        return [*before, told | {"reason": reason, "message": str(refusal)}]


class ReplicationControllers(ReplicaSets):
    account = "replication-controller"
    api_version, kind_name = "v1", "ReplicationController"
    more_status: ClassVar[Object] = {}


def _turned_ready(pod: Object) -> str:
    conditions = pod["status"].get("conditions") or ()
    return next((str(said["lastTransitionTime"]) for said in conditions if said["type"] == "Ready"), "")


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Pods that serve nobody go first, then the youngest ones."""
    age = pod["metadata"]["creationTimestamp"]
    return bool(pod["spec"].get("nodeName")), is_ready(pod), "".join(chr(255 - ord(c)) for c in age)
