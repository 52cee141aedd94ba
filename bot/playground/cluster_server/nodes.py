"""Nodes as a kubelet reports them, from the few words that a scenario has for one."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

TWO = (
    {"name": "node1", "address": "192.0.2.11", "pods": "10.244.1.0/24"},
    {"name": "node2", "address": "192.0.2.12", "pods": "10.244.2.0/24"},
)
"""What a cluster has that was told nothing else."""

READY = {"status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
WITHOUT_NETWORK = {
    "status": "False",
    "reason": "KubeletNotReady",
    "message": "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized",
}
"""What a kubelet says of itself."""


def node(said: Object) -> Object:
    """`ready: false` is one that is cut off, `network: false` one that waits for a network plugin; without `pods` it
    was given no addresses for them."""
    name, ready = said["name"], said.get("ready", True)
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    labels |= {f"node-role.kubernetes.io/{role}": "" for role in said.get("roles", ())}
    spec: Object = {"podCIDR": said["pods"], "podCIDRs": [said["pods"]]} if "pods" in said else {}
    if "control-plane" in said.get("roles", ()):
        spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    addresses = [{"type": "InternalIP", "address": said["address"]}, {"type": "Hostname", "address": name}]
    resources = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    info = {
        "architecture": "amd64", "operatingSystem": "linux", "osImage": "Debian GNU/Linux 12 (bookworm)",
        "kernelVersion": "6.1.0-28-amd64", "kubeletVersion": "v1.36.2", "kubeProxyVersion": "",
        "containerRuntimeVersion": "containerd://2.0.2", "bootID": "", "machineID": "", "systemUUID": "",
    }  # fmt: skip
    status = {
        "addresses": addresses, "capacity": resources, "allocatable": resources, "nodeInfo": info,
        "conditions": _node_conditions(ready, network=said.get("network", True)),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": status,
    }


def _node_conditions(ready: bool, *, network: bool) -> list[Object]:
    said = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ]
    if ready and not network:
        said.append(("Ready", *_words(WITHOUT_NETWORK)))
    elif ready:
        said.append(("Ready", *_words(READY)))
    else:
        said = [(kind, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.") for kind, *_ in said]
        said.append(("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."))
    return [{"type": kind, "status": status, "reason": why, "message": message} for kind, status, why, message in said]


def _words(said: dict[str, str]) -> tuple[str, str, str]:
    return said["status"], said["reason"], said["message"]
