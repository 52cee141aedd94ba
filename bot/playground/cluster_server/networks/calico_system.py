"""The workloads that the tigera operator makes in calico-system, as small as they can be and still be recognised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.networks.installation import image
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
NAMESPACE = "calico-system"
_VOLUME = {"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}}
_MOUNT = {"name": "cni-net-dir", "mountPath": "/host/etc/cni/net.d"}


def parts(kind: str, spec: Object, release: str) -> Iterator[Object]:
    """What one of the operator's kinds comes to, with the spec of the Installation."""

    def container(name: str, repository: str, port: int = 0) -> Object:
        ports = {"ports": [{"containerPort": port}]} if port else {}
        return {"name": name, "image": image(spec, repository, release)} | ports

    if kind == "Installation":
        yield _agent(spec, container)
        yield _workload("Deployment", "calico-typha", [container("calico-typha", "typha", 5473)], hostNetwork=True)
        yield _workload("Deployment", "calico-kube-controllers",
                        [container("calico-kube-controllers", "kube-controllers")])  # fmt: skip
        yield _workload("DaemonSet", "csi-node-driver", [
            container("calico-csi", "csi"), container("csi-node-driver-registrar", "node-driver-registrar"),
        ])  # fmt: skip
    elif kind == "APIServer":
        yield _workload("Deployment", "calico-apiserver", [container("calico-apiserver", "apiserver", 5443)])
    elif kind == "Goldmane":
        yield _workload("Deployment", "goldmane", [container("goldmane", "goldmane", 7443)])
    elif kind == "Whisker":
        yield _workload("Deployment", "whisker", [
            container("whisker", "whisker", 8081), container("whisker-backend", "whisker-backend"),
        ])  # fmt: skip


def _agent(spec: Object, container: Any) -> Object:
    types = ["k8s", "operator", *(["bgp"] if dig(spec, "calicoNetwork", "bgp") != "Disabled" else [])]
    env = {"DATASTORE_TYPE": "kubernetes", "CLUSTER_TYPE": ",".join(types), "NO_DEFAULT_POOLS": "true"}
    agent = container("calico-node", "node") | {
        "env": [{"name": name, "value": value} for name, value in env.items()],
        "readinessProbe": {"exec": {"command": ["/bin/calico-node", "-bird-ready", "-felix-ready"]}},
        "volumeMounts": [_MOUNT],
    }  # fmt: skip
    first = [container("install-cni", "cni") | {"command": ["/opt/cni/bin/install"], "volumeMounts": [_MOUNT]}]
    found = _workload("DaemonSet", "calico-node", [agent], hostNetwork=True, initContainers=first, volumes=[_VOLUME])
    found["spec"]["updateStrategy"] = spec.get("nodeUpdateStrategy") or {"type": "RollingUpdate"}
    return found


def _workload(kind: str, name: str, containers: list[Object], **more: Any) -> Object:
    labels = {"k8s-app": name, "app.kubernetes.io/name": name}
    pod: Object = {"serviceAccountName": name, "containers": containers, "tolerations": [{"operator": "Exists"}]}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"selector": {"matchLabels": {"k8s-app": name}},
                 "template": {"metadata": {"labels": labels}, "spec": pod | more}},
    }  # fmt: skip


def images(workload: Object) -> list[str]:
    spec = workload["spec"]["template"]["spec"]
    return [container["image"] for group in ("initContainers", "containers") for container in spec.get(group) or ()]
