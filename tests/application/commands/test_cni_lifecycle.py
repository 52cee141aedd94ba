"""A network plugin's whole life in a cluster: installed, upgraded with what people changed in it, and taken away."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.application.execution.writing import arrived
from bot.domain.changes.change import Apply
from bot.playground.manifests import FOLDER, RELEASES
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.playground.cluster_server.installing import objects_of
from tests.plugging import Site, site, told

Object = dict[str, Any]
OWN, REAL = "own", "real"
PODS = ipaddress.ip_network("10.244.0.0/16")
NODES = ["control", "worker1", "worker2"]
FILES = {
    "antrea": "10-antrea.conflist",
    "calico": "10-calico.conflist",
    "canal": "10-canal.conflist",
    "flannel": "10-flannel.conflist",
    "kube-router": "10-kuberouter.conflist",
    "weave": "10-weave.conflist",
}
"""What each leaves on the hosts."""
TAGS = {name: releases[0].tag for name, releases in RELEASES.items()}
VERSIONS = {"flannel": ("v0.28.8", "v0.28.9"), "calico": ("v3.31.7", "v3.32.1")}
needs_mirror = pytest.mark.skipif(not HAVE_MIRROR, reason="the makers' manifests are no part of this repository")


def mirror_of(source: str) -> Path | None:
    return MIRROR if source == REAL else None


SOURCES = [
    *((name, OWN) for name in FILES),
    *(pytest.param(name, REAL, marks=needs_mirror) for name in FILES if name not in VERSIONS),
]


async def installed(here: Site, name: str, version: str = "") -> str:
    said = await here.approved(f"cni install {name}" + (f" --version {version}" if version else ""))
    assert said.startswith("Applied: install"), said
    check_serves(here)
    check_is_known_again(here)
    return said


def check_serves(here: Site) -> None:
    assert here.served() == NODES
    addresses = here.addresses("kube-dns")
    assert len(addresses) == 2
    assert all(ipaddress.ip_address(each) in PODS for each in addresses)
    assert all(pod["status"]["phase"] == "Running" for pod in here.pods("kube-dns"))


def check_is_known_again(here: Site) -> None:
    """Had the process died after sending it, the next one would have seen that each object has arrived."""
    record = here.record()
    for step, done in zip(record.change.steps, record.steps, strict=True):
        if isinstance(step, Apply):
            live = here.get(step.ref.kind, step.ref.namespace, step.ref.name, step.ref.api_version)
            assert arrived(step, live, done.started_at), step.ref


def check_nothing_left(here: Site, before: set[str]) -> None:
    assert set(here.standing()) - before == set()
    assert before - set(here.standing()) == set()


async def uninstalled(here: Site, name: str = "") -> str:
    """Accepting the doubts that there are, as a person does who has read them."""
    line = f"cni uninstall {name}".strip()
    answer = await here.answer(line)
    if not answer.change:
        accepting = answer.report.actions[0].command
        assert accepting.startswith(f"{line} --accept "), told(answer.report)
        line = accepting
    return await here.approved(line)


@pytest.mark.parametrize(("name", "source"), SOURCES)
async def test_a_plugin_comes_serves_and_goes(name: str, source: str, tmp_path: Path) -> None:
    async with site(tmp_path, mirror=mirror_of(source)) as here:
        before = set(here.standing())
        said = await installed(here, name)
        assert "3 of 3 nodes served" in said
        if source == OWN:
            await check_is_known(here, name)

        said = await uninstalled(here)
        assert said.startswith("Applied: uninstall"), said
        assert f"/etc/cni/net.d/{FILES[name]} stays" in said
        assert f"rm -f /etc/cni/net.d/{FILES[name]}" in said
        assert "2 pods keep addresses of it until they are made anew: Deployment kube-system/coredns (2)" in said
        check_nothing_left(here, before)


async def check_is_known(here: Site, name: str) -> None:
    """It is not installed twice, nor another one beside it, and there is nothing to upgrade it to."""
    said = told((await here.answer(f"cni install {name}")).report)
    assert f"{TAGS[name]} is there already, by DaemonSet" in said
    assert "Nothing was written" in said
    other = "weave" if name == "flannel" else "flannel"
    said = told((await here.answer(f"cni install {other}")).report)
    assert "cannot be installed here" in said
    assert f"cni migrate {other} tells how to change" in said
    said = told((await here.answer("cni upgrade")).report)
    assert "is there already" in said
    assert ("is the only one that is pinned here" in said) is (name not in VERSIONS)


@pytest.mark.parametrize("name", FILES)
async def test_an_install_is_undone(name: str, tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        await installed(here, name)
        said = await here.approved("changes undo 1")
        assert said.startswith("Applied: undo"), said
        assert f"/etc/cni/net.d/{FILES[name]} stays" in said
        check_nothing_left(here, before)
        assert here.record(1).undone_by == 2


@needs_mirror
@pytest.mark.parametrize("name", VERSIONS)
async def test_a_plugin_is_upgraded_to_the_makers_next_release(name: str, tmp_path: Path) -> None:
    old, new = VERSIONS[name]
    async with site(tmp_path, mirror=MIRROR) as here:
        before = set(here.standing())
        doubts = " --accept kubernetes-version" if name == "calico" else ""
        said = await here.approved(f"cni install {name} --version {old}{doubts}")
        assert said.startswith("Applied: install"), said
        answer = await here.answer("cni upgrade")
        plan = told(answer.report)
        if name == "calico":
            assert "These stay, although the new release has them no more" in plan
            assert "CustomResourceDefinition adminnetworkpolicies.policy.networking.k8s.io" in plan
        said = told((await here.answer(answer.report.actions[0].command)).report)
        await here.world.cluster.settled()
        assert said.startswith(f"Applied: upgrade {'Calico' if name == 'calico' else name} from {old} to {new}"), said
        check_serves(here)
        namespace, agent = ("calico-system", "calico-node") if name == "calico" else ("kube-flannel", "kube-flannel-ds")
        images = {c["image"] for pod in here.all("Pod", namespace) if pod["metadata"]["name"].startswith(agent)
                  for c in pod["spec"]["containers"]}  # fmt: skip
        assert {image.rpartition(":")[2] for image in images} == {new}
        if name == "calico":  # its own files are taken away in another test: these have three megabytes
            return
        assert "there already" in told((await here.answer("cni upgrade")).report)
        said = await uninstalled(here)
        assert said.startswith("Applied: uninstall"), said
        check_nothing_left(here, before)


@needs_mirror
async def test_what_people_changed_survives_an_upgrade(tmp_path: Path) -> None:
    async with site(tmp_path, mirror=MIRROR) as here:
        await installed(here, "flannel", "v0.28.8")
        net_conf = {"Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}}
        text = json.dumps(net_conf)
        here.edit("ConfigMap", "kube-flannel", "kube-flannel-cfg", {"data": {"net-conf.json": text, "mine": "1"}})
        image = "registry.example/flannel-io/flannel:v0.28.8"
        environment = [{"name": "FLANNELD_IFACE", "value": "eth1"}]
        containers = [{"name": "kube-flannel", "image": image, "env": environment}]
        here.edit(
            "DaemonSet", "kube-flannel", "kube-flannel-ds", {"spec": {"template": {"spec": {"containers": containers}}}}
        )
        await here.world.cluster.settled()
        plan = told((await here.answer("cni upgrade --dry-run")).report)
        assert "Kept as somebody changed it: ConfigMap kube-flannel/kube-flannel-cfg data.net-conf.json" in plan
        said = await here.approved("cni upgrade")
        assert said.startswith("Applied: upgrade flannel from v0.28.8 to v0.28.9"), said
        data = here.get("ConfigMap", "kube-flannel", "kube-flannel-cfg")["data"]
        assert json.loads(data["net-conf.json"]) == net_conf
        assert data["mine"] == "1"
        container = here.get("DaemonSet", "kube-flannel", "kube-flannel-ds")["spec"]["template"]["spec"]["containers"][
            0
        ]
        assert container["image"] == "registry.example/flannel-io/flannel:v0.28.9"
        assert environment[0] in container["env"]
        assert len(container["env"]) > 1
        assert "--healthz-port=8081" in container["args"]


@needs_mirror
async def test_what_both_changed_has_to_be_accepted(tmp_path: Path) -> None:
    async with site(tmp_path, mirror=MIRROR) as here:
        await installed(here, "flannel", "v0.28.8")
        containers = [{"name": "kube-flannel", "args": ["--ip-masq", "--kube-subnet-mgr", "--iface=eth1"]}]
        here.edit(
            "DaemonSet", "kube-flannel", "kube-flannel-ds", {"spec": {"template": {"spec": {"containers": containers}}}}
        )
        await here.world.cluster.settled()
        answer = await here.answer("cni upgrade")
        said = told(answer.report)
        assert not answer.change
        assert "changed-by-others" in said
        assert "--iface=eth1" in said
        said = await here.approved("cni upgrade --accept changed-by-others")
        assert said.startswith("Applied: upgrade"), said
        container = here.get("DaemonSet", "kube-flannel", "kube-flannel-ds")["spec"]["template"]["spec"]["containers"][
            0
        ]
        assert container["args"] == ["--ip-masq", "--kube-subnet-mgr", "--healthz-port=8081"]


@needs_mirror
async def test_an_upgrade_is_undone(tmp_path: Path) -> None:
    async with site(tmp_path, mirror=MIRROR) as here:
        await installed(here, "flannel", "v0.28.8")
        before = here.get("DaemonSet", "kube-flannel", "kube-flannel-ds")["spec"]
        await here.approved("cni upgrade")
        said = await here.approved("changes undo 2")
        assert said.startswith("Applied: undo"), said
        assert here.get("DaemonSet", "kube-flannel", "kube-flannel-ds")["spec"] == before
        check_serves(here)


async def test_only_what_people_made_of_calicos_objects_has_to_be_accepted(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await installed(here, "calico")
        plan = told((await here.answer("cni uninstall --dry-run")).report)
        assert "objects-lost" not in plan
        assert "nothing that people made goes along" in plan
        group = {"apiVersion": "crd.projectcalico.org/v1"}
        here.create(*({**group, "kind": "IPPool", "metadata": {"name": f"p{n:02}"}} for n in range(12)))
        answer = await here.answer("cni uninstall")
        assert not answer.change
        plan = told(answer.report)
        assert "objects-lost" in plan
        assert "IPPool p00, IPPool p01, " in plan
        assert "IPPool p09 and 2 more" in plan
        assert "default-ipv4-ippool" not in plan


async def test_what_calico_leaves_on_nodes_stops_a_plugin_that_would_never_take_it_back(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await installed(here, "calico")
        said = await uninstalled(here, "calico")
        assert "Nodes keep NetworkUnavailable (CalicoIsDown), and no pod is put there" in said
        said = told((await here.answer("cni install kube-router --accept leftovers")).report)
        assert "control, worker1, worker2 with NetworkUnavailable, which kube-router never takes back" in said
        (line,) = {word for word in said.splitlines() if "kubectl patch node control --subresource=status" in word}
        said = told((await here.answer("cni check")).report)
        assert "Calico said so, and is not there any more" in said
        patch = json.loads(line.partition("-p '")[2].partition("'")[0])
        for name in ("control", "worker1", "worker2"):
            here.edit("Node", "", name, patch)  # as that command does
            here.world.cluster.hosts.of(name).files.clear()
        said = await here.approved("cni install kube-router --accept hosts-have-network")
        assert said.startswith("Applied: install kube-router"), said


@pytest.mark.parametrize(("name", "made"), [("weave", "weave-net"), ("antrea", "antrea-ca")])
async def test_what_a_plugins_programs_made_beside_its_files_goes_and_comes_back(
    name: str, made: str, tmp_path: Path
) -> None:
    books = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": made, "namespace": "kube-system", "annotations": {"peers": "{}"}},
    }
    async with site(tmp_path) as here:
        before = set(here.standing())
        await installed(here, name)
        here.create(books)
        said = await uninstalled(here, name)
        assert said.startswith("Applied: uninstall"), said
        check_nothing_left(here, before)
        said = await here.approved(f"changes undo {here.record().id}")
        assert said.startswith("Applied"), said
        assert here.get("ConfigMap", "kube-system", made)["metadata"]["annotations"] == {"peers": "{}"}


async def test_what_stays_on_hosts_is_told_before_one_approves(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await installed(here, "flannel")
        plan = told((await here.answer("cni uninstall --dry-run")).report)
        assert "On every host /etc/cni/net.d/10-flannel.conflist stays" in plan
        assert "rm -f /etc/cni/net.d/10-flannel.conflist" in plan
        assert "2 pods keep addresses of it until they are made anew: Deployment kube-system/coredns (2)" in plan


@pytest.mark.parametrize("name", ["flannel", "calico"])
async def test_the_undo_of_a_removal_is_proved_as_an_install_is(name: str, tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await installed(here, name)
        await uninstalled(here)
        said = await here.approved(f"changes undo {here.record().id}")
        assert said.startswith("Applied: undo"), said
        assert "3 of 3 nodes served" in said
        assert [type(each).__name__ for each in here.record().change.steps][-1] == "TryAddresses"
        check_serves(here)


async def test_what_is_left_of_a_plugin_whose_agent_is_gone_is_seen_and_taken_away(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        said = told((await here.answer("cni uninstall flannel")).report)
        assert "There is no flannel here" in said
        await installed(here, "flannel")
        here.delete("DaemonSet", "kube-flannel", "kube-flannel-ds")
        await here.world.cluster.settled()
        assert "the agent of flannel is gone" in told((await here.answer("cni status")).report)
        said = told((await here.answer("cni check")).report)
        assert "HIGH DaemonSet kube-flannel/kube-flannel-ds: is gone" in said
        assert "ConfigMap kube-flannel/kube-flannel-cfg is there" in said
        assert "cni uninstall flannel --dry-run" in said
        said = await uninstalled(here, "flannel")
        assert said.startswith("Applied: uninstall flannel"), said
        check_nothing_left(here, before)
        said = told((await here.answer("cni check")).report)
        assert "DaemonSet kube-flannel/kube-flannel-ds: is gone" not in said
        assert "MEDIUM Namespace kube-system: has no network plugin" in said
        assert "flannel was the last on control, worker1, worker2" in said
        assert "flannel was here before" in told((await here.answer("cni status")).report)
        assert "is gone" not in told((await here.answer("cni status")).report)


def published(name: str) -> Iterator[Object]:
    for file in RELEASES[name][0].files:
        yield from objects_of(FOLDER / file.path)


@pytest.mark.parametrize("name", FILES)
async def test_a_plugin_that_kubectl_applied_is_taken_away(name: str, tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        before = set(here.standing())
        objects = sorted(published(name), key=lambda each: each["kind"] != "CustomResourceDefinition")
        for each in objects:
            if each["kind"] == "Installation":
                each["spec"]["calicoNetwork"] = {"ipPools": [{"cidr": "10.244.0.0/16"}]}
            here.create(each)
            await here.world.cluster.settled()
        assert here.served() == NODES
        said = await uninstalled(here)
        assert said.startswith("Applied: uninstall"), said
        check_nothing_left(here, before)


def rendered_cilium() -> list[Object]:
    """As `helm template` prints it, as far as it matters."""
    account = {"metadata": {"name": "cilium", "namespace": "kube-system"}}
    labels = {"k8s-app": "cilium"}

    def template(app: str, container: str, image: str, **more: Any) -> Object:
        spec = {"hostNetwork": True, "serviceAccountName": "cilium", "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": container, "image": image}], **more}  # fmt: skip
        return {"selector": {"matchLabels": {"k8s-app": app}},
                "template": {"metadata": {"labels": {"k8s-app": app}}, "spec": spec}}  # fmt: skip

    config = {"data": {"cluster-pool-ipv4-cidr": "10.244.0.0/16", "enable-ipv4": "true"}}
    operator = template("cilium-operator", "cilium-operator", "quay.io/cilium/operator-generic:v1.19.4")
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount"} | account,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cilium-config", "namespace": "kube-system"}}
        | config,
        {
            "apiVersion": "apps/v1", "kind": "DaemonSet",
            "metadata": {"name": "cilium", "namespace": "kube-system", "labels": labels},
            "spec": template("cilium", "cilium-agent", "quay.io/cilium/cilium:v1.19.4"),
        },
        {
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "cilium-operator", "namespace": "kube-system"},
            "spec": {"replicas": 1} | operator,
        },
    ]  # fmt: skip


def mirror_with_cilium(folder: Path) -> Path:
    release = folder / "cilium" / "v1.19.4"
    release.mkdir(parents=True)
    content = yaml.safe_dump_all(rendered_cilium()).encode()
    (release / "cilium.yaml").write_bytes(content)
    (release / "cilium.yaml.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  cilium.yaml\n")
    return folder


async def test_cilium_comes_from_what_an_operator_rendered_and_goes(tmp_path: Path) -> None:
    mirror = mirror_with_cilium(tmp_path / "mirror")
    async with site(tmp_path / "cache", mirror=mirror) as here:
        before = set(here.standing())
        said = told((await here.answer("cni install cilium")).report)
        assert "needs a version here" in said
        said = told((await here.answer("cni install cilium --version v1.18.0")).report)
        assert "There is no rendered manifest of Cilium v1.18.0" in said
        await installed(here, "cilium", "v1.19.4")
        said = told((await here.answer("cni install cilium --version v1.19.4")).report)
        assert "Cilium v1.19.4 is there already" in said
        said = told((await here.answer("cni upgrade --version v1.19.4")).report)
        assert "Cilium v1.19.4 is there already" in said
        said = await uninstalled(here)
        assert said.startswith("Applied: uninstall Cilium v1.19.4"), said
        assert "/etc/cni/net.d/05-cilium.conflist stays" in said
        check_nothing_left(here, before)


async def test_cilium_with_another_digest_is_not_taken(tmp_path: Path) -> None:
    mirror = mirror_with_cilium(tmp_path / "mirror")
    (mirror / "cilium" / "v1.19.4" / "cilium.yaml").write_text("kind: Nothing\n")
    async with site(tmp_path / "cache", mirror=mirror) as here:
        answer = await here.answer("cni install cilium --version v1.19.4")
        assert not answer.change
        assert "Put the pinned file there" in told(answer.report)
        assert here.find("DaemonSet", "kube-system", "cilium") is None
