"""`unexpose`: takes a Service away, once it is known who leads to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import read_edge
from bot.application.execution.leading import leading_to
from bot.application.execution.looking_up import existing
from bot.application.ports import Changing, Context
from bot.domain.changes import unexpose as planning
from bot.domain.changes.change import Change
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, ServiceTarget, Word
from bot.domain.network.references import SERVICE, ref_to
from bot.domain.plugins.controllers import recognise
from bot.domain.plugins.edge.entrances import cut_off
from bot.domain.plugins.parameters import check_accepted


@dataclass(frozen=True, kw_only=True)
class Unexpose(ChangeRequest):
    service: ServiceTarget = argument("the Service to delete")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def unexpose(request: Unexpose, context: Context) -> Change:
    check_accepted(request.accept, planning.CODES)
    ref = ref_to(SERVICE, request.namespace, request.service.name)
    service = await existing(context.cluster, ref)
    leading, edge = await asyncio.gather(leading_to(context.cluster, ref), read_edge(context.cluster))
    return planning.plan(
        planning.Ending(
            line=context.line,
            cluster=context.cluster.identity.uid,
            service=service,
            leads=leading.found,
            unread=leading.unread,
            cut_off=cut_off(ref, recognise(edge, all_controllers()), edge),
            accepted=frozenset(request.accept),
        )
    )


COMMAND = Changing(
    name="unexpose",
    model=Unexpose,
    planner=unexpose,
    summary="delete a Service, once it is known who still leads to it",
    examples=("unexpose db -n shop --dry-run", "unexpose web -n shop --accept used --dry-run"),
    details="Ingresses, routes and StatefulSets that lead to it are named, and what a controller serves that is "
    "reached by it alone; `--accept used` says that this is known. What the cluster stands on, and what somebody would "
    "make again at once, stays. `changes undo` makes it again as it was, with its address and node ports where these "
    "are still free.",
)
