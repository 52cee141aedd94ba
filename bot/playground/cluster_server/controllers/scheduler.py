"""The scheduler: a node for each pod, the one with the fewest pods that takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.access.people import AUTHENTICATED, User
from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, Scene, is_going, key_of
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kube-scheduler"
_REPELLING = ("NoSchedule", "NoExecute")


class Scheduler(Controller):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._load: dict[str, set[str]] = {}
        """The pods of each node, by uid."""

    def user(self, key: Key) -> User:
        return User("system:kube-scheduler", (AUTHENTICATED,))

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "pods"):
            if node := dig(change.obj, "spec", "nodeName"):
                there, uid = self._load.setdefault(node, set()), change.obj["metadata"]["uid"]
                (there.discard if change.type == "DELETED" else there.add)(uid)
            return [key_of(change.obj)] if not dig(change.obj, "spec", "nodeName") else ()
        if change.resource == ("", "nodes"):
            pods = self.registry.list(self.scene.kind("v1", "Pod"))
            return [key_of(pod) for pod in pods if not dig(pod, "spec", "nodeName")]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("v1", "Pod")
        pod = self.registry.find(kind, *key)
        if pod is None or is_going(pod) or dig(pod, "spec", "nodeName"):
            return None
        nodes = list(self.registry.list(self.scene.kind("v1", "Node")))
        reasons = [refuses(node, pod) for node in nodes]
        fit = [node["metadata"]["name"] for node, reason in zip(nodes, reasons, strict=True) if not reason]
        if not fit:
            self._pending(pod, reasons)
            return None
        chosen = min(fit, key=lambda name: (len(self._load.get(name, ())), name))
        metadata = {"name": key[1], "namespace": key[0], "uid": pod["metadata"]["uid"]}
        binding = {"metadata": metadata, "target": {"kind": "Node", "name": chosen}}
        said = f"Successfully assigned {key[0]}/{key[1]} to {chosen}"
        told(
            lambda: self.registry.bind(kind, key[0], binding, Writing(_MANAGER)),
            lambda bound: record(self.registry, bound, "Normal", "Scheduled", said, component="default-scheduler"),
        )
        return None

    def _pending(self, pod: Object, reasons: list[str]) -> None:
        counts = {reason: reasons.count(reason) for reason in reasons}
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
        said = f"0/{len(reasons)} nodes are available: {listed}." if reasons else "no nodes available to schedule pods"
        before = dig(pod, "status", "conditions", 0, default={})
        if before.get("message") == said:
            return
        now = self.registry.now()
        condition = {
            "type": "PodScheduled", "status": "False", "lastProbeTime": None, "lastTransitionTime": now,
            "reason": "Unschedulable", "message": said,
        }  # fmt: skip
        pod = self.registry.write_status(
            self.scene.kind("v1", "Pod"), pod, pod["status"] | {"conditions": [condition]}, _MANAGER
        )
        record(self.registry, pod, "Warning", "FailedScheduling", said, component="default-scheduler")


def pinned_node(pod: Object) -> str:
    """The one node that a DaemonSet wants this pod on; empty: any."""
    path = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    fields = dig(pod, *path, 0, "matchFields", 0, default={})
    return str(dig(fields, "values", 0, default="")) if fields.get("key") == "metadata.name" else ""


def refuses(node: Object, pod: Object) -> str:
    """Why a pod cannot be there; empty: it can."""
    pinned, labels = pinned_node(pod), node["metadata"].get("labels") or {}
    selector = pod["spec"].get("nodeSelector") or {}
    if (pinned and pinned != node["metadata"]["name"]) or any(labels.get(k) != v for k, v in selector.items()):
        return "node(s) didn't match Pod's node affinity/selector"
    if dig(node, "spec", "unschedulable") and not pinned:
        return "node(s) were unschedulable"
    for taint in dig(node, "spec", "taints", default=()):
        if taint["effect"] in _REPELLING and not any(
            _tolerates(t, taint) for t in pod["spec"].get("tolerations") or ()
        ):
            return "node(s) had untolerated taint(s)"
    return ""


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key", "") in ("", taint["key"])
    return bool(toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", ""))
