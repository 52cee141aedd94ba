"""What is looked at before a network plugin is planned: every verdict of every check, on surroundings made by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.application.execution import plugins
from bot.domain.network.references import DAEMON_SET, NODE, JSONObject
from bot.domain.network.snapshot import ClusterIdentity, Node
from bot.domain.plugins import briefing, preflight
from bot.domain.plugins.parameters import Encapsulation, Parameters
from bot.domain.plugins.preflight import Wanted
from bot.domain.plugins.releases import Release
from bot.domain.plugins.surroundings import Range, Surroundings
from bot.domain.plugins.verdicts import Said
from bot.errors import Refused
from tests import builders

PAGE = Path(__file__).parents[3] / "docs" / "network-plugins.md"
WAITING = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"
KUBEADM, PROXY = "ConfigMap kube-system/kubeadm-config, networking.podSubnet", "ConfigMap kube-system/kube-proxy"


def wanted(
    name: str = "flannel", *, objects: Sequence[JSONObject] = (), kubernetes: tuple[str, str] = ("", ""), **said: Any
) -> Wanted:
    plugin, installation = plugins.installable(name)
    said.setdefault("pod_cidrs", ("10.244.0.0/16",) if installation.pod_cidrs else ())
    architectures = installation.releases[0].architectures if installation.releases else frozenset({"amd64", "arm64"})
    return Wanted(
        name=name,
        plugin=plugin,
        installation=installation,
        release=Release(version="v1", files=(), kubernetes=kubernetes, architectures=architectures),
        parameters=Parameters(**said),
        objects=tuple(objects),
    )


def node(
    name: str = "node1",
    *,
    ready: bool | None = False,
    message: str = WAITING,
    address: str = "192.0.2.11",
    cidrs: Sequence[str] = ("10.244.1.0/24",),
    cloud: str = "",
    system: str = "linux",
    architecture: str = "amd64",
    network: str = "",
    shut: bool = False,
) -> Node:
    """A node as kubeadm leaves it. `network` is the reason in its condition NetworkUnavailable, True when `shut`."""
    status = {True: "True", False: "False", None: "Unknown"}[ready]
    conditions = [{"type": "Ready", "status": status, "message": message}]
    if network:
        conditions.append({"type": "NetworkUnavailable", "status": str(shut), "reason": network})
    return msgspec.convert(
        {
            "metadata": builders.metadata(name, ""),
            "spec": {"podCIDR": cidrs[0] if cidrs else None, "podCIDRs": list(cidrs) or None, "providerID": cloud},
            "status": {
                "conditions": conditions,
                "addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}],
                "nodeInfo": {"operatingSystem": system, "architecture": architecture},
            },
        },
        Node,
    )


def around(*objects: Any, version: str = "v1.36.2", **said: Any) -> Surroundings:
    """A cluster of these nodes and workloads."""
    seen = msgspec.structs.replace(builders.snapshot(*objects), cluster=ClusterIdentity("c1", "test", version))
    return Surroundings(snapshot=seen, **said)


def blind(*objects: Any) -> Surroundings:
    """A cluster of which nothing may be read that is looked at; `objects` are what was seen all the same."""
    names = ("nodes", "daemonsets", "customresourcedefinitions", "servicecidrs", "pods of the control plane")
    maps = ("ConfigMap kube-system/kubeadm-config", "ConfigMap kube-system/kube-proxy")
    return Surroundings(
        snapshot=builders.snapshot(*objects, unread=(NODE, DAEMON_SET)),
        unread=tuple(f"{each}: may not" for each in (*names, *maps)),
    )


def looked(check: str, wants: Wanted, has: Surroundings) -> list[Said]:
    return list(preflight.all_checks()[check].look(wants, has))


def verdicts(said: Sequence[Said]) -> list[str]:
    """`ok`, or `doubt leftovers`."""
    return [f"{each.verdict} {each.code}".strip() for each in said]


def ranged(cidr: str, by: str = KUBEADM) -> Any:
    return (Range(cidr, by),)


# check, what is wanted, what is there, verdicts, words of the evidence
CASES: list[tuple[str, Wanted, Surroundings, list[str], str]] = [
    ("cloud", wanted(), around(node()), ["ok"], "no node names a cloud"),
    ("cloud", wanted(), around(node(cloud="aws:///a/i-1")), ["ok"], "nodes are of aws"),
    (
        "cloud",
        wanted("calico", encapsulation=Encapsulation.IPIP),
        around(node(cloud="azure:///1")),
        ["conflict"],
        "drops IPIP: say `--encapsulation VXLAN`, or take another plugin",
    ),
    (
        "cloud",
        wanted("kube-router"),
        around(node(cloud="azure:///1")),
        ["conflict"],
        "drops IPIP: say `--backend fou --encapsulation IPIP`",
    ),
    (
        "cloud",
        wanted("kube-router", backend="fou", encapsulation=Encapsulation.IPIP),
        around(node(cloud="azure:///1")),
        ["ok"],
        "nodes are of azure",
    ),
    (
        "cloud",
        wanted("kube-router", backend="fou"),
        around(node(cloud="azure:///1")),
        ["doubt cloud-routes"],
        "between nodes of one subnet nothing is wrapped",
    ),
    ("cloud", wanted("antrea", backend="gre"), around(node(cloud="azure:///1")), ["conflict"], "network drops GRE"),
    (
        "cloud",
        wanted("antrea", backend="gre"),
        around(node(cloud="aws:///a/i-1")),
        ["doubt cloud-firewall"],
        "GRE is protocol 47, which the nodes' security groups have to allow",
    ),
    (
        "cloud",
        wanted("calico", encapsulation=Encapsulation.IPIP),
        around(node(cloud="gce://p/z/n")),
        ["doubt cloud-firewall"],
        "IPIP is protocol 4, which the nodes' firewall rules have to allow",
    ),
    (
        "cloud",
        wanted("calico"),
        around(node(cloud="azure:///1")),
        ["doubt cloud-routes"],
        "or say `--encapsulation VXLAN`",
    ),
    ("cloud", wanted("calico", encapsulation=Encapsulation.VXLAN), around(node(cloud="azure:///1")), ["ok"], "azure"),
    ("cloud", wanted("calico"), around(node(cloud="openstack:///1")), ["ok"], "nodes are of openstack"),
    (
        "cloud",
        wanted("calico", encapsulation=Encapsulation.IPIP_CROSS_SUBNET),
        around(node(cloud="aws:///a/i-1")),
        ["doubt aws-protocol-4", "doubt cloud-routes"],
        "security groups",
    ),
    ("cloud", wanted(backend="host-gw"), around(node(cloud="gce://p/z/n")), ["doubt cloud-routes"], "route pods'"),
    (
        "cloud",
        wanted("calico", encapsulation=Encapsulation.NONE),
        around(node(cloud="azure:///1")),
        ["doubt cloud-routes"],
        "route pods'",
    ),
    ("kube_proxy", wanted(), around(node(), kube_proxy=True), ["ok"], "carries the Services"),
    ("kube_proxy", wanted(), around(node(), kube_proxy=False), ["doubt no-kube-proxy"], "flannel needs somebody else"),
    ("kube_proxy", wanted(), around(node()), ["unknown"], "could not be read"),
    ("kube_proxy", wanted("cilium"), around(node(), kube_proxy=False), [], ""),
    ("kubernetes_version", wanted(kubernetes=("1.34", "1.36")), around(), ["ok"], "1.36; flannel v1 was tested"),
    ("kubernetes_version", wanted(kubernetes=("1.9", "1.36")), around(version="v1.10.0"), ["ok"], "1.10"),
    (
        "kubernetes_version",
        wanted(kubernetes=("1.34", "1.36")),
        around(version="v1.37.0-eks-1"),
        ["doubt kubernetes-version"],
        "1.37, and flannel v1 was tested with 1.34 to 1.36",
    ),
    (
        "kubernetes_version",
        wanted(kubernetes=("1.34", "1.36")),
        around(version="v1.33+"),
        ["doubt kubernetes-version"],
        "1.33+",
    ),
    ("kubernetes_version", wanted(kubernetes=("1.23", "")), around(), ["ok"], "1.36; flannel v1 is for 1.23 or later"),
    (
        "kubernetes_version",
        wanted(kubernetes=("1.23", "")),
        around(version="v1.22.17"),
        ["doubt kubernetes-version"],
        "1.22, and flannel v1 is for 1.23 or later, as its makers say",
    ),
    ("kubernetes_version", wanted(), around(), ["unknown"], "flannel v1 was tested with is not known here"),
    ("kubernetes_version", wanted(kubernetes=("1.34", "1.36")), around(version=""), ["unknown"], "not known"),
    ("mtu", wanted(), around(), ["ok"], "50 bytes a packet are its own, 1450 of 1500 stay"),
    ("mtu", wanted(mtu=1450), around(), ["ok"], "fit into 1500"),
    ("mtu", wanted(mtu=1451), around(), ["doubt mtu"], "at most 1450"),
    ("mtu", wanted(mtu=1450), around(node(cloud="gce://p/z/n")), ["doubt mtu"], "1460 is what links of gce carry"),
    ("mtu", wanted(mtu=8951), around(node(cloud="aws:///a/i-1")), ["ok"], "fit into 9001"),
    ("mtu", wanted(mtu=8951), around(node(cloud="aws:///a/i-1"), node("b")), ["doubt mtu"], "at most 1450"),
    ("mtu", wanted(mtu=1500, backend="host-gw"), around(), ["ok"], "0 bytes"),
    ("mtu", wanted("calico", mtu=1480, encapsulation=Encapsulation.IPIP), around(), ["ok"], "20 bytes"),
    ("mtu", wanted("calico", mtu=1480, pod_cidrs=("fd00::/56",)), around(), ["doubt mtu"], "at most 1430"),
    ("mtu", wanted("antrea", mtu=1440, pod_cidrs=("fd00::/56",)), around(), ["doubt mtu"], "at most 1430"),
    ("node_addresses", wanted(), around(node()), ["ok"], "none of 1 nodes"),
    (
        "node_addresses",
        wanted(),
        around(node("a", address="10.244.9.1"), node("b")),
        ["conflict"],
        "holds the addresses of nodes: a (10.244.9.1)",
    ),
    (
        "node_addresses",
        wanted(),
        around(*(node(f"n{i}", address=f"10.244.9.{i}") for i in range(5))),
        ["conflict"],
        "and 2 more",
    ),
    ("node_addresses", wanted(), around(node(address="not an address")), ["ok"], "none of 1 nodes"),
    ("node_addresses", wanted("cilium"), around(node()), ["unknown"], "when the manifest was rendered"),
    ("node_addresses", wanted(), around(), ["unknown"], "there are no nodes"),
    ("node_systems", wanted(), around(node("a"), node("b", architecture="arm64")), ["ok"], "1 linux/amd64"),
    (
        "node_systems",
        wanted(),
        around(node("a"), node("b", system="windows")),
        ["doubt not-linux"],
        "1 of 2 nodes are not Linux",
    ),
    (
        "node_systems",
        wanted("calico"),
        around(node("a"), node("b", architecture="riscv64")),
        ["doubt architecture"],
        "no image for riscv64",
    ),
    ("node_systems", wanted(), around(), ["unknown"], "there are none"),
    ("nodes_ready", wanted(), around(node(ready=True)), ["ok"], "1 of 1 Ready"),
    ("nodes_ready", wanted(), around(node("a"), node("b", ready=True)), ["ok"], "1 of 2 Ready, 1 waiting"),
    (
        "nodes_ready",
        wanted(),
        around(node("a", message="PLEG is not healthy"), node("b", ready=None, message="")),
        ["doubt node-not-ready"],
        "a is not Ready for another reason: PLEG is not healthy, and 1 more",
    ),
    ("nodes_ready", wanted(), around(node(ready=None, message=WAITING)), ["doubt node-not-ready"], "another reason"),
    ("nodes_ready", wanted(), around(), ["conflict"], "there are none"),
    ("other_plugins", wanted(), around(node()), ["ok"], "no agent of any"),
    ("cloud", wanted(), blind(), ["unknown"], "the nodes could not be read"),
    ("nodes_ready", wanted(), blind(), ["unknown"], "the nodes could not be read"),
    ("other_plugins", wanted(), blind(), ["unknown"], "DaemonSets and definitions and nodes could not be read"),
    (
        "other_plugins",
        wanted(),
        around(node(), builders.daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1"])),
        ["conflict"],
        "Calico v3.32.1 is there already, by DaemonSet kube-system/calico-node; `cni migrate flannel`",
    ),
    (
        "other_plugins",
        wanted(),
        around(node(), builders.daemon_set("kube-flannel-ds", images=["ghcr.io/flannel-io/flannel:v0.28.9"])),
        ["conflict"],
        "`cni upgrade` changes its version",
    ),
    (
        "other_plugins",
        wanted(),
        around(node(), builders.daemon_set("own-net", host_paths=["/etc/cni/net.d"])),
        ["conflict"],
        "a network plugin that Patchbay does not know is there already, by DaemonSet kube-system/own-net; take it away",
    ),
    ("other_plugins", wanted(), around(node(ready=True)), ["doubt hosts-have-network"], "/etc/cni/net.d"),
    (
        "other_plugins",
        wanted(),
        around(node(), definitions=frozenset({"ciliumnodes.cilium.io", "a.cilium.io", "b.cilium.io"})),
        ["doubt leftovers"],
        "Cilium has left definitions behind: a.cilium.io, b.cilium.io and 1 more",
    ),
    (
        "other_plugins",
        wanted("calico"),
        around(node(), definitions=frozenset({"installations.operator.tigera.io"})),
        ["doubt leftovers"],
        "1 of Calico's definitions are there already",
    ),
    (
        "other_plugins",
        wanted("calico"),
        around(node(network="WeaveIsUp"), node("b", network="CalicoIsUp")),
        ["doubt leftovers"],
        "Weave Net was on node1",
    ),
    (
        "other_plugins",
        wanted(),
        around(node(network="CalicoIsDown"), node("b", network="CalicoIsUp"), node("c", network="")),
        ["doubt leftovers"],
        "Calico was on node1, b (condition",
    ),
    (
        "other_plugins",
        wanted("antrea"),
        around(node(ready=True, network="CalicoIsDown", shut=True), node("b", ready=True)),
        ["conflict", "doubt leftovers"],
        "Calico has left node1 with NetworkUnavailable, which Antrea never takes back",
    ),
    (
        "other_plugins",
        wanted(),
        around(node(ready=True, network="CalicoIsDown", shut=True)),
        ["doubt leftovers"],
        "Calico was on node1",
    ),
    ("pod_cidr", wanted(), around(node(), pod_ranges=ranged("10.244.0.0/16")), ["ok", "ok"], "kubeadm-config"),
    ("pod_cidr", wanted(), around(node()), ["unknown", "ok"], "no one in the cluster says"),
    ("pod_cidr", wanted("cilium"), around(node()), ["unknown"], "when the manifest was rendered"),
    (
        "pod_cidr",
        wanted("calico"),
        around(node(), pod_ranges=ranged("10.0.0.0/16")),
        ["conflict"],
        "Calico's operator refuses such a pool. Say `--pod-cidr 10.0.0.0/16`",
    ),
    (
        "pod_cidr",
        wanted("calico"),
        around(node(), pod_ranges=ranged("10.0.0.0/16", PROXY)),
        ["doubt pod-cidr-elsewhere"],
        "10.244.0.0/16 is not within 10.0.0.0/16",
    ),
    (
        "pod_cidr",
        wanted("calico"),
        around(node(), pod_ranges=(*ranged("10.0.0.0/16", PROXY), *ranged("10.0.0.0/16"))),
        ["conflict"],
        f"which is said by {PROXY} and {KUBEADM}: Calico's operator refuses such a pool",
    ),
    (
        "pod_cidr",
        wanted("calico", pod_cidrs=("10.244.0.0/16", "fd00:1::/56")),
        around(node(), pod_ranges=ranged("10.244.0.0/16")),
        ["conflict"],
        "fd00:1::/56 is IPv6, and kubeadm was told 10.244.0.0/16 alone: Calico's operator refuses such a pool",
    ),
    (
        "pod_cidr",
        wanted("calico", pod_cidrs=("fd00:1::/56",)),
        around(node(), pod_ranges=ranged("10.244.0.0/16", PROXY)),
        ["doubt pod-cidr-elsewhere"],
        "the cluster's pods have 10.244.0.0/16 alone",
    ),
    ("pod_cidr", wanted("calico"), around(node(), pod_ranges=ranged("10.0.0.0/8")), ["ok"], "10.0.0.0/8"),
    (
        "pod_cidr",
        wanted(pod_cidrs=("10.244.0.0/20",)),
        around(node(), pod_ranges=ranged("10.244.0.0/16")),
        ["conflict", "ok"],
        "10.244.0.0/20 does not hold 10.244.0.0/16",
    ),
    (
        "pod_cidr",
        wanted("kube-router"),
        around(node(cidrs=["fd00:1::/64"]), pod_ranges=ranged("fd00:1::/56")),
        ["conflict", "conflict"],
        "the cluster's pods have fd00:1::/56 alone",
    ),
    (
        "pod_cidr",
        wanted("antrea", pod_cidrs=("10.244.0.0/16", "fd00:1::/56")),
        around(
            node(cidrs=["10.244.1.0/24", "fd00:1::/64"]),
            pod_ranges=(*ranged("10.244.0.0/16"), *ranged("fd00:1::/56")),
        ),
        ["ok", "ok"],
        "fd00:1::/56",
    ),
    (
        "pod_cidr",
        wanted("antrea", pod_cidrs=("10.244.0.0/16", "fd00:1::/56")),
        around(node(), pod_ranges=(*ranged("10.244.0.0/16"), *ranged("fd00:1::/56"))),
        ["ok", "conflict"],
        "node1 has none of IPv6",
    ),
    (
        "pod_cidr",
        wanted("weave"),
        around(node(), pod_ranges=ranged("fd00:1::/56")),
        ["doubt pod-cidr-elsewhere"],
        "the cluster's pods have fd00:1::/56 alone",
    ),
    (
        "pod_cidr",
        wanted(),
        around(node("a"), node("b", cidrs=[])),
        ["unknown", "conflict"],
        "b has none: run the controller manager with --allocate-node-cidrs",
    ),
    (
        "pod_cidr",
        wanted(),
        around(node(cidrs=["10.0.1.0/24"])),
        ["unknown", "conflict"],
        "spec.podCIDR of node1 (10.0.1.0/24) is not within 10.244.0.0/16",
    ),
    ("pod_cidr", wanted(), around(node(cidrs=["10.244.1.7/24"])), ["unknown", "ok"], "its own range"),
    (
        "pod_cidr",
        wanted(),
        around(node("a"), node("b")),
        ["unknown", "conflict"],
        "nodes a and b have the same spec.podCIDR, 10.244.1.0/24",
    ),
    (
        "pod_cidr",
        wanted("weave", pod_cidrs=("8.8.0.0/16",)),
        around(node(), pod_ranges=ranged("8.8.0.0/16")),
        ["doubt public-addresses", "ok"],
        "8.8.0.0/16 has addresses of the internet",
    ),
    ("pod_cidr", wanted("weave", pod_cidrs=("100.64.0.0/10",)), around(node()), ["unknown"], "100.64.0.0/10"),
    (
        "pod_cidr",
        wanted(),
        around(node(), pod_ranges=(*ranged("10.244.0.0/16"), *ranged("10.244.0.0/16", PROXY))),
        ["ok", "ok"],
        f"the cluster has 10.244.0.0/16, by {KUBEADM} and {PROXY}",
    ),
    ("blocks", wanted(), around(node()), [], ""),
    ("blocks", wanted("calico"), around(node()), ["ok"], "1024 blocks of 64 addresses for 1 node"),
    ("blocks", wanted("calico", pod_cidrs=("fd00::/56",)), around(node()), ["ok"], "2^66 blocks of 64 addresses"),
    (
        "blocks",
        wanted("calico", pod_cidrs=("10.244.0.0/26",)),
        around(node("a"), node("b")),
        ["doubt few-blocks"],
        "10.244.0.0/26 has 1 block of 64 addresses for 2 nodes: nodes without one borrow",
    ),
    (
        "blocks",
        wanted("calico", block_size=32, pod_cidrs=("10.244.0.0/31", "fd00::/122")),
        around(node("a"), node("b"), node("c")),
        ["doubt few-blocks", "doubt few-blocks"],
        "2 blocks of 1 address for 3 nodes",
    ),
    ("blocks", wanted("calico"), blind(), ["unknown"], "not all nodes could be read"),
    ("rights", wanted(), around(missing_rights=()), ["ok"], "SelfSubjectAccessReview"),
    (
        "rights",
        wanted(),
        around(missing_rights=("create b in c", "delete b in c", "bind roles r", "list nodes", "escalate roles")),
        ["conflict"],
        "Patchbay may not escalate roles; bind roles r; create, delete b in c; list nodes. An administrator",
    ),
    (
        "rights",
        wanted(),
        around(missing_rights=tuple(f"{verb} {what}" for what in "abcdefgh" for verb in ("create", "delete"))),
        ["conflict"],
        "Patchbay may not create, delete a, b, c, d, e, f and 2 more. An",
    ),
    ("rights", wanted(), around(), ["unknown"], "the cluster was not asked"),
    ("service_cidr", wanted(), around(service_ranges=ranged("10.96.0.0/16", "x")), ["ok"], "10.96.0.0/16, by x"),
    ("service_cidr", wanted(), around(service_ranges=ranged("10.244.128.0/20", "x")), ["conflict"], "overlaps"),
    (
        "service_cidr",
        wanted(),
        around(service_ranges=(*ranged("10.244.128.0/20", "x"), *ranged("10.244.128.0/20", "y"))),
        ["conflict"],
        "10.244.128.0/20 (x; y): choose another",
    ),
    ("service_cidr", wanted(), around(service_ranges=ranged("fd00::/112", "x")), ["ok"], "apart"),
    ("service_cidr", wanted(), around(), ["unknown"], "nobody"),
    ("service_cidr", wanted("cilium"), around(service_ranges=ranged("10.96.0.0/16")), ["unknown"], "was rendered"),
]


@pytest.mark.parametrize(
    ("check", "wants", "has", "expected", "words"), CASES, ids=[f"{c}: {'; '.join(v)}: {w}" for c, _, _, v, w in CASES]
)
def test_a_check_says(check: str, wants: Wanted, has: Surroundings, expected: list[str], words: str) -> None:
    said = looked(check, wants, has)
    assert verdicts(said) == expected
    assert words in " | ".join(each.evidence for each in said)


BLIND = ("cloud", "kube_proxy", "node_addresses", "node_systems", "nodes_ready", "other_plugins", "pod_cidr", "rights")


@pytest.mark.parametrize("check", [*BLIND, "service_cidr"])
@pytest.mark.parametrize("seen", [(), (node(ready=True),)], ids=["nothing", "a node"])
def test_what_could_not_be_read_is_unknown(check: str, seen: Sequence[Any]) -> None:
    said = looked(check, wanted(), blind(*seen))
    assert set(verdicts(said)) == {"unknown"}, said


def test_what_was_seen_counts_although_not_all_could_be_read() -> None:
    has = blind(node(cloud="azure:///1", address="10.244.0.9"))
    assert verdicts(looked("cloud", wanted("kube-router"), has)) == ["conflict"]
    assert verdicts(looked("node_addresses", wanted(), has)) == ["conflict"]
    elsewhere = around(node(), pod_ranges=ranged("10.244.0.0/16"), unread=("ConfigMap kube-system/kube-proxy: no",))
    said = looked("pod_cidr", wanted(), elsewhere)
    assert verdicts(said) == ["unknown", "ok", "ok"]
    assert "ConfigMap kube-system/kube-proxy could not be read" in said[0].evidence


def test_each_check_is_tried_here_with_every_verdict_that_its_file_can_give() -> None:
    tried = {(check, verdict.split()[0]) for check, _, _, found, _ in CASES for verdict in found}
    can = {
        (name, verdict)
        for name in preflight.all_checks()
        for verdict in ("ok", "doubt", "conflict", "unknown")
        if f"yield {verdict}(" in source_of(name)
    }
    assert can
    assert can - tried == set(), "a verdict that no case of the table gives"
    codes = {verdict.split()[1] for *_, found, _ in CASES for verdict in found if " " in verdict}
    assert codes == {code for name in preflight.all_checks() for code in codes_of(name)} == set(preflight.all_codes())
    assert {name: set(check.codes) for name, check in preflight.all_checks().items()} == {
        name: codes_of(name) for name in preflight.all_checks()
    }


def source_of(name: str) -> str:
    return (Path(preflight.__file__).parent / f"{name}.py").read_text()


def codes_of(name: str) -> set[str]:
    return set(re.findall(r'doubt\(\s*"([a-z0-9-]+)"', source_of(name)))


def test_who_accepts_a_doubt_of_nodes_accepts_that_they_stay_without() -> None:
    nodes = (
        node("down", ready=None, message="Kubelet stopped posting node status."),
        node("windows", system="windows"),
        node("risc", architecture="riscv64"),
        node("well"),
    )
    wants, has = wanted("calico"), around(*nodes)

    def without(*codes: str) -> tuple[str, ...]:
        return preflight.left_without(wants, has, frozenset(codes))

    assert without() == without("leftovers") == ()
    assert without("node-not-ready") == ("down",)
    assert without("not-linux", "architecture") == ("risc", "windows")


def test_a_conflict_stops_with_its_evidence_and_what_was_looked_at_besides() -> None:
    checks = preflight.checked(wanted(), around(node(address="10.244.0.9"), kube_proxy=False))
    with pytest.raises(Refused, match=r"node1 \(10\.244\.0\.9\)") as refused:
        briefing.refuse_conflicts("flannel cannot be installed here", checks)
    assert "kube-proxy, doubt: " in refused.value.cause
    assert [each.verdict for each in checks] == sorted(
        (each.verdict for each in checks), key=("conflict", "doubt", "unknown", "ok").index
    )


def test_a_doubt_is_one_a_code_and_is_gone_when_it_is_accepted() -> None:
    has = around(node(network="WeaveIsUp"), kube_proxy=False, definitions=frozenset({"a.cilium.io"}))
    checks = preflight.checked(wanted(), has)
    doubts = {each.code: each.text for each in briefing.doubts(checks, frozenset())}
    assert set(doubts) == {"leftovers", "no-kube-proxy"}
    assert "Cilium" in doubts["leftovers"]
    assert "Weave Net" in doubts["leftovers"]
    assert [each.code for each in briefing.doubts(checks, frozenset({"leftovers", "mtu"}))] == ["no-kube-proxy"]


def test_every_check_is_described_for_people_with_its_codes() -> None:
    """The table in docs/network-plugins.md: `| pod CIDR | … | `pod-cidr-elsewhere` |`."""
    part = PAGE.read_text().partition("## What is looked at before")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")]
    described = {row[0]: set(re.findall(r"`([a-z0-9-]+)`", row[-1])) for row in rows[2:]}
    checks = {check.about: codes_of(name) for name, check in preflight.all_checks().items()}
    for about, codes in checks.items():
        assert about in described, f"docs/network-plugins.md, What is looked at before: a row for {about!r} is missing"
        assert described[about] == codes, f"docs/network-plugins.md: the codes of {about!r} are {sorted(codes)}"
    assert set(described) <= set(checks), f"no check says {sorted(set(described) - set(checks))} any more"
