"""What network plugins do to nodes: the kubelet's word of its network, the condition that agents set, and what Calico
keeps in the API of the addresses it gave out.

A node has its network once there is a configuration in /etc/cni/net.d, and keeps it as long as that file lies there,
whoever wrote it: https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from bot.playground.cluster_server.controllers.kubelet import NETWORK_NOT_READY
from bot.playground.cluster_server.controllers.running import Controller, Key, Pause
from bot.playground.cluster_server.networks import ALL, calico_blocks, plugin_of
from bot.playground.cluster_server.networks.calico import CALICO, GROUP_VERSION
from bot.playground.cluster_server.networks.contract import variable
from bot.playground.cluster_server.nodes import READY, WITHOUT_NETWORK
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_UNAVAILABLE = "NetworkUnavailable"
_POOL = "default-ipv4-ippool"
_DEFAULT_RANGE = "192.168.0.0/16"
_WRITING = Writing("calico-node")


class Networks(Controller):
    """Keys are the names of nodes."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "nodes") and change.type != "DELETED":
            return [("", change.obj["metadata"]["name"])]
        if change.resource == ("", "pods") and (name := dig(change.obj, "spec", "nodeName")):
            host = self.scene.hosts.of(name)
            return [("", name)] if host.blocks or host.cleaned or plugin_of(change.obj) else ()
        if change.resource == ("crd.projectcalico.org", "ippools"):
            return [("", node["metadata"]["name"]) for node in self.registry.list(self.scene.kind("v1", "Node"))]
        return ()

    def reconcile(self, key: Key) -> Pause:
        kind = self.scene.kind("v1", "Node")
        node = self.registry.find(kind, *key)
        ready = _condition(node, "Ready") if node else None
        if node is None or ready is None or ready["status"] == "Unknown":
            return None
        self._keep_calico(node)
        wanted = {said["type"]: said for said in (*self._network(node, ready), *self._availability(node))}
        if not wanted:
            return None
        now = self.registry.now()
        kept = [said for said in node["status"]["conditions"] if said["type"] not in wanted]
        changed = [said | {"lastTransitionTime": now, "lastHeartbeatTime": now} for said in wanted.values()]
        first = [said for said in changed if said["type"] == _UNAVAILABLE]
        last = [said for said in changed if said["type"] != _UNAVAILABLE]
        status = node["status"] | {"conditions": [*first, *kept, *last]}
        self.registry.write_status(kind, node, status, "kubelet")
        return None

    def _network(self, node: Object, ready: Object) -> Iterable[Object]:
        host = self.scene.hosts.of(node["metadata"]["name"])
        if NETWORK_NOT_READY in ready.get("message", "") and host.files:
            yield ready | READY
        elif ready["status"] == "True" and host.cleaned and not host.files:
            yield ready | WITHOUT_NETWORK

    def _availability(self, node: Object) -> Iterable[Object]:
        """An agent sets it once when it comes up, one that stops may; what was said last stays when agents are gone."""
        hosts, before = self.scene.hosts, _condition(node, _UNAVAILABLE) or {"status": "", "reason": ""}
        up = [plugin for plugin in ALL if plugin.says_up and hosts.setting(node, plugin).up]
        said = [plugin.says_up for plugin in up if plugin.says_up]
        if said and not (before["status"] == "False" and any(before["reason"] == reason for reason, _ in said)):
            return [_said("False", said[0])]
        for plugin in ALL:
            gone = not any(hosts.agents(node["metadata"]["name"], plugin))
            if gone and plugin.says_down and plugin.says_up and before["reason"] == plugin.says_up[0]:
                return [_said("True", plugin.says_down)]
        return []

    def _keep_calico(self, node: Object) -> None:
        hosts, name = self.scene.hosts, node["metadata"]["name"]
        if hosts.setting(node, CALICO).up:
            self._begin(next(iter(hosts.agents(name, CALICO))))
            calico_blocks.settle(self.registry, node, hosts.blocks())
        host = hosts.of(name)
        if self.registry.kinds.of(GROUP_VERSION, "IPPool") is None:
            host.blocks.clear()  # with their kinds, what was in them is forgotten
        if not host.blocks:
            return
        pods = {
            address: pod for pod in self.registry.list(self.scene.kind("v1", "Pod"))
            if not pod["spec"].get("hostNetwork") and dig(pod, "status", "phase") not in ("Succeeded", "Failed")
            and (address := dig(pod, "status", "podIP"))
        }  # fmt: skip
        calico_blocks.tell(self.registry, name, host.blocks, pods)

    def _begin(self, agent: Object) -> None:
        """What the first agent that comes up makes for all: its information of the cluster, and a pool to begin with,
        where nobody says that there shall be none."""
        information = self.registry.kinds.of(GROUP_VERSION, "ClusterInformation")
        if information and not self.registry.find(information, "", "default"):
            version = _tag(agent)
            spec = {"clusterType": variable(agent, CALICO.container, "CLUSTER_TYPE") or "k8s", "datastoreReady": True,
                    "clusterGUID": agent["metadata"]["uid"].replace("-", ""), "calicoVersion": version}  # fmt: skip
            body = {"apiVersion": GROUP_VERSION, "kind": "ClusterInformation", "metadata": {"name": "default"}}
            self.registry.create(information, "", body | {"spec": spec}, _WRITING)
        elif information:
            found = self.registry.get(information, "", "default")
            if found["spec"].get("calicoVersion") != _tag(agent):
                changed = found | {"spec": found["spec"] | {"calicoVersion": _tag(agent)}}
                self.registry.update(information, "", "default", changed, _WRITING)
        pools = self.registry.kinds.of(GROUP_VERSION, "IPPool")
        if pools is None or variable(agent, CALICO.container, "NO_DEFAULT_POOLS") == "true":
            return
        if any(self.registry.list(pools)):
            return

        def said(name: str) -> str | None:
            return variable(agent, CALICO.container, f"CALICO_IPV4POOL_{name}")

        spec = {
            "cidr": said("CIDR") or next(iter(kubeadm_subnets(self.registry) or ()), _DEFAULT_RANGE),
            "blockSize": int(said("BLOCK_SIZE") or 26), "ipipMode": said("IPIP") or "Always",
            "vxlanMode": said("VXLAN") or "Never", "natOutgoing": (said("NAT_OUTGOING") or "true") == "true",
            "nodeSelector": said("NODE_SELECTOR") or "all()", "allowedUses": ["Workload", "Tunnel"],
        }  # fmt: skip
        if spec["vxlanMode"] != "Never":
            spec["ipipMode"] = said("IPIP") or "Never"
        body = {"apiVersion": GROUP_VERSION, "kind": "IPPool", "metadata": {"name": _POOL}, "spec": spec}
        self.registry.create(pools, "", body, _WRITING)


def kubeadm_subnets(registry: Registry) -> list[str] | None:
    """The pods' ranges in kubeadm's configuration; None: there is no such configuration."""
    config = registry.find(registry.kinds.named("v1", "ConfigMap"), "kube-system", "kubeadm-config")
    if config is None:
        return None
    said = yaml.safe_load(dig(config, "data", "ClusterConfiguration", default="")) or {}
    ranges = dig(said, "networking", "podSubnet", default="").split(",")
    return [part.strip() for part in ranges if part.strip()]


def _tag(agent: Object) -> str:
    image = next(c["image"] for c in agent["spec"]["containers"] if c["name"] == CALICO.container)
    return str(image.partition("@")[0].rpartition("/")[2].partition(":")[2])


def _condition(node: Object, name: str) -> Object | None:
    return next((said for said in dig(node, "status", "conditions", default=()) if said["type"] == name), None)


def _said(status: str, words: tuple[str, str]) -> Object:
    return {"type": _UNAVAILABLE, "status": status, "reason": words[0], "message": words[1]}
