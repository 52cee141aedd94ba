"""What fails is taken back, as far as nobody has touched it; the rest is left, named, and parks the change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import fakes
import pytest
from changing import WEB, planned, say, shop, stored

from bot.application.execution.working import LEASE
from bot.application.ports import Changing, Context
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Change, ChangeState, Delete, StepState
from bot.domain.chat.report import Status
from bot.domain.chat.values import ChangeRequest
from bot.domain.network.references import CONFIG_MAP, ref_to
from bot.errors import BotError, Unreachable

FIRST, SECOND, OLD = (ref_to(CONFIG_MAP, "shop", name) for name in ("first", "second", "old"))


def config_map(name: str, **data: str) -> Any:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def three(request: ChangeRequest, context: Context) -> Change:
    """Changes `old`, makes `first`, makes `second`."""
    old, wanted = await context.cluster.get(OLD), config_map("old", colour="red")
    change = Apply(ref=OLD, manifest=wanted, creates=False, prior=fields.standing(old, wanted), force=True)
    makes = [Apply(ref=ref, manifest=config_map(ref.name, colour="red"), creates=True) for ref in (FIRST, SECOND)]
    return Change(cluster="c1", request=context.line, summary="three", steps=(change, *makes))


async def removal(request: ChangeRequest, context: Context) -> Change:
    """Deletes `old`, makes `second`."""
    old = await context.cluster.get(OLD)
    delete = Delete(ref=OLD, uid=fields.uid(old), prior=fields.reborn(old))
    make = Apply(ref=SECOND, manifest=config_map("second"), creates=True)
    return Change(cluster="c1", request=context.line, summary="removal", steps=(delete, make))


def world_of_three() -> fakes.World:
    world = shop()
    commands = [
        Changing(name=name, model=ChangeRequest, planner=planner, summary=name, examples=())
        for name, planner in (("three", three), ("removal", removal))
    ]
    catalogue = {**world.ports.catalogue, **{command.name: command for command in commands}}
    world.ports = dataclasses.replace(world.ports, catalogue=catalogue)
    world.cluster.put(config_map("old", colour="blue", size="big"))
    return world


def failing(world: fakes.World, then: Callable[[], None] = lambda: None) -> None:
    """The API server refuses `second`, after something else has happened."""

    def refuse(when: str, verb: str, ref: object) -> None:
        if ref == SECOND and when == "before":
            then()
            raise BotError("Cannot apply ConfigMap shop/second", cause="a webhook does not like it")

    world.cluster.on_write = refuse


async def test_a_failing_step_takes_back_those_before_it():
    world = world_of_three()
    approve = await planned(world, "three -n shop")
    failing(world)
    outcome = await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert not world.cluster.has(FIRST)
    assert (await world.cluster.get(OLD))["data"] == {"colour": "blue", "size": "big"}
    assert outcome.report.status is Status.FAILED
    assert "a webhook does not like it" in str(outcome.report.blocks)


async def test_what_somebody_touched_is_left_and_parks_the_change():
    world = world_of_three()
    approve = await planned(world, "three -n shop")
    failing(world, lambda: world.cluster.touch(FIRST, ("data", "size"), "mine"))
    outcome = await say(world.ports, approve)
    record = await stored(world)
    assert record.state is ChangeState.PARKED
    assert [step.state for step in record.steps] == [StepState.UNDONE, StepState.LEFT, StepState.FAILED]
    assert world.cluster.has(FIRST)
    assert "kubectl-edit wrote to it since" in str(outcome.report.blocks)


async def test_a_field_that_somebody_changed_since_is_not_put_back():
    world = world_of_three()
    approve = await planned(world, "three -n shop")
    failing(world, lambda: world.cluster.touch(OLD, ("data", "colour"), "green"))
    await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.PARKED
    assert (await world.cluster.get(OLD))["data"]["colour"] == "green"
    assert not world.cluster.has(FIRST)


async def test_a_field_of_the_same_object_that_is_not_ours_survives():
    world = world_of_three()
    approve = await planned(world, "three -n shop")
    failing(world, lambda: world.cluster.touch(OLD, ("data", "size"), "small"))
    await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert (await world.cluster.get(OLD))["data"] == {"colour": "blue", "size": "small"}


async def test_a_finalizer_that_hangs_parks_the_change():
    world = world_of_three()
    approve = await planned(world, "three -n shop")
    failing(world, lambda: world.cluster.touch(FIRST, ("metadata", "finalizers"), ["example.com/x"], "patchbay"))
    outcome = await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.PARKED
    assert "example.com/x" in str(outcome.report.blocks)


async def test_what_was_deleted_is_made_again():
    world = world_of_three()
    approve = await planned(world, "removal -n shop")
    failing(world)
    await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert (await world.cluster.get(OLD))["data"] == {"colour": "blue", "size": "big"}


async def test_somebody_who_made_the_object_meanwhile_keeps_it():
    world = shop()
    approve = await planned(world)
    original = world.cluster.get

    async def get(ref: Any) -> Any:
        if world.storage.state.changes[1].state is ChangeState.APPLYING and not world.cluster.has(WEB):
            service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}}
            world.cluster.put({**service, "spec": {"ports": [{"port": 9}]}})
        return await original(ref)

    world.cluster.get = get  # type: ignore[method-assign]
    await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert world.cluster.writes == []
    assert world.cluster.has(WEB)


async def test_a_lost_answer_is_not_taken_for_a_failure():
    world = shop()
    approve = await planned(world)

    def lose(when: str, verb: str, ref: object) -> None:
        if when == "after":
            raise Unreachable("the answer was lost")

    world.cluster.on_write = lose
    await say(world.ports, approve)
    record = await stored(world)
    assert record.state is ChangeState.APPLIED
    assert world.cluster.writes == [("apply", WEB)]


async def test_a_bug_parks_the_change_instead_of_being_repeated_for_ever():
    world = shop()
    approve = await planned(world)

    def broken(when: str, verb: str, ref: object) -> None:
        raise ZeroDivisionError

    world.cluster.on_write = broken
    await say(world.ports, approve)
    record = await stored(world)
    assert record.state is ChangeState.PARKED
    assert "reference" in record.outcome


class Killed(BaseException):
    """kill -9."""


@pytest.mark.parametrize("line", ["three -n shop", "removal -n shop"])
async def test_a_kill_at_every_point_of_a_change_that_fails_ends_rolled_back(line: str):
    for number in range(1, 200):
        world = world_of_three()
        approve = await planned(world, line)
        seen = 0

        def point() -> None:
            nonlocal seen
            seen += 1
            if seen >= number:  # noqa: B023  called within this turn
                raise Killed

        def written(when: str, verb: str, ref: object) -> None:
            point()
            if ref == SECOND and when == "before":
                raise BotError("refused")

        world.storage.on_commit = lambda when: point()
        world.cluster.on_write = written
        try:
            await say(world.ports, approve)
        except Killed:
            died = True
        else:
            died = False
        world.storage.on_commit = lambda when: None
        failing(world)
        world.clock.advance(LEASE.total_seconds() + 1)
        await resume_changes(world.process("p2"))
        record = await stored(world)
        if record.state is not ChangeState.PLANNED:
            assert record.state is ChangeState.ROLLED_BACK, (number, record)
        assert (await world.cluster.get(OLD))["data"] == {"colour": "blue", "size": "big"}, number
        assert not world.cluster.has(FIRST)
        assert len(world.cluster.writes) == len(set(world.cluster.writes)), (number, world.cluster.writes)
        if not died:
            break
    assert number > 15
