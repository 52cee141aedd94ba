"""`changes cancel` on a change that is being applied: it is taken from its owner, who may be alive, and rolled back."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from typing import Any

import fakes
import pytest
from changing import EXPOSE, WEB, planned, say, shop, stored

from bot.application.execution.working import LEASE
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import ChangeRecord, ChangeState
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Report, Status

CANCEL = "changes cancel 1"


class Killed(BaseException):
    """kill -9: nothing of the process's own code runs any more."""


def at_write(number: int, happening: Callable[[], None]) -> Callable[..., None]:
    """Something that happens at one of the moments before and after writes."""
    seen = 0

    def moment(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            happening()

    return moment


def die() -> None:
    raise Killed


async def killed(moment: int = 2) -> fakes.World:
    """Its owner died before (1) or after (2) its first write."""
    world = shop()
    approve = await planned(world)
    world.cluster.on_write = at_write(moment, die)
    with pytest.raises(Killed):
        await say(world.ports, approve)
    world.cluster.on_write = lambda when, verb, ref: None
    return world


class Stuck:
    """A process that hangs in a call, after the object was written."""

    def __init__(self, world: fakes.World, approve: str) -> None:
        self.hangs, self.goes_on = asyncio.Event(), asyncio.Event()
        self._apply = world.cluster.apply
        world.cluster.apply = self._hang  # type: ignore[method-assign]
        self.task = asyncio.create_task(say(world.ports, approve))

    async def _hang(self, manifest: Any, *, force: bool = False, dry_run: bool = False) -> Any:
        answer = await self._apply(manifest, force=force, dry_run=dry_run)
        if not dry_run:
            self.hangs.set()
            await self.goes_on.wait()
        return answer


async def test_a_living_owner_is_stopped_and_what_it_wrote_is_taken_back():
    world = shop()
    owner = Stuck(world, await planned(world))
    await owner.hangs.wait()
    answer = await say(world.process("p2"), CANCEL, who="bob")
    record = await stored(world)
    assert record.state is ChangeState.ROLLED_BACK
    assert record.owner == "p2"
    assert record.outcome == "bob told it to go back. What had been done was taken back."
    assert answer.report.title.startswith("Rolled back: ")
    assert not world.cluster.has(WEB)
    owner.goes_on.set()
    late = await owner.task
    assert late.report.status is Status.FAILED
    assert "another process" in late.report.title
    assert await stored(world) == record
    assert world.cluster.writes == [("apply", WEB), ("delete", WEB)]


async def test_nothing_is_written_while_a_call_of_the_old_owner_may_be_in_flight():
    world = await killed()
    lease = (await stored(world)).lease_until
    assert lease is not None
    assert lease > world.clock.now()
    wrote: list[datetime.datetime] = []
    world.cluster.on_write = lambda when, verb, ref: wrote.append(world.clock.now())
    await say(world.process("p2"), CANCEL)
    assert min(wrote) >= lease
    assert (await stored(world)).state is ChangeState.ROLLED_BACK


async def test_while_it_waits_its_own_lease_is_renewed():
    world = await killed()
    others: list[asyncio.Task[list[ChangeRecord]]] = []
    for seconds in (1, 20, 30, 44):
        world.clock.later(seconds, lambda: others.append(asyncio.create_task(resume_changes(world.process("p3")))))
    await say(world.process("p2"), CANCEL)
    assert [await each for each in others] == [[]] * 4
    assert (await stored(world)).owner == "p2"


@pytest.mark.parametrize(("moment", "writes"), [(1, []), (2, [("apply", WEB), ("delete", WEB)])])
async def test_an_interrupted_change_goes_back_at_once(moment: int, writes: list[object]):
    world = await killed(moment)
    world.clock.advance(LEASE.total_seconds() + 1)
    before = world.clock.monotonic()
    await say(world.process("p2", "run"), CANCEL)
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert world.cluster.writes == writes
    assert world.clock.monotonic() - before < 5


async def test_who_is_killed_while_waiting_leaves_it_to_be_rolled_back():
    world = await killed()
    world.clock.later(10, die)
    with pytest.raises(Killed):
        await say(world.process("p2"), CANCEL)
    assert await resume_changes(world.process("p3")) == []
    world.clock.advance(LEASE.total_seconds() + 1)
    assert [each.state for each in await resume_changes(world.process("p3"))] == [ChangeState.ROLLED_BACK]
    assert not world.cluster.has(WEB)


async def test_who_is_interrupted_while_waiting_lets_go_but_not_before_the_old_lease_ends():
    world = await killed()
    lease = (await stored(world)).lease_until
    task = asyncio.create_task(say(world.process("p2"), CANCEL))
    world.clock.later(10, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    record = await stored(world)
    assert record.state is ChangeState.ROLLING_BACK
    assert record.lease_until == lease
    again = await say(world.process("p3"), CANCEL)
    assert "rolled back already" in again.report.title
    world.clock.advance(LEASE.total_seconds())
    await say(world.process("p3"), CANCEL)
    record = await stored(world)
    assert record.state is ChangeState.ROLLED_BACK
    assert record.outcome.startswith("alice told it to go back.")


async def test_two_who_stop_it_at_once_roll_it_back_once():
    world = await killed()
    answers = await asyncio.gather(*(say(world.process(name), CANCEL) for name in ("p2", "p3")))
    assert sorted(answer.report.title.split(":")[0] for answer in answers) == [
        "Change 1 is being rolled back already",
        "Rolled back",
    ]
    assert world.cluster.writes == [("apply", WEB), ("delete", WEB)]


async def test_what_is_over_is_not_stopped():
    world = shop()
    await say(world.ports, await planned(world))
    answer = await say(world.ports, CANCEL)
    assert answer.report.title == "Change 1 is over: there is nothing to stop"
    assert "changes undo 1" in str(answer.report.blocks)
    assert (await stored(world)).state is ChangeState.APPLIED


async def test_what_was_cancelled_is_not_cancelled_again():
    world = shop()
    await planned(world)
    await say(world.ports, CANCEL)
    answer = await say(world.ports, CANCEL)
    assert answer.report.status is Status.FAILED
    assert "it is cancelled" in str(answer.report.blocks).lower()


async def test_only_who_may_change_things_may_stop_one():
    world = shop(changers=["slack:alice"])
    approve = await planned(world)
    world.cluster.on_write = at_write(2, die)
    with pytest.raises(Killed):
        await say(world.ports, approve)
    answer = await say(world.process("p2"), CANCEL, who="mallory")
    assert "may not use" in answer.report.title
    assert (await stored(world)).state is ChangeState.APPLYING


async def test_in_slack_the_progress_has_a_button_to_stop_it():
    world = shop()
    approve = await planned(world, EXPOSE, place=Place("C1"))
    world.cluster.on_write = at_write(2, die)
    with pytest.raises(Killed):
        await say(world.ports, approve, place=Place("C1"))
    report = progress(world)
    assert [(each.command, each.style) for each in report.actions] == [(CANCEL, "danger")]
    assert report.actions[0].confirm
    answer = await say(world.process("p2"), CANCEL, place=Place("C1"))
    assert answer.said_in_channel
    report = progress(world)
    assert report.title.startswith("Rolled back: ")
    assert report.actions == ()


def progress(world: fakes.World) -> Report:
    return next(message.report for message in world.storage.outbox if message.slot == "progress")
