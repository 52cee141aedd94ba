"""`schedule run`: runs a schedule's command now, with everything that comes of it."""

from dataclasses import dataclass

from bot.application.execution.run_saved import run_saved
from bot.application.ports import Context, Steering
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Report
from bot.domain.chat.values import Identifier


@dataclass(frozen=True, kw_only=True)
class RunSchedule:
    id: Identifier = argument("the schedule's number")


async def run_schedule(request: RunSchedule, context: Context) -> Report:
    return await run_saved(context.ports, request.id)


COMMAND = Steering(
    name="schedule run",
    model=RunSchedule,
    handler=run_schedule,
    summary="run a schedule's command now; what it finds counts as in any other run",
    examples=("schedule run 7",),
)
