"""Plans of network plugins, from the line to the approval: doubts, large plans, rights, and what the cluster has.

The plugin is a flannel of three objects, under the name of flannel's real file.
"""

from __future__ import annotations

from typing import Any

import fakes
import pytest
from changing import say, stored
from plugged import node

from bot.application.execution.rights import TRIAL_RIGHTS, needed_rights
from bot.application.execution.surroundings import read_surroundings
from bot.application.ports import Changing, Look, Right, Steering
from bot.discovery import declared
from bot.domain.changes.change import ChangeState
from bot.domain.chat.report import Report, Status
from bot.domain.network.references import CONFIG_MAP, DAEMON_SET, ref_to
from bot.errors import BotError, Refused, Unreachable
from tests.domain.plugins.cni.test_installations import INSTALLATIONS, fitted, real

FILE = INSTALLATIONS["flannel"].releases[0].files[0].path
KUBEADM = ref_to(CONFIG_MAP, "kube-system", "kubeadm-config")
PROXY = ref_to(DAEMON_SET, "kube-system", "kube-proxy")
RBAC = "rbac.authorization.k8s.io"


def manifest(*more: Any) -> list[Any]:
    """Flannel in little."""
    labels = {"app": "flannel"}
    meta = {"namespace": "kube-flannel", "labels": labels}
    container = {"name": "kube-flannel", "image": "ghcr.io/flannel-io/flannel:v0.28.9"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "hostNetwork": True}}
    net_conf = '{\n  "Network": "10.244.0.0/16",\n  "Backend": {"Type": "vxlan"}\n}\n'
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-flannel", "labels": labels}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "kube-flannel-cfg", **meta},
            "data": {"net-conf.json": net_conf, "cni-conf.json": "{}"},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "kube-flannel-ds", **meta},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        },
        *more,
    ]


def proxy() -> Any:
    labels = {"k8s-app": "kube-proxy"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "proxy", "image": "kube-proxy:v1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def kubeadm(pods: str, services: str = "10.96.0.0/16") -> Any:
    text = f"networking:\n  podSubnet: {pods}\n  serviceSubnet: {services}\n"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": KUBEADM.name, "namespace": KUBEADM.namespace},
        "data": {"ClusterConfiguration": text},
    }


def waiting_node(name: str, *cidrs: str) -> Any:
    made = node(name, ready=False)
    made["spec"] = {"podCIDR": cidrs[0], "podCIDRs": list(cidrs)}
    made["status"]["conditions"][0]["message"] = "cni plugin not initialized"
    return made


def new_cluster(*more: Any, pods: str = "10.244.0.0/16", kube_proxy: bool = True) -> fakes.World:
    """A node that waits for a network, in a cluster that says which addresses pods have."""
    found = declared("bot.application.commands", "COMMAND", Look, Steering, Changing)
    world = fakes.world({command.name: command for command in found.values()})
    manifests: Any = world.ports.manifests
    manifests.files[FILE] = tuple(manifest(*more))
    for each in (waiting_node("a", "10.244.0.0/24"), kubeadm(pods), *([proxy()] if kube_proxy else [])):
        world.cluster.put(each)
    return world


def words(report: Report) -> str:
    return f"{report.title} {report.blocks} {report.footnotes}"


async def test_a_plan_without_doubts_can_be_approved() -> None:
    world = new_cluster()
    answer = await say(world.ports, "cni install flannel")
    assert answer.change == 1, words(answer.report)
    assert [action.label for action in answer.report.actions] == ["Approve", "Cancel"]
    assert world.cluster.writes == []


async def test_a_plan_with_a_doubt_is_not_stored_and_cannot_be_approved() -> None:
    world = new_cluster(kube_proxy=False)
    answer = await say(world.ports, "cni install flannel")
    assert answer.change == 0
    assert world.storage.state.changes == {}
    assert answer.report.title.startswith("Somebody has to accept 1 doubt first")
    assert "no-kube-proxy" in words(answer.report)
    (accept,) = answer.report.actions
    assert accept.command == "cni install flannel --accept no-kube-proxy"
    assert "There is no change 1" in (await say(world.ports, "changes approve 1 --digest 123456789abc")).report.title


async def test_a_doubt_that_is_accepted_makes_the_plan_approvable() -> None:
    world = new_cluster(kube_proxy=False)
    doubtful = await say(world.ports, "cni install flannel")
    answer = await say(world.ports, doubtful.report.actions[0].command)
    assert answer.change == 1
    assert answer.report.actions[0].command.startswith("changes approve 1 --digest ")
    assert "no-kube-proxy" in words(answer.report), "what was accepted is still told"
    await say(world.ports, answer.report.actions[0].command)
    assert (await stored(world)).approvals


async def test_another_doubts_code_accepts_nothing() -> None:
    world = new_cluster(kube_proxy=False)
    answer = await say(world.ports, "cni install flannel --accept mtu")
    assert answer.change == 0
    assert answer.report.actions[0].command == "cni install flannel --accept mtu --accept no-kube-proxy"


async def test_a_doubt_that_comes_up_before_the_approval_takes_the_plan_back() -> None:
    world = new_cluster()
    planned = await say(world.ports, "cni install flannel")
    world.cluster.remove(PROXY)
    answer = await say(world.ports, planned.report.actions[0].command)
    assert answer.report.title.startswith("Somebody has to accept 1 doubt first")
    record = await stored(world)
    assert record.state is ChangeState.SUPERSEDED
    assert record.outcome == "Since it was planned there is doubt: no-kube-proxy."
    assert world.cluster.writes == []


async def test_a_doubt_that_was_accepted_does_not_come_up_again() -> None:
    world = new_cluster(kube_proxy=False)
    planned = await say(world.ports, "cni install flannel --accept no-kube-proxy")
    await say(world.ports, planned.report.actions[0].command)
    assert (await stored(world)).state is not ChangeState.SUPERSEDED


async def test_a_conflict_that_comes_up_before_the_approval_ends_the_plan() -> None:
    world = new_cluster()
    planned = await say(world.ports, "cni install flannel")
    world.cluster.put(kubeadm("10.0.0.0/16"))
    world.cluster.put(waiting_node("a", "10.0.0.0/24"))
    answer = await say(world.ports, planned.report.actions[0].command)
    record = await stored(world)
    assert record.state is ChangeState.SUPERSEDED
    assert answer.report.title.startswith("Plan 2"), "the range is the cluster's: planned anew with it"
    assert world.cluster.writes == []


async def test_a_dry_run_with_a_doubt_says_so_and_stores_nothing() -> None:
    world = new_cluster(kube_proxy=False)
    answer = await say(world.ports, "cni install flannel --dry-run")
    assert "no-kube-proxy" in words(answer.report)
    assert world.storage.state.changes == {}


async def test_of_a_large_plan_only_what_is_not_plainly_accepted_is_told_one_by_one() -> None:
    world = new_cluster()
    answer = await say(world.ports, "cni install flannel")
    told = words(answer.report)
    assert "The API server accepts 3 objects as they are (dry run)." in told
    assert "Step 1" not in told


async def test_what_goes_into_a_namespace_that_is_yet_to_be_made_is_tried_elsewhere() -> None:
    world = new_cluster()
    tried = []
    apply = world.cluster.apply

    async def noting(object: Any, **how: Any) -> Any:
        tried.append((object["metadata"].get("namespace", ""), object["metadata"]["name"], how.get("dry_run")))
        return await apply(object, **how)

    world.cluster.apply = noting  # type: ignore[method-assign]
    await say(world.ports, "cni install flannel")
    assert tried == [
        ("", "kube-flannel", True),
        ("kube-system", "kube-flannel-cfg-trial", True),
        ("kube-system", "kube-flannel-ds-trial", True),
    ]


async def test_custom_resources_cannot_be_tried_and_are_counted() -> None:
    names = {"kind": "Pool", "plural": "pools"}
    spec = {"group": "acme.io", "scope": "Cluster", "names": names, "versions": [{"name": "v1", "served": True}]}
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "pools.acme.io"}, "spec": spec}
    pools = [{"apiVersion": "acme.io/v1", "kind": "Pool", "metadata": {"name": each}, "spec": {}} for each in "ab"]
    world = new_cluster({"apiVersion": "apiextensions.k8s.io/v1", **crd}, *pools)
    told = words((await say(world.ports, "cni install flannel")).report)
    assert "2 custom resources cannot be tried before what defines them is there" in told
    assert "The API server accepts 4 objects" in told


async def test_custom_resources_that_do_not_fit_are_refused_before_anything_is_planned() -> None:
    names = {"kind": "Pool", "plural": "pools"}
    spec = {"group": "acme.io", "scope": "Cluster", "names": names, "versions": [{"name": "v1", "served": True}]}
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "pools.acme.io"}, "spec": spec}
    pool = {"apiVersion": "acme.io/v1", "kind": "Pool", "metadata": {"name": "a"}, "spec": {}}
    world = new_cluster({"apiVersion": "apiextensions.k8s.io/v1", **crd}, pool)
    manifests: Any = world.ports.manifests
    manifests.lines = ("spec.size: Required value",)
    report = (await say(world.ports, "cni install flannel")).report
    assert report.status is Status.FAILED
    assert "Pool a: spec.size: Required value" in words(report)


async def test_a_step_that_the_api_server_refuses_is_told_and_nothing_is_stored() -> None:
    world = new_cluster()
    apply = world.cluster.apply

    async def refusing(object: Any, **how: Any) -> Any:
        if object["kind"] == "DaemonSet":
            raise BotError("Cannot apply it", cause="violates PodSecurity")
        return await apply(object, **how)

    world.cluster.apply = refusing  # type: ignore[method-assign]
    report = (await say(world.ports, "cni install flannel")).report
    assert report.title.startswith("The cluster does not accept this")
    assert "Step 3, creates DaemonSet kube-flannel/kube-flannel-ds: Cannot apply it. violates PodSecurity" in words(
        report
    )
    assert world.storage.state.changes == {}


# --- what the cluster itself has


@pytest.mark.parametrize(
    ("line", "pods", "told"),
    [
        ("calico --block-size 26", "fd00:1::/56", "a prefix length from 116 to 128"),
        ("calico --block-size 20", "10.244.0.0/24", "is larger than the range 10.244.0.0/24"),
        ("calico --encapsulation IPIP", "10.244.0.0/16,fd00:1::/56", "carries no IPv6"),
        ("flannel --mtu 1000", "10.244.0.0/16,fd00:1::/56", "IPv6 needs 1280"),
    ],
)
async def test_what_was_said_has_to_go_with_the_range_that_the_cluster_has(line: str, pods: str, told: str) -> None:
    world = new_cluster(pods=pods)
    manifests: Any = world.ports.manifests
    installation = {"apiVersion": "operator.tigera.io/v1", "kind": "Installation", "metadata": {"name": "default"}}
    for file in INSTALLATIONS["calico"].releases[0].files:
        manifests.files[file.path] = (installation,) if file.path.endswith("custom-resources.yaml") else ()
    report = (await say(world.ports, f"cni install {line}")).report
    assert report.status is Status.FAILED
    assert told in words(report)


# --- rights


async def test_a_right_that_is_missing_stops_and_is_named() -> None:
    world = new_cluster()
    everything = [*needed_rights(tuple(manifest())), *TRIAL_RIGHTS]
    world.cluster.granted = [right for right in everything if right.resource != "daemonsets"]
    report = (await say(world.ports, "cni install flannel")).report
    assert report.status is Status.FAILED
    assert "Patchbay may not get, create, patch, update, delete daemonsets.apps in kube-flannel. An" in words(report)
    assert "deploy/kubernetes/" in words(report)


async def test_exactly_what_is_needed_is_enough() -> None:
    world = new_cluster()
    world.cluster.granted = [*needed_rights(tuple(manifest())), *TRIAL_RIGHTS]
    assert (await say(world.ports, "cni install flannel")).change == 1


async def test_who_may_not_even_read_is_told_of_all_that_is_missing() -> None:
    world = new_cluster()
    world.cluster.granted = []
    get = world.cluster.get

    async def forbidden(ref: Any) -> Any:
        if ref.namespace == "kube-flannel":
            raise Refused(f"Cannot read {ref}")
        return await get(ref)

    world.cluster.get = forbidden  # type: ignore[method-assign]
    report = (await say(world.ports, "cni install flannel")).report
    assert "Patchbay may not get, create, patch, update, delete namespaces" in words(report)


async def test_an_api_server_that_does_not_tell_hinders_nothing() -> None:
    world = new_cluster()
    world.cluster.refuses["SelfSubjectAccessReview"] = Unreachable("The API server does not answer")
    answer = await say(world.ports, "cni install flannel")
    assert answer.change == 1
    assert "the cluster was not asked" in words(answer.report)


def role(kind: str, name: str, namespace: str = "") -> Any:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": []}


def bound(kind: str, role_kind: str, role: str, namespace: str = "") -> Any:
    metadata = {"name": role} | ({"namespace": namespace} if namespace else {})
    reference = {"apiGroup": RBAC, "kind": role_kind, "name": role}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "roleRef": reference, "subjects": []}


@pytest.mark.parametrize(
    ("object", "special"),
    [
        (role("ClusterRole", "net"), [Right("escalate", "clusterroles", RBAC)]),
        (role("Role", "net", "kube-system"), [Right("escalate", "roles", RBAC, "kube-system")]),
        (bound("ClusterRoleBinding", "ClusterRole", "net"), [Right("bind", "clusterroles", RBAC, name="net")]),
        (
            bound("RoleBinding", "ClusterRole", "net", "kube-system"),
            [Right("bind", "clusterroles", RBAC, "kube-system", "net")],
        ),
        (bound("RoleBinding", "Role", "net", "kube-system"), [Right("bind", "roles", RBAC, "kube-system", "net")]),
    ],
)
def test_to_grant_what_one_does_not_hold_takes_a_right_of_its_own(object: Any, special: list[Right]) -> None:
    assert [right for right in needed_rights((object,)) if right.verb in ("escalate", "bind")] == special


def test_what_is_put_back_is_replaced_and_that_is_an_update() -> None:
    verbs = {right.verb for right in needed_rights(tuple(manifest())) if right.resource == "daemonsets"}
    assert verbs == {"get", "create", "patch", "update", "delete"}


SPECIAL = {
    "antrea": {"antctl", "antrea-agent", "antrea-controller"},
    "calico": {"tigera-operator", "tigera-operator-secrets"},
    "canal": {"calico-kube-controllers", "calico-node", "flannel", "calico-cni-plugin"},
    "flannel": {"flannel"},
    "kube-router": {"kube-router"},
    "weave": {"weave-net"},
}


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_every_plugins_rights_are_asked_for_each_by_its_own_name(name: str) -> None:
    objects = fitted(name)
    rights = [*needed_rights(objects), *TRIAL_RIGHTS]
    assert len(rights) == len(set(rights))
    bound_names = {right.name for right in rights if right.verb == "bind"}
    roles = {o["metadata"]["name"] for o in objects if o["kind"] in ("ClusterRole", "Role")}  # type: ignore[index,call-overload]
    assert bound_names >= SPECIAL[name]
    assert {right.name for right in rights if right.name} == bound_names
    assert bound_names <= roles | {"extension-apiserver-authentication-reader"}
    assert Right("create", "pods", "", "kube-system") in rights
    made = {(o["apiVersion"].partition("/")[0] if "/" in o["apiVersion"] else "") for o in objects}  # type: ignore[union-attr,operator]
    assert {right.group for right in rights} >= made
    known = set(KNOWN.split()) | {
        o["spec"]["names"]["plural"] for o in objects if o["kind"] == "CustomResourceDefinition"
    }  # type: ignore[index,call-overload]
    assert {right.resource for right in rights} <= known


KNOWN = """apiservices clusterrolebindings clusterroles configmaps customresourcedefinitions daemonsets deployments
mutatingwebhookconfigurations namespaces nodes poddisruptionbudgets pods rolebindings roles secrets serviceaccounts
services validatingwebhookconfigurations"""


# --- surroundings


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("networking: {podSubnet: 10.244.0.0/16}", ""),
        ("networking: [", "ConfigMap kube-system/kubeadm-config, ClusterConfiguration"),
        ("a: &a 1\nnetworking: *a", "it has aliases"),
        ("- a list", ""),
        ("networking: nothing", ""),
        ("networking: {podSubnet: [a, 1]}", ""),
        ("x" * 300_000, ""),
    ],
)
async def test_what_kubeadm_wrote_is_not_trusted(text: str, unread: str) -> None:
    world = new_cluster()
    there = kubeadm("10.244.0.0/16")
    there["data"]["ClusterConfiguration"] = text
    world.cluster.put(there)
    found = await read_surroundings(world.cluster)
    assert [each.cidr for each in found.pod_ranges] == (["10.244.0.0/16"] if "podSubnet: 10" in text else [])
    assert unread in " ".join(found.unread)
    assert bool(unread) == bool(found.unread)


@pytest.mark.parametrize(
    "ranges",
    [
        ["--cluster-cidr=10.244.0.0/16,fd00:1::/56", "--service-cluster-ip-range=10.96.0.0/12"],
        ["--cluster-cidr", "10.244.0.0/16,fd00:1::/56", "--v", "--service-cluster-ip-range", "10.96.0.0/12"],
    ],
    ids=["in one word", "in two"],
)
async def test_who_says_which_range_is_told_the_best_first(ranges: list[str]) -> None:
    world = new_cluster()
    command = ["kube-controller-manager", *ranges]
    world.cluster.put(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "kcm",
                "namespace": "kube-system",
                "labels": {"component": "kube-controller-manager"},
            },
            "spec": {"containers": [{"name": "kcm", "image": "kcm:v1", "command": command}]},
        }
    )
    found = await read_surroundings(world.cluster)
    said = [(each.cidr, each.said_by.split(",")[0]) for each in found.pod_ranges]
    assert said == [
        ("10.244.0.0/16", "ConfigMap kube-system/kubeadm-config"),
        ("10.244.0.0/16", "Pod kube-system/kcm"),
        ("fd00:1::/56", "Pod kube-system/kcm"),
    ]
    assert [each.cidr for each in found.service_ranges] == ["10.96.0.0/16", "10.96.0.0/12"]
    assert found.kube_proxy is True


async def test_what_cannot_be_read_is_said_and_hinders_nothing() -> None:
    world = new_cluster()
    for kind in ("ConfigMap", "Pod", "CustomResourceDefinition", "ServiceCIDR", "DaemonSet"):
        world.cluster.refuses[kind] = Refused(f"Cannot list {kind}")
    found = await read_surroundings(world.cluster)
    assert found.pod_ranges == found.service_ranges == ()
    assert found.kube_proxy is None
    for what in (
        "daemonsets",
        "customresourcedefinitions",
        "servicecidrs",
        "pods of the control plane",
        "kubeadm-config",
    ):
        assert what in " ".join(found.unread)
