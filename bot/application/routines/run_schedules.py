"""Keeps the timers in step with the stored schedules, and runs a schedule when its timer says so.

Schedules are made by other processes too (`patchbay run schedule add …`), so the store is looked at again and again.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Protocol

from bot import metrics
from bot.application.execution.run_saved import run_saved
from bot.application.ports import Ports
from bot.domain.schedules.schedule import Schedule
from bot.errors import BotError, NotFound, UsageError

_log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 3.0


class Timers(Protocol):
    """What carries out timetables."""

    def set(self, schedule: Schedule) -> None:
        """From now on it runs on its timetable. Setting the same one again changes nothing."""
        ...

    def remove(self, id: int) -> None: ...

    def ids(self) -> frozenset[int]: ...


async def run_schedule(ports: Ports, id: int) -> None:
    """One run on the clock's behalf. Nothing that goes wrong in it stops the timetable."""
    try:
        report = await run_saved(ports, id)
        metrics.SCHEDULE_RUNS.labels(report.status.value).inc()
    except NotFound:
        _log.info("schedule %d is gone", id)
    except BotError as error:
        metrics.SCHEDULE_RUNS.labels("failed").inc()
        _log.warning("schedule %d could not run: %s", id, error)
    except Exception:  # noqa: BLE001  where a routine starts: told to the operator under a reference
        metrics.SCHEDULE_RUNS.labels("failed").inc()
        _log.exception("bug %s: schedule %d", secrets.token_hex(4), id)


async def keep_timers(ports: Ports, timers: Timers, changed: Callable[[], None] = lambda: None) -> None:
    """Until it is cancelled. `changed` is called after each look, for those who wait for it."""
    while True:
        try:
            await follow(ports, timers)
        except BotError as error:
            _log.warning("schedules could not be looked at: %s", error)
        except Exception:  # noqa: BLE001  a routine goes on; told to the operator under a reference
            _log.exception("bug %s: schedules could not be looked at", secrets.token_hex(4))
        changed()
        await ports.clock.sleep(LOOK_AGAIN_SECONDS)


async def follow(ports: Ports, timers: Timers) -> None:
    """Makes the timers what the store says, for the clusters that this process serves. One schedule that cannot be set
    (another version stored it) does not keep the others from running."""
    ours = {identity.uid for identity in await ports.clusters.identities()}
    async with ports.storage.read() as reading:
        schedules = {each.id: each for each in await reading.schedules.all() if each.cluster in ours}
    for id in timers.ids() - set(schedules):
        timers.remove(id)
    for schedule in schedules.values():
        try:
            timers.set(schedule)
        except UsageError as error:
            _log.warning("schedule %d does not run: %s", schedule.id, error)
