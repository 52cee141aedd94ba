"""A process may die before and after every single write: the next one finishes what it began, once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import pytest
from changing import EXPOSE, WEB, planned, say, shop, stored

from bot.application.execution.working import LEASE
from bot.application.routines.resume_changes import left_to_others, resume_changes
from bot.domain.changes.change import ChangeState, StepState


class Killed(BaseException):
    """kill -9: nothing of the process's own code runs any more."""


def killing_at(number: int) -> Callable[[], None]:
    """Dies at that point of all points; the dead do nothing any more."""
    seen = 0

    def point() -> None:
        nonlocal seen
        seen += 1
        if seen >= number:
            raise Killed

    return point


async def killed_and_resumed(number: int, line: str, setup: bool) -> tuple[object, bool]:
    """The world after a kill at that point and a resumption, and whether the kill came to pass."""
    world = shop()
    if setup:
        await say(world.ports, await planned(world))
    approve = await planned(world, line)
    world.cluster.writes.clear()
    point = killing_at(number)
    world.storage.on_commit = lambda when: point()
    world.cluster.on_write = lambda when, verb, ref: point()
    died = False
    try:
        await say(world.ports, approve)
    except Killed:
        died = True
    world.storage.on_commit = lambda when: None
    world.cluster.on_write = lambda when, verb, ref: None
    world.clock.advance(LEASE.total_seconds() + 1)
    await resume_changes(world.process("p2"))
    return world, died


@pytest.mark.parametrize(
    ("line", "setup"), [(EXPOSE, False), (EXPOSE + " --type NodePort", True), ("changes undo 1", True)]
)
async def test_a_kill_at_every_point_ends_as_if_there_had_been_none(line: str, setup: bool):
    for number in range(1, 60):
        world, died = await killed_and_resumed(number, line, setup)
        if not died:
            break
        record = await stored(world, 2 if setup else 1)
        if record.state is ChangeState.PLANNED:
            assert world.cluster.writes == [], number  # the approval itself was lost: nothing has begun
            continue
        assert record.state is ChangeState.APPLIED, (number, record.outcome)
        # Nobody can reach addresses here: that is passed over.
        assert {step.state for step in record.steps} <= {StepState.DONE, StepState.PASSED_OVER}, number
        assert len(world.cluster.writes) == 1, (number, world.cluster.writes)
        assert world.cluster.has(WEB) is ("undo" not in line)
    assert number > 8


async def test_a_kill_before_sending_sends_again_and_says_so():
    world = shop()
    approve = await planned(world)

    def die(when: str, verb: str, ref: object) -> None:
        raise Killed

    world.cluster.on_write = die
    with pytest.raises(Killed):
        await say(world.ports, approve)
    world.cluster.on_write = lambda when, verb, ref: None
    world.clock.advance(LEASE.total_seconds() + 1)
    await resume_changes(world.process("p2"))
    record = await stored(world)
    assert record.steps[0].repeated
    assert record.owner == "p2"


async def test_two_processes_that_resume_at_once_write_once():
    world = shop()
    approve = await planned(world)

    def die(when: str, verb: str, ref: object) -> None:
        raise Killed

    world.cluster.on_write = die
    with pytest.raises(Killed):
        await say(world.ports, approve)
    world.cluster.on_write = lambda when, verb, ref: None
    world.clock.advance(LEASE.total_seconds() + 1)
    await asyncio.gather(*(resume_changes(world.process(name)) for name in ("p2", "p3")))
    assert world.cluster.writes == [("apply", WEB)]
    assert (await stored(world)).state is ChangeState.APPLIED


async def test_a_living_process_is_left_alone_and_run_resumes_only_what_run_began():
    world = shop()
    approve = await planned(world)
    world.storage.on_commit = _kill_at_second()
    with pytest.raises(Killed):
        await say(world.ports, approve)
    world.storage.on_commit = lambda when: None
    assert await resume_changes(world.process("p2")) == []
    world.clock.advance(LEASE.total_seconds() + 1)
    assert await resume_changes(world.process("p2", "run")) == []
    assert [record.id for record in await left_to_others(world.process("p2", "run"))] == [1]
    assert [record.state for record in await resume_changes(world.process("p2"))] == [ChangeState.APPLIED]


def _kill_at_second() -> Callable[[str], None]:
    point = killing_at(3)
    return lambda when: point()


async def test_a_cancelled_process_lets_go_at_once():
    world = shop()
    approve = await planned(world)
    stuck = asyncio.Event()

    async def hang(*args: object, **more: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    clusters = world.ports.clusters
    original, world.cluster.apply = world.cluster.apply, _unless_dry(world.cluster.apply, hang)
    task = asyncio.create_task(say(world.ports, approve))
    await stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.cluster.apply = original
    assert clusters is world.ports.clusters
    resumed = await resume_changes(dataclasses.replace(world.ports, process=world.process("p2").process))
    assert [record.state for record in resumed] == [ChangeState.APPLIED]


def _unless_dry(apply: Callable[..., object], hang: Callable[..., object]) -> Callable[..., object]:
    def chosen(manifest: object, *, force: bool = False, dry_run: bool = False) -> object:
        return apply(manifest, force=force, dry_run=dry_run) if dry_run else hang()

    return chosen
