"""What is said to `cni install`, from the line as it is typed: refused before anything is read, or taken exactly so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.application.commands import cni_install, cni_uninstall, cni_upgrade
from bot.application.execution import plugins
from bot.application.execution.dispatch import understand
from bot.application.ports import Context, OpenCluster
from bot.domain.chat import grammar
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.network.snapshot import ClusterIdentity
from bot.domain.plugins import parameters
from bot.domain.plugins.parameters import Encapsulation, Parameters
from bot.errors import UsageError
from tests import fakes

CATALOGUE = {each.COMMAND.name: each.COMMAND for each in (cni_install, cni_upgrade, cni_uninstall)}
ACTOR = Actor("terminal:ann", "ann")


class Touched(AssertionError):
    """Something was read although the line is wrong."""


class Untouchable:
    """A cluster, a prober and a source of manifests in one, none of which may be asked anything."""

    identity = ClusterIdentity(uid="c1", name="test", version="v1.36.2")
    default_namespace = "default"

    def __getattr__(self, name: str) -> Any:
        raise Touched(name)


class UntouchableClusters:
    async def identities(self) -> tuple[ClusterIdentity, ...]:
        raise Touched("identities")

    @asynccontextmanager
    async def open(self, cluster: str, actor: Actor) -> AsyncIterator[OpenCluster]:
        untouchable: Any = Untouchable()
        yield OpenCluster(untouchable, untouchable)


async def asked(line: str) -> None:
    """As dispatch hands the line to the planner, with what went wrong raised instead of told."""
    untouchable: Any = Untouchable()
    command, request = understand(CATALOGUE, line)
    world = fakes.world(CATALOGUE)
    world.ports.manifests.read = untouchable  # type: ignore[method-assign]
    context = Context(
        ports=world.ports,
        invocation=Invocation(text=line, source=Source.TERMINAL, actor=ACTOR),
        cluster=untouchable,
        prober=untouchable,
        show=untouchable_show,
        line=grammar.written(command.name, request),
    )
    await command.planner(request, context)


async def untouchable_show(report: Any) -> None:
    raise Touched("show")


WRONG = [
    # line, words of the reason, words of the next step
    ("calico --pod-cidr 10.244.0.0", "too small", "at least a /26"),
    ("calico --pod-cidr 10.244.0.0/30", "it has 4 addresses", "at least a /26"),
    ("calico --pod-cidr 10.244.0.1/16", "has host bits set", "`--pod-cidr 10.244.0.0/16`"),
    ("calico --pod-cidr pods", "does not appear to be", "`--pod-cidr 10.244.0.0/16`"),
    ("calico --pod-cidr 10.244.0.0/16,", "does not appear to be", "`--pod-cidr 10.244.0.0/16`"),
    ("calico --pod-cidr 127.0.0.0/16", "loopback", "10.244.0.0/16"),
    ("calico --pod-cidr 169.254.0.0/16", "link-local", "10.244.0.0/16"),
    ("calico --pod-cidr 0.0.0.0/0", "loopback", "10.244.0.0/16"),
    ("calico --pod-cidr 0.16.0.0/12", "unspecified", "10.244.0.0/16"),
    ("calico --pod-cidr ::ffff:0:0/96", "unspecified", "10.244.0.0/16"),
    ("calico --pod-cidr fe80::/64", "link-local", "10.244.0.0/16"),
    ("calico --pod-cidr fd00::%eth0/64", "fd00::%eth0/64", "--pod-cidr"),
    ("calico --pod-cidr 10.244.0.0/16,10.245.0.0/16", "both IPv4", "one of IPv4 and one of IPv6"),
    ("calico --pod-cidr 10.244.0.0/16 --pod-cidr 10.245.0.0/16", "both IPv4", "one of IPv4 and one of IPv6"),
    ("calico --encapsulation GRE", "expected one of IPIP", "example:"),
    ("calico --encapsulation VXLN", "expected one of IPIP", "did you mean `VXLAN`?"),
    ("calico --encapsulation IPIP --pod-cidr fd00:10:244::/56", "carries no IPv6", "--encapsulation VXLAN"),
    ("calico --encapsulation IPIPCrossSubnet --pod-cidr 10.0.0.0/16,fd00::/56", "no IPv6", "--encapsulation VXLAN"),
    ("calico --nat-outgoing maybe", "expected yes or no", "example: `--nat-outgoing yes`"),
    ("calico --nat-outgoing 1", "expected yes or no", "example: `--nat-outgoing yes`"),
    ("calico --mtu big", "expected a number of bytes", "example: `--mtu 1450`"),
    ("calico --mtu -1450", "expected a number of bytes", "example: `--mtu 1450`"),
    ("calico --mtu 1450.5", "expected a number of bytes", "example: `--mtu 1450`"),
    ("calico --mtu ١٤٥٠", "expected a number of bytes", "example: `--mtu 1450`"),
    ("calico --mtu 575", "576 to 9216", "leave it out"),
    ("calico --mtu 9217", "576 to 9216", "leave it out"),
    ("calico --mtu 1279 --pod-cidr fd00:10:244::/56", "IPv6 needs 1280", "leave it out"),
    ("calico --block-size 19", "from 20 to 32", "the default is 26"),
    ("calico --block-size 33", "from 20 to 32", "the default is 26"),
    ("calico --block-size 26 --pod-cidr fd00:10:244::/56", "from 116 to 128", "the default is 122"),
    ("calico --block-size 22 --pod-cidr 10.244.0.0/24", "larger than the range", "above 24"),
    ("calico --block-size 116 --pod-cidr fd00::/118", "larger than the range", "above 118"),
    ("calico --version v0.1", "v3.32.1, v3.31.7", "`--version v3.32.1`"),
    ("calico --version 3.32", "v3.32.1, v3.31.7", "`--version v3.32.1`"),
    ("calico --version ''", "expected a version", "--version v1.2.3"),
    ("calico --registry ''", "a registry's host", "--registry registry.example.com/mirror"),
    ("calico --mtu 0", "expected a number of bytes above 0", "example: `--mtu 1450`"),
    ("calico --block-size 0", "expected a prefix length", "example: `--block-size 26`"),
    ("flannel --backend ''", "expected the name of a backend", "example: `--backend vxlan`"),
    ("calico --with whisker", "`--with whisker` needs goldmane", "say `--with goldmane,whisker`"),
    ("calico --with ''", "goldmane, whisker", "leave it out"),
    ("flannel --accept nonsense", "There is no doubt 'nonsense' to accept", "each with its code"),
    ("flannel --accept mtu --accept ''", "kubernetes-version, leftovers, mtu", "leave it out"),
    ("flannel --version v3.32.1", "v0.28.9, v0.28.8", "`--version v0.28.9`"),
    ("calico --registry https://registry.example.com", "without a scheme", "--registry registry.example.com/mirror"),
    ("calico --registry registry.example.com/", "a slash at the end", "--registry registry.example.com/mirror"),
    ("calico --registry registry.example.com/mirror:1", "a tag", "--registry registry.example.com/mirror"),
    ("calico --registry 'registry.example.com/a b'", "a host", "--registry registry.example.com/mirror"),
    ("calico --registry mirror", "Docker Hub", "--registry registry.example.com/mirror"),
    ("calico --with felix", "goldmane, whisker", "leave it out"),
    ("calico --with goldmane,", "goldmane, whisker", "leave it out"),
    ("calico --backend vxlan", "takes no `--backend`", "leave it out"),
    ("flannel --encapsulation VXLAN", "takes no `--encapsulation`", "leave it out"),
    ("flannel --nat-outgoing no", "takes no `--nat-outgoing`", "leave it out"),
    ("flannel --block-size 26", "takes no `--block-size`", "leave it out"),
    ("flannel --with goldmane", "takes no `--with`", "leave it out"),
    ("flannel --backend host-gw --mtu 1400", "whatever it is told", "leave `--mtu` out"),
    ("kube-router --backend vxlan", "expected one of ipip, fou", "leave it out"),
    ("kube-router --encapsulation VXLAN", "expected one of IPIP, IPIPCrossSubnet, None", "leave it out"),
    ("flannel --backend ipip", "vxlan, host-gw, wireguard", "leave it out"),
    ("antrea --encapsulation IPIP", "expected one of None", "leave it out"),
    ("antrea --backend gre --pod-cidr 10.244.0.0/16,fd00:10:244::/56", "carries no IPv6", "--backend vxlan"),
    ("antrea --backend wireguard", "geneve, vxlan, gre", "leave it out"),
    ("weave --backend vxlan", "takes no `--backend`", "leave it out"),
    ("weave --pod-cidr fd00:10:244::/56", "no place for", "Antrea, Calico or flannel"),
    ("kube-router --pod-cidr 10.244.0.0/16,fd00:10:244::/56", "no place for", "Antrea, Calico or flannel"),
    ("cilium --pod-cidr 10.244.0.0/16", "takes no `--pod-cidr`", "leave it out"),
    ("cilium", "needs a version", "--version"),
    ("cilium --version ../../etc", "is no version", "--version"),
    ("aws-vpc", "Amazon installs it", "Patchbay recognises it, and installs antrea"),
    ("azure", "Azure installs it", "Patchbay recognises it"),
    ("gke-dataplane", "Google installs it", "Patchbay recognises it"),
    ("ovn-kubernetes", "OpenShift", "Patchbay recognises it"),
    ("bridge", "outside of Kubernetes", "Patchbay recognises it"),
    ("calcio", "a network plugin: antrea, calico", "did you mean `calico`?"),
    ("", "expected a network plugin", "example: `calico`"),
    ("calico flannel", "does not know what to do with 'flannel'", "see `help cni install`"),
    ("calico --podcidr 10.244.0.0/16", "did you mean `--pod-cidr`?", "see `help cni install`"),
    ("calico --mtu 1450 --mtu 1400", "given twice", "help cni install"),
    ("calico --nat-outgoing", "needs a value", "example: `--nat-outgoing yes`"),
]


@pytest.mark.parametrize(("line", "reason", "next_step"), WRONG, ids=[line for line, *_ in WRONG])
async def test_what_is_wrong_is_refused_before_anything_is_read(line: str, reason: str, next_step: str) -> None:
    with pytest.raises(UsageError) as refused:
        await asked(f"cni install {line}")
    told = refused.value
    assert reason in f"{told.summary}. {told.cause}"
    assert next_step in told.next_step


async def test_a_right_line_does_get_as_far_as_the_cluster() -> None:
    """What the table above stands on: with nothing wrong, this very cluster is asked."""
    with pytest.raises(Touched):
        await asked("cni install calico")


def understood(line: str) -> Parameters:
    _, request = understand(CATALOGUE, f"cni install {line}")
    plugin, installation = plugins.installable(request.name)
    taken = installation.taken(plugin.title)
    found = cni_install._parameters(request, taken)
    parameters.check(found, taken)
    return found


RIGHT: list[tuple[str, Parameters]] = [
    ("calico", Parameters()),
    ("CALICO", Parameters()),
    ("kube_router", Parameters()),
    ("calico --nat-outgoing true", Parameters(nat_outgoing=True)),
    ("calico --nat-outgoing yes", Parameters(nat_outgoing=True)),
    ("calico --nat-outgoing enabled", Parameters(nat_outgoing=True)),
    ("calico --nat-outgoing=Enabled", Parameters(nat_outgoing=True)),
    ("calico --nat-outgoing no", Parameters(nat_outgoing=False)),
    ("calico --nat-outgoing Disabled", Parameters(nat_outgoing=False)),
    ("calico --pod-cidr 10.244.0.0/16,fd00:10:244::/56", Parameters(pod_cidrs=("10.244.0.0/16", "fd00:10:244::/56"))),
    (
        "calico --pod-cidr FD00:10:244::/56 --pod-cidr 10.244.0.0/16",
        Parameters(pod_cidrs=("10.244.0.0/16", "fd00:10:244::/56")),
    ),
    ("flannel --pod-cidr 10.244.0.0/255.255.0.0", Parameters(pod_cidrs=("10.244.0.0/16",))),
    ("calico --pod-cidr 192.168.0.0/26", Parameters(pod_cidrs=("192.168.0.0/26",))),
    ("calico --encapsulation vxlancrosssubnet", Parameters(encapsulation=Encapsulation.VXLAN_CROSS_SUBNET)),
    ("antrea --encapsulation none", Parameters(encapsulation=Encapsulation.NONE)),
    ("calico --mtu 576", Parameters(mtu=576)),
    ("calico --mtu 9216", Parameters(mtu=9216)),
    (
        "flannel --mtu 1280 --pod-cidr fd00:10:244::/56 --backend WireGuard",
        Parameters(mtu=1280, pod_cidrs=("fd00:10:244::/56",), backend="wireguard"),
    ),
    ("calico --block-size 20", Parameters(block_size=20)),
    ("calico --block-size 32", Parameters(block_size=32)),
    (
        "calico --block-size 24 --pod-cidr 10.244.0.0/24",
        Parameters(block_size=24, pod_cidrs=("10.244.0.0/24",)),
    ),
    ("calico --block-size 116 --pod-cidr fd00::/56", Parameters(block_size=116, pod_cidrs=("fd00::/56",))),
    ("calico --version v3.31.7", Parameters(version="v3.31.7")),
    ("calico --version 3.31.7", Parameters(version="v3.31.7")),
    ("weave --version 2.9.0", Parameters(version="v2.9.0")),
    ("calico --with goldmane", Parameters(extras=frozenset({"goldmane"}))),
    ("flannel --registry registry.example.com:5000/mirror", Parameters(registry="registry.example.com:5000/mirror")),
    ("flannel --registry localhost:5000", Parameters(registry="localhost:5000")),
    ("flannel --registry localhost/mirror", Parameters(registry="localhost/mirror")),
    ("calico --with goldmane,whisker", Parameters(extras=frozenset({"goldmane", "whisker"}))),
    ("calico --with Goldmane --with whisker", Parameters(extras=frozenset({"goldmane", "whisker"}))),
    (
        "antrea --backend vxlan --pod-cidr 10.244.0.0/16,fd00:10:244::/56",
        Parameters(backend="vxlan", pod_cidrs=("10.244.0.0/16", "fd00:10:244::/56")),
    ),
    ("antrea --backend gre", Parameters(backend="gre")),
    ("canal --backend host-gw --mtu 1400", Parameters(backend="host-gw", mtu=1400)),
    ("kube-router --backend fou --encapsulation IPIP", Parameters(backend="fou", encapsulation=Encapsulation.IPIP)),
    ("canal --backend host-gw", Parameters(backend="host-gw")),
    ("cilium --version v1.20.0", Parameters(version="v1.20.0")),
]


@pytest.mark.parametrize(("line", "expected"), RIGHT, ids=[line for line, _ in RIGHT])
def test_what_is_right_is_taken_just_so(line: str, expected: Parameters) -> None:
    assert understood(line) == expected


@pytest.mark.parametrize("line", [line for line, _ in RIGHT])
def test_a_plan_is_made_again_from_the_line_it_keeps(line: str) -> None:
    command, request = understand(CATALOGUE, f"cni install {line}")
    kept = grammar.written(command.name, request)
    again_command, again = understand(CATALOGUE, kept)
    assert (again_command, again) == (command, request)
    assert grammar.written(command.name, again) == kept


def test_accepted_doubts_are_kept_in_the_line() -> None:
    command, request = understand(CATALOGUE, "cni install flannel --accept mtu --accept leftovers --dry-run")
    assert "--accept mtu --accept leftovers" in grammar.written(command.name, request)


@pytest.mark.parametrize(
    ("said", "versions", "expected"),
    [
        ("", ("v1",), ""),
        ("1", ("v1",), "v1"),
        ("v1", ("1",), "1"),
        ("1", ("v1", "1"), "1"),
        ("v2", ("v1",), "v2"),
        ("vv1", ("v1", "1"), "vv1"),
    ],
)
def test_the_version_that_is_meant(said: str, versions: tuple[str, ...], expected: str) -> None:
    assert parameters.meant(said, versions) == expected


@pytest.mark.parametrize("line", ["cni upgrade --accept nonsense", "cni uninstall flannel --accept nonsense"])
async def test_what_is_no_doubt_cannot_be_accepted(line: str):
    with pytest.raises(UsageError, match="There is no doubt 'nonsense' to accept"):
        await asked(line)
