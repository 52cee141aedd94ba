"""`gateway delete`: removes a Gateway, with what would no longer be served by it."""

import dataclasses
from dataclasses import dataclass

from bot.application.execution import gateway_api
from bot.application.execution.gateway_api import ELSEWHERE
from bot.application.execution.grants import read_grants
from bot.application.execution.routes import routes_everywhere
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.changes.gateway_removal import USED, Around, gateway_plan
from bot.domain.changes.granting import references, targets
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import ChangeRequest, Name, Word
from bot.domain.network.references import GATEWAY
from bot.domain.plugins.parameters import check_accepted


@dataclass(frozen=True, kw_only=True)
class DeleteGateway(ChangeRequest):
    name: Name = argument("the Gateway's name")
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def delete_gateway(request: DeleteGateway, context: Context) -> Change:
    """Reads the Gateway, and every route that names it."""
    check_accepted(request.accept, (USED,))
    gateway = await gateway_api.find_gateway(context.cluster, request.namespace, request.name)
    routes = await routes_everywhere(context.cluster, request.namespace)
    unread = tuple(each.replace(ELSEWHERE, "others may be attached to it") for each in routes.unread)
    around = Around(routes=routes.objects, unread=unread)
    if needed := references(gateway):
        gateways = await gateway_api.read(context.cluster, GATEWAY, request.namespace)
        grants = () if gateways.unread else (await read_grants(context.cluster, targets(needed))).objects
        around = dataclasses.replace(around, gateways=gateways.objects, grants=grants)
    return gateway_plan(context.line, context.cluster.identity.uid, gateway, around, frozenset(request.accept))


COMMAND = Changing(
    name="gateway delete",
    model=DeleteGateway,
    planner=delete_gateway,
    summary="remove a Gateway",
    examples=("gateway delete public -n infra --dry-run",),
    scenario="gateway",
    details="Routes that are attached to it are named, and somebody has to accept that they are served no more "
    "(`--accept used`). `changes undo` makes it again as it was; its address may be another one then.",
)
