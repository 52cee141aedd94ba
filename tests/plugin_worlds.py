"""Clusters with a network plugin, for tests of what is told and judged of it: facts as they are read, and worlds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from bot.application.execution.plugins import all_plugins
from bot.domain.chat.report import Status
from bot.domain.network.references import Kind
from bot.domain.network.snapshot import DaemonSet, Deployment, Node, Pod, Unread
from bot.domain.plugins.cni import recognise
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.surroundings import Range, Surroundings
from tests import builders
from tests.builders import container, metadata, pod, snapshot
from tests.stage import Stage, staged

KUBEADM = "ConfigMap kube-system/kubeadm-config, networking.podSubnet"
FLANNEL_IMAGE, CALICO_IMAGE = "ghcr.io/flannel-io/flannel:v0.28.9", "quay.io/calico/node:v3.32.1"
FLANNEL = builders.daemon_set("kube-flannel-ds", namespace="kube-flannel", images=[FLANNEL_IMAGE])
CALICO = builders.daemon_set("calico-node", namespace="calico-system", images=[CALICO_IMAGE])
CANAL = builders.daemon_set("canal", images=[CALICO_IMAGE, "docker.io/flannel/flannel:v0.24.4"])
WEAVE = builders.daemon_set("weave-net", images=["docker.io/rajchaudhuri/weave-kube:2.9.0"])


def node(
    name: str = "node1",
    cidr: str = "10.244.1.0/24",
    *,
    address: str = "192.0.2.1",
    annotations: Mapping[str, str] | None = None,
    network: tuple[str, str] | None = None,
    provider: str = "",
) -> Node:
    """`network` is status and reason of its NetworkUnavailable."""
    conditions = [{"type": "Ready", "status": "True"}]
    if network:
        conditions.append({"type": "NetworkUnavailable", "status": network[0], "reason": network[1]})
    return msgspec.convert(
        {
            "metadata": metadata(name, "", annotations=dict(annotations or {})),
            "spec": {"podCIDR": cidr or None, "podCIDRs": [cidr] if cidr else None, "providerID": provider},
            "status": {"conditions": conditions, "addresses": [{"type": "InternalIP", "address": address}]},
        },
        Node,
    )


def agent_pod(agent: DaemonSet, node: str = "node1", *, ready: bool = True, image: str = "") -> Pod:
    image = image or agent.spec.template.spec.containers[0].image
    return pod(
        f"{agent.name}-{node}",
        namespace=agent.namespace,
        labels={},
        node=node,
        ready=ready,
        owner=("DaemonSet", agent.name),
        containers=[container("agent", image, ())],
    )


def pods_with(*addresses: str, node: str = "node1", phase: str = "Running") -> list[Pod]:
    return [
        pod(f"p-{each}", node=node, phase=phase, status={"podIP": each, "podIPs": [{"ip": each}]}) for each in addresses
    ]


def deployment(name: str, namespace: str = "calico-system", *, ready: int = 1, replicas: int = 1) -> Deployment:
    return builders.deployment(name, namespace=namespace, replicas=replicas, status={"readyReplicas": ready})


def config_map(name: str, **data: Any) -> dict[str, Any]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": texts}


def net_conf(network: str = "10.244.0.0/16", **backend: Any) -> dict[str, Any]:
    """flannel's ConfigMap."""
    conf = {"Network": network, "Backend": {"Type": "vxlan"} | backend}
    return config_map("kube-flannel-cfg", **{"net-conf.json": conf})


def custom(kind: str, name: str, spec: Any = None, *, status: Any = None) -> dict[str, Any]:
    group = "crd.projectcalico.org" if kind in ("IPPool", "IPAMBlock", "FelixConfiguration") else "operator.tigera.io"
    object = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": name}, "spec": spec or {}}
    return object | ({"status": status} if status else {})


def pool(cidr: str = "10.244.0.0/16", **spec: Any) -> dict[str, Any]:
    """An IPPool that wraps by VXLAN."""
    return custom("IPPool", "default-ipv4-ippool", {"cidr": cidr, "ipipMode": "Never", "vxlanMode": "Always"} | spec)


def installation(encapsulation: str = "VXLAN", mtu: int = 0, measured: int = 1450) -> dict[str, Any]:
    network = {"ipPools": [{"cidr": "10.244.0.0/16", "encapsulation": encapsulation}]} | ({"mtu": mtu} if mtu else {})
    return custom("Installation", "default", {"calicoNetwork": network}, status={"mtu": measured})


def tigera_status(name: str = "calico", **conditions: str) -> dict[str, Any]:
    listed = [{"type": type_, "status": status, "message": "so it is"} for type_, status in conditions.items()]
    return custom("TigeraStatus", name, status={"conditions": listed})


def facts(
    *objects: Any,
    config_maps: Mapping[str, Any] | None = None,
    pods: Sequence[str] = ("10.244.0.0/16",),
    services: Sequence[str] = ("10.96.0.0/12",),
    definitions: Iterable[str] = (),
    unread: Iterable[Kind] = (),
    agents: Sequence[Any] = (),
    **more: Any,
) -> Facts:
    """Facts of a cluster with these objects. `pods` and `services` are the ranges that the cluster itself says."""
    unread = tuple(unread)
    taken = snapshot(*objects, unread=unread)
    known = tuple(all_plugins().values())
    found = recognise(taken, known)
    around = Surroundings(
        snapshot=taken,
        pod_ranges=tuple(Range(each, KUBEADM) for each in pods),
        service_ranges=tuple(Range(each, "ServiceCIDR kubernetes") for each in services),
        definitions=frozenset(definitions),
    )
    return Facts(
        around=around,
        known=known,
        found=found,
        agents={each.agent.ref: whole for each, whole in zip(found, agents, strict=False) if each.agent},
        config_maps=dict(config_maps or {}),
        unread=tuple(Unread(kind, "", "may not be listed") for kind in unread),
        **more,
    )


@asynccontextmanager
async def calico_world() -> AsyncIterator[Stage]:
    """A new cluster in which Calico has been installed, by its operator."""
    async with staged("new-cluster") as stage:
        planned = await stage.say("cni install calico")
        approve = next(each.command for each in planned.actions if each.command.startswith("changes approve "))
        assert (await stage.say(approve)).status is Status.OK
        yield stage
