"""APScheduler carries out what the domain computed: one trigger class, which asks `next_run`.

By default APScheduler drops a run that is a second late and runs a job again for each time that was missed. Here a late
run is made up for, once, and a run that still lasts is not overtaken by the next.
"""

import datetime
import logging
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.domain.schedules.schedule import Schedule
from bot.domain.schedules.timetable import Timetable, next_run, parse_timetable

_log = logging.getLogger(__name__)


class TimetableTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """The domain's word on when a schedule runs next."""

    def __init__(self, timetable: Timetable, time_zone: str, anchor: datetime.datetime) -> None:
        self._timetable = timetable
        self._time_zone = time_zone
        self._anchor = anchor

    def get_next_fire_time(
        self, previous_fire_time: datetime.datetime | None, now: datetime.datetime
    ) -> datetime.datetime:
        # Never before now: after a night asleep one run is due, not hundreds.
        after = max(now, previous_fire_time) if previous_fire_time else now
        return next_run(self._timetable, self._time_zone, after, self._anchor)


class Timers:
    """Runs `run(id)` for each schedule when its time has come. One event loop."""

    def __init__(self, run: Callable[[int], Awaitable[None]]) -> None:
        self._run = run
        self._scheduler = AsyncIOScheduler(timezone=datetime.UTC)
        self._set: dict[int, tuple[str, str, datetime.datetime]] = {}

    def start(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a skipped overlap is our intention, not a warning
        self._scheduler.start()

    def stop(self) -> None:
        """Nothing new is begun; what runs is the caller's to wait for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def set(self, schedule: Schedule) -> None:
        """From now on it runs on its timetable. Setting the same one again changes nothing."""
        wanted = (schedule.timetable, schedule.time_zone, schedule.created_at)
        if self._set.get(schedule.id) == wanted:
            return
        trigger = TimetableTrigger(parse_timetable(schedule.timetable), schedule.time_zone, schedule.created_at)
        self._scheduler.add_job(
            self._run, trigger, args=(schedule.id,), id=str(schedule.id), replace_existing=True,
            misfire_grace_time=None, coalesce=True, max_instances=1,
        )  # fmt: skip
        self._set[schedule.id] = wanted

    def remove(self, id: int) -> None:
        if self._set.pop(id, None):
            self._scheduler.remove_job(str(id))

    def ids(self) -> frozenset[int]:
        return frozenset(self._set)
