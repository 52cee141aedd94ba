"""`changes cancel`: withdraws a plan."""

from dataclasses import dataclass

from bot.application.execution import approving
from bot.application.ports import Answer, Context, Steering
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import Identifier, Word


@dataclass(frozen=True, kw_only=True)
class CancelChange:
    id: Identifier = argument("the plan's number")
    digest: Word = option("--digest", summary="the digest that the plan shows", default="")


async def cancel_change(request: CancelChange, context: Context) -> Answer:
    return await approving.cancel(request.id, request.digest, context)


COMMAND = Steering(
    name="changes cancel",
    model=CancelChange,
    handler=cancel_change,
    summary="withdraw a plan that nobody has approved yet",
    examples=("changes cancel 7",),
    needs_change_right=True,
)
