"""`patchbay run` after another process died in the middle of a change."""

import io
from collections.abc import Callable

import fakes
import pytest

from bot.adapters.terminal.following import Following
from bot.adapters.terminal.session import Terminal
from bot.app.terminal import attend_to_interrupted
from bot.application.execution.working import LEASE
from bot.domain.changes.change import ChangeState
from tests.application.execution.changing import planned, say, shop, stored


class Killed(BaseException):
    """kill -9: nothing of the process's own code runs any more."""


async def interrupted(kind: str = "run") -> fakes.World:
    """A process of that kind died while it wrote the first step of change 1, and its lease has run out."""
    world = shop()
    approve = await planned(world)

    def die(when: str, verb: str, ref: object) -> None:
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
