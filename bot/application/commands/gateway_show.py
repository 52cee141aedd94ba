"""`gateway show`: one Gateway, its listeners and certificates, what its controller says, and which routes it serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.application.execution import gateway_api
from bot.application.execution.gateway_api import ELSEWHERE
from bot.application.execution.routes import Routes, routes_everywhere, secrets_of_listeners
from bot.application.ports import Context, Look
from bot.domain.changes import fields, gateway_class
from bot.domain.chat.grammar import argument
from bot.domain.chat.masking import masked
from bot.domain.chat.report import Action, Block, Bullets, Plain, Report, Status, Table, paragraph, table, text
from bot.domain.chat.values import InNamespace, Name
from bot.domain.network.ages import age
from bot.domain.network.claims import hosts
from bot.domain.network.gateways import (
    Told,
    addresses,
    attached_routes,
    conditions,
    listener_conditions,
    not_programmed,
    parents,
)
from bot.domain.network.listeners import listeners, refers_to, takes_from
from bot.domain.network.references import GATEWAY_CLASS, JSONObject, Ref, ref_to
from bot.domain.network.shadowing import Precedence, Shadowed
from bot.domain.network.tls_secrets import TLSSecret, in_words, wrong_with
from bot.errors import BotError

_SHOWN_ROUTES = 30


@dataclass(frozen=True, kw_only=True)
class ShowGateway(InNamespace):
    name: Name = argument("the Gateway's name")


@dataclass(frozen=True, slots=True)
class _Certificate:
    """What one listener shows to those who connect."""

    listener: str
    hostname: str
    secret: TLSSecret


async def show_gateway(request: ShowGateway, context: Context) -> Report:
    """Reads the Gateway, its class, certificates, and every route that names it."""
    gateway = await gateway_api.find_gateway(context.cluster, request.namespace, request.name)
    routes = await routes_everywhere(context.cluster, request.namespace)
    certificates = await _certificates(gateway, context)
    served_by = await _class(gateway, context)
    ref = fields.ref_of(gateway)
    mine = [each for each in routes.objects if refers_to(each, ref)]
    now = context.ports.clock.now()
    wrong = list(_wrong(gateway, served_by, certificates, mine, context))
    blocks: list[Block] = [paragraph(Plain(_first(gateway, served_by, context)))]
    blocks.append(_listeners(gateway, {each.listener: in_words(each.secret, now) for each in certificates}))
    first = Precedence({ref: gateway}, mine)
    lost = {fields.ref_of(each): first.shadowed(each) for each in mine}
    wrong += [f"{route}: {told}" for route, each in lost.items() for told in each.told]
    blocks += [each for each in (_conditions(gateway), _routes(gateway, mine, lost)) if each is not None]
    if wrong:
        blocks.append(Bullets(tuple(text(Plain(masked(each)[0])) for each in wrong)))
    return Report(
        status=Status.FINDINGS if wrong else Status.OK,
        title=f"{ref} " + ("is not all served as it stands" if wrong else "is served"),
        blocks=tuple(blocks),
        actions=(Action("Remove", f"gateway delete {ref.name} -n {ref.namespace}"),),
        footnotes=tuple(text(Plain(each)) for each in _unread(routes)),
    )


async def _class(gateway: JSONObject, context: Context) -> JSONObject | None:
    """None: it is not there, or may not be read."""
    name = str(fields.at(gateway, ("spec", "gatewayClassName")).value)
    try:
        return await context.cluster.get(ref_to(GATEWAY_CLASS, "", name))
    except BotError:
        return None


async def _certificates(gateway: JSONObject, context: Context) -> list[_Certificate]:
    hostnames = {str(each.get("name")): str(each.get("hostname") or "") for each in listeners(gateway)}
    found = await secrets_of_listeners(context, gateway)
    return [_Certificate(name, hostnames[name], each) for name, secrets in found.items() for each in secrets]


def _first(gateway: JSONObject, served_by: JSONObject | None, context: Context) -> str:
    name = fields.at(gateway, ("spec", "gatewayClassName")).value
    controller = fields.at(served_by, ("spec", "controllerName")).value if served_by else "unknown controller"
    made = age(fields.created_at(gateway), context.ports.clock.now())
    by = ", by Patchbay" if fields.applied_by_us(gateway) else ""
    at = ", ".join(addresses(gateway)) or "no address yet"
    return f"At {at}; of class {name} ({controller}). Made {made} ago{by}."


def _listeners(gateway: JSONObject, certificates: dict[str, str]) -> Table:
    counts, said = attached_routes(gateway), listener_conditions(gateway)

    def row(each: Any) -> list[str]:
        name = str(each.get("name"))
        tls: Any = each.get("tls") or {}
        passed = "passed on unread" if tls.get("mode") == "Passthrough" else "-"
        told = said.get(name, ())
        state = "unknown" if not told else "served" if all(one.good for one in told) else "in trouble"
        return [
            name,
            f"{each.get('protocol')}:{each.get('port')}",
            str(each.get("hostname") or "*"),
            certificates.get(name, passed),
            takes_from(each),
            str(counts.get(name, "?")),
            state,
        ]

    columns = ("LISTENER", "PORT", "HOSTNAME", "TLS", "ROUTES FROM", "ROUTES", "STATE")
    return table(columns, map(row, listeners(gateway)))


def _conditions(gateway: JSONObject) -> Table | None:
    """The Gateway's own, and of its listeners those that are not as they ought to be."""
    rows = [("the Gateway", each.type, each.status, _words(each)) for each in conditions(gateway)]
    for name, told in listener_conditions(gateway).items():
        rows += [(f"listener {name}", each.type, each.status, _words(each)) for each in told if not each.good]
    return table(("OF", "CONDITION", "STATUS", "MEANS"), rows, "What its controller says") if rows else None


def _words(told: Told) -> str:
    said = told.words or told.reason
    return masked(f"{said} (of an older generation)" if told.outdated else said)[0]


def _routes(gateway: JSONObject, routes: Sequence[JSONObject], lost: Mapping[Ref, Shadowed]) -> Table | None:
    rows = []
    for route in routes[:_SHOWN_ROUTES]:
        ref, missing = fields.ref_of(route), _missing(route, gateway)
        state = "no" if missing else "shadowed" if lost[ref].whole else "yes"
        rows.append((str(ref), ", ".join(hosts(route)) or "*", state))
    title = "Routes" if len(routes) <= _SHOWN_ROUTES else f"{_SHOWN_ROUTES} of {len(routes)} routes"
    return table(("ROUTE", "HOSTNAMES", "ACCEPTED"), rows, title) if rows else None


def _missing(route: JSONObject, gateway: JSONObject) -> str:
    """Why the route is not served at this Gateway; empty: it is."""
    here = f"Gateway {fields.ref_of(gateway).short}"
    told = [each for each in parents(route) if each.parent.partition(",")[0] == here]
    return "; ".join(each.missing for each in told if each.missing)


def _wrong(
    gateway: JSONObject,
    served_by: JSONObject | None,
    certificates: Sequence[_Certificate],
    routes: Sequence[JSONObject],
    context: Context,
) -> Iterator[str]:
    if served_by is None:
        name = fields.at(gateway, ("spec", "gatewayClassName")).value
        yield f"GatewayClass {name} does not exist, or may not be read: see `controller list`".replace("`", "")
    elif why := gateway_class.not_accepted(served_by):
        yield f"Its class is not served: {why}"
    if why := not_programmed(gateway):
        yield f"It is not served, or not all of it: {why}"
    now = context.ports.clock.now()
    for each in certificates:
        if why := wrong_with(each.secret, [each.hostname], now):
            yield f"Listener {each.listener}, {each.secret.ref}: {why}"
    for route in routes:
        if why := _missing(route, gateway):
            yield f"{fields.ref_of(route)}: {why}"


def _unread(routes: Routes) -> tuple[str, ...]:
    return tuple(each.replace(ELSEWHERE, "others may be attached to it") for each in routes.unread)


COMMAND = Look(
    name="gateway show",
    model=ShowGateway,
    handler=show_gateway,
    summary="show one Gateway: listeners, certificates, what its controller says, and its routes",
    examples=("gateway show public -n infra",),
    scenario="gateway",
    details="Conditions are told in plain words, with what to do next. Certificates are read where Secrets may be.",
)
