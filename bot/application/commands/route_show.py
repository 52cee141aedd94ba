"""`route show`: one route, what its Gateways say of it in plain words, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.application.execution.routes import Behind, find_route, gateways_of, read_behind, read_precedence
from bot.application.ports import Context, Look
from bot.domain.changes import fields
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.masking import masked
from bot.domain.chat.report import Action, Block, Bullets, Plain, Report, Status, Table, paragraph, table, text
from bot.domain.chat.route_values import ROUTE_KINDS, RouteKind
from bot.domain.chat.values import InNamespace, Name
from bot.domain.network.ages import age
from bot.domain.network.claims import hosts
from bot.domain.network.gateways import ParentTold, Told, not_programmed, parents
from bot.domain.network.leading import backends
from bot.domain.network.references import SERVICE, JSONObject, ref_to
from bot.domain.network.shadowing import EITHER
from bot.errors import BotError, NotFound


@dataclass(frozen=True, kw_only=True)
class ShowRoute(InNamespace):
    name: Name = argument("the route's name")
    kind: RouteKind | None = option("--kind", summary="the kind, when several have this name", default=None)


async def show_route(request: ShowRoute, context: Context) -> Report:
    """Reads the route, its Gateways, and the Services that it leads to."""
    kind = ROUTE_KINDS[request.kind] if request.kind else None
    route = await find_route(context.cluster, request.namespace, request.name, kind)
    behind = await read_behind(context.cluster, [route])
    gateways = await _gateways(route, context)
    ref, told = fields.ref_of(route), parents(route)
    first = await read_precedence(context.cluster, request.namespace)
    lost = [each[:1].upper() + each[1:] for each in first.shadowed(route).told]
    wrong = [*gateways, *_wrong(told), *lost, *(why for each in backends(route) if (why := behind.silent(each)))]
    blocks: list[Block] = [paragraph(Plain(f"{_hosts(route)}. {_made(route, context)}")), _rules(route, behind)]
    blocks += list(_said(told))
    if wrong:
        blocks.append(Bullets(tuple(text(Plain(masked(each)[0])) for each in wrong)))
    return Report(
        status=Status.FINDINGS if wrong else Status.OK,
        title=f"{ref} " + ("is not served as it stands" if wrong else "is served"),
        blocks=tuple(blocks),
        actions=(Action("Remove", f"route delete {ref.name} -n {ref.namespace}"),),
        footnotes=(text(Plain(EITHER)),) if lost else (),
    )


def _hosts(route: JSONObject) -> str:
    return f"For {', '.join(hosts(route)) or 'every host name of its listeners'}"


def _made(route: JSONObject, context: Context) -> str:
    by = ", by Patchbay" if fields.applied_by_us(route) else ""
    return f"Made {age(fields.created_at(route), context.ports.clock.now())} ago{by}."


def _rules(route: JSONObject, behind: Behind) -> Table:
    """A row for each rule and backend."""
    rules: Any = fields.at(route, ("spec", "rules")).value or []
    namespace, rows = fields.ref_of(route).namespace, []
    for number, rule in enumerate(rules, 1):
        said = rule.get("backendRefs") or [{}]
        total = sum(int(each.get("weight", 1)) for each in said if each)
        for index, each in enumerate(said):
            rows.append(
                [
                    str(number) if not index else "",
                    _matches(rule) if not index else "",
                    _filters(rule) if not index else "",
                    *_backend(each, namespace, total, behind),
                ]
            )
    return table(("RULE", "REQUESTS", "DOES", "LEADS TO", "SHARE", "ENDPOINTS"), rows)


def _backend(said: dict[str, Any], namespace: str, total: int, behind: Behind) -> tuple[str, str, str]:
    if not said:
        return "-", "-", "-"
    service = ref_to(SERVICE, str(said.get("namespace") or namespace), str(said.get("name")))
    weight = int(said.get("weight", 1))
    share = f"{100 * weight / total:.0f} %" if total else "none"
    if said.get("kind", SERVICE.name) != SERVICE.name:
        return f"{said.get('kind')} {service.short}", share, "?"
    return f"{service.short.removeprefix(f'{namespace}/')}:{said.get('port')}", share, behind.told(service)


def _matches(rule: dict[str, Any]) -> str:
    return " or ".join(_match(each) for each in rule.get("matches") or [{}])


def _match(match: dict[str, Any]) -> str:
    """`GET /api and below, X-Version: 2`."""
    path, method = match.get("path") or {}, match.get("method") or ""
    if isinstance(method, dict):
        method = "/".join(str(part) for part in (method.get("service"), method.get("method")) if part)
    value, type_ = str(path.get("value") or ""), path.get("type") or "PathPrefix"
    shown = {"Exact": f"{value} exactly", "RegularExpression": f"paths like {value}"}.get(type_, f"{value} and below")
    named = [f"{each.get('name')}: {each.get('value')}" for each in match.get("headers") or ()]
    named += [f"?{each.get('name')}={each.get('value')}" for each in match.get("queryParams") or ()]
    first = " ".join(part for part in (str(method), shown if value else "") if part)
    return ", ".join(part for part in (first, *named) if part) or "all"


def _filters(rule: dict[str, Any]) -> str:
    """What is done on the way: redirects and rewrites in words, others by their type."""
    found = []
    for each in rule.get("filters") or ():
        type_ = str(each.get("type"))
        to = each.get("requestRedirect") or {}
        path = (each.get("urlRewrite") or to).get("path") or {}
        new = path.get("replaceFullPath") or path.get("replacePrefixMatch") or ""
        if type_ == "RequestRedirect":
            where = "".join((f"{to['scheme']}://" if to.get("scheme") else "", str(to.get("hostname") or ""), new))
            found.append(f"redirects to {where or 'another port'} ({to.get('statusCode', 302)})")
        elif type_ == "URLRewrite":
            found.append(f"path becomes {new}" if new else f"host becomes {each['urlRewrite'].get('hostname')}")
        else:
            found.append(type_)
    if request := (rule.get("timeouts") or {}).get("request"):
        found.append(f"at most {request}")
    return ", ".join(found) or "-"


def _said(told: tuple[ParentTold, ...]) -> Iterator[Block]:
    rows = [
        (each.parent if not index else "", condition.type, condition.status, _words(condition))
        for each in told
        for index, condition in enumerate(each.conditions)
    ]
    if rows:
        yield table(("AT", "CONDITION", "STATUS", "MEANS"), rows, "What its Gateways say")


def _words(told: Told) -> str:
    said = told.words or told.reason
    return masked(f"{said} (of an older generation)" if told.outdated else said)[0]


def _wrong(told: tuple[ParentTold, ...]) -> list[str]:
    return [each.missing for each in told if each.missing] if told else ["It names no Gateway"]


async def _gateways(route: JSONObject, context: Context) -> list[str]:
    """What is wrong with the Gateways that it names; what may not be read is taken to be right."""
    found = []
    for ref in gateways_of(route):
        try:
            gateway = await context.cluster.get(ref)
        except NotFound:
            found.append(f"{ref} does not exist: see gateway list -A")
        except BotError:
            continue
        else:
            if why := not_programmed(gateway):
                found.append(f"{ref} is not served, or not all of it: {why}")
    return found


COMMAND = Look(
    name="route show",
    model=ShowRoute,
    handler=show_route,
    summary="show one route: its rules, what its Gateways say of it, and who answers behind it",
    examples=("route show pages -n shop",),
    scenario="gateway",
    details="What the controllers say by conditions is told in plain words, with what to do next.",
)
