"""`cni status` and `cni check`: in the playground's worlds, and on clusters in memory, broken or half hidden."""

from typing import Any

import msgspec
import pytest

from bot.application.execution.dispatch import dispatch
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.domain.chat.report import Bullets, FindingsBlock, Report, Status, Table, plain
from bot.domain.network.references import NODE, ref_to
from bot.domain.plugins.audit import all_audits
from bot.domain.plugins.facts import INSTALLATION, TIGERA_STATUS
from bot.errors import Refused
from tests import builders
from tests.builders import daemon_set, whole
from tests.fakes import World, world
from tests.plugin_worlds import (
    CALICO,
    FLANNEL,
    WEAVE,
    agent_pod,
    calico_world,
    deployment,
    installation,
    net_conf,
    node,
    pods_with,
    pool,
    tigera_status,
)
from tests.stage import catalogue, staged


def where(*objects: Any) -> World:
    there = world(catalogue())
    for each in objects:
        there.cluster.put(each if isinstance(each, dict) else whole(each))
    return there


async def say(there: World, line: str) -> Report:
    invocation = Invocation(text=line, source=Source.TERMINAL, actor=Actor("terminal:ann", "ann"))
    return (await dispatch(there.ports, invocation)).report


def flannel(*nodes: Any, **backend: Any) -> tuple[Any, ...]:
    configuration = net_conf(**backend)
    configuration["metadata"]["namespace"] = "kube-flannel"
    return (FLANNEL, configuration, *nodes, *(agent_pod(FLANNEL, each.name) for each in nodes))


def definition(name: str) -> dict[str, Any]:
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name}}


def calico(*objects: Any) -> tuple[Any, ...]:
    plurals = ("ippools.crd.projectcalico.org", "ipamblocks.crd.projectcalico.org", "installations.operator.tigera.io",
               "tigerastatuses.operator.tigera.io", "felixconfigurations.crd.projectcalico.org")  # fmt: skip
    return (CALICO, *map(definition, plurals), *objects)


def rows(report: Report, first_column: str) -> list[list[str]]:
    tables = [each for each in report.blocks if isinstance(each, Table) and each.columns[0] == first_column]
    return [[plain(cell) for cell in row] for table in tables for row in table.rows]


def lines(report: Report) -> list[str]:
    return [plain(item) for block in report.blocks if isinstance(block, Bullets) for item in block.items]


def notes(report: Report) -> str:
    return "\n".join(map(plain, report.footnotes))


def told(report: Report) -> list[tuple[str, str, str]]:
    blocks = [block for block in report.blocks if isinstance(block, FindingsBlock)]
    return [(each.rule, str(each.object), each.field) for block in blocks for each in block.findings]


class TestOnThePlaygroundsWorlds:
    async def test_the_shop_has_flannel_and_nothing_wrong(self) -> None:
        async with staged("shop") as stage:
            status, check = await stage.say("cni status"), await stage.say("cni check")
        assert (status.status, status.title) == (Status.OK, "flannel v0.28.9 on patchbay-playground")
        assert lines(status)[0].endswith("by DaemonSet kube-flannel/kube-flannel-ds, ready on 3 of 3 nodes")
        ((name, cidr, used, how, _),) = rows(status, "POOL")
        assert (name, cidr, how) == ("Network", "10.244.0.0/16", "vxlan")
        assert int(used.removesuffix("/65536")) > 0
        nodes = rows(status, "NODE")
        assert [row[0] for row in nodes] == ["control", "worker1", "worker2"]
        assert all(row[4] == "Running 1/1" and row[7].endswith("/256") for row in nodes)
        assert (check.status, told(check)) == (Status.OK, [])
        assert check.examined
        assert len(rows(check, "LOOKED AT")) == len(all_audits())
        assert "/etc/cni/net.d" in notes(check)

    async def test_calico_by_its_operator_is_told_with_blocks_and_components(self) -> None:
        async with calico_world() as stage:
            status, check = await stage.say("cni status"), await stage.say("cni check")
        assert (status.status, check.status, told(check)) == (Status.OK, Status.OK, [])
        assert lines(status)[1].startswith("Installed by an operator, from Installation default")
        assert [row[0] for row in rows(status, "POOL")] == ["default-ipv4-ippool"]
        assert all(row[2] == "available" and row[7].endswith("/64") for row in rows(status, "NODE"))
        parts = {row[0]: row[2] for row in rows(status, "COMPONENT")}
        assert parts["Deployment tigera-operator/tigera-operator"] == "ready"
        assert parts["TigeraStatus calico"] == "available"
        assert {finding.rule for finding in check.examined} >= {"component-not-ready", "encapsulation-differs"}

    async def test_a_cluster_that_waits_for_a_plugin_is_told_how_to_get_one(self) -> None:
        async with staged("new-cluster") as stage:
            status, check = await stage.say("cni status"), await stage.say("cni check")
        assert status.status is Status.FINDINGS
        assert "cni install" in status.title
        assert {tuple(row[1:4]) for row in rows(status, "NODE")} == {("no", "-", "<none>")}
        assert check.status is Status.FINDINGS
        assert told(check) == [("no-network-plugin", "Namespace kube-system", "")]
        assert check.title == "No network plugin on patchbay-playground: 1 thing wrong"


class TestStatus:
    async def test_nodes_in_trouble_come_first_with_state_restarts_and_age(self) -> None:
        waiting = builders.waiting("CrashLoopBackOff", "agent", restarts=4, lastState=builders.crashed())
        broken = agent_pod(FLANNEL, "node2")
        broken = msgspec.convert(
            {**msgspec.to_builtins(broken), "status": {"phase": "Running", "containerStatuses": [waiting]}},
            type(broken),
        )
        agent = daemon_set("kube-flannel-ds", namespace="kube-flannel", images=["flannel-io/flannel:v0.28.9"], ready=1)
        nodes = (node("node1"), node("node2", "10.244.2.0/24", network=("True", "FlannelIsDown")))
        report = await say(where(agent, *nodes, agent_pod(FLANNEL), broken, *pods_with("10.244.1.7")), "cni status")
        assert report.status is Status.FINDINGS
        assert report.title.endswith("flannel is ready on 1 of 2 nodes")
        assert rows(report, "NODE") == [
            ["node2", "yes", "unavailable", broken.name, "CrashLoopBackOff 0/1", "4 (60s ago)", "60m", "0/256"],
            ["node1", "yes", "-", "kube-flannel-ds-node1", "Running 1/1", "0", "60m", "2/256"],
        ]

    @pytest.mark.parametrize(
        ("agent", "title", "how"),
        [
            (daemon_set("aws-node", images=["x/amazon-k8s-cni:v1.20.0"]), "AWS VPC CNI v1.20.0", "add-on of EKS"),
            (daemon_set("azure-cns"), "Azure CNI", "--network-plugin azure"),
            (daemon_set("anetd"), "GKE Dataplane V2", "--enable-dataplane-v2"),
            (daemon_set("ovnkube-node"), "OVN-Kubernetes", "OpenShift"),
            (None, "a plain bridge, or one that the hosts manage", "outside of Kubernetes"),
        ],
    )
    async def test_plugins_that_are_only_recognised_are_shown_too(self, agent: Any, title: str, how: str) -> None:
        report = await say(where(*([agent] if agent else []), node(), *pods_with("10.0.0.7")), "cni status")
        assert report.title.startswith(title)
        assert how in " ".join(lines(report))
        assert rows(report, "NODE")[0][7] == "1"

    async def test_cilium_is_shown_with_its_pool_and_operator(self) -> None:
        data = {"ipam": "cluster-pool", "cluster-pool-ipv4-cidr": "10.0.0.0/8", "tunnel-protocol": "geneve"}
        settings = {
            "apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {"name": "cilium-config", "namespace": "kube-system"},
        }  # fmt: skip
        agent = daemon_set("cilium", images=["quay.io/cilium/cilium:v1.20.0"])
        operator = deployment("cilium-operator", "kube-system", ready=1, replicas=2)
        report = await say(where(agent, settings, operator, node(), *pods_with("10.0.0.7")), "cni status")
        assert rows(report, "POOL") == [
            ["cluster-pool-ipv4-cidr", "10.0.0.0/8", "1/2^24", "geneve", "ConfigMap kube-system/cilium-config"]
        ]
        assert rows(report, "COMPONENT")[0][:3] == ["Deployment kube-system/cilium-operator", "1/2", "not ready"]

    async def test_what_holds_a_component_up_is_told_as_kubectl_prints_it(self) -> None:
        crashing = builders.waiting("CrashLoopBackOff", "typha", restarts=7, lastState=builders.crashed())
        owner = ("ReplicaSet", "calico-typha-5d9")
        typha = msgspec.to_builtins(builders.pod("typha-5d9-x", namespace="calico-system", node="node1", owner=owner))
        typha["metadata"]["labels"] = {"pod-template-hash": "5d9"}
        typha["status"] = {"phase": "Running", "containerStatuses": [crashing]}
        typha |= {"apiVersion": "v1", "kind": "Pod"}
        driver = daemon_set("csi-node-driver", namespace="calico-system")
        there = where(*calico(node(), agent_pod(CALICO)), driver, deployment("calico-typha", ready=0), typha)
        report = await say(there, "cni status")
        assert [row[:4] for row in rows(report, "COMPONENT")] == [
            ["Deployment calico-system/calico-typha", "0/1", "not ready: CrashLoopBackOff", "7"],
            ["DaemonSet calico-system/csi-node-driver", "2/2", "ready", "0"],
        ]

    async def test_weave_has_its_range_from_its_environment(self) -> None:
        agent = whole(WEAVE)
        agent["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "IPALLOC_RANGE", "value": "10.40.0.0/16"}]
        report = await say(where(agent, node(), *pods_with("10.40.0.2")), "cni status")
        assert rows(report, "POOL")[0][:3] == ["IPALLOC_RANGE", "10.40.0.0/16", "1/65536"]

    async def test_who_installed_it_is_told_with_the_field_manager(self) -> None:
        agent = whole(FLANNEL)
        agent["metadata"]["annotations"] = {
            "meta.helm.sh/release-name": "net",
            "meta.helm.sh/release-namespace": "infra",
        }
        there = where(node())
        there.cluster.put(agent, manager="helm")
        report = await say(there, "cni status")
        assert "Installed by Helm, release infra/net (field managers: helm)" in lines(report)

    async def test_blocks_that_may_not_be_read_leave_pods_to_be_counted(self) -> None:
        there = where(*calico(pool(), node(), *pods_with("10.244.0.2")))
        there.cluster.refuses["IPAMBlock"] = Refused("Cannot read ipamblocks", cause="may not list them")
        report = await say(there, "cni status")
        assert rows(report, "POOL")[0][2] == "1/65536"
        assert "Could not read ipamblocks" in notes(report)

    async def test_what_the_account_may_not_read_is_said_once_with_what_grants_it(self) -> None:
        there = where(*calico(pool(), node(), *pods_with("10.244.0.2")))
        for plural, kind in (("ipamblocks", "IPAMBlock"), ("ippools", "IPPool"), ("servicecidrs", "ServiceCIDR")):
            there.cluster.refuses[kind] = Refused(
                f"Cannot list {plural}",
                cause=f'{plural} is forbidden: User "bot" cannot list resource "{plural}"',
                next_step="ask the cluster's administrator for this right",
            )
        for line in ("cni status", "cni check"):
            said = notes(await say(there, line))
            assert "may not read ipamblocks, ippools, servicecidrs: deploy/kubernetes/look.yaml grants it" in said
            assert "forbidden" not in said

    async def test_without_daemon_sets_nothing_is_claimed(self) -> None:
        there = where(*flannel(node()))
        there.cluster.refuses["DaemonSet"] = Refused("Cannot read daemonsets", cause="may not list them")
        for line in ("cni status", "cni check"):
            report = await say(there, line)
            assert report.status is Status.FAILED
            assert "could not be read" in report.title


class TestCheck:
    async def test_what_is_wrong_is_told_and_examined(self) -> None:
        nodes = (node("node1", ""), node("node2", "10.99.0.0/24"))
        report = await say(where(*flannel(*nodes, MTU=9000)), "cni check")
        assert report.status is Status.FINDINGS
        assert told(report) == [
            ("node-pod-cidr-wrong", "Node node1", "spec.podCIDR"),
            ("node-pod-cidr-wrong", "Node node2", "spec.podCIDR"),
            ("mtu-too-large", "ConfigMap kube-flannel/kube-flannel-cfg", "data[net-conf.json].Backend.MTU"),
        ]
        assert report.title == "flannel v0.28.9 on test: 3 things wrong"
        assert any(finding.right for finding in report.examined)
        assert rows(report, "LOOKED AT")[0][1] == "1 wrong"

    async def test_a_degraded_calico_is_told_with_what_the_operator_says(self) -> None:
        objects = (pool(), installation("IPIP"), tigera_status(Degraded="True"), node(network=("False", "CalicoIsUp")))
        report = await say(where(*calico(*objects)), "cni check")
        assert told(report) == [
            ("encapsulation-differs", "IPPool default-ipv4-ippool", "spec.vxlanMode"),
            ("component-not-ready", "TigeraStatus calico", "status.conditions[Degraded]"),
        ]

    async def test_what_may_not_be_read_is_not_judged_and_that_is_said(self) -> None:
        there = where(*calico(pool(), installation(), node()))
        for kind in (INSTALLATION, TIGERA_STATUS):
            there.cluster.refuses[kind.name] = Refused(f"Cannot read {kind.plural}", cause="may not list them")
        report = await say(there, "cni check")
        results = {row[2]: row[1] for row in rows(report, "LOOKED AT")}
        assert results["encapsulation-differs"] == results["component-not-ready"] == "could not be judged"
        assert "Could not read installations" in notes(report)
        assert "Not judged for want of reading" in notes(report)
        assert report.title.endswith("nothing wrong is seen")

    async def test_kinds_are_asked_for_when_definitions_may_not_be_read(self) -> None:
        there = where(CALICO, pool("10.96.0.0/16"), node())
        there.cluster.put({
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": ["10.96.0.0/12"]},
        })  # fmt: skip
        there.cluster.refuses["CustomResourceDefinition"] = Refused("Cannot read definitions", cause="may not")
        report = await say(there, "cni check")
        assert told(report) == [("pool-overlaps-services", "IPPool default-ipv4-ippool", "spec.cidr")]
        assert "definitions" in notes(report)

    async def test_nothing_but_lists_and_a_few_objects_is_read(self) -> None:
        nodes = [node(f"node{number}", f"10.244.{number}.0/24") for number in range(40)]
        there = where(*flannel(*nodes))
        asked: list[str] = []
        get = there.cluster.get

        async def counting(ref: Any) -> Any:
            asked.append(str(ref))
            return await get(ref)

        there.cluster.get = counting  # type: ignore[method-assign]
        await say(there, "cni check")
        assert len(asked) <= 5, asked

    async def test_a_finding_ends_when_the_next_check_proves_it_right(self) -> None:
        there = where(*flannel(node("node1", "")))
        (wrong,) = [each for each in (await say(there, "cni check")).examined if not each.right]
        there.cluster.touch(ref_to(NODE, "", "node1"), ("spec", "podCIDR"), "10.244.1.0/24")
        assert any(each.proves(wrong.key) for each in (await say(there, "cni check")).examined)

    async def test_on_a_timetable_it_opens_an_incident_and_ends_it(self) -> None:
        there = where(*flannel(node("node1", "")))
        there.messenger.channels["network"] = Place("C1", "network")
        await say(there, 'schedule add "every 5m" --channel network cni check')
        for _ in range(2):
            await say(there, "schedule run 1")
        assert "Node node1 has no range for pods" in str((await say(there, "incidents list")).blocks)
        there.cluster.touch(ref_to(NODE, "", "node1"), ("spec", "podCIDR"), "10.244.1.0/24")
        await say(there, "schedule run 1")
        async with there.storage.read() as tx:
            assert [each.state.value for each in await tx.incidents.recent("")] == ["resolved"]

    async def test_a_cluster_without_a_plugin_opens_an_incident_that_says_so(self) -> None:
        bare = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"}, "status": {}}
        there = where(bare)
        there.messenger.channels["network"] = Place("C1", "network")
        await say(there, 'schedule add "every 5m" --channel network cni check')
        for _ in range(2):
            await say(there, "schedule run 1")
        listed = str((await say(there, "incidents list")).blocks)
        assert "Namespace kube-system has no network plugin" in listed
        assert "could not run" not in listed
        for each in flannel(node("node1")):
            there.cluster.put(each if isinstance(each, dict) else whole(each))
        await say(there, "schedule run 1")
        async with there.storage.read() as tx:
            assert [each.state.value for each in await tx.incidents.recent("")] == ["resolved"]
