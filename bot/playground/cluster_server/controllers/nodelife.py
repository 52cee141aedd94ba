"""Nodes: what is done about one that is gone, or that has no network."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import (
    Controller,
    Idle,
    Key,
    Pause,
    is_going,
    is_ready,
    key_of,
)
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WRITING = Writing("kube-controller-manager")
_NOT_READY, _UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
_LEASES = "kube-node-lease"
_EFFECTS = ("NoSchedule", "NoExecute")
_NO_NETWORK = "node.kubernetes.io/network-unavailable"
_OURS = (_NOT_READY, _UNREACHABLE, _NO_NETWORK)


class NodeLife(Controller):
    """Taints a node that is not ready, and in time takes the pods off it that do not stay for ever."""

    account = "node-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "nodes") and change.type != "DELETED":
            return [key_of(change.obj)]
        if change.resource == ("", "pods") and (name := dig(change.obj, "spec", "nodeName")):
            return [("", name)]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("v1", "Node")
        node = self.registry.find(kind, *key)
        if node is None or is_going(node):
            return None
        ready = _condition(node)
        if ready is None:
            return None
        node = self._reported(node)
        wanted = {"True": "", "False": _NOT_READY}.get(ready["status"], _UNREACHABLE)
        node = self._tainted(node, wanted)
        if not wanted:
            return None
        return self._cleared(node, wanted)

    def _reported(self, node: Object) -> Object:
        """What a kubelet does when it registers: it says when it was heard of, and takes a lease."""
        leases, name = self.scene.kind("coordination.k8s.io/v1", "Lease"), node["metadata"]["name"]
        if not self.registry.find(leases, _LEASES, name) and self.registry.find(
            self.scene.kind("v1", "Namespace"), "", _LEASES
        ):
            owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
            spec = {"holderIdentity": name, "leaseDurationSeconds": 40,
                    "renewTime": self.registry.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")}  # fmt: skip
            lease = {"metadata": {"name": name, "ownerReferences": [owner]}, "spec": spec}
            self.registry.create(leases, _LEASES, lease, Writing("kubelet"))
        conditions = node["status"]["conditions"]
        if all(said.get("lastTransitionTime") for said in conditions):
            return node
        now = self.registry.now()
        stamped = [
            said | {name: said.get(name) or now for name in ("lastHeartbeatTime", "lastTransitionTime")}
            for said in conditions
        ]
        status = node["status"] | {"conditions": stamped}
        return self.registry.write_status(self.scene.kind("v1", "Node"), node, status, "kubelet")

    def _tainted(self, node: Object, wanted: str) -> Object:
        taints = dig(node, "spec", "taints", default=[])
        kept = [taint for taint in taints if taint["key"] not in _OURS or taint["key"] == wanted]
        if any(
            said["type"] == "NetworkUnavailable" and said["status"] == "True" for said in node["status"]["conditions"]
        ):
            kept.append({"key": _NO_NETWORK, "effect": "NoSchedule"})
        for effect in _EFFECTS if wanted else ():
            if not any((taint["key"], taint["effect"]) == (wanted, effect) for taint in kept):
                stamp = {"timeAdded": self.registry.now()} if effect == "NoExecute" else {}
                kept.append({"key": wanted, "effect": effect} | stamp)
        if sorted(map(str, kept)) == sorted(map(str, taints)):
            return node
        spec = {name: value for name, value in node["spec"].items() if name != "taints"}
        spec |= {"taints": kept} if kept else {}
        return self.registry.update(self.scene.kind("v1", "Node"), "", node["metadata"]["name"], node | {"spec": spec},
                                    _WRITING)  # fmt: skip

    def _cleared(self, node: Object, taint: str) -> Pause:
        """Marks the pods there as not ready; after the time that each tolerates, they go."""
        left: list[float] = []
        since = next((t["timeAdded"] for t in node["spec"]["taints"] if t["key"] == taint and "timeAdded" in t), "")
        for pod in list(self.registry.list(self.scene.kind("v1", "Pod"))):
            if pod["spec"].get("nodeName") != node["metadata"]["name"] or is_going(pod):
                continue
            if taint == _UNREACHABLE and is_ready(pod):
                self._mark(pod)
            stays = _tolerated_seconds(pod, taint)
            if stays is None or not since:
                continue
            rest = stays - (self.registry.clock() - _time(since)).total_seconds()
            if rest <= 0:
                self.registry.delete(self.scene.kind("v1", "Pod"), *key_of(pod), Deleting())
            else:
                left.append(rest)
        return Idle(min(left)) if left else None

    def _mark(self, pod: Object) -> None:
        conditions = [
            said | {"status": "False", "lastTransitionTime": self.registry.now()} if said["type"] == "Ready" else said
            for said in pod["status"]["conditions"]
        ]
        status = pod["status"] | {"conditions": conditions}
        self.registry.write_status(self.scene.kind("v1", "Pod"), pod, status, "kube-controller-manager")


def _condition(node: Object) -> Object | None:
    return next((said for said in dig(node, "status", "conditions", default=()) if said["type"] == "Ready"), None)


def _tolerated_seconds(pod: Object, taint: str) -> float | None:
    """None: for ever."""
    found = [
        toleration
        for toleration in pod["spec"].get("tolerations") or ()
        if toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")
    ]
    if not found:
        return 0.0
    limits = [toleration["tolerationSeconds"] for toleration in found if "tolerationSeconds" in toleration]
    return float(min(limits)) if len(limits) == len(found) else None


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
