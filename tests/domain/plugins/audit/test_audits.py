"""Each audit on a cluster in which it is wrong, and on one in which it is right."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.discovery import declared
from bot.domain.diagnosis.diagnose import Diagnosis, all_rules
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.network.references import NODE, Ref
from bot.domain.network.snapshot import Node
from bot.domain.plugins.audit import AGENT_NOT_READY, Audit, all_audits, audited
from bot.domain.plugins.facts import IP_POOL, Allotted, Facts
from bot.domain.plugins.usage import usage
from tests import builders
from tests.builders import daemon_set, snapshot, whole
from tests.plugin_worlds import (
    CALICO,
    CANAL,
    FLANNEL,
    WEAVE,
    agent_pod,
    config_map,
    custom,
    deployment,
    facts,
    installation,
    net_conf,
    node,
    pods_with,
    pool,
    tigera_status,
)

ROOT = Path(__file__).parents[4]
BACKEND, PUBLIC = "flannel.alpha.coreos.com/backend-type", "flannel.alpha.coreos.com/public-ip"


def flannel(*objects: Any, conf: Any = None, **more: Any) -> Facts:
    return facts(FLANNEL, *objects, config_maps={"flannel": conf or net_conf()}, **more)


def calico(*objects: Any, pools: tuple[Any, ...] = (pool(),), **more: Any) -> Facts:
    return facts(CALICO, *objects, ip_pools=pools, **more)


def weave(value: str) -> Facts:
    environment = [{"name": "IPALLOC_RANGE", "value": value}]
    spec = {"template": {"spec": {"containers": [{"name": "weave", "env": environment}]}}}
    return facts(WEAVE, agents=[whole(WEAVE) | {"spec": spec}])


def flannel_node(name: str, cidr: str, **annotations: str) -> Any:
    address = f"192.0.2.{name[-1]}"
    return node(name, cidr, address=address, annotations={BACKEND: "vxlan", PUBLIC: address} | annotations)


def new_node() -> Any:
    """Not ready, as without a plugin."""
    return msgspec.convert({"metadata": {"name": "node1", "uid": "1"}, "spec": {}, "status": {}}, Node)


ROUTER = daemon_set("kube-router", images=["docker.io/cloudnativelabs/kube-router:v2.11.1"])
BRIDGE = config_map("kube-router-cfg", **{"cni-conf.json": {"plugins": [{"type": "bridge", "mtu": 1500}]}})
Case = tuple[Callable[[], Facts], str, str, str]
"""Facts; object and field at fault; and a word that is said of it."""

_POOL, _NET = "IPPool default-ipv4-ippool", "ConfigMap kube-flannel/kube-flannel-cfg"
_AGENT, _CALICO = "DaemonSet kube-flannel/kube-flannel-ds", "DaemonSet calico-system/calico-node"
_CIDR, _BACKEND, _PUBLIC = "spec.podCIDR", f"metadata.annotations[{BACKEND}]", f"metadata.annotations[{PUBLIC}]"
_IMAGE, _UNAVAILABLE = "spec.template.spec.containers[].image", "status.conditions[NetworkUnavailable]"

WRONG: dict[str, list[Case]] = {
    "pool-outside-cluster-cidr": [
        (lambda: calico(pools=(pool("192.168.0.0/16"),)), _POOL, "spec.cidr", "is not within"),
        (lambda: flannel(conf=net_conf("10.244.0.0/20")), _NET, "data[net-conf.json].Network", "does not hold"),
        (lambda: weave("10.32.0.0/12"), "DaemonSet kube-system/weave-net",
         "spec.template.spec.containers[weave].env[IPALLOC_RANGE]", "is not within"),
    ],
    "pool-overlaps-services": [
        (lambda: calico(pools=(pool("10.96.0.0/16"),)), _POOL, "spec.cidr", "overlaps the Services' 10.96.0.0/12"),
    ],
    "pool-holds-node-addresses": [
        (lambda: calico(node(address="10.244.9.9")), _POOL, "spec.cidr", "holds addresses of 1 nodes"),
    ],
    "pool-nearly-used-up": [
        (lambda: calico(pools=(pool("10.244.0.0/26"),), blocks=(Allotted("10.244.0.0/26", "node1", 60),)), _POOL,
         "spec.cidr", "60/64"),
        (lambda: flannel(node(cidr="10.244.1.0/30"), *pods_with(*(f"10.244.1.{last}" for last in range(4)))),
         "Node node1", _CIDR, "4/4"),
    ],
    "mtu-too-large": [
        (lambda: calico(node(), installations=(installation(mtu=1500),)), "Installation default",
         "spec.calicoNetwork.mtu", "does not fit into 1500"),
        (lambda: calico(node(), installations=(installation(measured=1500),)), "Installation default", "status.mtu",
         "does not fit into 1500"),
        (lambda: calico(node(provider="gce://p/z/n"), installations=(installation(mtu=1450),)), "Installation default",
         "spec.calicoNetwork.mtu", "does not fit into 1460"),
        (lambda: flannel(node(), conf=net_conf(MTU=1550)), _NET, "data[net-conf.json].Backend.MTU",
         "does not fit into 1500"),
        (lambda: facts(ROUTER, node(), config_maps={"kube-router": BRIDGE}),
         "ConfigMap kube-system/kube-router-cfg", "data[cni-conf.json].plugins[0].mtu", "does not fit into 1500"),
        (lambda: calico(node(), installations=(installation(),),
                        felix=(custom("FelixConfiguration", "default", {"vxlanMTU": 1400}),)),
         "FelixConfiguration default", "spec.vxlanMTU", "pods send packets of 1450"),
    ],
    "encapsulation-differs": [
        (lambda: flannel(flannel_node("node1", "10.244.1.0/24", **{BACKEND: "host-gw"})), "Node node1", _BACKEND,
         "uses host-gw, and vxlan is configured"),
        (lambda: calico(installations=(installation("IPIP"),)), _POOL, "spec.vxlanMode", "IPIP is wanted"),
        (lambda: calico(pools=(), installations=(installation(),)), "Installation default",
         "spec.calicoNetwork.ipPools", "not there: 10.244.0.0/16"),
    ],
    "cloud-drops-encapsulation": [
        (lambda: calico(node(provider="azure:///x"), pools=(pool(ipipMode="CrossSubnet", vxlanMode="Never"),)), _POOL,
         "spec.ipipMode", "IPIPCrossSubnet, which Azure's network drops"),
        (lambda: facts(ROUTER, node(provider="azure:///x"), agents=[whole(ROUTER)]),
         "DaemonSet kube-system/kube-router", "spec.template.spec.containers[kube-router].args", "network drops"),
        (lambda: antrea("gre", provider="azure:///x"), "ConfigMap kube-system/antrea-config",
         "data[antrea-agent.conf].tunnelType", "wraps by GRE, which Azure's network drops"),
    ],
    "node-pod-cidr-wrong": [
        (lambda: flannel(node(cidr="")), "Node node1", _CIDR, "has no range"),
        (lambda: flannel(node("node1"), node("node2")), "Node node2", _CIDR, "is node node1's too"),
        (lambda: flannel(node("node1", "10.244.0.0/22"), node("node2", "10.244.3.0/24")), "Node node2", _CIDR,
         "is node node1's too"),
        (lambda: flannel(node(cidr="10.0.1.0/24")), "Node node1", _CIDR, "is not within 10.244.0.0/16"),
    ],
    "flannel-address-wrong": [
        (lambda: flannel(flannel_node("node1", "10.244.1.0/24", **{PUBLIC: "10.0.2.15"})), "Node node1", _PUBLIC,
         "is none of the node's"),
    ],
    "two-network-plugins": [
        (lambda: facts(CALICO, FLANNEL), _AGENT, "", "brings flannel, and Calico is there too"),
    ],
    "leftovers-of-plugin": [
        (lambda: flannel(node(network=("False", "CalicoIsUp"))), "Node node1", _UNAVAILABLE, "last told by Calico"),
        (lambda: flannel(definitions=["antreaagentinfos.crd.antrea.io"]),
         "CustomResourceDefinition antreaagentinfos.crd.antrea.io", "", "is left of Antrea"),
    ],
    "no-network-plugin": [
        (lambda: facts(new_node()), "Namespace kube-system", "", "has no network plugin"),
    ],
    "node-network-unavailable": [
        (lambda: calico(node(network=("True", "CalicoIsDown"))), "Node node1", _UNAVAILABLE, "has no network"),
    ],
    AGENT_NOT_READY: [
        (lambda: facts(daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1"], ready=1)),
         "DaemonSet kube-system/calico-node", "status.numberReady", "1 of 2 nodes"),
    ],
    "component-not-ready": [
        (lambda: calico(deployment("calico-typha", ready=0)), "Deployment calico-system/calico-typha",
         "status.readyReplicas", "0 of 1"),
        (lambda: calico(daemon_set("csi-node-driver", namespace="calico-system", ready=1)),
         "DaemonSet calico-system/csi-node-driver", "status.numberReady", "1 of 2 replicas"),
        (lambda: calico(deployment("tigera-operator", "tigera-operator", replicas=0)),
         "Deployment tigera-operator/tigera-operator", "spec.replicas", "scaled to none"),
        (lambda: calico(tigera_statuses=(tigera_status(Degraded="True", Available="True"),)), "TigeraStatus calico",
         "status.conditions[Degraded]", "is degraded"),
        (lambda: calico(tigera_statuses=(tigera_status(Available="False"),)), "TigeraStatus calico",
         "status.conditions[Available]", "is not available"),
    ],
    "image-floats": [
        (lambda: facts(daemon_set("kube-router", images=["docker.io/cloudnativelabs/kube-router"])),
         "DaemonSet kube-system/kube-router", "spec.template.spec.containers[c0].image", "names no version"),
    ],
    "plugin-version-behind": [
        (lambda: facts(daemon_set("calico-node", images=["quay.io/calico/node:v3.30.2"])),
         "DaemonSet kube-system/calico-node", _IMAGE, "v3.32.1 is out"),
    ],
    "plugin-out-of-support": [
        (lambda: facts(daemon_set("calico-node", images=["quay.io/calico/node:v3.30.2"])),
         "DaemonSet kube-system/calico-node", _IMAGE, "not looked after"),
        (lambda: facts(daemon_set("weave-net", images=["docker.io/weaveworks/weave-kube:2.8.1"])),
         "DaemonSet kube-system/weave-net", _IMAGE, "not looked after"),
    ],
    "kubernetes-untested": [
        (lambda: facts(daemon_set("calico-node", images=["quay.io/calico/node:v3.31.7"])),
         "DaemonSet kube-system/calico-node", _IMAGE, "not tested with Kubernetes 1.36"),
    ],
    "agent-gone": [
        (lambda: facts(node(network=("False", "CalicoIsUp")), definitions=["ippools.crd.projectcalico.org"]), _CALICO,
         "", "what is left of Calico stands"),
        (lambda: facts(node(), settings_left={"Canal": Ref("ConfigMap", "canal-config", "kube-system")}),
         "DaemonSet kube-system/canal", "", "what is left of Canal stands"),
    ],
    "agent-versions-differ": [
        (lambda: calico(agent_pod(CALICO), agent_pod(CALICO, "node2", image="quay.io/calico/node:v3.31.7")), _CALICO,
         "status.updatedNumberScheduled", "2 versions"),
    ],
}  # fmt: skip

_WELL = [
    lambda: flannel(
        flannel_node("node1", "10.244.1.0/24"),
        flannel_node("node2", "10.244.2.0/24"),
        agent_pod(FLANNEL),
        agent_pod(FLANNEL, "node2"),
        conf=net_conf(MTU=1500),
    ),
    lambda: calico(
        node(network=("False", "CalicoIsUp")),
        agent_pod(CALICO),
        deployment("calico-typha"),
        deployment("tigera-operator", "tigera-operator"),
        installations=(installation(),),
        tigera_statuses=(tigera_status(Available="True", Degraded="False"),),
        definitions=["ippools.crd.projectcalico.org"],
    ),
]
RIGHT: dict[str, list[str]] = {
    "pool-outside-cluster-cidr": [_POOL, _NET],
    "pool-overlaps-services": [_POOL, _NET],
    "pool-holds-node-addresses": [_POOL, _NET],
    "pool-nearly-used-up": [_POOL, "Node node1"],
    "mtu-too-large": ["Installation default", _NET],
    "encapsulation-differs": [_POOL, "Installation default", "Node node1"],
    "cloud-drops-encapsulation": [_POOL],
    "node-pod-cidr-wrong": ["Node node1", "Node node2"],
    "flannel-address-wrong": ["Node node1", "Node node2"],
    "two-network-plugins": [_CALICO, _AGENT],
    "leftovers-of-plugin": ["Node node1", "CustomResourceDefinition ippools.crd.projectcalico.org"],
    "no-network-plugin": ["Namespace kube-system"],
    "node-network-unavailable": ["Node node1"],
    AGENT_NOT_READY: [_CALICO, _AGENT],
    "component-not-ready": ["Deployment calico-system/calico-typha", "TigeraStatus calico"],
    "image-floats": [_CALICO, _AGENT],
    "plugin-version-behind": [_CALICO, _AGENT],
    "plugin-out-of-support": [_CALICO, _AGENT],
    "kubernetes-untested": [_CALICO],
    "agent-gone": [_CALICO, _AGENT],
    "agent-versions-differ": [_CALICO, _AGENT],
}


def antrea(tunnel: str, provider: str) -> Facts:
    agent = daemon_set("antrea-agent", images=["antrea/antrea-agent-ubuntu:v2.7.0"])
    settings = config_map("antrea-config", **{"antrea-agent.conf": f'#a comment\ntunnelType: "{tunnel}"\n'})
    return facts(agent, node(provider=provider), config_maps={"Antrea": settings})


def test_what_antrea_wraps_by_is_right_where_it_is_carried() -> None:
    for there in (antrea("geneve", "azure:///x"), antrea("gre", "")):
        found = judged(there, "cloud-drops-encapsulation")
        assert (found.wrong, [each.object.kind for each in found.right]) == ((), ["ConfigMap"])


def judged(there: Facts, *codes: str) -> Diagnosis:
    return audited(there, [all_audits()[code] for code in codes] or list(all_audits().values()))


def only(there: Facts, code: str) -> Finding:
    (finding,) = judged(there, code).wrong
    return finding


def test_an_audit_is_called_like_its_file_and_no_two_alike() -> None:
    audits = declared("bot.domain.plugins.audit", "AUDIT", Audit)
    assert [audit.code for audit in audits.values()] == [module.replace("_", "-") for module in audits]
    assert len(all_audits()) == len(audits)
    assert set(all_audits()) & set(all_rules()) == {AGENT_NOT_READY}, "two that say different things under one code"


def test_each_audit_has_a_case_that_is_wrong_and_one_that_is_right() -> None:
    for table in ("WRONG", "RIGHT"):
        missing = set(all_audits()) - set(globals()[table])
        assert not missing, f"add a case to {table} in this file for: {', '.join(sorted(missing))}"


def test_each_audit_is_explained_in_the_documentation() -> None:
    page = (ROOT / "docs" / "network-plugins.md").read_text()
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", page, re.MULTILINE))
    assert told == {code: audit.severity.value for code, audit in sorted(all_audits().items())}, (
        "docs/network-plugins.md has a row for each audit: | `code` | severity | what is wrong |"
    )


@pytest.mark.parametrize(
    ("code", "case"), [pytest.param(c, k, id=f"{c}-{n}") for c, cases in WRONG.items() for n, k in enumerate(cases)]
)
def test_what_is_wrong_is_told_with_object_field_evidence_and_next_step(code: str, case: Case) -> None:
    make, object, field, said = case
    finding = only(make(), code)
    assert (str(finding.object), finding.field) == (object, field)
    assert said in finding.summary
    assert finding.next_step
    assert not finding.right


@pytest.mark.parametrize("make", _WELL, ids=["flannel", "calico"])
def test_a_cluster_in_order_has_nothing_wrong(make: Callable[[], Facts]) -> None:
    assert judged(make()).wrong == ()


@pytest.mark.parametrize("code", sorted(RIGHT))
def test_what_is_right_is_proven(code: str) -> None:
    proven = {str(finding.object) for make in _WELL for finding in judged(make(), code).right}
    assert set(RIGHT[code]) <= proven


@pytest.mark.parametrize("code", sorted(set(WRONG) - {"leftovers-of-plugin"}))
def test_no_object_is_wrong_and_right_under_the_same_key(code: str) -> None:
    for make, *_ in WRONG[code]:
        found = judged(make(), code)
        for wrong in found.wrong:
            assert not [right for right in found.right if right.proves(wrong.key)]


@pytest.mark.parametrize(
    ("agent", "kubernetes", "evidence"),
    [
        (FLANNEL, "v1.16.15", "1.16, and flannel v0.28.9 is for 1.17 or later, as its makers say"),
        (FLANNEL, "v1.36.2", ""),
        (CALICO, "v1.33+", "1.33+, and Calico v3.32.1 was tested with 1.34 to 1.36"),
        (CALICO, "v1.36+", ""),
        (CALICO, "", ""),
    ],
)
def test_a_kubernetes_is_held_against_what_the_makers_say(agent: Any, kubernetes: str, evidence: str) -> None:
    there = facts(agent)
    cluster = msgspec.structs.replace(builders.CLUSTER, version=kubernetes)
    seen = msgspec.structs.replace(there.snapshot, cluster=cluster)
    there = dataclasses.replace(there, around=dataclasses.replace(there.around, snapshot=seen))
    found = judged(there, "kubernetes-untested")
    assert [each.evidence for each in found.wrong] == ([(f"Kubernetes is {evidence}",)] if evidence else [])
    assert bool(found.right) == bool(kubernetes and not evidence)


def test_a_fault_that_was_mended_is_proven_right_under_its_key() -> None:
    wrong = only(calico(node(), installations=(installation("IPIP"),)), "encapsulation-differs")
    mended = judged(calico(node(), installations=(installation(),)), "encapsulation-differs")
    assert any(finding.proves(wrong.key) for finding in mended.right)


def test_what_could_not_be_read_is_not_judged() -> None:
    found = judged(calico(unread=[IP_POOL, NODE]), "pool-overlaps-services", "two-network-plugins")
    assert [(each.rule, each.kinds) for each in found.skipped] == [("pool-overlaps-services", (IP_POOL,))]
    assert {finding.rule for finding in found.right} == {"two-network-plugins"}


def test_an_agent_that_is_not_ready_explains_the_node_without_network() -> None:
    agent = daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1"], wanted=1, ready=0)
    there = facts(agent, node(network=("True", "CalicoIsDown")), agent_pod(agent, ready=False))
    cause, symptom = judged(there, AGENT_NOT_READY, "node-network-unavailable").wrong
    assert (symptom.object, symptom.cause) == (Ref("Node", "node1"), cause.key)
    assert "node1: calico-node-node1 is Running" in cause.evidence


def test_the_rule_and_the_audit_speak_of_one_incident() -> None:
    agent = daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1"], ready=1)
    finding = only(facts(agent), AGENT_NOT_READY)
    (ruled,) = all_rules()[AGENT_NOT_READY].find(snapshot(agent), None)  # type: ignore[arg-type]
    assert (finding.key, finding.summary) == (ruled.key, ruled.summary)


def test_two_nodes_with_the_same_flannel_address_are_both_told() -> None:
    nodes = [flannel_node(f"node{n}", f"10.244.{n}.0/24", **{PUBLIC: "10.0.2.15"}) for n in (1, 2)]
    found = judged(flannel(*nodes), "flannel-address-wrong").wrong
    assert [(each.object.name, each.severity) for each in found] == [
        ("node1", Severity.HIGH),
        ("node2", Severity.HIGH),
    ]


def test_calico_beside_a_clouds_own_plugin_is_meant() -> None:
    assert judged(facts(daemon_set("aws-node"), CALICO), "two-network-plugins").wrong == ()


def test_an_unknown_agent_may_be_a_chained_one() -> None:
    multus = daemon_set("kube-multus-ds", host_paths=["/etc/cni/net.d"])
    finding = only(facts(FLANNEL, multus), "two-network-plugins")
    assert finding.severity is Severity.LOW


def test_canals_definitions_are_its_own_and_not_left_of_calico() -> None:
    there = facts(CANAL, definitions=["ippools.crd.projectcalico.org"])
    assert judged(there, "leftovers-of-plugin").wrong == ()


def test_nodes_that_are_ready_by_what_a_plugin_left_have_no_network_for_sure() -> None:
    there = judged(facts(node(network=("False", "FlannelIsUp"))))
    (found,) = there.wrong
    assert (found.rule, found.severity) == ("no-network-plugin", Severity.MEDIUM)
    assert "flannel was the last on node1" in found.evidence[1]
    assert not [each for each in there.right if each.rule == found.rule]


def test_a_node_that_a_plugin_shut_is_told_once_with_what_opens_it() -> None:
    there = flannel(node(network=("True", "CalicoIsDown")))
    (found,) = (each for each in judged(there).wrong if each.object.kind == "Node")
    assert found.rule == "node-network-unavailable"
    assert "Calico said so, and is not there any more" in found.evidence
    assert "kubectl patch node node1 --subresource=status" in found.next_step


def test_an_mtu_that_calico_measured_on_wide_links_is_right() -> None:
    there = calico(node(), installations=(installation(measured=8951),))
    assert judged(there, "mtu-too-large").wrong == ()


@pytest.mark.parametrize("version", ["v3.32.1", "v3.33.0", "latest", "v3.32.1-12-gabcdef"])
def test_a_version_that_is_not_older_is_not_behind(version: str) -> None:
    there = facts(daemon_set("calico-node", images=[f"quay.io/calico/node:{version}"]))
    assert judged(there, "plugin-version-behind", "plugin-out-of-support").wrong == ()


def test_values_that_are_no_ranges_stop_nothing() -> None:
    there = calico(node(cidr="nonsense"), pools=(pool("nonsense"), custom("IPPool", "empty")), pods=["10.244.0.0/16"])
    assert judged(there).wrong == ()


class TestAddresses:
    def test_finished_pods_and_those_on_the_host_hold_none(self) -> None:
        there = flannel(
            node(), *pods_with("10.244.1.2"), *pods_with("10.244.1.3", phase="Succeeded"), *pods_with("192.0.2.1")
        )
        assert str(usage(there).nodes["node1"]) == "1/256"

    def test_calicos_own_books_go_before_pods(self) -> None:
        blocks = (Allotted("10.244.0.0/26", "node1", 7), Allotted("10.244.0.64/26", "", 1))
        counted = usage(calico(node(), *pods_with("10.244.0.2"), blocks=blocks))
        assert counted.by == "IPAMBlocks"
        assert [str(taken) for taken in counted.pools.values()] == ["8/65536"]
        assert str(counted.nodes["node1"]) == "7/64"

    def test_without_blocks_pods_are_counted_for_each_pool(self) -> None:
        counted = usage(calico(node(), *pods_with("10.244.0.2", "10.244.7.9", "172.16.0.1")))
        assert (counted.by, [str(taken) for taken in counted.pools.values()]) == ("pods", ["2/65536"])


def test_thousands_of_pods_on_hundreds_of_nodes_are_judged_in_one_pass() -> None:
    nodes = [node(f"node{n}", f"10.{n // 250}.{n % 250}.0/24") for n in range(500)]
    objects = [builders.pod(f"p{n}", node=f"node{n % 500}") for n in range(2000)]
    assert len(judged(flannel(*nodes, *objects, conf=net_conf("10.0.0.0/8"), pods=[])).right) > 1000
