"""Reads who leads to a Service. A kind that is not served leads nowhere; what may not be read is said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.application.ports import Cluster
from bot.domain.network.leading import Lead, leads
from bot.domain.network.references import (
    GRPC_ROUTE,
    HTTP_ROUTE,
    INGRESS,
    STATEFUL_SET,
    TLS_ROUTE,
    JSONObject,
    Kind,
    Ref,
)
from bot.errors import BotError, NotFound

ROUTES = (HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE)


@dataclass(frozen=True, slots=True)
class Leading:
    """All that leads to one Service, as far as it could be read."""

    found: tuple[Lead, ...]
    unread: tuple[str, ...]
    """What could not be read, and why: there may be more."""


async def leading_to(cluster: Cluster, service: Ref) -> Leading:
    """Ingresses and StatefulSets lead to Services of their own namespace alone, routes to those of others, too."""
    asked = [(INGRESS, service.namespace), (STATEFUL_SET, service.namespace), *((route, "") for route in ROUTES)]
    answers = await asyncio.gather(*(_listed(cluster, kind, namespace) for kind, namespace in asked))
    objects = [each for listed, _ in answers for each in listed]
    found = [lead for each in objects for lead in leads(each) if lead.service == service]
    kinds: dict[str, list[str]] = {}
    for (kind, _), (_, why) in zip(asked, answers, strict=True):
        if why:
            kinds.setdefault(why, []).append(kind.plural)
    return Leading(tuple(found), tuple(f"{', '.join(plurals)}: {why}" for why, plurals in kinds.items()))


async def _listed(cluster: Cluster, kind: Kind, namespace: str) -> tuple[list[JSONObject], str]:
    """What there is, and why it could not be read: short, since a list of what is forbidden says it of each kind."""
    try:
        return await cluster.list(kind, namespace), ""
    except NotFound:
        return [], ""
    except BotError as error:
        if "forbidden" in error.cause:
            where = f"in {namespace}" if namespace else "in the whole cluster"
            return [], f"the bot's account may not list them {where}"
        return [], error.cause or error.summary
