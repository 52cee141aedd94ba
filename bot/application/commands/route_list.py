"""`route list`: the routes of the Gateway API, where they are attached, and whether anybody stands behind them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.execution.routes import Behind, gateways_of, read_behind, read_precedence, read_routes
from bot.application.ports import Context, Look
from bot.domain.changes import fields
from bot.domain.chat.masking import masked
from bot.domain.chat.report import Block, Bullets, Code, Plain, Report, Status, Text, table, text
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.network.ages import age
from bot.domain.network.claims import hosts, matches
from bot.domain.network.gateways import not_accepted
from bot.domain.network.leading import backends
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.shadowing import Shadowed

_SHOWN_WARNINGS = 10
_SHOWN_NAMES = 3


async def list_routes(request: Listing, context: Context) -> Report:
    routes = await read_routes(context.cluster, request.where, request.selector)
    title = f"Routes in {request.where or 'all namespaces'}"
    footnotes = tuple(text(Plain(each)) for each in routes.unread)
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        return Report(
            status=Status.OK, title=title, blocks=(printed(routes.objects, request.output),), footnotes=footnotes
        )
    if not routes.objects:
        if request.where and not routes.unread:
            await check_namespace(context.cluster, request.where)
        if not routes.unread:
            everywhere = ", or look everywhere by `route list -A`" if request.where else ""
            footnotes = (text(f"Make one by `route create`{everywhere}"),)
        empty = f"No routes in {request.where or 'any namespace'}"
        return Report(status=Status.OK, title=title if routes.unread else empty, footnotes=footnotes)
    behind = await read_behind(context.cluster, routes.objects)
    first = await read_precedence(context.cluster, request.where)
    lost = {fields.ref_of(each): first.shadowed(each) for each in routes.objects}
    blocks: list[Block] = [_table(request, routes.objects, behind, lost, context)]
    if warnings := _warnings(routes.objects, behind, lost):
        blocks.append(Bullets(tuple(warnings)))
    return Report(status=Status.OK, title=title, blocks=tuple(blocks), footnotes=footnotes)


def _table(
    request: Listing, routes: tuple[JSONObject, ...], behind: Behind, lost: Mapping[Ref, Shadowed], context: Context
) -> Block:
    wide = request.output is OutputFormat.WIDE
    columns = ["NAME", "KIND", "HOSTNAMES", "GATEWAY", "BACKENDS", "ACCEPTED", "AGE"]
    if request.all_namespaces:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns.append("MATCHES")
    now = context.ports.clock.now()

    def row(route: JSONObject) -> list[str]:
        ref = fields.ref_of(route)
        services = [f"{_short(each.short, ref.namespace)} {behind.told(each)}" for each in backends(route)]
        return [
            *([ref.namespace] if request.all_namespaces else []),
            ref.name,
            ref.kind,
            _few(hosts(route)) or "*",
            _few([_short(each.short, ref.namespace) for each in gateways_of(route)]) or "<none>",
            _few(services) or "<none>",
            "no" if not_accepted(route) else "shadowed" if lost[ref].whole else "yes",
            age(fields.created_at(route), now),
            *([_few(list(dict.fromkeys(map(_match_words, matches(route)))))] if wide else []),
        ]

    return table(columns, map(row, routes))


def _match_words(match: object) -> str:
    """`/api`, `GET /api X-Version=2`, `shop.v1.Cart/Add`."""
    said = match if isinstance(match, dict) else {}
    path, method = said.get("path") or {}, said.get("method") or ""
    if isinstance(method, dict):
        method = "/".join(str(part) for part in (method.get("service"), method.get("method")) if part)
    headers = [f"{each.get('name')}={each.get('value')}" for each in said.get("headers") or ()]
    return " ".join(part for part in (str(method), str(path.get("value") or ""), *headers) if part) or "*"


def _short(name: str, namespace: str) -> str:
    return name.removeprefix(f"{namespace}/")


def _few(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return ", ".join(names[:_SHOWN_NAMES]) + more


def _gets(lost: Shadowed) -> str:
    return "gets no request" if lost.whole else "does not get all of its requests"


def _warnings(routes: tuple[JSONObject, ...], behind: Behind, lost: Mapping[Ref, Shadowed]) -> list[Text]:
    """What is not served, and why; in full it is told by `route show`."""
    found: list[Text] = []
    for route in routes:
        ref = fields.ref_of(route)
        show = Code(f"route show {ref.name} -n {ref.namespace}")
        if why := not_accepted(route):
            found.append(text(Plain(masked(f"{ref} is not served everywhere: {why}. More: ")[0]), show))
        found += [text(Plain(f"{ref} {_gets(lost[ref])}: {each}")) for each in lost[ref].told]
        found += [text(Plain(f"{ref}: {why}")) for each in backends(route) if (why := behind.silent(each))]
    shown = list(itertools.islice(found, _SHOWN_WARNINGS))
    if len(found) > _SHOWN_WARNINGS:
        shown.append(text(f"and {len(found) - _SHOWN_WARNINGS} more"))
    return shown


COMMAND = Look(
    name="route list",
    model=Listing,
    handler=list_routes,
    summary="list HTTPRoutes, GRPCRoutes and TLSRoutes with their Gateways and backends",
    examples=("route list -n shop", "route list -A -o wide"),
    scenario="gateway",
    details="BACKENDS tells how many endpoints of each Service are ready, ACCEPTED whether every Gateway that it "
    "names has accepted it and found what it refers to; a shadowed route gets no request: others are asked first. "
    "`-o wide` adds what each is for.",
)
