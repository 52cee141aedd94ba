import asyncio
import datetime
from collections.abc import AsyncIterator

import msgspec
import pytest

from bot.adapters.timers.timers import Timers, TimetableTrigger
from bot.domain.schedules.schedule import Schedule
from bot.domain.schedules.timetable import Every, parse_timetable
from bot.errors import UsageError
from tests.builders import NOW


def schedule(id: int = 1, timetable: str = "every 5m", **more: object) -> Schedule:
    made = Schedule(
        id=id, cluster="c1", timetable=timetable, command="pods", channel="C1", owner="slack:U1", created_at=NOW
    )
    return msgspec.structs.replace(made, **more)


class Runs:
    """Whose time came."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.ran = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def run(self, id: int) -> None:
        self.ids.append(id)
        self.ran.set()
        await self.hold.wait()


@pytest.fixture
async def runs() -> Runs:
    return Runs()


@pytest.fixture
async def timers(runs: Runs) -> AsyncIterator[Timers]:
    timers = Timers(runs.run)
    timers.start()
    yield timers
    timers.stop()


def begun_ago(seconds: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)


async def test_a_schedule_runs_when_its_time_has_come(timers: Timers, runs: Runs) -> None:
    timers.set(schedule(3, "every 30s", created_at=begun_ago(29.95)))
    await asyncio.wait_for(runs.ran.wait(), 5)
    assert runs.ids == [3]


async def test_setting_the_same_one_again_changes_nothing_and_another_timetable_does(timers: Timers) -> None:
    timers.set(schedule())
    (job,) = timers._scheduler.get_jobs()
    due = job.next_run_time
    timers.set(schedule(last_run_at=NOW, last_outcome="ok"))
    assert timers._scheduler.get_jobs()[0].trigger is job.trigger
    timers.set(schedule(timetable="daily at 09:00"))
    assert timers._scheduler.get_jobs()[0].next_run_time != due
    assert timers.ids() == {1}


async def test_what_is_removed_does_not_run(timers: Timers) -> None:
    timers.set(schedule())
    timers.remove(1)
    timers.remove(1)
    assert (timers.ids(), timers._scheduler.get_jobs()) == (frozenset(), [])


async def test_what_is_no_timetable_is_refused_and_not_set(timers: Timers) -> None:
    with pytest.raises(UsageError):
        timers.set(schedule(timetable="at full moon"))
    assert timers.ids() == frozenset()


async def test_a_late_run_is_made_up_for_once_and_none_overtakes_another(timers: Timers) -> None:
    timers.set(schedule())
    (job,) = timers._scheduler.get_jobs()
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)


async def test_stopping_lets_go_at_once_even_twice(timers: Timers, runs: Runs) -> None:
    runs.hold.clear()
    timers.set(schedule(1, "every 30s", created_at=begun_ago(29.95)))
    await asyncio.wait_for(runs.ran.wait(), 5)
    timers.stop()
    await asyncio.sleep(0)
    timers.stop()


class TestTrigger:
    def test_it_asks_the_domain(self) -> None:
        trigger = TimetableTrigger(parse_timetable("0 9 * * mon"), "Europe/Berlin", NOW)
        due = trigger.get_next_fire_time(None, NOW)
        assert due == datetime.datetime(2026, 11, 30, 8, tzinfo=datetime.UTC)

    def test_it_goes_on_from_the_run_before(self) -> None:
        trigger = TimetableTrigger(Every(60), "UTC", NOW)
        first = trigger.get_next_fire_time(None, NOW)
        assert trigger.get_next_fire_time(first, NOW) == NOW + datetime.timedelta(minutes=2)

    def test_after_a_night_asleep_one_run_is_due_not_hundreds(self) -> None:
        trigger = TimetableTrigger(Every(60), "UTC", NOW)
        morning = NOW + datetime.timedelta(hours=8, seconds=5)
        assert trigger.get_next_fire_time(NOW, morning) == NOW + datetime.timedelta(hours=8, minutes=1)
