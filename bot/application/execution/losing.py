"""Who would miss what a plan deletes: the same questions that `unexpose`, `gateway delete` and `route delete` ask, for
plans that delete as a way back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import read_edge
from bot.application.execution.leading import leading_to
from bot.application.execution.routes import routes_everywhere
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.changes.change import Delete, Doubt, Step
from bot.domain.changes.gateway_removal import USED
from bot.domain.changes.granting import references
from bot.domain.network.listeners import refers_to
from bot.domain.network.references import (
    GATEWAY,
    GATEWAY_CLASS,
    INGRESS,
    INGRESS_CLASS,
    REFERENCE_GRANT,
    SERVICE,
    JSONObject,
    Kind,
    Ref,
)
from bot.domain.plugins.controllers import recognise
from bot.domain.plugins.edge.entrances import cut_off
from bot.errors import BotError

_SHOWN = 6


async def missed(cluster: Cluster, steps: Sequence[Step]) -> tuple[Doubt, ...]:
    """A doubt with the code `used` that names them all; none when nobody would miss anything. What may not be read is
    no reason for one."""
    goes = [step.ref for step in steps if isinstance(step, Delete)]
    found = await asyncio.gather(*(_missing(cluster, ref, goes) for ref in goes))
    told = [line for lines in found for line in lines]
    services = [ref for ref in goes if ref.kind == SERVICE.name]
    if services:
        edge = await read_edge(cluster)
        controllers = recognise(edge, all_controllers())
        told += [cut for ref in services if (cut := cut_off(ref, controllers, edge))]
    return (Doubt(USED, " ".join(told)),) if told else ()


async def _missing(cluster: Cluster, ref: Ref, goes: Sequence[Ref]) -> list[str]:
    match ref.kind:
        case SERVICE.name:
            leads = (await leading_to(cluster, ref)).found
            by = list(dict.fromkeys(lead.by for lead in leads if lead.by not in goes))
            return _told(f"{ref} is still led to by", by)
        case GATEWAY.name:
            routes = (await routes_everywhere(cluster, ref.namespace)).objects
            return _told(f"With {ref} nothing serves", _others([r for r in routes if refers_to(r, ref)], goes))
        case REFERENCE_GRANT.name:
            routes = (await routes_everywhere(cluster, ref.namespace)).objects
            needing = [route for route in routes if any(each.grant == ref for each in references(route))]
            return _told(f"{ref} is what lets in", _others(needing, goes))
        case INGRESS_CLASS.name:
            ingresses = await _listed(cluster, INGRESS)
            named = [each for each in ingresses if _class_of(each) == ref.name]
            return _told(f"Nobody serves the class {ref.name} any more, which is that of", _others(named, goes))
        case GATEWAY_CLASS.name:
            gateways = await _listed(cluster, GATEWAY)
            named = [each for each in gateways if fields.at(each, ("spec", "gatewayClassName")).value == ref.name]
            return _told(f"Nobody serves the class {ref.name} any more, which is that of", _others(named, goes))
        case _:
            return []


def _class_of(ingress: JSONObject) -> object:
    annotations = fields.metadata(ingress).get("annotations") or {}
    return fields.at(ingress, ("spec", "ingressClassName")).value or annotations.get("kubernetes.io/ingress.class")


async def _listed(cluster: Cluster, kind: Kind) -> list[JSONObject]:
    try:
        return await cluster.list(kind)
    except BotError:
        return []


def _others(objects: Sequence[JSONObject], goes: Sequence[Ref]) -> list[Ref]:
    return [ref for ref in map(fields.ref_of, objects) if ref not in goes]


def _told(what: str, refs: Sequence[Ref]) -> list[str]:
    if not refs:
        return []
    more = f" and {len(refs) - _SHOWN} more" if len(refs) > _SHOWN else ""
    return [f"{what} {', '.join(map(str, refs[:_SHOWN]))}{more}."]
