"""`changes show`: one change, its plan, history, steps and outcome."""

from dataclasses import dataclass

from bot.application.execution import telling
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Report
from bot.domain.chat.values import Identifier


@dataclass(frozen=True, kw_only=True)
class ShowChange:
    id: Identifier = argument("the change's number")


async def show_change(request: ShowChange, context: Context) -> Report:
    async with context.ports.storage.read() as reading:
        return telling.whole(await reading.changes.get(request.id), context.ports.clock.now())


COMMAND = Look(
    name="changes show",
    model=ShowChange,
    handler=show_change,
    summary="show a change: its plan, history, steps and outcome",
    examples=("changes show 7",),
)
