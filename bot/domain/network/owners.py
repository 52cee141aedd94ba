"""From a pod up to what made it for good: what people named, what lives on when the pod is gone."""

import re

from bot.domain.network.references import DEPLOYMENT, POD, REPLICA_SET, Ref
from bot.domain.network.snapshot import OwnerReference, Pod, ReplicaSet

_API_VERSIONS = {
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}


def owner_of(pod: Pod) -> Ref:
    """The longest-lived owner: Deployment, StatefulSet, DaemonSet, CronJob; the pod itself when nothing made it.

    Names alone tell it, so that the answer is the same whether or not ReplicaSets could be read: a Deployment's
    ReplicaSet is called after it, with the hash that its pods carry as a label; a CronJob's Job ends in the minute it
    was due (https://kubernetes.io/docs/concepts/workloads/controllers/).
    """
    controller = pod.controller
    if controller is None:
        return pod.ref
    if controller.kind == REPLICA_SET.name:
        suffix = "-" + pod.labels.get("pod-template-hash", "")
        if len(suffix) > 1 and controller.name.endswith(suffix):
            name = controller.name.removesuffix(suffix)
            return Ref(DEPLOYMENT.name, name, pod.namespace, DEPLOYMENT.api_version)
    if controller.kind == "Job" and (match := re.fullmatch(r"(.+)-\d{8,10}", controller.name)):
        return Ref("CronJob", match[1], pod.namespace, _API_VERSIONS["CronJob"])
    if controller.kind == "Node":  # a static pod: its name already is the node's for good
        return Ref(POD.name, pod.name, pod.namespace)
    return _ref(controller, pod.namespace)


def stands_alone(replica_set: ReplicaSet) -> bool:
    """Whether no Deployment scales this ReplicaSet."""
    controller = replica_set.controller
    return controller is None or controller.kind != DEPLOYMENT.name


def _ref(owner: OwnerReference, namespace: str) -> Ref:
    return Ref(owner.kind, owner.name, namespace, _API_VERSIONS.get(owner.kind, ""))
