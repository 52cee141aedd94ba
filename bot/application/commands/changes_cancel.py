"""`changes cancel`: withdraws a plan, or stops a change that is being applied and takes it back."""

from dataclasses import dataclass

from bot.application.execution import approving
from bot.application.ports import Answer, Context, Steering
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import Identifier, Word


@dataclass(frozen=True, kw_only=True)
class CancelChange:
    id: Identifier = argument("the number of the plan or change")
    digest: Word = option("--digest", summary="the digest that the plan shows", default="")


async def cancel_change(request: CancelChange, context: Context) -> Answer:
    return await approving.cancel(request.id, request.digest, context)


COMMAND = Steering(
    name="changes cancel",
    model=CancelChange,
    handler=cancel_change,
    summary="withdraw a plan that nobody has approved yet, or stop a running change and take it back",
    examples=("changes cancel 7",),
    details="A change that is being applied is taken over from the process that works on it and rolled back, step by "
    "step, as if it had failed; nothing is written before that process's last call must have ended, which takes up "
    "to 45 seconds.",
    needs_change_right=True,
)
