"""`changes list`: what was planned and changed, the newest first."""

from dataclasses import dataclass

from bot.application.execution import telling
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import option
from bot.domain.chat.report import Report
from bot.domain.chat.values import Count


@dataclass(frozen=True, kw_only=True)
class ListChanges:
    limit: Count = option("--limit", summary="how many", default=20)


async def list_changes(request: ListChanges, context: Context) -> Report:
    async with context.ports.storage.read() as reading:
        return telling.listing(await reading.changes.recent("", request.limit), context.ports.clock.now())


COMMAND = Look(
    name="changes list",
    model=ListChanges,
    handler=list_changes,
    summary="list what was planned and changed, the newest first",
    examples=("changes list",),
)
