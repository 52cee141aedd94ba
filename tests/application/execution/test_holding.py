"""Going back does not take along what others have put in: a namespace or a definition that holds something stays."""

from __future__ import annotations

from typing import Any

import fakes
import pytest
from plugged import carried_out, cluster_of

from bot.application.execution.holding import counted_in_words, held_by, kind_defined
from bot.domain.changes.change import Apply, ChangeRecord, ChangeState, StepState, Until, Wait
from bot.domain.changes.fields import ref_of
from bot.domain.network.references import CUSTOM_RESOURCE_DEFINITION, DEPLOYMENT, NAMESPACE, Ref, ref_to
from bot.errors import Refused

NET = ref_to(NAMESPACE, "", "net")
POOLS = ref_to(CUSTOM_RESOURCE_DEFINITION, "", "pools.acme.io")
NEVER = Wait(ref=ref_to(DEPLOYMENT, "elsewhere", "never"), until=Until.ROLLED_OUT, timeout_seconds=5)


def namespace(name: str = "net") -> Any:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"app": "net"}}}


def definition(*versions: Any) -> Any:
    listed = versions or ({"name": "v1", "served": True},)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "pools.acme.io"},
        "spec": {
            "group": "acme.io",
            "scope": "Cluster",
            "names": {"kind": "Pool", "plural": "pools"},
            "versions": list(listed),
        },
    }


def pool(name: str, version: str = "v1", **metadata: Any) -> Any:
    return {"apiVersion": f"acme.io/{version}", "kind": "Pool", "metadata": {"name": name, **metadata}, "spec": {}}


def config(name: str, **metadata: Any) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "net", **metadata}}


def creates(object: Any) -> Apply:
    return Apply(ref=ref_of(object), manifest=object, creates=True)


async def rolled_back(world: fakes.World, *objects: Any) -> ChangeRecord:
    """Applies these and then fails."""
    return await carried_out(world, *map(creates, objects), NEVER)


def comes(world: fakes.World, *objects: Any) -> None:
    """Somebody else makes these while the change waits."""
    world.clock.later(2, lambda: [world.cluster.put(each) for each in objects])


async def test_what_holds_nothing_else_is_deleted() -> None:
    world = cluster_of()
    comes(world, config("kube-root-ca.crt"))
    record = await rolled_back(world, namespace(), definition(), config("ours"), pool("ours"))
    assert record.state is ChangeState.ROLLED_BACK, [step.note for step in record.steps]
    assert [world.cluster.has(ref) for ref in (NET, POOLS)] == [False, False]
    deleted = [ref.name for verb, ref in world.cluster.writes if verb == "delete"]
    assert deleted == ["ours", "ours", "pools.acme.io", "net"], "the last one first"


@pytest.mark.parametrize(
    ("objects", "theirs", "kept", "words"),
    [
        ([namespace()], config("theirs"), NET, "ConfigMap net/theirs"),
        ([definition()], pool("theirs"), POOLS, "Pool theirs"),
        ([definition(), pool("ours")], pool("theirs"), POOLS, "Pool theirs"),
    ],
)
async def test_what_holds_others_objects_stays_and_parks_the_change(
    objects: list[Any], theirs: Any, kept: Ref, words: str
) -> None:
    world = cluster_of()
    comes(world, theirs)
    record = await rolled_back(world, *objects)
    assert record.state is ChangeState.PARKED
    assert world.cluster.has(kept)
    assert world.cluster.has(ref_of(theirs))
    assert record.steps[0].state is StepState.LEFT
    assert record.steps[0].note == f"it holds what this change did not make: {words}"
    assert "Not everything could be taken back" in record.outcome


async def test_what_goes_while_it_is_waited_for_is_no_hindrance() -> None:
    """The pods of a DaemonSet that was just deleted."""
    world = cluster_of()
    comes(world, config("leaving"))
    world.clock.later(20, lambda: world.cluster.remove(ref_of(config("leaving"))))
    record = await rolled_back(world, namespace())
    assert record.state is ChangeState.ROLLED_BACK
    assert not world.cluster.has(NET)


async def test_what_cannot_be_read_is_not_taken_for_empty() -> None:
    world = cluster_of()
    world.clock.later(2, lambda: world.cluster.refuses.update(ConfigMap=Refused("Cannot list configmaps")))
    record = await rolled_back(world, namespace())
    assert record.state is ChangeState.PARKED
    assert world.cluster.has(NET)
    assert "Cannot list configmaps" in record.steps[0].note


@pytest.mark.parametrize(
    ("metadata", "held"),
    [
        ({}, 1),
        ({"deletionTimestamp": "2026-11-24T03:00:00Z"}, 0),
        ({"ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "u"}]}, 0),
    ],
)
async def test_what_goes_anyway_does_not_hold(metadata: dict[str, Any], held: int) -> None:
    world = cluster_of(config("a", **metadata))
    assert len(await held_by(world.cluster, namespace())) == held


async def test_most_things_hold_nothing() -> None:
    world = cluster_of(config("a"), pool("b"))
    assert await held_by(world.cluster, config("net")) == []
    another = {"apiVersion": "project.acme.io/v1", "kind": "Namespace", "metadata": {"name": "net"}}
    assert await held_by(world.cluster, another) == []


async def test_ones_own_objects_are_known_in_whatever_version_they_are_listed() -> None:
    world = cluster_of(pool("ours", "v1"), pool("theirs", "v1"))
    own = [ref_of(pool("ours", "v1beta1"))]
    held = await held_by(world.cluster, definition({"name": "v1", "served": True}), own)
    assert [ref.name for ref in held] == ["theirs"]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([{"name": "v1beta1", "served": False}, {"name": "v1", "served": True}], "acme.io/v1"),
        ([{"name": "v2", "served": True}, {"name": "v1", "served": True}], "acme.io/v2"),
        ([{"name": "v1", "served": False}], "acme.io/v1"),
    ],
)
def test_objects_are_listed_in_a_version_that_is_served(versions: list[Any], expected: str) -> None:
    kind = kind_defined(definition(*versions))
    assert (kind.name, kind.plural, kind.api_version, kind.namespaced) == ("Pool", "pools", expected, False)


def test_a_few_are_named_and_the_others_counted() -> None:
    held = [ref_of(pool(name)) for name in "dcba"]
    assert counted_in_words(held) == "Pool a, Pool b, Pool c and 1 more"
