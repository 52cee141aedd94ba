"""`incidents ack`: somebody takes care of it, and everybody sees who."""

from dataclasses import dataclass

from bot.application.execution.assess import acknowledge
from bot.application.execution.telling_incidents import head
from bot.application.ports import Context, Steering
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Report
from bot.domain.chat.values import Identifier


@dataclass(frozen=True, kw_only=True)
class AcknowledgeIncident:
    id: Identifier = argument("the incident's number")


async def acknowledge_incident(request: AcknowledgeIncident, context: Context) -> Report:
    async with context.ports.storage.begin() as tx:
        incident = await acknowledge(tx, request.id, context.actor, context.ports.clock.now())
    return head(incident)


COMMAND = Steering(
    name="incidents ack",
    model=AcknowledgeIncident,
    handler=acknowledge_incident,
    summary="say that you take care of an incident",
    examples=("incidents ack 7",),
)
