"""Every example that help shows is carried out in the scenario that its command names: none of them may fail."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.adapters.storage import SQLStorage
from bot.adapters.timers.clock import SystemClock
from bot.domain.chat.report import Status
from bot.domain.incidents.incident import Incident, IncidentState
from tests.builders import NOW, finding
from tests.stage import Stage, catalogue, staged

EXAMPLES = [
    pytest.param(example, command.scenario, id=example)
    for _, command in sorted(catalogue().items())
    for example in command.examples
]


@pytest.fixture
async def stage(tmp_path: Path, scenario: str) -> AsyncIterator[Stage]:
    storage = SQLStorage(f"sqlite+aiosqlite:///{tmp_path}/patchbay.db")
    await storage.open()
    async with staged(scenario, storage, SystemClock()) as stage:
        yield stage
    await storage.close()


async def with_ids(stage: Stage, example: str) -> str:
    """The example with the ids of a change, schedule or incident that is there, made for it."""
    if not re.search(r" 7\b", example):
        return example
    match example.split():
        case ["changes", verb, *_]:
            return await _about_a_change(stage, verb, example)
        case ["schedule", *_]:
            assert (await stage.say(catalogue()["schedule add"].examples[0])).status is not Status.FAILED
            async with stage.ports.storage.read() as tx:
                (schedule,) = await tx.schedules.all()
            return re.sub(r" 7\b", f" {schedule.id}", example)
        case ["incidents", *_]:
            return re.sub(r" 7\b", f" {await _incident(stage)}", example)
    raise AssertionError(f"this test does not know how to prepare for: {example}")


async def _about_a_change(stage: Stage, verb: str, example: str) -> str:
    planned = await stage.answer(catalogue()["expose"].examples[0])
    assert planned.change
    approve = next(a.command for a in planned.report.actions if a.command.startswith("changes approve "))
    if verb == "approve":
        return approve
    if verb == "undo":
        assert (await stage.say(approve)).status is Status.OK
    return re.sub(r" 7\b", f" {planned.change}", example)


async def _incident(stage: Stage) -> int:
    wrong = finding()
    cluster = (await stage.ports.clusters.identities())[0].uid
    incident = Incident(
        cluster=cluster,
        keys=(wrong.key,),
        state=IncidentState.OPEN,
        severity=wrong.severity,
        title="Service shop/web selects no pods",
        finding=wrong,
        channel="",
        first_seen_at=NOW,
        last_seen_at=NOW,
        opened_at=NOW,
    )
    async with stage.ports.storage.begin() as tx:
        return (await tx.incidents.add(incident)).id


@pytest.mark.parametrize(("example", "scenario"), EXAMPLES)
async def test_an_example_works_in_its_scenario(example: str, stage: Stage) -> None:
    report = await stage.say(await with_ids(stage, example))
    assert report.status is not Status.FAILED, (report.title, report.blocks)
    assert report.title
