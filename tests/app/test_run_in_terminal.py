"""`patchbay run` after another process died in the middle of a change."""

import asyncio
import io
import signal
from collections.abc import Callable

import fakes
import msgspec
import pytest

from bot.adapters.terminal.following import Following
from bot.adapters.terminal.session import Terminal
from bot.app.terminal import ask, attend_to_interrupted, tell_of_interruption, unquoted
from bot.application.execution.working import LEASE
from bot.domain.changes.change import ChangeState
from tests.application.execution.changing import WEB, planned, say, shop, stored


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["services -n shop"], ["services", "-n", "shop"]),
        (["services", "-n", "shop"], ["services", "-n", "shop"]),
        (["ingress", "create a"], ["ingress", "create a"]),
        (["logs 'one"], ["logs 'one"]),
        ([], []),
    ],
)
def test_a_command_in_quotes_counts_as_its_words(words: list[str], meant: list[str]) -> None:
    assert unquoted(words) == meant


class Killed(BaseException):
    """kill -9: nothing of the process's own code runs any more."""


async def interrupted(kind: str = "run", moment: str = "before") -> fakes.World:
    """A process of that kind died at that moment of the first write of change 1, and its lease has run out."""
    world = shop()
    approve = await planned(world)

    def die(when: str, verb: str, ref: object) -> None:
        if when == moment:
            raise Killed

    world.cluster.on_write = die
    with pytest.raises(Killed):
        await say(world.process("p1", kind), approve)
    world.cluster.on_write = lambda when, verb, ref: None
    world.clock.advance(LEASE.total_seconds() + 1)
    return world


async def told(world: fakes.World, line: str) -> str:
    terminal = Terminal(io.StringIO(), io.StringIO(), 100, False, None)
    follow: Callable[[], Following] = lambda: Following(terminal.err)  # noqa: E731
    await attend_to_interrupted(world.process("p2", "run"), terminal, line.split(), follow)
    return terminal.err.getvalue()


@pytest.mark.parametrize("line", ["changes show 1", "changes list", "services -n shop", "nonsense", "help"])
async def test_who_only_looks_is_told_in_a_line_and_not_kept_waiting(line: str) -> None:
    world = await interrupted()
    said = await told(world, line)
    assert said.count("\n") == 1
    assert said.startswith("Change 1 was interrupted at step 1 of ")
    assert "Any changing command finishes it" in said
    assert said.endswith("patchbay run changes cancel 1\n")
    assert (await stored(world)).state is ChangeState.APPLYING


async def test_a_dry_run_only_looks() -> None:
    world = await interrupted()
    await told(world, "expose deploy/web --port 80 -n shop --dry-run")
    assert (await stored(world)).state is ChangeState.APPLYING


@pytest.mark.parametrize("line", ["expose deploy/web --port 81 -n shop", "changes undo 1"])
async def test_who_changes_something_waits_and_sees_how_it_is_finished(line: str) -> None:
    world = await interrupted()
    said = await told(world, line)
    assert (await stored(world)).state is ChangeState.APPLIED
    lines = said.splitlines()
    assert "It is finished first" in lines[0]
    assert lines[1].startswith("Applying change 1: ")
    assert any(line.startswith("[~] ") for line in lines)
    assert lines[-1] == "Change 1 had been interrupted; it is now applied."


async def test_who_goes_back_does_not_have_it_finished_first() -> None:
    world = await interrupted()
    assert await told(world, "changes cancel 1") == ""
    assert (await stored(world)).state is ChangeState.APPLYING


@pytest.mark.parametrize("line", ["changes list", "changes undo 1"])
async def test_what_serve_began_is_left_to_it(line: str) -> None:
    world = await interrupted("serve")
    said = await told(world, line)
    assert "`patchbay serve` will finish it" in said
    assert (await stored(world)).state is ChangeState.APPLYING


async def ctrl_c(line: str, world: fakes.World, kind: str = "run") -> str:
    """What is told when that line is interrupted while it writes."""
    ports = world.process("p2", kind)
    task = asyncio.create_task(say(ports, line))
    world.cluster.on_write = lambda when, verb, ref: task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    world.cluster.on_write = lambda when, verb, ref: None
    terminal = Terminal(io.StringIO(), io.StringIO(), 100, False, None)
    await tell_of_interruption(ports, terminal)
    return terminal.err.getvalue()


async def test_ctrl_c_tells_where_it_stopped_and_the_ways_on_and_back() -> None:
    world = shop()
    said = await ctrl_c(await planned(world), world)
    assert said.startswith("Change 1 was interrupted at step 1 of ")
    assert "Its lease was given up. Any changing command finishes it" in said
    assert said.endswith("patchbay run changes cancel 1\n")
    await say(world.process("p3", "run"), "changes cancel 1")
    assert (await stored(world)).state is ChangeState.ROLLED_BACK
    assert not world.cluster.has(WEB)


async def test_ctrl_c_while_it_goes_back_tells_so() -> None:
    world = await interrupted(moment="after")
    said = await ctrl_c("changes cancel 1", world)
    assert said.startswith("Change 1 was interrupted while it was rolled back at step 1 of ")


async def test_ctrl_c_in_what_serve_began_leaves_it_to_serve() -> None:
    world = await interrupted("serve", moment="after")
    assert "Its lease was given up. `patchbay serve` will finish it." in await ctrl_c("changes cancel 1", world)


async def test_ctrl_c_while_waiting_for_another_tells_how_long_nobody_can_take_it_up() -> None:
    world = await interrupted()
    async with world.storage.begin() as transaction:
        record = await transaction.changes.get(1)
        lease = world.clock.now() + LEASE
        await transaction.changes.save(msgspec.structs.replace(record, lease_until=lease))
    ports = world.process("p2", "run")
    task = asyncio.create_task(say(ports, "changes cancel 1"))
    world.clock.later(10, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    terminal = Terminal(io.StringIO(), io.StringIO(), 100, False, None)
    await tell_of_interruption(ports, terminal)
    assert "Nobody can take it up for another 35 s." in terminal.err.getvalue()


async def test_what_others_work_on_is_not_told_after_ctrl_c() -> None:
    world = await interrupted()
    terminal = Terminal(io.StringIO(), io.StringIO(), 100, False, None)
    await tell_of_interruption(world.process("p2", "run"), terminal)
    assert terminal.err.getvalue() == ""


async def test_a_change_that_nobody_works_on_says_so() -> None:
    world = await interrupted()
    report = (await say(world.ports, "changes show 1")).report
    assert "Nobody is working on it. Change 1 was interrupted at step 1 of" in str(report.blocks[0])
    assert [action.command for action in report.actions] == ["changes cancel 1"]


async def test_a_change_that_somebody_works_on_does_not() -> None:
    world = await interrupted()
    async with world.storage.begin() as transaction:
        record = await transaction.changes.get(1)
        await transaction.changes.save(msgspec.structs.replace(record, lease_until=world.clock.now() + LEASE))
    report = (await say(world.ports, "changes show 1")).report
    assert "Nobody is working on it" not in str(report.blocks)


async def test_ctrl_c_ends_a_question_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted_while_typing(question: str) -> str:
        signal.raise_signal(signal.SIGINT)
        return "y"

    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        monkeypatch.setattr("builtins.input", interrupted_while_typing)
        with pytest.raises(KeyboardInterrupt):
            ask("Apply this plan? [y/N] ")
        signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert noted == [signal.SIGINT]
