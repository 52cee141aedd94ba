"""Scenarios: loaded, swapped while everything runs, broken and mended."""

from collections.abc import AsyncIterator

import pytest

from bot.errors import NotFound
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.world import World, read_scenario, scenario_names

FAULTS = ("api-selector", "web-unready", "db-port", "cart-image", "ingress-backend")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with EmbeddedCluster(seed=1) as cluster:
        world = World(cluster)
        await world.load("shop")
        yield world


def states(world, kind, namespace="shop"):
    return {seen.name: seen.state for seen in world.objects() if (seen.kind, seen.namespace) == (kind, namespace)}


def broken(world):
    return {fault.id for fault in world.faults() if fault.broken}


def test_every_scenario_can_be_read():
    assert {"shop", "broken"} <= set(scenario_names())
    assert all(read_scenario(name).story for name in scenario_names())


async def test_in_the_shop_everything_is_well(world):
    assert [seen for seen in world.objects() if not seen.healthy] == []
    assert broken(world) == set()
    assert states(world, "Ingress") == {"web": "203.0.113.10"}
    assert states(world, "Service", "kube-system") == {"kube-dns": "2 ready"}


async def test_in_the_broken_shop_everything_is_broken(world):
    await world.load("broken")
    assert (world.scenario, broken(world)) == ("broken", set(FAULTS))
    found = {(finding.rule, finding.kind, finding.name) for finding in read_scenario("broken").findings}
    assert len(found) == 5


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_broken_and_mended_alone(world, fault):
    world.break_(fault)
    await world.cluster.settled()
    assert broken(world) == {fault}
    world.mend(fault)
    await world.cluster.settled()
    assert broken(world) == set()
    assert [seen for seen in world.objects() if not seen.healthy] == []


async def test_what_a_person_mends_by_hand_counts_as_mended(world):
    world.break_("api-selector")
    registry, kind = world.cluster.registry, world.cluster.kinds.named("v1", "Service")
    service = registry.get(kind, "shop", "api")
    from bot.playground.cluster_server.objects.registry import Writing

    registry.update(kind, "shop", "api", service | {"spec": service["spec"] | {"selector": {"app": "api"}}}, Writing())
    assert broken(world) == set()


async def test_watches_see_a_scenario_go_and_come(world):
    seen = []
    world.cluster.store.subscribe(lambda change: seen.append((change.type, change.obj["metadata"]["name"])))
    await world.load("shop")
    assert ("DELETED", "db") in seen
    assert ("ADDED", "db") in seen


async def test_the_cluster_stays_the_same_one_when_its_scenario_changes(world):
    kind = world.cluster.kinds.named("v1", "Namespace")
    before = world.cluster.registry.get(kind, "", "kube-system")["metadata"]["uid"]
    await world.load("broken")
    assert world.cluster.registry.get(kind, "", "kube-system")["metadata"]["uid"] == before


async def test_yaml_is_what_kubectl_would_show(world):
    text = world.yaml("Service", "shop", "web")
    assert "selector:\n    app: web" in text
    assert "managedFields" not in text
    assert world.yaml("Service", "shop", "nope") is None


async def test_listeners_hear_of_a_broken_program(world):
    heard = []
    end = world.subscribe(lambda: heard.append(1))
    world.break_("web-unready")
    assert heard
    end()


async def test_unknown_names_say_what_there_is(world):
    with pytest.raises(LookupError, match="There is no scenario"):
        await world.load("nope")
    with pytest.raises(NotFound, match="its faults are: api-selector"):
        world.break_("nope")
