"""`changes approve`: carries out a plan that was shown."""

from dataclasses import dataclass

from bot.application.execution import approving
from bot.application.ports import Answer, Context, Steering
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import Identifier, Word


@dataclass(frozen=True, kw_only=True)
class ApproveChange:
    id: Identifier = argument("the plan's number")
    digest: Word = option("--digest", summary="the digest that the plan shows: what you approve is what you read")


async def approve_change(request: ApproveChange, context: Context) -> Answer:
    return await approving.approve(request.id, request.digest, context)


COMMAND = Steering(
    name="changes approve",
    model=ApproveChange,
    handler=approve_change,
    summary="approve a plan and apply it",
    examples=("changes approve 7 --digest 3f2a9c01b7de",),
    details="The plan is made again from fresh readings: when it is still the same it is applied, otherwise the new "
    "plan is shown. A plan can be approved for 15 minutes.",
    needs_change_right=True,
)
