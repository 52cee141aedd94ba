"""What comes in with a plan: what the files name, and what an operator makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.application.execution import plugins
from bot.domain.network.references import Ref
from bot.domain.plugins import installing, upgrading
from bot.domain.plugins.incoming import Incoming, incoming
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted
from bot.domain.plugins.surroundings import Surroundings
from tests.builders import deployment, node, snapshot
from tests.domain.plugins.cni.test_installations import fitted, real, sources

PLUGIN, CALICO = plugins.installable("calico")
BOTH = frozenset({"goldmane", "whisker"})
MADE = " (made by the operator)"
INSTALLATION = Ref("Installation", "default", "", "operator.tigera.io/v1")


def test_a_folder_that_two_are_given_is_one_line() -> None:
    one = Incoming(("b:v1",), ("Deployment a: x",), ("/var/lib/a: Deployment a, read only",))
    other = Incoming(("a:v1", "b:v1"), ("DaemonSet b: y",), ("/etc: DaemonSet b, writes", "/var/lib/a: b, writes"))
    assert one + other == Incoming(
        ("a:v1", "b:v1"),
        ("Deployment a: x", "DaemonSet b: y"),
        ("/etc: DaemonSet b, writes", "/var/lib/a: Deployment a, read only; b, writes"),
    )


@pytest.mark.parametrize("release", CALICO.releases, ids=lambda release: release.version)
@pytest.mark.parametrize(("said", "registry"), [({}, "quay.io"), ({"registry": "r.example.com/m"}, "r.example.com/m")])
def test_what_calicos_operator_makes_is_told_of_every_release(release: Any, said: Any, registry: str) -> None:
    comes = CALICO.brings(Parameters(**said), release)
    assert all(image.startswith(f"{registry}/calico/") for image in comes.images)
    assert all(image.endswith(f":{release.version}{MADE}") for image in comes.images)
    names = {image.partition("/calico/")[2].partition(":")[0] for image in comes.images}
    assert {"node", "cni", "typha", "kube-controllers", "apiserver", "csi", "node-driver-registrar"} < names
    assert not names & {"goldmane", "whisker", "whisker-backend"}
    (node,) = [line for line in comes.privileges if "/calico-node:" in line]
    assert "the host's network; privileged containers " in node
    paths = {line.partition(": ")[0] for line in comes.host_paths}
    assert {"/etc/cni/net.d", "/opt/cni/bin", "/lib/modules", "/run/xtables.lock", "/var/run/nodeagent"} < paths
    assert all(line.endswith(MADE) for line in (*comes.privileges, *comes.host_paths))


def test_extras_bring_their_images() -> None:
    plain, more = (CALICO.brings(Parameters(extras=extras), CALICO.releases[0]) for extras in (frozenset(), BOTH))
    names = [image.partition("/calico/")[2].partition(":")[0] for image in more.images if image not in plain.images]
    assert names == ["goldmane", "whisker", "whisker-backend"]


def test_a_calico_that_is_there_says_what_it_was_told() -> None:
    running = snapshot(deployment("whisker", namespace="calico-system"), deployment("goldmane", namespace="shop"))
    there: Any = {INSTALLATION: {"spec": {"registry": "r.example.com/m/"}}}
    told = CALICO.standing(Surroundings(snapshot=running, existing=there))
    assert told == Parameters(registry="r.example.com/m", extras=frozenset({"whisker"}))
    assert CALICO.standing(Surroundings(snapshot=snapshot())) == Parameters()


def test_a_role_that_may_grant_anything_says_so_first() -> None:
    rules = [{"resources": [f"a{number}"], "verbs": ["create"]} for number in range(9)]
    rules.append({"resources": ["clusterroles"], "verbs": ["bind", "escalate", "get"]})
    role: Any = {"apiVersion": "v1", "kind": "ClusterRole", "metadata": {"name": "r"}, "rules": rules}
    (line,) = incoming((role,)).privileges
    assert line.startswith("ClusterRole r: changes clusterroles (bind, escalate), a0 (create), ")
    assert line.endswith(" and 2 more")


@real
def test_plans_name_what_the_operator_makes() -> None:
    """An installation what it is told, an upgrade what the one that is there was told."""
    newest, older = CALICO.releases

    def wanted(said: Parameters) -> Wanted:
        return Wanted(
            name="calico",
            plugin=PLUGIN,
            installation=CALICO,
            release=newest,
            parameters=said,
            objects=fitted("calico"),
        )

    installed = installing.plan(
        wanted(Parameters(extras=BOTH, pod_cidrs=CALICO.pod_cidrs)),
        Surroundings(snapshot=snapshot(node(ready=False))),
        sources("calico"),
        line="",
        accepted=frozenset(),
    )
    there: Any = {INSTALLATION: {"kind": "Installation", "spec": {"registry": "r.example.com/"}}}
    upgraded = upgrading.plan(
        upgrading.Upgrade(wanted=wanted(Parameters()), before=older, old=fitted("calico", older.version)),
        Surroundings(snapshot=snapshot(node()), existing=there),
        sources("calico"),
        line="",
        accepted=frozenset(),
    )
    assert installed.brief is not None
    assert upgraded.brief is not None
    assert f"quay.io/calico/whisker:{newest.version}{MADE}" in installed.brief.images
    assert f"r.example.com/calico/node:{newest.version}{MADE}" in upgraded.brief.images
    for brief in (installed.brief, upgraded.brief):
        assert any(line.startswith("/etc/cni/net.d: DaemonSet calico-node, writes") for line in brief.host_paths)
        assert any("tigera/operator:" in image and MADE not in image for image in brief.images)
