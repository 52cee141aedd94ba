"""The advice for changing from one network plugin to another: what is told, and in which order."""

from __future__ import annotations

import pytest

from bot.application.execution import plugins
from bot.domain.changes.change import Checked
from bot.domain.plugins import migrating
from bot.domain.plugins.cni import Recognised
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.preflight import Wanted
from bot.domain.plugins.preflight.other_plugins import ABOUT
from bot.domain.plugins.releases import Release
from bot.domain.plugins.surroundings import Surroundings
from tests.builders import node, snapshot


def advice(old: str, new: str, *checks: Checked) -> dict[str, str]:
    """The lines of each stage, by its title."""
    plugin, installation = plugins.installable(new)
    wanted = Wanted(
        name=new,
        plugin=plugin,
        installation=installation,
        release=Release(version="v1", files=()),
        parameters=Parameters(pod_cidrs=installation.pod_cidrs),
        objects=(),
    )
    before = plugins.all_plugins()[old]
    around = Surroundings(snapshot=snapshot(node("a"), node("b")))
    found = migrating.advice(before, Recognised(before.title, "v0", None), wanted, around, checks)
    return {stage.title: "\n".join(stage.lines) for stage in found}


def test_the_old_one_goes_and_hosts_are_cleared_before_the_new_one_comes() -> None:
    told = advice("flannel", "calico")
    assert list(told) == ["What it means", "Before", "In the window", "Afterwards"]
    assert "flannel v0 gives way to Calico v1" in told["What it means"]
    assert "about five minutes a node, 2 of them" in told["What it means"]
    window = told["In the window"]
    words = ("`cni uninstall`", "rm -f /etc/cni/net.d/10-flannel.conflist", "Restart every node", "`cni install calico")
    assert sorted(words, key=window.index) == list(words)
    assert "/etc/cni/net.d holds 10-calico.conflist alone" in window


@pytest.mark.parametrize(("new", "told"), [("antrea", True), ("kube-router", True), ("flannel", False)])
def test_nodes_that_calico_leaves_shut_are_opened_by_hand_where_the_new_one_does_not(new: str, told: bool) -> None:
    window = advice("calico", new)["In the window"]
    assert ("kubectl patch node NODE --subresource=status" in window) is told
    assert "`--accept leftovers`" in window


def test_what_another_maker_installed_is_taken_away_by_its_means() -> None:
    window = advice("aws-vpc", "calico")["In the window"]
    assert "Take AWS VPC CNI away by the means that installed it: Amazon installs it" in window
    assert "`cni uninstall`" not in window


def test_what_the_new_one_would_stumble_over_is_told_before_but_not_that_the_old_one_is_there() -> None:
    before = advice(
        "flannel",
        "calico",
        Checked("MTU", "doubt", "too large", "mtu"),
        Checked("nodes", "ok", "2 of 2 Ready"),
        Checked(ABOUT, "conflict", "flannel is there already"),
    )["Before"]
    assert "MTU: too large" in before
    assert "2 of 2 Ready" not in before
    assert "there already" not in before
