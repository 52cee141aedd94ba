"""`route delete`: removes a route, and the ReferenceGrants that Patchbay made for it alone."""

from dataclasses import dataclass

from bot.application.execution.grants import read_grants
from bot.application.execution.routes import find_route, routes_everywhere
from bot.application.ports import Changing, Context
from bot.domain.changes.change import Change
from bot.domain.changes.gateway_removal import route_plan
from bot.domain.changes.granting import references, targets
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.route_values import ROUTE_KINDS, RouteKind
from bot.domain.chat.values import ChangeRequest, Name
from bot.domain.network.references import JSONObject


@dataclass(frozen=True, kw_only=True)
class DeleteRoute(ChangeRequest):
    name: Name = argument("the route's name")
    kind: RouteKind | None = option("--kind", summary="the kind, when several have this name", default=None)


async def delete_route(request: DeleteRoute, context: Context) -> Change:
    """Reads the route; and when it leads into other namespaces, who else does."""
    kind = ROUTE_KINDS[request.kind] if request.kind else None
    route = await find_route(context.cluster, request.namespace, request.name, kind)
    others: tuple[JSONObject, ...] = ()
    grants: tuple[JSONObject, ...] = ()
    if needed := references(route):
        routes = await routes_everywhere(context.cluster, request.namespace)
        others = routes.objects
        grants = () if routes.unread else (await read_grants(context.cluster, targets(needed))).objects
    return route_plan(context.line, context.cluster.identity.uid, route, others, grants)


COMMAND = Changing(
    name="route delete",
    model=DeleteRoute,
    planner=delete_route,
    summary="remove a route, and the grants that were made for it alone",
    examples=("route delete pages -n shop --dry-run",),
    scenario="gateway",
    details="`changes undo` makes it again as it was.",
)
