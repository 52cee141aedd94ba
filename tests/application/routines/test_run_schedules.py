import asyncio
import dataclasses
import logging

import msgspec
import pytest

from bot.application.routines import run_schedules
from bot.application.routines.run_schedules import follow, keep_timers, run_schedule
from bot.domain.network.snapshot import ClusterIdentity
from bot.domain.schedules.schedule import Schedule
from bot.domain.schedules.timetable import parse_timetable
from bot.errors import Unreachable
from tests.builders import NOW
from tests.fakes import FakeCluster, FakeClusters, World, world


class FakeTimers:
    """Remembers what is set; refuses a timetable that is none, as the real ones do."""

    def __init__(self) -> None:
        self.schedules: dict[int, Schedule] = {}

    def set(self, schedule: Schedule) -> None:
        parse_timetable(schedule.timetable)
        self.schedules[schedule.id] = schedule

    def remove(self, id: int) -> None:
        del self.schedules[id]

    def ids(self) -> frozenset[int]:
        return frozenset(self.schedules)


@pytest.fixture
def here() -> World:
    return world()


async def add(here: World, timetable: str = "every 5m", cluster: str = "c1", command: str = "pods") -> Schedule:
    async with here.storage.begin() as tx:
        return await tx.schedules.add(
            Schedule(
                cluster=cluster, timetable=timetable, command=command, channel="C1", owner="slack:U1", created_at=NOW
            )
        )


async def test_timers_follow_what_is_stored(here: World) -> None:
    timers = FakeTimers()
    first, second = await add(here), await add(here)
    await follow(here.ports, timers)
    assert timers.schedules == {1: first, 2: second}
    async with here.storage.begin() as tx:
        await tx.schedules.remove(1)
        changed = msgspec.structs.replace(second, timetable="hourly")
        await tx.schedules.save(changed)
    await follow(here.ports, timers)
    assert timers.schedules == {2: changed}


async def test_a_schedule_of_another_cluster_is_left_to_whoever_serves_that(here: World) -> None:
    timers = FakeTimers()
    await add(here, cluster="c2")
    await follow(here.ports, timers)
    assert timers.schedules == {}
    both = FakeClusters(here.cluster, FakeCluster(identity=ClusterIdentity(uid="c2", name="two", version="v1.36.2")))
    await follow(dataclasses.replace(here.ports, clusters=both), timers)
    assert timers.ids() == {1}


async def test_one_that_another_version_stored_does_not_keep_the_others_from_running(here: World) -> None:
    timers = FakeTimers()
    await add(here, "at full moon")
    await add(here)
    await follow(here.ports, timers)
    assert timers.ids() == {2}


@pytest.mark.parametrize("trouble", [Unreachable("The database is busy"), RuntimeError("a bug")])
async def test_the_routine_survives_a_look_that_fails(
    here: World, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    async def sometimes(ports: object, timers: object) -> None:
        looks.append("look")
        if len(looks) == 1:
            raise trouble

    monkeypatch.setattr(run_schedules, "follow", sometimes)
    thrice = asyncio.Event()
    routine = asyncio.create_task(
        keep_timers(here.ports, FakeTimers(), lambda: thrice.set() if len(looks) == 3 else None)
    )
    await asyncio.wait_for(thrice.wait(), 5)
    routine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await routine


async def test_a_run_that_fails_does_not_stop_the_timetable(here: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await run_schedule(here.ports, 7)
    assert "schedule 7 is gone" in caplog.text

    def broken(when: str) -> None:
        raise RuntimeError("disk")

    await add(here)
    here.storage.on_commit = broken
    await run_schedule(here.ports, 1)
    assert "bug " in caplog.text


async def test_a_cluster_that_does_not_answer_is_a_failed_run(here: World) -> None:
    class Silent(FakeClusters):
        def open(self, cluster: str, actor: object) -> object:  # type: ignore[override]
            raise Unreachable("The cluster does not answer")

    await add(here)
    await run_schedule(dataclasses.replace(here.ports, clusters=Silent()), 1)
    assert here.storage.state.schedules[1].last_outcome == "failed"
