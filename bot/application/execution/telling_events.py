"""The latest events of one object, as `kubectl describe` lists them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.chat.masking import masked, without_escapes
from bot.domain.chat.report import Block, Plain, Text, table, text
from bot.domain.network.ages import age
from bot.domain.network.references import EVENT, Ref
from bot.errors import BotError

MOST = 6
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Events:
    """Of one object, the latest first."""

    found: tuple[dict[str, Any], ...]
    unread: str = ""
    """Why they could not be read."""

    @property
    def notes(self) -> tuple[Text, ...]:
        return (text("Could not read its events: ", Plain(self.unread)),) if self.unread else ()

    def blocks(self, now: datetime.datetime) -> Iterable[Block]:
        """At most the latest few, and how many there are."""
        if not self.found:
            return ()
        title = "Events" if len(self.found) <= MOST else f"Events, the latest {MOST} of {len(self.found)}"
        rows = (
            (
                age(_at(each), now) + (f" (x{_count(each)})" if _count(each) > 1 else ""),
                _safe(each.get("type")),
                _safe(each.get("reason")),
                _safe((each.get("source") or {}).get("component") or each.get("reportingComponent")),
                _safe(each.get("message")),
            )
            for each in self.found[:MOST]
        )
        return (table(("AGE", "TYPE", "REASON", "FROM", "MESSAGE"), rows, title),)


async def events_of(cluster: Cluster, about: Ref, uid: str) -> Events:
    """Those of this very object, not of one that was called so before. What hinders reading them is told."""
    chosen = f"involvedObject.kind={about.kind},involvedObject.name={about.name}"
    try:
        listed: list[Any] = await cluster.list(EVENT, about.namespace, fields=chosen)
    except BotError as error:
        return Events((), error.cause or error.summary)
    own = [each for each in listed if (each.get("involvedObject") or {}).get("uid") in (uid, "", None)]
    return Events(tuple(sorted(own, key=_order, reverse=True)))


def _order(event: dict[str, Any]) -> tuple[datetime.datetime, int]:
    version = str(fields.metadata(event).get("resourceVersion") or "")
    earliest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return _at(event) or earliest, int(version) if version.isdecimal() else 0


def _at(event: dict[str, Any]) -> datetime.datetime | None:
    """When it was last seen: in a series, the series' time."""
    said = (
        (event.get("series") or {}).get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or fields.metadata(event).get("creationTimestamp")
    )
    try:
        return datetime.datetime.fromisoformat(str(said).replace("Z", "+00:00"))
    except ValueError:
        return None


def _count(event: dict[str, Any]) -> int:
    said = (event.get("series") or {}).get("count") or event.get("count") or 1
    return said if isinstance(said, int) else 1


def _safe(value: object) -> str:
    """One line: whoever may write events writes what they like."""
    clean = " ".join(masked(without_escapes(str(value or "")))[0].split())
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
