"""The definitions of the Gateway API are everybody's: they come first where there are none, are never downgraded, and
go only when they are named and hold nothing. The real ones of both pinned releases."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.manifests.parsing import objects_in
from tests.edge_worlds import edge
from tests.mirrors import HAVE_MIRROR, MIRROR
from tests.plugging import Object, Site, told

pytestmark = pytest.mark.skipif(not HAVE_MIRROR, reason="needs the real manifests in ../shared/manifests")
BUNDLE = "gateway.networking.k8s.io/bundle-version"
CHANNEL = "gateway.networking.k8s.io/channel"
ROUTES = "httproutes.gateway.networking.k8s.io"


def bundle(version: str, channel: str = "standard", of: str = "v1.5.1", *, less: Iterable[str] = ()) -> list[Object]:
    """The definitions of a release as if they were of this version and channel, without their guard."""
    path = MIRROR / f"gateway-api/{of}/standard-install.yaml"
    objects: list[Any] = [copy.deepcopy(each) for each in objects_in(path.read_bytes(), path.name)]
    kept = [o for o in objects if o["kind"] == "CustomResourceDefinition" and o["metadata"]["name"] not in less]
    for each in kept:
        each["metadata"]["annotations"] |= {BUNDLE: version, CHANNEL: channel}
    return kept


def versions(here: Site) -> set[str]:
    found = here.all("CustomResourceDefinition")
    return {
        str(each["metadata"]["annotations"].get(BUNDLE))
        for each in found
        if each["spec"]["group"] == "gateway.networking.k8s.io"
    }


@pytest.mark.parametrize("name", ["traefik", "contour"])
async def test_where_there_are_none_they_come_first_and_the_class_is_accepted(name: str, tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        said = await here.approved(
            f"controller install {name} --gateway-api --accept no-load-balancer --accept kubernetes-version"
        )
        assert said.startswith("Applied"), said
        assert versions(here) == {"v1.6.1"}
        assert here.find("ValidatingAdmissionPolicy", "", "safe-upgrades.gateway.networking.k8s.io") is not None
        accepted = here.get("GatewayClass", "", name)["status"]["conditions"]
        assert [c["status"] for c in accepted if c["type"] == "Accepted"] == ["True"]
        undone = await here.approved("changes undo 2")
        assert undone.startswith("Applied"), undone
        assert versions(here) == set()


@pytest.mark.parametrize(
    ("version", "channel", "told_so"),
    [
        ("v1.7.0", "standard", "v1.7.0, standard channel, 8 definitions: left as they are"),
        ("v1.6.1", "standard", "v1.6.1, standard channel, 8 definitions: left as they are"),
        ("v1.6.1", "experimental", "v1.6.1, experimental channel, 8 definitions: left as they are"),
    ],
)
async def test_what_is_there_is_left_as_it_is(version: str, channel: str, told_so: str, tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        here.create(*bundle(version, channel))
        await here.world.cluster.settled()
        before = {each["metadata"]["name"]: each for each in here.all("CustomResourceDefinition")}
        line = "controller install traefik --gateway-api --service NodePort"
        assert told_so in told((await here.answer(f"{line} --dry-run")).report)
        assert (await here.approved(line)).startswith("Applied")
        after = {each["metadata"]["name"]: each for each in here.all("CustomResourceDefinition")}
        assert {name: after[name] for name in before} == before
        assert (await here.approved("changes undo 2")).startswith("Applied")
        assert {each["metadata"]["name"] for each in here.all("CustomResourceDefinition")} == set(before)


async def test_older_ones_than_a_controller_was_built_with_are_a_doubt(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        here.create(*bundle("v1.2.1"))
        answer = await here.answer("controller install traefik --gateway-api --service NodePort")
        assert not answer.change
        assert "Traefik v3.7.9 was built with v1.4.0, and may miss what it watches" in told(answer.report)
        assert "--accept gateway-api-older" in told(answer.report)


async def test_without_those_that_everybody_needs_a_controller_stops(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        here.create(*bundle("v1.6.1", less=[ROUTES]))
        said = told((await here.answer("controller install traefik --gateway-api --service NodePort")).report)
        assert f"{ROUTES} is missing; controller install gateway-api brings it" in said


@pytest.mark.parametrize(
    ("version", "channel", "reason"),
    [
        ("v1.7.0", "standard", "v1.6.1 is older, and definitions are never downgraded"),
        ("v1.5.1", "experimental", "that has what the standard channel lacks"),
        ("", "", "whether v1.6.1 is newer cannot be known"),
    ],
)
async def test_they_are_never_downgraded_nor_changed_in_kind(
    version: str, channel: str, reason: str, tmp_path: Path
) -> None:
    async with edge(tmp_path, mirror=MIRROR, network=False) as here:
        here.create(*bundle(version, channel))
        said = told((await here.answer("controller install gateway-api")).report)
        assert reason in said
        assert "Nothing was written" in said


async def test_a_pinned_older_release_does_not_downgrade_either(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR, network=False) as here:
        assert (await here.approved("controller install gateway-api")).startswith("Applied")
        said = told((await here.answer("controller install gateway-api --version 1.5.1")).report)
        assert "v1.5.1 is older, and definitions are never downgraded" in said
        assert versions(here) == {"v1.6.1"}


async def test_older_ones_of_others_are_upgraded_when_that_is_asked_for_and_go_back_by_undo(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR, network=False) as here:
        here.create(*bundle("v1.5.0"))
        answer = await here.answer("controller install gateway-api")
        assert "v1.5.0, standard channel, 8 definitions become v1.6.1" in told(answer.report)
        assert (await here.approved("controller install gateway-api --accept upgrades-shared")).startswith("Applied")
        assert versions(here) == {"v1.6.1"}
        assert (await here.approved("changes undo 1")).startswith("Applied")
        assert versions(here) == {"v1.5.0"}


async def test_they_go_alone_and_only_when_they_hold_nothing(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        await here.approved("controller install traefik --gateway-api --service NodePort")
        said = told((await here.answer("controller uninstall gateway-api")).report)
        assert "they hold GatewayClass traefik, which would be lost" in said
        gone = await here.approved("controller uninstall traefik")
        assert "definitions of the Gateway API stay" in gone
        assert versions(here) == {"v1.6.1"}
        assert (await here.approved("controller uninstall gateway-api")).startswith("Applied")
        assert versions(here) == set()


async def test_their_status_tells_version_channel_and_who_brought_them(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR, network=False) as here:
        assert "The Gateway API is not there" in told((await here.answer("controller status gateway-api")).report)
        here.create(*bundle("v1.5.1", "experimental"))
        said = told((await here.answer("controller status gateway-api")).report)
        assert "Gateway API on patchbay-playground: v1.5.1, experimental channel, 8 definitions" in said
        assert f"{ROUTES}" in said


async def test_gateways_that_nobody_serves_afterwards_are_named(tmp_path: Path) -> None:
    async with edge(tmp_path, mirror=MIRROR) as here:
        await here.approved("controller install traefik --gateway-api --service NodePort")
        here.create(gateway("web", "traefik"), route("shop", "web"))
        answer = await here.answer("controller uninstall traefik")
        assert not answer.change
        assert "nobody serves the Gateways default/web and the routes default/shop afterwards" in told(answer.report)
        status = told((await here.answer("controller status traefik")).report)
        assert "default/web" in status
        assert "default/shop" in status
        listed = told((await here.answer("controller list")).report)
        assert "1 Gateway, 1 route" in listed


def gateway(name: str, class_name: str) -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"gatewayClassName": class_name, "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
    }


def route(name: str, parent: str) -> Object:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"parentRefs": [{"name": parent}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    }
