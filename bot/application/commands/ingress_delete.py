"""`ingress delete`: takes an Ingress away."""

from dataclasses import dataclass

from bot.application.execution import ingress_surroundings as reading
from bot.application.execution.looking_up import existing
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.changes.ingress_delete import Removal, plan
from bot.domain.chat.addresses import IngressName
from bot.domain.chat.grammar import argument
from bot.domain.chat.values import ChangeRequest
from bot.domain.network.references import INGRESS, ref_to


@dataclass(frozen=True, kw_only=True)
class DeleteIngress(ChangeRequest):
    name: IngressName = argument("the Ingress")


async def delete_ingress(request: DeleteIngress, context: Context) -> Change:
    """Reads the Ingress, and whoever else leads its hosts."""
    there = await existing(context.cluster, ref_to(INGRESS, request.namespace, request.name))
    near = await reading.neighbours(context.cluster, request.namespace)
    return plan(
        Removal(line=context.line, cluster=context.cluster.identity.uid, there=there, others=near.snapshot.ingresses)
    )


COMMAND = Changing(
    name="ingress delete",
    model=DeleteIngress,
    planner=delete_ingress,
    summary="delete an Ingress, saying what no longer leads anywhere",
    examples=("ingress delete web -n shop --dry-run",),
    details="It is deleted only if nobody has changed it since the plan. `changes undo` makes it again as it was.",
)
