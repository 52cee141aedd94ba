"""DaemonSets: a pod on each node that the template tolerates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.deployments import template_hash
from bot.playground.cluster_server.controllers.podmaking import PodMaking, pod_of
from bot.playground.cluster_server.controllers.revisions import REVISION_HASH as _HASH
from bot.playground.cluster_server.controllers.revisions import ensure_revision
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
from bot.playground.cluster_server.controllers.scheduler import pinned_node, refuses
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"), ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"),
)  # fmt: skip
_NO_NETWORK = "node.kubernetes.io/network-unavailable"


class DaemonSets(Controller):
    account = "daemon-set-controller"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._making = PodMaking(scene, _MANAGER, "daemonset-controller")

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("apps", "daemonsets"):
            return [key_of(change.obj)]
        if change.resource == ("", "nodes"):
            return list(self.everything()) if _moves_pods(change) else ()
        owner = owner_of(change.obj) if change.resource == ("", "pods") else None
        if owner and owner["kind"] == "DaemonSet":
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def everything(self) -> Iterable[Key]:
        return [key_of(found) for found in self.registry.list(self.scene.kind("apps/v1", "DaemonSet"))]

    def reconcile(self, key: Key) -> Pause:
        kind, pods_kind = self.scene.kind("apps/v1", "DaemonSet"), self.scene.kind("v1", "Pod")
        daemon_set = self.registry.find(kind, *key)
        if daemon_set is None or is_going(daemon_set):
            return None
        revision = template_hash(daemon_set["spec"]["template"])
        ensure_revision(self.scene, daemon_set, f"{key[1]}-{revision}")
        owned = self.registry.owned(pods_kind, daemon_set)
        ending = {pinned_node(pod) for pod in owned if is_going(pod)}
        blank = self._pod(daemon_set, "", revision)
        nodes = [node for node in self.registry.list(self.scene.kind("v1", "Node")) if not refuses(node, blank)]
        wanted = {node["metadata"]["name"] for node in nodes}
        kept: dict[str, Object] = {}
        for pod in sorted((pod for pod in owned if not is_going(pod)), key=lambda pod: not _is_of(pod, revision)):
            if (node := pinned_node(pod)) in wanted and node not in kept:
                kept[node] = pod
            else:
                self._making.delete(daemon_set, pod)
        for node in _replaced(daemon_set, kept, wanted, revision):
            self._making.delete(daemon_set, kept.pop(node))
            ending.add(node)
        refusal: APIError | None = None
        try:
            for node in sorted(wanted - set(kept) - ending):
                kept[node] = self._making.create(daemon_set, self._pod(daemon_set, node, revision))
        except APIError as error:
            refusal = error
        self.registry.write_status(kind, daemon_set, _status(daemon_set, len(wanted), list(kept.values()), revision),
                                   _MANAGER)  # fmt: skip
        if refusal:
            raise refusal
        return None

    def _pod(self, daemon_set: Object, node: str, revision: str) -> Object:
        pod = pod_of(daemon_set)
        pod["metadata"]["labels"] = pod["metadata"].get("labels", {}) | {_HASH: revision}
        spec = pod["spec"]
        tolerated = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
        if spec.get("hostNetwork"):
            tolerated.append({"key": _NO_NETWORK, "operator": "Exists", "effect": "NoSchedule"})
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *tolerated]
        if node:
            fields = [{"key": "metadata.name", "operator": "In", "values": [node]}]
            required = {"nodeSelectorTerms": [{"matchFields": fields}]}
            spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        return pod


def _moves_pods(change: Change) -> bool:
    """Nodes report all the time; only their spec and labels decide where pods go."""
    if change.previous is None or change.type == "DELETED":
        return True
    before, after = change.previous.obj, change.obj
    return bool(
        before.get("spec") != after.get("spec") or before["metadata"].get("labels") != after["metadata"].get("labels")
    )


def _is_of(pod: Object, revision: str) -> bool:
    return bool(pod["metadata"]["labels"].get(_HASH) == revision)


def _replaced(daemon_set: Object, pods: dict[str, Object], wanted: set[str], revision: str) -> list[str]:
    """The nodes whose pods make way for a new template now: those that do not work anyway, and as many of the others
    as may be unavailable. A new pod comes when the old one is gone."""
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    old = sorted(node for node, pod in pods.items() if not _is_of(pod, revision))
    idle = [node for node in old if not is_ready(pods[node])]
    away = len(wanted) - sum(map(is_ready, pods.values()))
    limit = dig(strategy, "rollingUpdate", "maxUnavailable", default=1)
    most = limit if isinstance(limit, int) else -(-len(wanted) * int(limit.rstrip("%")) // 100)
    spare = max(most, 1) - away
    return [*idle, *[node for node in old if node not in idle][: max(spare, 0)]]


def _status(daemon_set: Object, wanted: int, pods: list[Object], revision: str) -> Object:
    ready = sum(map(is_ready, pods))
    status = {
        "currentNumberScheduled": len(pods), "numberMisscheduled": 0, "desiredNumberScheduled": wanted,
        "numberReady": ready, "observedGeneration": daemon_set["metadata"]["generation"],
    }  # fmt: skip
    more = {
        "updatedNumberScheduled": sum(_is_of(pod, revision) for pod in pods),
        "numberAvailable": ready, "numberUnavailable": wanted - ready,
    }  # fmt: skip
    return status | {name: count for name, count in more.items() if count}
