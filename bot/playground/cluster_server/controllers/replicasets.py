"""ReplicaSets: as many pods as wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.eventing import record
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    is_going,
    is_ready,
    key_of,
    owner_of,
    reference_to,
)
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_OVER = ("Succeeded", "Failed")


class ReplicaSets(Controller):
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
        wanted = replica_set["spec"]["replicas"]
        for _ in range(wanted - len(pods)):
            pod = self.registry.create(pods_kind, key[0], pod_of(replica_set), Writing(_MANAGER))
            pods.append(pod)
            self._say(replica_set, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        for pod in sorted(pods, key=_worth)[: max(0, len(pods) - wanted)]:
            self.registry.delete(pods_kind, *key_of(pod), Deleting())
            self._say(replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
            pods.remove(pod)
        ready = sum(map(is_ready, pods))
        counts = {
            "fullyLabeledReplicas": len(pods), "readyReplicas": ready, "availableReplicas": ready,
        }  # fmt: skip
        status = {"replicas": len(pods)} | {name: count for name, count in counts.items() if count}
        status |= {"observedGeneration": replica_set["metadata"]["generation"], "terminatingReplicas": 0}
        self.registry.write_status(kind, replica_set, status, _MANAGER)
        return None

    def _say(self, replica_set: Object, reason: str, said: str) -> None:
        record(self.registry, replica_set, "Normal", reason, said, component="replicaset-controller")


def pod_of(owner: Object) -> Object:
    """A pod from the template of its owner."""
    template = copied(owner["spec"]["template"])
    metadata = {key: template["metadata"][key] for key in ("labels", "annotations") if key in template["metadata"]}
    metadata |= {"generateName": f"{owner['metadata']['name']}-", "ownerReferences": [reference_to(owner)]}
    return {"metadata": metadata, "spec": template["spec"]}


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """Pods that serve nobody go first, then the youngest ones."""
    age = pod["metadata"]["creationTimestamp"]
    return bool(pod["spec"].get("nodeName")), is_ready(pod), "".join(chr(255 - ord(c)) for c in age)
