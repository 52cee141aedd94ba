"""`schedule remove`: takes a command off its timetable."""

from dataclasses import dataclass

from bot.application.execution.assess import Examined, assess
from bot.application.execution.run_saved import about_itself
from bot.application.execution.telling_schedules import removed
from bot.application.ports import Context, Steering
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Report
from bot.domain.chat.values import Identifier
from bot.errors import Refused


@dataclass(frozen=True, kw_only=True)
class RemoveSchedule:
    id: Identifier = argument("the schedule's number")


async def remove_schedule(request: RemoveSchedule, context: Context) -> Report:
    async with context.ports.storage.begin() as tx:
        schedule = await tx.schedules.get(request.id)
        if schedule.owner != context.actor.id and not context.ports.access.may_change(context.actor):
            raise Refused(
                f"Schedule {request.id} is not yours",
                cause="it can be removed by its owner, and by those who may change things",
                next_step=f"ask {schedule.owner_name or schedule.owner}",
            )
        await tx.schedules.remove(request.id)
        # What it found stays; only that it could not run is over with it.
        itself = about_itself(schedule, failed=False).key
        over = Examined(cluster=schedule.cluster, findings=(), gone={itself: f"schedule {schedule.id} was removed"})
        await assess(tx, over, context.ports.clock.now())
        left = [each for each in await tx.incidents.unfinished(schedule.cluster) if each.schedule == schedule.id]
    return removed(schedule, [each for each in left if each.state.lasting])


COMMAND = Steering(
    name="schedule remove",
    model=RemoveSchedule,
    handler=remove_schedule,
    summary="take a command off its timetable",
    examples=("schedule remove 7",),
)
