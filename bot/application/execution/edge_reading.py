"""Reads what matters to what leads traffic into a cluster. What cannot be read is said, and hinders nothing."""

from __future__ import annotations

import asyncio
import dataclasses

from bot.application.execution.holding import kind_defined
from bot.application.execution.rights import missing_rights, needed_rights
from bot.application.execution.surroundings import existing_objects
from bot.application.ports import Cluster, Right
from bot.domain.changes import fields
from bot.domain.chat.report import Plain, Text, text
from bot.domain.network.references import (
    CUSTOM_RESOURCE_DEFINITION,
    DAEMON_SET,
    DEPLOYMENT,
    GATEWAY,
    GATEWAY_CLASS,
    INGRESS,
    INGRESS_CLASS,
    NODE,
    POD,
    SERVICE,
    JSONObject,
    Kind,
)
from bot.domain.network.snapshot import Scope
from bot.domain.plugins.edge.gateway_api import CHANNEL, VERSION
from bot.domain.plugins.edge.kinds import GROUP, ROUTES
from bot.domain.plugins.edge.surroundings import Edge, GatewayDefinition, name_of
from bot.domain.plugins.fitting import Objects
from bot.errors import BotError, NotFound, Refused

_KINDS = (NODE, POD, SERVICE, DEPLOYMENT, DAEMON_SET, INGRESS, INGRESS_CLASS)


async def read_edge(cluster: Cluster) -> Edge:
    """Without a plan's own objects and rights: see `with_plan`. Raises Unreachable when nothing answers."""
    snapshot = await cluster.read(Scope(_KINDS))
    unread = [f"{each.kind.plural}: {each.reason}" for each in snapshot.unread]
    definitions = await _definitions(cluster, unread)
    of_gateways = {name: each for name, each in definitions.items() if name.endswith(f".{GROUP}")}
    kinds = {name.partition(".")[0]: kind_defined(each) for name, each in of_gateways.items()}
    classes, gateways, routes = await asyncio.gather(
        _all(cluster, [kinds[GATEWAY_CLASS.plural]] if GATEWAY_CLASS.plural in kinds else [], unread),
        _all(cluster, [kinds[GATEWAY.plural]] if GATEWAY.plural in kinds else [], unread),
        _all(cluster, [kinds[plural] for plural in ROUTES if plural in kinds], unread),
    )
    return Edge(
        snapshot=snapshot,
        definitions=frozenset(definitions),
        gateway_api=tuple(_gateway_definition(name, each) for name, each in sorted(of_gateways.items())),
        gateway_classes=classes,
        gateways=gateways,
        routes=routes,
        unread=tuple(unread),
    )


async def _definitions(cluster: Cluster, unread: list[str]) -> dict[str, JSONObject]:
    try:
        listed = await cluster.list(CUSTOM_RESOURCE_DEFINITION)
    except BotError as error:
        unread.append(f"{CUSTOM_RESOURCE_DEFINITION.plural}: {error.cause or error.summary}")
        return {}
    return {str(fields.metadata(each).get("name")): each for each in listed}


def _gateway_definition(name: str, definition: JSONObject) -> GatewayDefinition:
    annotations = fields.metadata(definition).get("annotations") or {}
    return GatewayDefinition(
        name=name,
        version=str(annotations.get(VERSION) or ""),
        channel=str(annotations.get(CHANNEL) or ""),
        ours=fields.applied_by_us(definition),
    )


async def _all(cluster: Cluster, kinds: list[Kind], unread: list[str]) -> tuple[JSONObject, ...]:
    found: list[JSONObject] = []
    for kind in kinds:
        try:
            found += await cluster.list(kind)
        except NotFound:
            continue
        except BotError as error:
            unread.append(f"{kind.plural}: {error.cause or error.summary}")
    return tuple(sorted(found, key=name_of))


async def with_plan(cluster: Cluster, around: Edge, objects: Objects) -> Edge:
    """With what stands already of a plan's objects, and what the bot may not do of it. Raises what `existing_objects`
    raises; where rights are missing these say more than the first object that may not be read."""
    missing = await missing_rights(cluster, [*needed_rights(objects), *_PROOF])
    try:
        existing = await existing_objects(cluster, objects)
    except Refused:
        if not missing:
            raise
        existing = {}
    return dataclasses.replace(around, existing=existing, missing_rights=missing)


_PROOF = (Right("list", "endpointslices", "discovery.k8s.io"),)
"""For seeing that the controller's Service leads to somebody."""


def edge_notes(edge: Edge) -> tuple[Text, ...]:
    """What could not be read, a line each."""
    return tuple(text("Could not read ", Plain(" ".join(each.split()))) for each in edge.unread)
