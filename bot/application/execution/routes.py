"""Gateways, routes and what stands behind them, read for those who show or remove them."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from bot.application.execution import gateway_api
from bot.application.execution.looking_up import check_namespace
from bot.application.execution.tls_secrets import tls_secret
from bot.application.ports import Cluster, Context
from bot.domain.changes import fields
from bot.domain.chat.grammar import suggestion
from bot.domain.network.leading import backends
from bot.domain.network.listeners import certificates_of, listeners
from bot.domain.network.references import (
    ENDPOINT_SLICE,
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    SERVICE,
    TLS_ROUTE,
    JSONObject,
    Kind,
    Ref,
    ref_to,
)
from bot.domain.network.services import EndpointIndex
from bot.domain.network.shadowing import Precedence
from bot.domain.network.snapshot import Scope, Service
from bot.domain.network.tls_secrets import TLSSecret
from bot.errors import BotError, NotFound, Refused

KINDS = (HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE)
"""The kinds of routes that Patchbay knows."""
_MOST_CERTIFICATES = 5
"""Read of one listener."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Those that could be read, by namespace and name."""

    objects: tuple[JSONObject, ...]
    unread: tuple[str, ...] = ()
    """What could not be, in sentences."""


async def read_routes(cluster: Cluster, namespace: str = "", selector: str = "") -> Routes:
    """Of one namespace, or of all. A kind that the cluster does not have is left out. Raises Missing when it has none
    of them."""
    readings = await asyncio.gather(*(_read(cluster, kind, namespace, selector) for kind in KINDS))
    if all(reading is None for reading in readings):
        raise await gateway_api.not_served(cluster, HTTP_ROUTE)
    found = [each for reading in readings if reading is not None for each in reading[0]]
    unread = tuple(reading[1] for reading in readings if reading is not None and reading[1])
    return Routes(tuple(sorted(found, key=_place)), unread)


async def routes_everywhere(cluster: Cluster, namespace: str) -> Routes:
    """Of all namespaces, or of that one where no more may be read. None of a kind that the cluster does not have."""
    readings = await asyncio.gather(*(gateway_api.read_if_served(cluster, kind, namespace) for kind in KINDS))
    unread = tuple(dict.fromkeys(each.unread for each in readings if each.unread))
    return Routes(tuple(sorted((each for one in readings for each in one.objects), key=_place)), unread)


async def _read(cluster: Cluster, kind: Kind, namespace: str, selector: str) -> tuple[list[JSONObject], str] | None:
    try:
        return await cluster.list(kind, namespace, selector), ""
    except NotFound:
        return None
    except Refused as error:
        where = f" of {namespace}" if namespace else ""
        return [], f"The {kind.plural}{where} could not be read: {error.cause or error.summary}."


async def find_route(cluster: Cluster, namespace: str, name: str, kind: Kind | None) -> JSONObject:
    """The route of that name, of whichever kind there is one. Raises NotFound with what was probably meant, Refused
    when there are several."""
    routes = await read_routes(cluster, namespace)
    found = [
        each
        for each in routes.objects
        if fields.metadata(each).get("name") == name and (kind is None or each.get("kind") == kind.name)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = sorted(str(each["kind"]) for each in found)
        short = ", ".join(f"`--kind {each.removesuffix('Route').lower()}`" for each in kinds)
        raise Refused(f"{' and '.join(kinds)} are both called {namespace}/{name}", next_step=f"say one of {short}")
    raise await _no_route(cluster, namespace, name, routes)


async def _no_route(cluster: Cluster, namespace: str, name: str, routes: Routes) -> BotError:
    await check_namespace(cluster, namespace)
    if routes.unread:
        return Refused(
            f"Whether there is a route {namespace}/{name} could not be read",
            cause=" ".join(routes.unread),
            next_step="let Patchbay list routes: deploy/kubernetes/look.yaml grants it",
        )
    names = sorted(str(fields.metadata(each)["name"]) for each in routes.objects)
    elsewhere = gateway_api.elsewhere(name, (await routes_everywhere(cluster, namespace)).objects)
    listed = f"there is {', '.join(names[:5])}" if names else f"there are no routes in {namespace} at all"
    return NotFound(f"There is no route {namespace}/{name}", next_step=elsewhere or suggestion(name, names) or listed)


async def read_precedence(cluster: Cluster, namespace: str) -> Precedence:
    """Of all namespaces, or of that one where no more may be read; of nothing where not even that."""
    try:
        gateways = (await gateway_api.read_if_served(cluster, GATEWAY, namespace)).objects
        routes = (await routes_everywhere(cluster, namespace)).objects
    except Refused:
        return Precedence({}, ())
    return Precedence({fields.ref_of(each): each for each in gateways}, routes)


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind Services, as far as it could be read."""

    services: dict[Ref, Service] = field(default_factory=dict)
    indexes: dict[str, EndpointIndex] = field(default_factory=dict)
    """Of endpoints, by namespace."""
    unread: frozenset[str] = frozenset()
    """Namespaces in which something could not be read."""

    def told(self, service: Ref) -> str:
        """`2/2 ready`, `missing`, or `?` when it could not be read."""
        if (found := self.services.get(service)) is None:
            return "?" if service.namespace in self.unread else "missing"
        if found.spec.type == "ExternalName" or service.namespace not in self.indexes:
            return "-" if found.spec.type == "ExternalName" else "?"
        count = self.indexes[service.namespace].count(found)
        return f"{count.ready}/{count.total} ready"

    def silent(self, service: Ref) -> str:
        """Why nobody answers there; empty: somebody does, or it is not known."""
        told = self.told(service)
        if told == "missing":
            return f"{service} does not exist"
        return f"{service} has no ready endpoint" if told.startswith("0/") else ""


async def read_behind(cluster: Cluster, routes: Iterable[JSONObject]) -> Behind:
    """The Services that these routes lead to, and their endpoints."""
    namespaces = sorted({each.namespace for route in routes for each in backends(route)})
    scopes = [Scope((SERVICE, ENDPOINT_SLICE), namespace) for namespace in namespaces]
    behind = Behind()
    unread = set()
    for namespace, snapshot in zip(namespaces, await asyncio.gather(*map(cluster.read, scopes)), strict=True):
        behind.services.update({each.ref: each for each in snapshot.services})
        if not snapshot.could_read(SERVICE):
            unread.add(namespace)
        if snapshot.could_read(ENDPOINT_SLICE):
            behind.indexes[namespace] = EndpointIndex(snapshot)
    return Behind(behind.services, behind.indexes, frozenset(unread))


async def secrets_of_listeners(
    context: Context, gateway: JSONObject, names: Container[str] | None = None
) -> dict[str, list[TLSSecret]]:
    """What the certificates of a Gateway's listeners are, by the listener's name: of those called so, or of all."""
    own, found = fields.ref_of(gateway), {}
    for listener in listeners(gateway):
        name = str(listener.get("name"))
        if names is not None and name not in names:
            continue
        secrets = certificates_of(listener, own.namespace)[:_MOST_CERTIFICATES]
        found[name] = [await tls_secret(context, each.namespace, each.name) for each in secrets]
    return {name: secrets for name, secrets in found.items() if secrets}


def _place(route: JSONObject) -> tuple[str, str, str]:
    own = fields.metadata(route)
    return str(own.get("namespace") or ""), str(own.get("name") or ""), str(route.get("kind"))


def gateways_of(route: JSONObject) -> Sequence[Ref]:
    """The Gateways that a route names, each once."""
    own = fields.ref_of(route)
    parents: object = fields.at(route, ("spec", "parentRefs")).value
    found = [
        ref_to(GATEWAY, str(each.get("namespace") or own.namespace), str(each.get("name")))
        for each in (parents if isinstance(parents, list) else [])
        if isinstance(each, dict) and each.get("kind", GATEWAY.name) == GATEWAY.name
    ]
    return list(dict.fromkeys(found))
