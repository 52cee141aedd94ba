"""`incidents list`: what lasts, and what did."""

from dataclasses import dataclass

from bot.application.execution.telling_incidents import listing
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import option
from bot.domain.chat.report import Report
from bot.domain.chat.values import Count
from bot.domain.incidents.incident import IncidentState


@dataclass(frozen=True, kw_only=True)
class ListIncidents:
    limit: Count = option("--limit", summary="how many", default=20)


async def list_incidents(request: ListIncidents, context: Context) -> Report:
    async with context.ports.storage.read() as reading:
        unfinished = await reading.incidents.unfinished("")
        recent = await reading.incidents.recent("", request.limit)
    lasting = {each.id: each for each in unfinished if each.state.lasting}
    shown = {**{each.id: each for each in recent}, **lasting}
    pending = sum(each.state is IncidentState.PENDING for each in unfinished)
    return listing(tuple(shown.values()), pending)


COMMAND = Look(
    name="incidents list",
    model=ListIncidents,
    handler=list_incidents,
    summary="list the incidents that last, and the latest that are over",
    examples=("incidents list",),
)
