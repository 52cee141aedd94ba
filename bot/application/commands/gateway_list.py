"""`gateway list`: the Gateways with their addresses and listeners, and whether their controllers serve them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.application.execution import gateway_api
from bot.application.execution.looking_up import check_namespace
from bot.application.execution.objects import printed
from bot.application.ports import Context, Look
from bot.domain.changes import fields
from bot.domain.chat.masking import masked
from bot.domain.chat.report import Block, Bullets, Code, Plain, Report, Status, Text, table, text
from bot.domain.chat.values import Listing, OutputFormat
from bot.domain.network.ages import age
from bot.domain.network.gateways import addresses, attached_routes, not_programmed
from bot.domain.network.listeners import listeners, takes_from
from bot.domain.network.references import GATEWAY, JSONObject
from bot.errors import NotFound

_SHOWN_WARNINGS = 10


async def list_gateways(request: Listing, context: Context) -> Report:
    try:
        found = await context.cluster.list(GATEWAY, request.where, request.selector)
    except NotFound as error:
        raise await gateway_api.not_served(context.cluster, GATEWAY) from error
    title = f"Gateways in {request.where or 'all namespaces'}"
    if request.output in (OutputFormat.YAML, OutputFormat.JSON):
        return Report(status=Status.OK, title=title, blocks=(printed(found, request.output),))
    if not found:
        if request.where:
            await check_namespace(context.cluster, request.where)
        return Report(
            status=Status.OK,
            title=f"No Gateways in {request.where or 'any namespace'}",
            footnotes=(text("Make one by `gateway create`, or look everywhere by `gateway list -A`"),),
        )
    gateways = sorted(found, key=lambda each: fields.ref_of(each).short)
    blocks: list[Block] = [_table(request, gateways, context)]
    if warnings := _warnings(gateways):
        blocks.append(Bullets(tuple(warnings)))
    return Report(status=Status.OK, title=title, blocks=tuple(blocks))


def _table(request: Listing, gateways: Sequence[JSONObject], context: Context) -> Block:
    wide = request.output is OutputFormat.WIDE
    columns = ["NAME", "CLASS", "ADDRESS", "PROGRAMMED", "LISTENERS", "ROUTES", "AGE"]
    if request.all_namespaces:
        columns.insert(0, "NAMESPACE")
    if wide:
        columns.append("ROUTES FROM")
    now = context.ports.clock.now()

    def row(gateway: JSONObject) -> list[str]:
        ref, counts = fields.ref_of(gateway), attached_routes(gateway)
        said = listeners(gateway)
        return [
            *([ref.namespace] if request.all_namespaces else []),
            ref.name,
            str(fields.at(gateway, ("spec", "gatewayClassName")).value or ""),
            ", ".join(addresses(gateway)) or "<none>",
            "no" if not_programmed(gateway) else "yes",
            ", ".join(f"{each.get('protocol')}:{each.get('port')}" for each in said),
            str(sum(counts.values())) if counts else "?",
            age(fields.created_at(gateway), now),
            *([", ".join(dict.fromkeys(takes_from(each) for each in said))] if wide else []),
        ]

    return table(columns, map(row, gateways))


def _warnings(gateways: Sequence[JSONObject]) -> list[Text]:
    found: list[Text] = []
    for gateway in gateways:
        if why := not_programmed(gateway):
            ref = fields.ref_of(gateway)
            show = Code(f"gateway show {ref.name} -n {ref.namespace}")
            found.append(text(Plain(masked(f"{ref} is not served, or not all of it: {why}. More: ")[0]), show))
    shown = list(itertools.islice(found, _SHOWN_WARNINGS))
    if len(found) > _SHOWN_WARNINGS:
        shown.append(text(f"and {len(found) - _SHOWN_WARNINGS} more"))
    return shown


COMMAND = Look(
    name="gateway list",
    model=Listing,
    handler=list_gateways,
    summary="list Gateways with their addresses, listeners and attached routes",
    examples=("gateway list -A", "gateway list -n infra -o wide"),
    scenario="gateway",
    details="PROGRAMMED is what the controller says of the whole Gateway and of each listener; ROUTES is how many "
    "routes it counts at all listeners. `-o wide` adds from which namespaces routes are taken.",
)
