"""Plans the end of a Service. What the cluster stands on is refused, and whoever still leads to it is named first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.change import Change, Delete, Doubt, Step, Until, Wait
from bot.domain.changes.inverse import GONE_SECONDS
from bot.domain.changes.owning import kept_by, packaged
from bot.domain.network import leading
from bot.domain.network.foundations import is_foundation
from bot.domain.network.leading import Lead
from bot.domain.network.references import JSONObject, Ref
from bot.errors import Refused

USED = "used"
ENDPOINTS = "endpoints"
CODES = (USED, ENDPOINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is to go, and who would miss it."""

    line: str
    cluster: str
    service: JSONObject
    """Whole."""
    leads: Sequence[Lead]
    unread: Sequence[str]
    cut_off: str
    """What a controller serves that is reached by this Service alone, for people; empty: it is not reached by it."""
    accepted: frozenset[str]


def plan(ending: Ending) -> Change:
    """Raises Refused for what the cluster stands on, and for what somebody would make again at once."""
    service = ending.service
    ref = fields.ref_of(service)
    if is_foundation(ref):
        raise Refused(
            f"{ref} stays",
            cause="the cluster itself stands on it: without it pods find neither the API server nor any name",
        )
    if owner := kept_by(service):
        raise Refused(
            f"{ref} would be made again at once",
            cause=f"{owner} keeps it",
            next_step="change or delete that one instead",
        )
    steps: tuple[Step, ...] = (
        Delete(ref=ref, uid=fields.uid(service), prior=fields.reborn(service), writers=fields.writers(service)),
        Wait(ref=ref, until=Until.GONE, timeout_seconds=GONE_SECONDS),
    )
    doubts = [each for each in _doubts(ending) if each.code not in ending.accepted]
    return Change(
        cluster=ending.cluster,
        request=ending.line,
        summary=f"delete {ref}",
        steps=steps,
        warnings=tuple(_warnings(ref, ending)),
        doubts=tuple(doubts),
    )


def _doubts(ending: Ending) -> Iterator[Doubt]:
    led = (
        f"It is still led to by {leading.told(list(ending.leads))}: that would end in an error." if ending.leads else ""
    )
    if led or ending.cut_off:
        yield Doubt(USED, f"{led} {ending.cut_off}".strip())
    if not _at(ending.service, "spec", "selector") and _at(ending.service, "spec", "type") != "ExternalName":
        # https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors
        yield Doubt(ENDPOINTS, "Somebody else wrote its endpoints: they go along, and undoing does not bring them.")


def _warnings(ref: Ref, ending: Ending) -> Iterator[str]:
    points: Any = _at(ending.service, "status", "loadBalancer", "ingress") or []
    if addresses := [str(point.get("ip") or point.get("hostname")) for point in points]:
        yield f"Its address {', '.join(addresses)} is given up; undoing it may bring another one."
    if package := packaged(ending.service):
        yield f"It belongs to {package}, which makes it again when that is next upgraded."
    if ending.unread:
        yield f"Who leads to it could not be seen everywhere: {'; '.join(ending.unread)}."


def _at(object: JSONObject, *path: str) -> Any:
    return fields.at(object, path).value
