"""`route create`: leads requests that come to a Gateway to ports of Services."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.application.execution import gateway_api
from bot.application.execution.grants import read_grants
from bot.application.execution.looking_up import existing
from bot.application.execution.routes import secrets_of_listeners
from bot.application.ports import Changing, Cluster, Context
from bot.domain.changes import fields, route_gateway
from bot.domain.changes import route as planning
from bot.domain.changes.change import Change
from bot.domain.changes.route_gateway import Attachment
from bot.domain.changes.route_wanted import EXACT, HTTPS, PREFIX, REGULAR_EXPRESSION, Backend, Wanted, check
from bot.domain.chat import grammar
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.masking import masked
from bot.domain.chat.route_values import (
    ROUTE_KINDS,
    GatewayListener,
    GatewayName,
    Header,
    HostAndPath,
    HostPath,
    NewPath,
    RouteBackend,
    RouteKind,
)
from bot.domain.chat.values import ChangeRequest, HostName, Name, Span, Word
from bot.domain.network.gateways import not_programmed
from bot.domain.network.listeners import meeting
from bot.domain.network.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    NAMESPACE,
    JSONObject,
    ref_to,
)
from bot.domain.network.tls_secrets import wrong_with
from bot.errors import BotError, NotFound, Undecided, UsageError

_MOST_OFFERED = 20


class PathType(Enum):
    PREFIX = "Prefix"
    EXACT = "Exact"
    REGULAR_EXPRESSION = "RegularExpression"


_PATH_TYPES = {PathType.PREFIX: PREFIX, PathType.EXACT: EXACT, PathType.REGULAR_EXPRESSION: REGULAR_EXPRESSION}


@dataclass(frozen=True, kw_only=True)
class CreateRoute(ChangeRequest):
    hosts: tuple[HostPath, ...] = argument("the host names to serve, each perhaps with a path")
    service: tuple[RouteBackend, ...] = option(
        "--service",
        summary="a Service and its port, by number or name; several share by weight",
        default=(),
    )
    gateway: GatewayName | None = option(
        "--gateway",
        summary="the Gateway, perhaps its listener; default: the one that takes the route",
        default=None,
    )
    kind: RouteKind = option("--kind", summary="the kind of route", default=RouteKind.HTTP)
    path_type: PathType = option("--path-type", summary="how paths are compared", default=PathType.PREFIX)
    header: tuple[Header, ...] = option("--header", summary="only requests with this header", default=())
    method: Word = option("--method", summary="only this method; for gRPC SERVICE/METHOD", default="")
    redirect: HostName = option("--redirect", summary="`https`, or the host name to redirect to", default="")
    rewrite: NewPath = option("--rewrite", summary="what the path, or its prefix, becomes for the Service", default="")
    timeout: Span | None = option("--timeout", summary="how long a request may take", default=None)
    name: Name = option("--name", summary="the route's name; default: the first Service's", default="")


async def create_route(request: CreateRoute, context: Context) -> Change:
    """Reads Gateways, the Services, and every route that may be in the way."""
    wanted = _wanted(request, context.line)
    check(wanted)
    cluster = context.cluster
    gateways = await gateway_api.read(cluster, GATEWAY, request.namespace)
    wanted = dataclasses.replace(wanted, cluster=cluster.identity.uid)  # known with the first answer
    own = await gateway_api.read(cluster, wanted.kind, request.namespace)
    others = await _other_routes(cluster, wanted)
    services = {each: await existing(cluster, each.ref) for each in wanted.backends}
    gateway, attached = await _gateway(request, wanted, gateways.objects, cluster)
    elsewhere = [each.namespace for each in wanted.backends if each.namespace != wanted.namespace]
    grants = await read_grants(cluster, elsewhere, needed=True)
    unread = filter(None, (own.unread, _unread(grants.unread)))
    around = planning.Surroundings(
        attachment=attached,
        services=services,
        routes=(*own.objects, *others),
        grants=grants.objects,
        remarks=(*await _remarks(gateway, attached, wanted, context), *unread),
    )
    return planning.plan(wanted, around)


def _wanted(request: CreateRoute, line: str) -> Wanted:
    """Of no cluster yet."""
    hosts, paths = _hosts_and_paths(request.hosts)
    backends = tuple(
        Backend(each.namespace or request.namespace, each.service, each.port, each.weight) for each in request.service
    )
    method = request.method if request.kind is RouteKind.GRPC else request.method.upper()
    if request.kind is RouteKind.GRPC and method:
        _check_grpc(method)
    return Wanted(
        line=line,
        cluster="",
        kind=ROUTE_KINDS[request.kind],
        namespace=request.namespace,
        name=request.name or _default_name(request, hosts),
        hosts=hosts,
        paths=paths,
        path_type=_PATH_TYPES[request.path_type],
        method=method,
        headers=tuple((each.name, each.value) for each in request.header),
        backends=backends,
        redirect=request.redirect,
        rewrite=request.rewrite,
        timeout=request.timeout,
    )


def _hosts_and_paths(said: Sequence[HostAndPath]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """In one route every path is for every host. Raises UsageError for what would need several routes."""
    by_host: dict[str, list[str]] = {}
    for each in said:
        by_host.setdefault(each.host, [])
        if each.path not in by_host[each.host]:
            by_host[each.host].append(each.path)
    if "" in by_host and len(by_host) > 1:
        raise UsageError(
            "A route is either for every host or for those it names",
            cause="both were asked for",
            next_step="make two routes, each with a `--name` of its own",
        )
    first, *more = by_host.values()
    if any(set(paths) != set(first) for paths in more):
        raise UsageError(
            "In one route every path is for every host",
            cause="; ".join(f"{host} was given {' and '.join(p or '/' for p in ps)}" for host, ps in by_host.items()),
            next_step="make a route for each host, each with a `--name` of its own",
        )
    paths = tuple(path or "/" for path in first) if any(first) else ()
    return tuple(host for host in by_host if host), tuple(dict.fromkeys(paths))


def _check_grpc(method: str) -> None:
    """As the definition of GRPCRoute has it. Raises UsageError."""
    service, slash, name = method.partition("/")
    parts = service.removeprefix(".").split(".")
    if all(part.isidentifier() and part.isascii() for part in parts) and (
        not slash or (name.isidentifier() and name.isascii())
    ):
        return
    raise UsageError(
        f"`--method` cannot be {grammar.told(method)}",
        cause="expected a gRPC service and method such as shop.v1.Cart/Add, or the service alone",
    )


def _default_name(request: CreateRoute, hosts: tuple[str, ...]) -> str:
    if request.service:
        return request.service[0].service
    first = (hosts[0] if hosts else "all").removeprefix("*.").partition(".")[0]
    return f"{first}-to-{'https' if request.redirect == HTTPS else request.redirect.partition('.')[0]}"


async def _gateway(
    request: CreateRoute, wanted: Wanted, gateways: Sequence[JSONObject], cluster: Cluster
) -> tuple[JSONObject, Attachment]:
    """The Gateway that was said, or the only one that would take the route. Raises Undecided when there are several."""
    asking = route_gateway.applicant(wanted, await _labels(cluster, request.namespace))
    by_ref = {fields.ref_of(each): each for each in gateways}
    if said := request.gateway:
        ref = ref_to(GATEWAY, said.namespace or request.namespace, said.name)
        gateway = by_ref.get(ref) or await _said(cluster, ref, by_ref)
        return gateway, route_gateway.attachment(gateway, wanted, asking, said.listener)
    found = route_gateway.candidates(gateways, wanted, asking)
    if len(found) > 1:
        raise _undecided(request, found, by_ref)
    return by_ref[found[0].gateway], found[0]


async def _said(cluster: Cluster, ref: Any, known: Mapping[Any, JSONObject]) -> JSONObject:
    """A Gateway that was not among those listed. Raises NotFound that tells where one of that name is."""
    elsewhere = sorted(each.short for each in known if each.name == ref.name)
    if elsewhere:
        raise NotFound(f"There is no {ref}", next_step=f"did you mean `--gateway {elsewhere[0]}`?")
    names = sorted({each.name for each in known})
    if near := grammar.suggestion(ref.name, names):
        of_it = sorted(each.short for each in known if f"`{each.name}`" in near)
        raise NotFound(f"There is no {ref}", next_step=f"did you mean `--gateway {of_it[0]}`?" if of_it else near)
    return await existing(cluster, ref)


def _undecided(request: CreateRoute, found: Sequence[Attachment], gateways: Mapping[Any, JSONObject]) -> Undecided:
    choices = []
    for each in found[:_MOST_OFFERED]:
        said = GatewayListener(each.gateway.name, each.gateway.namespace)
        line = grammar.written("route create", dataclasses.replace(request, gateway=said))
        choices.append((route_gateway.in_words(gateways[each.gateway]), line))
    return Undecided(
        f"{len(found)} Gateways would take this route",
        tuple(choices),
        cause="which one is meant was not said (`--gateway`)",
        asks="Choose a Gateway",
    )


async def _labels(cluster: Cluster, namespace: str) -> Mapping[str, str] | None:
    """Of a namespace; None where it may not be read. Raises NotFound."""
    try:
        found = await existing(cluster, ref_to(NAMESPACE, "", namespace))
    except NotFound:
        raise
    except BotError:
        return None
    return dict(fields.metadata(found).get("labels") or {})


async def _other_routes(cluster: Cluster, wanted: Wanted) -> list[JSONObject]:
    """HTTPRoutes and GRPCRoutes may not share a host name; TLSRoutes are alone with their listeners."""
    kinds = {HTTP_ROUTE: (GRPC_ROUTE,), GRPC_ROUTE: (HTTP_ROUTE,)}.get(wanted.kind, ())
    readings = await asyncio.gather(*(gateway_api.read_if_served(cluster, each, wanted.namespace) for each in kinds))
    return [each for reading in readings for each in reading.objects]


async def _remarks(gateway: JSONObject, attached: Attachment, wanted: Wanted, context: Context) -> list[str]:
    """What is known to be wrong with the Gateway, and with the certificates of the listeners that would serve."""
    found = []
    if why := not_programmed(gateway):
        found.append(f"{attached.gateway} does not serve anything yet, or not all of it: {masked(why)[0]}.")
    found += filter(None, [route_gateway.leads_nowhere(gateway, wanted)])
    now = context.ports.clock.now()
    by_listener = {each.listener: each for each in attached.served if each.protocol == "HTTPS"}
    for listener, secrets in (await secrets_of_listeners(context, gateway, by_listener)).items():
        served = [host for host in meeting(by_listener[listener].hostname, wanted.hosts) if host]
        # Which of several is shown is for the controller to say: one that fits is enough.
        wrong = [f"{each.ref}: {why}" for each in secrets if (why := wrong_with(each, served, now))]
        if wrong and len(wrong) == len(secrets):
            found.append(f"Listener {listener} has no certificate that fits. {'; '.join(wrong)}.")
    return found


def _unread(namespaces: Sequence[str]) -> str:
    """Where grants may not be read one is planned, which may be there in other words."""
    where = ", ".join(namespaces)
    return f"The ReferenceGrants of {where} could not be read: what is planned may be granted already." if where else ""


COMMAND = Changing(
    name="route create",
    model=CreateRoute,
    planner=create_route,
    summary="lead requests that come to a Gateway to a Service",
    examples=(
        "route create new.example.com --service web:80 --name web-new -n shop",
        "route create new.example.com/api --service api:80@90 --service web:80@10 --name split -n shop --dry-run",
        "route create new.example.com --redirect https -n shop --dry-run",
    ),
    scenario="gateway",
    details="It makes an HTTPRoute (by `--kind` a GRPCRoute or TLSRoute), and a ReferenceGrant where a Service is in "
    "another namespace. What the Gateway would refuse, and other routes for the same requests, are found before. Then "
    "it waits for the controller's word, and asks by address. `changes undo` takes it back.",
)
