"""An API server that is away while a change is applied: it is waited for, not for ever, and nothing is done twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import fakes
import msgspec
import pytest
from plugged import SETTLE, agent, agent_pod, carried_out, cluster_of, node
from test_holding import NEVER, config, creates, definition, namespace

from bot.application.execution.working import LEASE, OUTAGE_SECONDS
from bot.domain.changes.change import Apply, ChangeState, StepState
from bot.domain.changes.fields import ref_of
from bot.errors import BotError, NotFound, Unreachable

AWAY = Unreachable("The API server does not answer")
SOME = (namespace(), config("a"))


class Outage:
    """All calls fail from now until it is over."""

    def __init__(self, world: fakes.World, seconds: float, *, starts: float = 0.0) -> None:
        self.away = starts == 0.0
        self._world = world
        world.clock.later(starts, self._begin)
        world.clock.later(starts + seconds, self._end)
        for name in ("get", "list", "apply", "replace", "delete"):
            setattr(world.cluster, name, self._guarded(getattr(world.cluster, name)))

    def _begin(self) -> None:
        self.away = True

    def _end(self) -> None:
        self.away = False

    def _guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(*given: Any, **named: Any) -> Any:
            if self.away:
                raise AWAY
            return await call(*given, **named)

        return guarded


@pytest.mark.parametrize("seconds", [5.0, OUTAGE_SECONDS - 5])
async def test_a_step_rides_out_an_outage(seconds: float) -> None:
    world = cluster_of()
    Outage(world, seconds)
    record = await carried_out(world, *map(creates, SOME))
    assert record.state is ChangeState.APPLIED
    assert [verb for verb, _ in world.cluster.writes] == ["apply", "apply"]
    assert [step.state for step in record.steps] == [StepState.DONE, StepState.DONE]


async def test_it_gives_up_and_says_that_nothing_was_written() -> None:
    world = cluster_of()
    Outage(world, 10 * OUTAGE_SECONDS)
    record = await carried_out(world, *map(creates, SOME))
    assert OUTAGE_SECONDS <= world.clock.monotonic() < OUTAGE_SECONDS + 10
    assert record.state is ChangeState.ROLLED_BACK
    assert record.outcome == "It failed: The API server does not answer. Nothing had been written."
    assert world.cluster.writes == []


async def test_what_cannot_be_taken_back_in_an_outage_is_parked() -> None:
    """It begins after the first object was written, and does not end."""
    world = cluster_of()
    outage = Outage(world, 10 * OUTAGE_SECONDS, starts=3 * OUTAGE_SECONDS)

    def begins(when: str, verb: str, ref: Any) -> None:
        if when == "after":
            outage.away = True

    world.cluster.on_write = begins
    record = await carried_out(world, *map(creates, SOME))
    assert record.state is ChangeState.PARKED
    assert [step.state for step in record.steps] == [StepState.LEFT, StepState.FAILED]
    assert record.steps[0].note == "it could not be taken back: The API server does not answer"


async def test_an_outage_during_the_way_back_is_ridden_out_too() -> None:
    world = cluster_of()
    Outage(world, OUTAGE_SECONDS / 2, starts=3)
    record = await carried_out(world, *map(creates, SOME), NEVER)
    assert record.state is ChangeState.ROLLED_BACK
    assert not world.cluster.has(ref_of(SOME[0]))


async def test_an_answer_that_is_lost_is_not_sent_again() -> None:
    world = cluster_of()
    lost = iter([True])

    def answer_lost(when: str, verb: str, ref: Any) -> None:
        if when == "after" and next(lost, False):
            raise AWAY

    world.cluster.on_write = answer_lost
    record = await carried_out(world, *map(creates, SOME))
    assert record.state is ChangeState.APPLIED
    assert [ref.name for _, ref in world.cluster.writes] == ["net", "a"]
    assert "it had arrived" in record.steps[0].note


async def test_what_is_refused_is_not_tried_again() -> None:
    world = cluster_of()
    tried = []

    def refused(when: str, verb: str, ref: Any) -> None:
        tried.append(ref.name)
        raise BotError("namespaces is invalid")

    world.cluster.on_write = refused
    record = await carried_out(world, *map(creates, SOME))
    assert record.state is ChangeState.ROLLED_BACK
    assert tried == ["net"]
    assert world.clock.monotonic() == 0


async def test_the_lease_is_kept_through_an_outage() -> None:
    world = cluster_of(agent(1), node("a", network="False"), agent_pod("a"))
    Outage(world, OUTAGE_SECONDS - 5)
    seen = []
    world.storage.on_commit = lambda when: seen.append(world.clock.monotonic())
    assert (await carried_out(world, *map(creates, SOME), SETTLE)).state is ChangeState.APPLIED
    gaps = [later - sooner for sooner, later in itertools.pairwise(seen)]
    assert max(gaps) < LEASE.total_seconds()


async def test_a_kind_that_was_just_defined_is_waited_for() -> None:
    """Its definition is established a moment before it is served."""
    world = cluster_of()
    custom = {"apiVersion": "acme.io/v1", "kind": "Pool", "metadata": {"name": "p"}, "spec": {}}
    needs = Apply(ref=ref_of(custom), manifest=custom, creates=True, needs_earlier_step=True)
    apply, served = world.cluster.apply, []

    async def not_served_yet(manifest: Any, **how: Any) -> Any:
        if manifest["kind"] == "Pool" and not served:
            raise NotFound("The cluster does not know the kind Pool")
        return await apply(manifest, **how)

    world.cluster.apply = not_served_yet  # type: ignore[method-assign]
    world.clock.later(10, lambda: served.append(True))
    assert (await carried_out(world, creates(definition()), needs)).state is ChangeState.APPLIED
    assert 10 <= world.clock.monotonic() < 13


async def test_a_wait_for_nodes_gives_up_too_long_before_its_own_time_is_over() -> None:
    world = cluster_of(node("a", ready=False), agent(1, 0), agent_pod("a"))
    Outage(world, 100 * OUTAGE_SECONDS, starts=10)
    record = await carried_out(world, msgspec.structs.replace(SETTLE, timeout_seconds=20 * OUTAGE_SECONDS))
    assert record.state is ChangeState.ROLLED_BACK
    assert world.clock.monotonic() < 2 * OUTAGE_SECONDS
    assert "The API server does not answer" in record.outcome
