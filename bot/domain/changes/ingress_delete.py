"""Plans that an Ingress is deleted: what no longer leads anywhere then, and who would make it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.changes import fields
from bot.domain.changes.change import Change, Delete, Until, Wait
from bot.domain.changes.inverse import GONE_SECONDS
from bot.domain.changes.owning import keeper
from bot.domain.network.cert_manager import ANNOTATIONS
from bot.domain.network.ingresses import class_of, routes, secrets
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import Ingress

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is wanted, and what it rests on."""

    line: str
    cluster: str
    there: JSONObject
    """The whole Ingress."""
    others: Sequence[Ingress]
    """All Ingresses that may be read."""


def plan(removal: Removal) -> Change:
    """The plan: it goes if it still is the one of this uid, and nobody else has written to it."""
    ref = fields.ref_of(removal.there)
    delete = Delete(
        ref=ref,
        uid=fields.uid(removal.there),
        prior=fields.reborn(removal.there),
        writers=fields.writers(removal.there),
    )
    return Change(
        cluster=removal.cluster,
        request=removal.line,
        summary=f"delete {ref}",
        steps=(delete, Wait(ref=ref, until=Until.GONE, timeout_seconds=GONE_SECONDS)),
        warnings=tuple(_warnings(removal)),
    )


def _warnings(removal: Removal) -> Iterator[str]:
    own = msgspec.convert(removal.there, Ingress)
    if led := _led_by_nobody(own, removal.others):
        more = f" and {len(led) - _SHOWN} more" if len(led) > _SHOWN else ""
        yield f"Nothing will lead {', '.join(led[:_SHOWN])}{more} anywhere then."
    if own.spec.default_backend is not None:
        yield "It has a default backend: what no other Ingress leads anywhere will not be answered by it any more."
    if owner := keeper(removal.there):
        yield f"{owner} keeps it: it will probably be made again."
    if any(key in own.annotations for key in ANNOTATIONS.values()) and secrets(own.spec):
        yield (
            "cert-manager stops renewing its certificates: its Certificate goes along, Secret "
            f"{', '.join(sorted(set(filter(None, secrets(own.spec).values()))))} stays."
        )
    if finalizers := fields.metadata(removal.there).get("finalizers"):
        yield f"It is gone only when {', '.join(map(str, finalizers))} has let go of it: a load balancer is taken down."


def _led_by_nobody(own: Ingress, others: Sequence[Ingress]) -> list[str]:
    """Its addresses that no other Ingress of its class leads anywhere."""
    left = {
        route.key
        for other in others
        if other.ref != own.ref and class_of(other) == class_of(own)
        for route in routes(other.spec)
    }
    return list(dict.fromkeys(str(route) for route in routes(own.spec) if route.key not in left))
