"""StatefulSets: pods with names that stay, made and renewed in their order, each with its claims."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from bot.playground.cluster_server.controllers.deployments import template_hash
from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.podmaking import pod_of
from bot.playground.cluster_server.controllers.revisions import REVISION_HASH, ensure_revision
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    is_going,
    is_ready,
    key_of,
    owner_of,
)
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_WRITING = Writing(_MANAGER)
_COMPONENT = "statefulset-controller"
_INDEX, _POD_NAME = "apps.kubernetes.io/pod-index", "statefulset.kubernetes.io/pod-name"


class StatefulSets(Controller):
    account = "statefulset-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("apps", "statefulsets"):
            return [key_of(change.obj)]
        owner = owner_of(change.obj) if change.resource == ("", "pods") else None
        if owner and owner["kind"] == "StatefulSet":
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind, pods_kind = self.scene.kind("apps/v1", "StatefulSet"), self.scene.kind("v1", "Pod")
        stateful_set = self.registry.find(kind, *key)
        if stateful_set is None or is_going(stateful_set):
            return None
        revision = f"{key[1]}-{template_hash(stateful_set['spec']['template'])}"
        ensure_revision(self.scene, stateful_set, revision)
        pods = self.registry.owned(pods_kind, stateful_set)
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        refusal: APIError | None = None
        try:
            self._step(stateful_set, by_name, revision)
        except APIError as error:
            refusal = error
        pods = self.registry.owned(pods_kind, stateful_set)
        self.registry.write_status(kind, stateful_set, _status(stateful_set, pods, revision), _MANAGER)
        if refusal:
            raise refusal
        return None

    def _step(self, stateful_set: Object, pods: dict[str, Object], revision: str) -> None:
        """One thing after another, unless all may be done at once."""
        spec, at_once = stateful_set["spec"], stateful_set["spec"]["podManagementPolicy"] == "Parallel"
        start = dig(spec, "ordinals", "start", default=0)
        wanted = [self._name(stateful_set, number) for number in range(start, start + spec["replicas"])]
        for number, name in enumerate(wanted, start):
            pod = pods.get(name)
            if pod is None:
                self._create(stateful_set, number, revision)
            if not at_once and (pod is None or not is_ready(pod) or is_going(pod)):
                return
        extra = sorted((name for name in pods if name not in wanted), key=_ordinal, reverse=True)
        for name in extra:
            if not is_going(pods[name]):
                self._delete(stateful_set, pods[name])
            if not at_once:
                return
        self._renew(stateful_set, [pods[name] for name in reversed(wanted) if name in pods], revision)

    def _renew(self, stateful_set: Object, pods: list[Object], revision: str) -> None:
        strategy = stateful_set["spec"]["updateStrategy"]
        if strategy["type"] != "RollingUpdate":
            return
        partition = dig(strategy, "rollingUpdate", "partition", default=0)
        for pod in pods:
            if _ordinal(pod["metadata"]["name"]) < partition:
                return
            if pod["metadata"]["labels"].get(REVISION_HASH) != revision:
                if not is_going(pod):
                    self._delete(stateful_set, pod)
                return
            if not is_ready(pod):
                return

    @staticmethod
    def _name(stateful_set: Object, number: int) -> str:
        return f"{stateful_set['metadata']['name']}-{number}"

    def _create(self, stateful_set: Object, number: int, revision: str) -> None:
        name, spec = self._name(stateful_set, number), stateful_set["spec"]
        pod = pod_of(stateful_set)
        pod["metadata"]["name"] = name
        pod["metadata"]["labels"] = pod["metadata"].get("labels", {}) | {
            REVISION_HASH: revision, _POD_NAME: name, _INDEX: str(number),
        }  # fmt: skip
        pod["spec"] |= {"hostname": name} | ({"subdomain": spec["serviceName"]} if spec.get("serviceName") else {})
        namespace = stateful_set["metadata"]["namespace"]
        for template in spec.get("volumeClaimTemplates") or ():
            self._claim(stateful_set, template, name, pod)
        said = f"Create Pod {name} in StatefulSet {stateful_set['metadata']['name']}"
        success = partial(self._tell, stateful_set, "SuccessfulCreate", f"{said} successful")
        try:
            told(lambda: self.registry.create(self.scene.kind("v1", "Pod"), namespace, pod, _WRITING), success)
        except APIError as error:
            refused = f"{said} failed error: {error}"
            record(self.registry, stateful_set, "Warning", "FailedCreate", refused, component=_COMPONENT)
            raise

    def _tell(self, stateful_set: Object, reason: str, said: str, _: object) -> None:
        record(self.registry, stateful_set, "Normal", reason, said, component=_COMPONENT)

    def _claim(self, stateful_set: Object, template: Object, pod_name: str, pod: Object) -> None:
        claims, namespace = self.scene.kind("v1", "PersistentVolumeClaim"), stateful_set["metadata"]["namespace"]
        name = f"{template['metadata']['name']}-{pod_name}"
        volume = {"name": template["metadata"]["name"], "persistentVolumeClaim": {"claimName": name}}
        others = [v for v in pod["spec"].get("volumes") or () if v["name"] != volume["name"]]
        pod["spec"]["volumes"] = [volume, *others]
        if not self.registry.find(claims, namespace, name):
            labels = dig(stateful_set, "spec", "selector", "matchLabels", default={})
            metadata = {"name": name, "labels": template["metadata"].get("labels", {}) | labels}
            claim = {"metadata": metadata, "spec": copied(template["spec"])}
            self.registry.create(claims, namespace, claim, _WRITING)

    def _delete(self, stateful_set: Object, pod: Object) -> None:
        said = f"Delete Pod {pod['metadata']['name']} in StatefulSet {stateful_set['metadata']['name']} successful"
        delete = partial(self.registry.delete, self.scene.kind("v1", "Pod"), *key_of(pod), Deleting())
        told(delete, partial(self._tell, stateful_set, "SuccessfulDelete", said))


def _ordinal(name: str) -> int:
    return int(name.rpartition("-")[2])


def _status(stateful_set: Object, pods: list[Object], revision: str) -> Object:
    ready = sum(map(is_ready, pods))
    updated = sum(pod["metadata"]["labels"].get(REVISION_HASH) == revision for pod in pods)
    wanted = stateful_set["spec"]["replicas"]
    before = dig(stateful_set, "status", "currentRevision", default=revision)
    current = revision if updated == len(pods) == wanted and ready == wanted else before
    on_current = sum(pod["metadata"]["labels"].get(REVISION_HASH) == current for pod in pods)
    counts = {"readyReplicas": ready, "currentReplicas": on_current, "updatedReplicas": updated}
    return {
        "observedGeneration": stateful_set["metadata"]["generation"], "replicas": len(pods),
        "availableReplicas": ready, "collisionCount": 0, "currentRevision": current, "updateRevision": revision,
    } | {name: count for name, count in counts.items() if count}  # fmt: skip
