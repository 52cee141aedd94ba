"""Reads what an Ingress is translated by: its neighbours, Services, the Gateway API that is there, and ConfigMaps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.application.ports import Cluster
from bot.domain.chat.report import Plain, Text, text
from bot.domain.chat.wording import unread_notes
from bot.domain.migration.features import Features, features
from bot.domain.migration.gateway_api import GROUP, Gateway, GatewayClass, decoded
from bot.domain.migration.governing import with_usual_names
from bot.domain.migration.neighbours import Neighbours
from bot.domain.migration.nginx import PREFIX
from bot.domain.migration.nginx.controller import Controller
from bot.domain.network.references import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    GATEWAY,
    GATEWAY_CLASS,
    INGRESS,
    INGRESS_CLASS,
    SERVICE,
    JSONObject,
    Kind,
    ref_to,
)
from bot.domain.network.snapshot import Ingress, Scope, Service, Unread
from bot.errors import BotError, NotFound

_HEADERS = f"{PREFIX}custom-headers"


@dataclass(frozen=True, slots=True)
class GatewayAPI:
    """What of the Gateway API is in a cluster."""

    features: Features
    definitions: Sequence[JSONObject]
    """Its CustomResourceDefinitions; empty: there are none, or they could not be read."""
    gateways: tuple[Gateway, ...]
    classes: tuple[GatewayClass, ...]
    notes: tuple[Text, ...]
    """What could not be read."""

    def class_called(self, name: str) -> GatewayClass | None:
        return next((each for each in self.classes if each.metadata.name == name), None)


@dataclass(frozen=True, slots=True)
class Ingresses:
    """All that could be read, and the Services of the namespace that was asked for."""

    all: tuple[Ingress, ...]
    neighbours: Neighbours
    services: Mapping[str, Mapping[str, Service]] | None
    readable: bool
    notes: tuple[Text, ...]
    controllers: tuple[Controller, ...] | None = None
    """Of ingress-nginx; None: they could not be looked for."""

    def told(self, controllers: tuple[Controller, ...] | None, notes: tuple[Text, ...]) -> Ingresses:
        """As these controllers read them: with what their annotations begin with."""
        found = with_usual_names(self.all, self.neighbours, controllers)
        neighbours = self.neighbours if found == self.all else self.neighbours.of(found)
        return replace(self, all=found, neighbours=neighbours, notes=(*self.notes, *notes), controllers=controllers)


async def read_gateway_api(cluster: Cluster) -> GatewayAPI:
    """The definitions first: where there are none, nothing more is asked."""
    notes: list[Text] = []
    try:
        listed = await cluster.list(CUSTOM_RESOURCE_DEFINITION)
    except BotError as error:
        notes.append(_unread("customresourcedefinitions", error))
        return GatewayAPI(Features(), (), (), (), tuple(notes))
    definitions = [each for each in listed if _group(each) == GROUP]
    if not definitions:
        return GatewayAPI(Features(), (), (), (), ())
    gateways, classes = await asyncio.gather(*(_all(cluster, kind, notes) for kind in (GATEWAY, GATEWAY_CLASS)))
    return GatewayAPI(
        features=features(definitions),
        definitions=definitions,
        gateways=decoded(gateways, Gateway),
        classes=decoded(classes, GatewayClass),
        notes=tuple(notes),
    )


def _group(definition: JSONObject) -> str:
    spec: Any = definition.get("spec")
    return str(spec.get("group")) if isinstance(spec, dict) else ""


async def _all(cluster: Cluster, kind: Kind, notes: list[Text]) -> list[JSONObject]:
    try:
        return await cluster.list(kind)
    except NotFound:
        return []
    except BotError as error:
        notes.append(_unread(kind.plural, error))
        return []


def _unread(what: str, error: BotError) -> Text:
    return text("Could not read ", Plain(what), ": ", Plain(error.cause or error.summary))


async def read_ingresses(cluster: Cluster, namespace: str) -> Ingresses:
    """Ingresses of all namespaces, since they share host names, or where no more may be read of the one asked for;
    Services of the namespace, empty: of all."""
    around, services = await asyncio.gather(
        cluster.read(Scope((INGRESS, INGRESS_CLASS))), cluster.read(Scope((SERVICE,), namespace))
    )
    unread: list[Unread] = [*around.unread, *services.unread]
    ingresses, readable = around.ingresses, around.could_read(INGRESS)
    if not readable and namespace:
        own = await cluster.read(Scope((INGRESS,), namespace))
        ingresses, readable = own.ingresses, own.could_read(INGRESS)
    by_namespace: dict[str, dict[str, Service]] = {}
    for each in services.services:
        by_namespace.setdefault(each.namespace, {})[each.name] = each
    return Ingresses(
        all=ingresses,
        neighbours=Neighbours(ingresses, around.ingress_classes),
        services=by_namespace if services.could_read(SERVICE) else None,
        readable=readable,
        notes=unread_notes(unread),
    )


async def read_headers(cluster: Cluster, ingresses: Iterable[Ingress]) -> dict[str, dict[str, str]]:
    """Data of the ConfigMaps that `custom-headers` names, by `namespace/name`. Of the Ingress's own namespace alone:
    who may annotate an Ingress is not shown what stands elsewhere. What cannot be read is left out."""
    found: dict[str, dict[str, str]] = {}
    for each in ingresses:
        name = each.annotations.get(_HEADERS, "").strip()
        namespace, _, own = name.rpartition("/")
        if not own or namespace != each.namespace or name in found:
            continue
        try:
            data: Any = (await cluster.get(ref_to(CONFIG_MAP, namespace, own))).get("data") or {}
        except BotError:
            continue
        found[name] = {str(key): str(value) for key, value in data.items()}
    return found
