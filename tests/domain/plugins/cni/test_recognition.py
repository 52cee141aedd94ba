"""Network plugins are told apart by what their own manifests put into a cluster."""

from typing import Any

import pytest

from bot.discovery import declared
from bot.domain.network.snapshot import DaemonSet
from bot.domain.plugins.cni import NetworkPlugin, recognise, repository, tag_of
from tests import plugin_worlds
from tests.builders import daemon_set, node, snapshot

PLUGINS = declared("bot.domain.plugins.cni", "CNI", NetworkPlugin)


@pytest.mark.parametrize(
    ("agent", "title", "version"),
    [
        (
            daemon_set("calico-node", images=["quay.io/calico/node:v3.32.1", "quay.io/calico/cni:v3.32.1"]),
            "Calico",
            "v3.32.1",
        ),
        (
            daemon_set("canal", images=["quay.io/calico/node:v3.32.1", "docker.io/flannel/flannel:v0.24.4"]),
            "Canal",
            "v3.32.1",
        ),
        (daemon_set("kube-flannel-ds", images=["ghcr.io/flannel-io/flannel:v0.28.9"]), "flannel", "v0.28.9"),
        (daemon_set("weave-net", images=["rajchaudhuri/weave-kube:2.9.0"]), "Weave Net", "2.9.0"),
        (daemon_set("kube-router", images=["docker.io/cloudnativelabs/kube-router"]), "kube-router", ""),
        (daemon_set("antrea-agent", images=["antrea/antrea-agent-ubuntu:v2.7.0"]), "Antrea", "v2.7.0"),
        (daemon_set("antrea-agent", images=["antrea/antrea-agent-ubuntu:latest"]), "Antrea", ""),
        (daemon_set("cilium", images=["quay.io/cilium/cilium:v1.20.0@sha256:abc"]), "Cilium", "v1.20.0"),
        (daemon_set("renamed", images=["mirror.local:5000/calico/node:v3.31.7"]), "Calico", "v3.31.7"),
        (daemon_set("own-net", host_paths=["/opt/cni/bin"]), "unknown, by DaemonSet kube-system/own-net", ""),
    ],
)
def test_a_plugin_is_recognised_by_its_agent(agent: DaemonSet, title: str, version: str) -> None:
    (found,) = recognise(snapshot(agent, node()), PLUGINS.values())
    assert (found.title, found.version, found.agent) == (title, version, agent)


def test_other_daemon_sets_are_not_taken_for_one() -> None:
    taken = snapshot(daemon_set("node-exporter", images=["prom/node-exporter:v1"]), node(ready=False))
    assert recognise(taken, PLUGINS.values()) == ()


def test_ready_nodes_without_an_agent_have_a_network_from_their_hosts() -> None:
    (found,) = recognise(snapshot(node()), PLUGINS.values())
    assert (found.title, found.agent) == (PLUGINS["bridge"].title, None)


def test_nodes_that_a_plugin_has_left_are_not_taken_for_ones_with_a_network() -> None:
    left = plugin_worlds.node(network=("False", "FlannelIsUp"))
    assert recognise(snapshot(left), PLUGINS.values()) == ()


def test_a_cluster_between_two_plugins_shows_both() -> None:
    found = recognise(snapshot(daemon_set("calico-node"), daemon_set("kube-flannel-ds")), PLUGINS.values())
    assert [each.title for each in found] == ["Calico", "flannel"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("web", ("web", "")),
        ("web:1", ("web", "1")),
        ("quay.io:443/calico/node", ("quay.io:443/calico/node", "")),
        ("quay.io:443/calico/node:v3@sha256:abc", ("quay.io:443/calico/node", "v3")),
    ],
)
def test_an_image_is_taken_apart(image: str, expected: Any) -> None:
    assert (repository(image), tag_of(image)) == expected
