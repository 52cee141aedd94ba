"""Two network plugins at once would leave nodes between them: one change at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.application.execution.working import LEASE
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import ChangeState
from tests.plugging import Site, site, told

FLANNEL, WEAVE = "cni install flannel --version playground", "cni install weave --version playground"


def when_it_writes(here: Site, doing: object) -> None:
    """Does it once, at the first object that is applied."""
    done = False

    def hook(*arguments: object) -> None:
        nonlocal done
        if not done:
            done = True
            doing()  # type: ignore[operator]

    here.clusters.on_write = hook


async def test_of_two_plans_that_are_approved_at_once_one_is_carried_out(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        lines = [await here.planned(FLANNEL), await here.planned(WEAVE)]
        answers = await asyncio.gather(*map(here.answer, lines))
        said = sorted(told(answer.report) for answer in answers)
        assert said[0].startswith("Applied: install"), said
        assert "is at the network plugin of this cluster" in said[1]
        assert "changes cancel" in said[1]
        states = sorted(here.record(id).state.value for id in (1, 2))
        assert states == ["applied", "planned"]


async def test_nothing_is_planned_beside_one_that_runs_or_whose_process_died(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def die(*arguments: object) -> None:
        raise Killed

    async with site(tmp_path) as here:
        approve = await here.planned(FLANNEL)
        here.clusters.on_write = die
        with pytest.raises(Killed):
            await here.answer(approve)
        here.clusters.on_write = lambda *arguments: None
        assert here.record(1).state is ChangeState.APPLYING
        said = told((await here.answer(WEAVE)).report)
        assert said.startswith("Change 1 is at the network plugin of this cluster")
        assert "install flannel" in said
        here.clock.advance(LEASE.total_seconds() + 1)
        await resume_changes(here.process("p2"))
        assert here.record(1).state is ChangeState.APPLIED
