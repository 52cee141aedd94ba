"""ReplicaSets: as many pods as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.statuses import APIError

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
REPLICA_FAILURE = "ReplicaFailure"
_OVER = ("Succeeded", "Failed")


class ReplicaSets(Controller):
    account = "replicaset-controller"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._making = PodMaking(scene, _MANAGER, "replicaset-controller")

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("apps", "replicasets"):
            return [key_of(change.obj)]
        owner = owner_of(change.obj) if change.resource == ("", "pods") else None
        if owner and owner["kind"] == "ReplicaSet":
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind, pods_kind = self.scene.kind("apps/v1", "ReplicaSet"), self.scene.kind("v1", "Pod")
        replica_set = self.registry.find(kind, *key)
        if replica_set is None or is_going(replica_set):
            return None
        pods = [
            pod
            for pod in self.registry.owned(pods_kind, replica_set)
            if not is_going(pod) and pod["status"]["phase"] not in _OVER
        ]
        refusal: APIError | None = None
        try:
            self._fill(replica_set, pods)
        except APIError as error:
            refusal = error
        ready = sum(map(is_ready, pods))
        counts = {
            "fullyLabeledReplicas": len(pods), "readyReplicas": ready, "availableReplicas": ready,
        }  # fmt: skip
        status: Object = {"replicas": len(pods)} | {name: count for name, count in counts.items() if count}
        status |= {"observedGeneration": replica_set["metadata"]["generation"], "terminatingReplicas": 0}
        if conditions := self._conditions(replica_set, status["replicas"], refusal):
            status["conditions"] = conditions
        self.registry.write_status(kind, replica_set, status, _MANAGER)
        if refusal:
            raise refusal
        return None

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


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Pods that serve nobody go first, then the youngest ones."""
    age = pod["metadata"]["creationTimestamp"]
    return bool(pod["spec"].get("nodeName")), is_ready(pod), "".join(chr(255 - ord(c)) for c in age)
