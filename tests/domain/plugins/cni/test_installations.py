"""Every plugin's published file as it is fitted: nothing is otherwise than was asked, and all of that is."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.adapters.manifests import MirrorThenDownload
from bot.adapters.manifests.parsing import objects_in
from bot.application.execution import plugins
from bot.domain.changes.change import Apply, Brief, Settle, Step, TryAddresses, Until, Wait
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, JSONObject, Ref, ref_to
from bot.domain.network.snapshot import DaemonSet
from bot.domain.plugins import briefing, steps
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.cni import recognise
from bot.domain.plugins.cni.calico import pool
from bot.domain.plugins.fitting import CLUSTER_SCOPED, Misshapen, Objects, ref
from bot.domain.plugins.parameters import Encapsulation, Parameters
from bot.domain.plugins.releases import ManifestFile
from bot.domain.plugins.surroundings import Range, Surroundings
from tests.builders import node, snapshot

SHARED = Path("/work/shared/manifests")
BOT = Path(__file__).parents[4] / "bot"
ASSET_OF_FLANNEL = "1c06a15a771009c263bdb1f51c928af46f7606fe969f3963652167938d536aaa"
MIRROR = "r.example.com/m"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"REAL MANIFESTS SKIPPED: there is no {SHARED}")

INSTALLATIONS = {name: p.install for name, p in plugins.all_plugins().items() if p.install and p.install.releases}
RELEASES = [(name, release.version) for name, install in INSTALLATIONS.items() for release in install.releases]


@functools.cache
def read(file: ManifestFile) -> Objects:
    return tuple(objects_in((SHARED / file.path).read_bytes(), file.path))


def sources(name: str, version: str = "") -> list[Source]:
    found = INSTALLATIONS[name].releases
    release = next((each for each in found if each.version == version), found[0])
    return [Source(file.path, "the mirror", file.sha256, read(file)) for file in release.files]


def published(name: str, version: str = "") -> Objects:
    return tuple(object for source in sources(name, version) for object in source.objects)


def fitted(name: str, version: str = "", **said: Any) -> Objects:
    said.setdefault("pod_cidrs", INSTALLATIONS[name].pod_cidrs)
    return INSTALLATIONS[name].fit(published(name, version), Parameters(**said))


def brief(name: str, version: str = "", **said: Any) -> Brief:
    release = next((each for each in INSTALLATIONS[name].releases if each.version == version), None)
    besides = INSTALLATIONS[name].brings(Parameters(**said), release or INSTALLATIONS[name].releases[0])
    return briefing.brief(fitted(name, version, **said), sources(name, version), (), (), besides)


def applied_by(name: str, objects: Objects, there: dict[Ref, JSONObject], names: list[str]) -> list[Step]:
    install = INSTALLATIONS[name]
    return steps.applied(objects, there, names, writers=install.writers, operator=install.operator)


def planned(name: str, **said: Any) -> list[Step]:
    objects = fitted(name, **said)
    said.setdefault("pod_cidrs", INSTALLATIONS[name].pod_cidrs)
    around = Surroundings(snapshot=snapshot(node(ready=False)))
    applied = applied_by(name, objects, {}, briefing.origins(objects, sources(name)))
    return [*applied, *steps.verified(INSTALLATIONS[name], Parameters(**said), around)]


def everything(name: str) -> dict[str, Any]:
    """Each parameter that a plugin takes, otherwise than its file has it."""
    install = INSTALLATIONS[name]
    said: dict[str, Any] = {"pod_cidrs": ("10.1.0.0/16",), "mtu": 1400, "registry": MIRROR}
    if install.dual_stack:
        said["pod_cidrs"] = ("10.1.0.0/16", "fd00::/56")
    if install.backends:
        said["backend"] = install.backends[-1]
    return said | {
        "antrea": {"encapsulation": Encapsulation.NONE},
        "kube-router": {"encapsulation": Encapsulation.IPIP},
        "calico": {
            "encapsulation": Encapsulation.VXLAN,
            "nat_outgoing": False,
            "block_size": 24,
            "extras": frozenset(install.extras),
        },
    }.get(name, {})


@real
@pytest.mark.parametrize(("name", "version"), RELEASES)
def test_the_pinned_digest_is_the_files(name: str, version: str) -> None:
    release = next(each for each in INSTALLATIONS[name].releases if each.version == version)
    for file in release.files:
        assert hashlib.sha256((SHARED / file.path).read_bytes()).hexdigest() == file.sha256, file.path
        assert file.url.startswith("https://")
        assert version in file.url


@real
def test_flannels_release_asset_is_another_thing_and_nowhere_pinned() -> None:
    """A DaemonSet's selector cannot be changed: who installs by the one and upgrades by the other is stuck."""
    asset = SHARED / "flannel/v0.28.9/release-asset/kube-flannel.yml"
    assert hashlib.sha256(asset.read_bytes()).hexdigest() == ASSET_OF_FLANNEL
    selectors = [
        next(o for o in objects if o["kind"] == "DaemonSet")["spec"]["selector"]["matchLabels"]  # type: ignore[index,call-overload]
        for objects in (objects_in(asset.read_bytes(), "asset"), published("flannel"))
    ]
    assert selectors == [{"app": "flannel", "k8s-app": "flannel"}, {"app": "flannel"}]
    assert ASSET_OF_FLANNEL not in "".join(path.read_text() for path in BOT.rglob("*.py"))
    assert all("/releases/download/" not in f.url for r in INSTALLATIONS["flannel"].releases for f in r.files)


NOTHING_SAID = {
    "antrea": {
        "DaemonSet kube-system/antrea-agent: spec.template.spec.initContainers[0].image: "
        "antrea/antrea-agent-ubuntu:latest → antrea/antrea-agent-ubuntu:v2.7.0",
        "DaemonSet kube-system/antrea-agent: spec.template.spec.containers[0].image: "
        "antrea/antrea-agent-ubuntu:latest → antrea/antrea-agent-ubuntu:v2.7.0",
        "DaemonSet kube-system/antrea-agent: spec.template.spec.containers[1].image: "
        "antrea/antrea-agent-ubuntu:latest → antrea/antrea-agent-ubuntu:v2.7.0",
        "Deployment kube-system/antrea-controller: spec.template.spec.containers[0].image: "
        "antrea/antrea-controller-ubuntu:latest → antrea/antrea-controller-ubuntu:v2.7.0",
    },
    "calico": {"Goldmane default: left out", "Whisker default: left out"},
    "canal": set(),
    "flannel": set(),
    "kube-router": {
        f"DaemonSet kube-system/kube-router: spec.template.spec.{which}[0].{line}"
        for which in ("containers", "initContainers")
        for line in (
            "image: docker.io/cloudnativelabs/kube-router → docker.io/cloudnativelabs/kube-router:v2.11.1",
            "imagePullPolicy: Always → IfNotPresent",
        )
    },
    "weave": {
        "DaemonSet kube-system/weave-net: spec.template.spec.containers[0].env[3]: "
        'nothing → {"name": "IPALLOC_RANGE", "value": "10.32.0.0/12"}'
    },
}
ALL_SAID = {
    "antrea": {
        'ConfigMap kube-system/antrea-config: data.antrea-agent.conf: trafficEncapMode: "encap" tunnelType: "geneve" '
        'defaultMTU: 0 → trafficEncapMode: "noEncap" tunnelType: "gre" defaultMTU: 1400',
    },
    "calico": {
        "Installation default: spec.calicoNetwork.ipPools[0].blockSize: 26 → 24",
        "Installation default: spec.calicoNetwork.ipPools[0].cidr: 192.168.0.0/16 → 10.1.0.0/16",
        "Installation default: spec.calicoNetwork.ipPools[0].encapsulation: VXLANCrossSubnet → VXLAN",
        "Installation default: spec.calicoNetwork.ipPools[0].natOutgoing: Enabled → Disabled",
        'Installation default: spec.calicoNetwork.ipPools[1]: nothing → {"name": "default-ipv6-ippool", "cidr": '
        '"fd00::/56", "blockSize": 122, "encapsulation": "VXLAN", "natOutgoing": "Disabl…',
        "Installation default: spec.calicoNetwork.mtu: nothing → 1400",
        "Installation default: spec.registry: nothing → r.example.com/m/",
    },
    "canal": {
        "ConfigMap kube-system/canal-config: data.veth_mtu: 0 → 1400",
        "ConfigMap kube-system/canal-config: data.net-conf.json.Network: 10.244.0.0/16 → 10.1.0.0/16",
        "ConfigMap kube-system/canal-config: data.net-conf.json.Backend.Type: vxlan → wireguard",
        "ConfigMap kube-system/canal-config: data.net-conf.json.Backend.MTU: nothing → 1480",
    },
    "flannel": {
        "ConfigMap kube-flannel/kube-flannel-cfg: data.net-conf.json.Network: 10.244.0.0/16 → 10.1.0.0/16",
        "ConfigMap kube-flannel/kube-flannel-cfg: data.net-conf.json.Backend.Type: vxlan → wireguard",
        "ConfigMap kube-flannel/kube-flannel-cfg: data.net-conf.json.Backend.MTU: nothing → 1480",
        "ConfigMap kube-flannel/kube-flannel-cfg: data.net-conf.json.EnableIPv6: nothing → true",
        "ConfigMap kube-flannel/kube-flannel-cfg: data.net-conf.json.IPv6Network: nothing → fd00::/56",
    },
    "kube-router": {
        "ConfigMap kube-system/kube-router-cfg: data.cni-conf.json.plugins[0].mtu: nothing → 1400",
        *(
            f"DaemonSet kube-system/kube-router: spec.template.spec.containers[0].args[{number}]: nothing → {argument}"
            for number, argument in enumerate(("--overlay-type=full", "--overlay-encap=fou", "--auto-mtu=false"), 4)
        ),
    },
    "weave": {
        "DaemonSet kube-system/weave-net: spec.template.spec.containers[0].env[3]: "
        'nothing → {"name": "IPALLOC_RANGE", "value": "10.1.0.0/16"}',
        "DaemonSet kube-system/weave-net: spec.template.spec.containers[0].env[4]: "
        'nothing → {"name": "WEAVE_MTU", "value": "1400"}',
    },
}


def test_every_plugin_that_can_be_installed_is_in_these_tables() -> None:
    assert set(NOTHING_SAID) == set(ALL_SAID) == set(INSTALLATIONS)


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_with_nothing_said_only_what_floats_is_otherwise(name: str) -> None:
    assert set(brief(name).adjusted) == NOTHING_SAID[name]


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_with_everything_said_that_alone_is_otherwise(name: str) -> None:
    adjusted = brief(name, **everything(name)).adjusted
    images = {line for line in adjusted if ".image: " in line or ".imagePullPolicy: " in line}
    assert set(adjusted) - images == ALL_SAID[name]
    assert all(f" → {MIRROR}/" in line or line.endswith("Always → IfNotPresent") for line in images)


@real
@pytest.mark.parametrize(
    ("said", "arguments", "overhead"),
    [
        ({}, [], 20),
        ({"encapsulation": Encapsulation.IPIP_CROSS_SUBNET, "backend": "ipip"}, [], 20),
        ({"encapsulation": Encapsulation.NONE}, ["--enable-overlay=false"], 0),
        ({"backend": "fou"}, ["--overlay-encap=fou"], 32),
        ({"encapsulation": Encapsulation.IPIP}, ["--overlay-type=full"], 20),
    ],
)
def test_what_kube_router_is_told_of_its_overlay(said: dict[str, Any], arguments: list[str], overhead: int) -> None:
    (agent,) = (o for o in fitted("kube-router", **said) if o["kind"] == "DaemonSet")
    assert agent["spec"]["template"]["spec"]["containers"][0]["args"][4:] == arguments  # type: ignore[index,call-overload]
    assert INSTALLATIONS["kube-router"].overhead(Parameters(**said)) == overhead


@real
@pytest.mark.parametrize(("name", "version"), RELEASES)
def test_every_release_fits_and_names_its_images_exactly(name: str, version: str) -> None:
    images = brief(name, version).images
    assert images
    assert all(":" in image.rpartition("/")[2] and not image.endswith(":latest") for image in images), images


@real
@pytest.mark.parametrize(("name", "version"), RELEASES)
def test_a_registry_is_in_front_of_every_image(name: str, version: str) -> None:
    was, now = brief(name, version).images, brief(name, version, registry=MIRROR).images
    assert all(image.startswith(f"{MIRROR}/") for image in now)
    assert sorted(image.removeprefix(f"{MIRROR}/") for image in now) == sorted(
        image.removeprefix("quay.io/").removeprefix("ghcr.io/").removeprefix("docker.io/") for image in was
    )


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_what_the_plan_waits_for_is_what_the_file_makes(name: str) -> None:
    install, made = INSTALLATIONS[name], {ref(object) for object in published(name)}
    waited = {install.operator} if install.operator else {install.agent, *install.controllers}
    assert waited <= made


@real
@pytest.mark.parametrize("name", [name for name, install in INSTALLATIONS.items() if install.operator is None])
def test_what_is_installed_is_recognised_afterwards(name: str) -> None:
    agents = [msgspec.convert(o, DaemonSet, strict=False) for o in fitted(name) if o["kind"] == "DaemonSet"]
    (found,) = recognise(snapshot(*agents), plugins.all_plugins().values())
    assert found.title == plugins.all_plugins()[name].title
    assert found.version.removeprefix("v") == INSTALLATIONS[name].releases[0].version.removeprefix("v")


@real
@pytest.mark.parametrize("name", ["antrea", "calico", "canal", "flannel", "weave"])
def test_another_plugins_file_is_told(name: str) -> None:
    other = published("weave" if name != "weave" else "flannel")
    with pytest.raises(Misshapen, match="not what it is taken for"):
        INSTALLATIONS[name].fit(other, Parameters(pod_cidrs=INSTALLATIONS[name].pod_cidrs))


@pytest.mark.parametrize(
    ("cidr", "said", "expected"),
    [
        ("10.0.0.0/16", {}, (26, "VXLANCrossSubnet", "Enabled")),
        ("10.0.0.0/16", {"nat_outgoing": True}, (26, "VXLANCrossSubnet", "Enabled")),
        ("10.0.0.0/16", {"nat_outgoing": False}, (26, "VXLANCrossSubnet", "Disabled")),
        ("10.0.0.0/16", {"block_size": 24, "encapsulation": Encapsulation.IPIP}, (24, "IPIP", "Enabled")),
        ("10.0.0.0/16", {"encapsulation": Encapsulation.NONE}, (26, "None", "Enabled")),
        ("fd00::/56", {}, (122, "VXLANCrossSubnet", "Disabled")),
        ("fd00::/56", {"nat_outgoing": True}, (122, "VXLANCrossSubnet", "Enabled")),
        ("fd00::/56", {"block_size": 120}, (120, "VXLANCrossSubnet", "Disabled")),
        ("fd00::/56", {"block_size": 24}, (122, "VXLANCrossSubnet", "Disabled")),
    ],
)
def test_a_pool_of_calico(cidr: str, said: dict[str, Any], expected: tuple[int, str, str]) -> None:
    made = pool(cidr, Parameters(pod_cidrs=(cidr,), **said))
    assert (made["blockSize"], made["encapsulation"], made["natOutgoing"]) == expected
    assert made["name"] == f"default-ipv{6 if ':' in cidr else 4}-ippool"
    assert made["cidr"] == cidr


@real
@pytest.mark.parametrize("version", [release.version for release in INSTALLATIONS["calico"].releases])
@pytest.mark.parametrize("encapsulation", [None, *Encapsulation])
@pytest.mark.parametrize("cidrs", [("10.0.0.0/16",), ("fd00::/56",), ("10.0.0.0/16", "fd00::/56")])
def test_what_calico_is_told_fits_its_definitions(
    version: str, encapsulation: Encapsulation | None, cidrs: tuple[str, ...], tmp_path: Path
) -> None:
    said = {"pod_cidrs": cidrs, "mtu": 1400, "registry": MIRROR, "extras": frozenset({"goldmane", "whisker"})}
    objects = fitted("calico", version, encapsulation=encapsulation, nat_outgoing=True, **said)
    definitions = [object for _, object in steps.definitions(objects)]
    told = [object for object in objects if object["apiVersion"] == "operator.tigera.io/v1"]
    assert [object["kind"] for object in told] == ["Installation", "APIServer", "Goldmane", "Whisker"]
    manifests = MirrorThenDownload(tmp_path, tmp_path)
    assert [line for object in told for line in manifests.misfits(object, definitions)] == []


@real
def test_a_boolean_for_nat_outgoing_would_not_have_fitted(tmp_path: Path) -> None:
    objects = fitted("calico")
    installation: Any = next(object for object in objects if object["kind"] == "Installation")
    installation["spec"]["calicoNetwork"]["ipPools"][0]["natOutgoing"] = True
    lines = MirrorThenDownload(tmp_path, tmp_path).misfits(installation, [o for _, o in steps.definitions(objects)])
    assert lines
    assert all("ipPools[0].natOutgoing" in line for line in lines)


@real
def test_flannel_of_ipv6_alone_has_no_ipv4() -> None:
    (line,) = [line for line in brief("flannel", pod_cidrs=("fd00::/56",)).adjusted if "EnableIPv4" in line]
    assert line.endswith("EnableIPv4: nothing → false")


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_what_is_applied_has_a_namespace_just_where_its_kind_has_one(name: str) -> None:
    applied = [step for step in planned(name) if isinstance(step, Apply)]
    assert len(applied) == len(fitted(name))
    scopes = {key: o["spec"]["scope"] for key, o in steps.definitions(published(name))}  # type: ignore[index,call-overload]
    for step in applied:
        group = step.ref.api_version.partition("/")[0]
        scoped = step.ref.kind in CLUSTER_SCOPED or scopes.get((group, step.ref.kind)) == "Cluster"
        metadata: Any = step.manifest["metadata"]
        assert ("namespace" in metadata) != scoped, step.ref
        assert "status" not in step.manifest
        assert step.source == next(s.name for s in sources(name) if step.ref in map(ref, s.objects))


@real
def test_a_namespace_where_none_belongs_is_what_kube_routers_file_has() -> None:
    """Else the test above would hold by chance."""
    strange = [o for o in published("kube-router") if o["kind"] in CLUSTER_SCOPED and o["metadata"].get("namespace")]  # type: ignore[union-attr]
    assert [object["kind"] for object in strange] == ["ClusterRole"]


def place(step: Step) -> str:
    match step:
        case Apply(part=part):
            return part
        case Wait(until=until):
            return f"{until.name} {step.ref.kind}"
        case _:
            return type(step).__name__


def in_order(taken: list[Step]) -> list[str]:
    """Neighbours of a kind told once."""
    places = [place(step) for step in taken]
    return [each for at, each in enumerate(places) if at == 0 or places[at - 1] != each]


RIGHTS, WORKLOADS = "namespace, rights and configuration", "workloads"


@real
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "calico",
            [
                "definitions",
                "ESTABLISHED CustomResourceDefinition",
                RIGHTS,
                WORKLOADS,
                "ROLLED_OUT Deployment",
                "what it is told",
                "Settle",
                "AVAILABLE TigeraStatus",
                "TryAddresses",
            ],
        ),
        ("flannel", [RIGHTS, WORKLOADS, "Settle", "TryAddresses"]),
        ("kube-router", [RIGHTS, WORKLOADS, "Settle", "TryAddresses"]),
        (
            "canal",
            [
                "definitions",
                "ESTABLISHED CustomResourceDefinition",
                RIGHTS,
                WORKLOADS,
                "Settle",
                "ROLLED_OUT Deployment",
                "TryAddresses",
            ],
        ),
    ],
)
def test_the_order_of_things(name: str, expected: list[str]) -> None:
    assert in_order(planned(name)) == expected


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_what_needs_something_comes_after_it(name: str) -> None:
    taken = planned(name)
    at = {step.ref: index for index, step in enumerate(taken) if isinstance(step, Apply)}
    established = [i for i, step in enumerate(taken) if isinstance(step, Wait) and step.until is Until.ESTABLISHED]
    definitions = [index for own, index in at.items() if own.kind == "CustomResourceDefinition"]
    assert len(established) == len(definitions)
    assert not definitions or max(definitions) < min(established) < max(established) < min(
        set(at.values()) - {*definitions}
    )
    for own, index in at.items():
        namespace = ref_to_namespace(own.namespace)
        if own.namespace and namespace in at:
            assert at[namespace] < index
            assert taken[index].needs_earlier_step  # type: ignore[union-attr]
    assert isinstance(taken[-1], TryAddresses)
    assert sum(isinstance(step, Settle) for step in taken) == 1


@real
@pytest.mark.parametrize("name", INSTALLATIONS)
def test_what_pods_need_is_there_before_them_and_all_else_in_the_files_order(name: str) -> None:
    needed = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ConfigMap")
    made = [step.ref for step in planned(name) if isinstance(step, Apply)]
    workloads = [at for at, own in enumerate(made) if own.kind in ("DaemonSet", "Deployment")]
    assert max(at for at, own in enumerate(made) if own.kind in needed) < min(workloads)
    files = [ref(object) for object in fitted(name)]
    for kind in {own.kind for own in made}:
        assert [own for own in made if own.kind == kind] == [own for own in files if own.kind == kind]


def ref_to_namespace(name: str) -> Any:
    return ref({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


@real
def test_extras_are_waited_for_when_they_are_asked_for() -> None:
    def waited(**said: Any) -> list[str]:
        return [s.ref.name for s in planned("calico", **said) if isinstance(s, Wait) and s.until is Until.AVAILABLE]

    assert waited() == ["ippools", "calico", "apiserver"]
    assert waited(extras=frozenset({"whisker"})) == ["ippools", "calico", "apiserver", "whisker"]


@real
def test_what_stands_there_just_so_is_not_applied_again() -> None:
    objects = fitted("flannel")
    ours: Any = [{"manager": "patchbay", "operation": "Apply", "fieldsV1": {}}]
    there = {ref(o): {**o, "metadata": {**o["metadata"], "managedFields": ours}} for o in objects}  # type: ignore[dict-item]
    names = briefing.origins(objects, sources("flannel"))
    assert applied_by("flannel", objects, there, names) == []
    agent = INSTALLATIONS["flannel"].agent
    del there[agent]
    (step,) = applied_by("flannel", objects, there, names)
    assert isinstance(step, Apply)
    assert (step.ref, step.creates, step.needs_earlier_step) == (agent, True, False)


@pytest.mark.parametrize(
    ("name", "cidrs", "expected"),
    [
        ("flannel", ("10.1.0.0/16",), ("10.1.0.0/16",)),
        ("flannel", ("10.1.0.0/16", "fd00::/56"), ("10.1.0.0/16", "fd00::/56")),
        ("cilium", (), ("10.9.0.0/16",)),
    ],
)
def test_addresses_are_tried_in_the_pods_range(name: str, cidrs: tuple[str, ...], expected: tuple[str, ...]) -> None:
    _, install = plugins.installable(name)
    around = Surroundings(snapshot=snapshot(), pod_ranges=(Range("10.9.0.0/16", "kubeadm"),))
    *_, last = steps.verified(install, Parameters(pod_cidrs=cidrs), around)
    assert isinstance(last, TryAddresses)
    assert last.ranges == expected


def test_agents_and_controllers_are_what_they_are_taken_for() -> None:
    for name, install in INSTALLATIONS.items():
        assert install.agent == ref_to(DAEMON_SET, install.agent.namespace, install.agent.name), name
        for own in (*install.controllers, *([install.operator] if install.operator else [])):
            assert own == ref_to(DEPLOYMENT, own.namespace, own.name), name
