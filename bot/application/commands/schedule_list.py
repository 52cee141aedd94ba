"""`schedule list`: what runs when, and how it went last."""

from dataclasses import dataclass

from bot.application.execution.telling_schedules import listing
from bot.application.ports import Context, Look
from bot.domain.chat.report import Report


@dataclass(frozen=True, kw_only=True)
class ListSchedules:
    """It takes nothing."""


async def list_schedules(request: ListSchedules, context: Context) -> Report:
    async with context.ports.storage.read() as reading:
        schedules = await reading.schedules.all()
    return listing(schedules, context.ports.clock.now())


COMMAND = Look(
    name="schedule list",
    model=ListSchedules,
    handler=list_schedules,
    summary="list what runs on a timetable, when it runs next and how it went last",
    examples=("schedule list",),
)
