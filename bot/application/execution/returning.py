"""Reads what the proof of something that comes back rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from bot.application.execution.routes import gateways_of, routes_everywhere
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.changes.reproving import ROUTES, Around, Returning
from bot.domain.network.leading import backends
from bot.domain.network.references import INGRESS, INGRESS_CLASS, SERVICE, JSONObject, Ref
from bot.domain.network.selected import KINDS
from bot.domain.network.snapshot import Scope, Snapshot
from bot.errors import BotError


async def read_around(cluster: Cluster, objects: Sequence[Returning]) -> Around:
    """What may not be read, or is not there, is left out: less is asked then, and nothing is refused for it."""
    routes = [each.object for each in objects if each.ref.kind in ROUTES]
    selecting = {each.ref.namespace for each in objects if each.ref.kind in (SERVICE.name, INGRESS.name)}
    ingresses = any(each.ref.kind == INGRESS.name for each in objects)
    return Around(
        snapshots=await _snapshots(cluster, sorted(selecting)),
        controllers=await _controllers(cluster) if ingresses else {},
        services=await _objects(cluster, (ref for route in routes for ref in backends(route))),
        gateways=await _objects(cluster, (ref for route in routes for ref in gateways_of(route))),
        routes=await _rivals(cluster, routes),
    )


async def _snapshots(cluster: Cluster, namespaces: Sequence[str]) -> dict[str, Snapshot]:
    read = await asyncio.gather(*(cluster.read(Scope((SERVICE, *KINDS), each)) for each in namespaces))
    return dict(zip(namespaces, read, strict=True))


async def _controllers(cluster: Cluster) -> dict[str, str]:
    found = await cluster.read(Scope((INGRESS_CLASS,)))
    return {each.name: each.spec.controller for each in found.ingress_classes}


async def _objects(cluster: Cluster, refs: Iterable[Ref]) -> dict[Ref, JSONObject]:
    found = {}
    for ref in dict.fromkeys(refs):
        try:
            found[ref] = await cluster.get(ref)
        except BotError:
            continue
    return found


async def _rivals(cluster: Cluster, routes: Sequence[JSONObject]) -> tuple[JSONObject, ...]:
    if not routes:
        return ()
    try:
        return (await routes_everywhere(cluster, fields.ref_of(routes[0]).namespace)).objects
    except BotError:
        return ()
