"""How an incident goes on: a table of transitions, and `advance`, which looks there.

A finding seen in two runs opens an incident: what was gone before anyone could look wakes nobody. It ends when a
finding with its key is proven right, or when the object is gone from a complete reading; never because nothing was
said.
"""

import datetime
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

import msgspec

from bot.domain.diagnosis.finding import Finding
from bot.domain.incidents.incident import Incident, IncidentState

SEEN_BEFORE_OPEN = 2
"""Runs in which a finding is seen before it becomes an open incident."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A check found it wrong."""

    finding: Finding
    at: datetime.datetime
    keys: tuple[str, ...] = ()
    """Keys of the findings that it explains."""
    channel: str = ""
    schedule: int = 0
    author: str = ""


class ProvenRight(msgspec.Struct, frozen=True, kw_only=True):
    """A check proved right what had been wrong."""

    at: datetime.datetime
    because: str


class ObjectGone(msgspec.Struct, frozen=True, kw_only=True):
    """The object is not there any more."""

    at: datetime.datetime
    because: str


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody takes care of it."""

    by: str
    name: str
    at: datetime.datetime


Event: TypeAlias = Seen | ProvenRight | ObjectGone | Acknowledged


class Effect(Enum):
    """What is to be told of it."""

    TELL = "tell"
    """The head message has to say something new."""
    COUNT = "count"
    """Nothing is new but the count: the head message may wait a while."""
    ENDED = "ended"
    """Say in the thread that it is over."""


Result: TypeAlias = tuple[Incident, tuple[Effect, ...]]


def advance(incident: Incident | None, event: Event) -> Result | None:
    """The incident after the event, and what is to be told of it; None: this event means nothing to it."""
    if incident is None:
        return _begun(event) if isinstance(event, Seen) else None
    transition = _TRANSITIONS.get((incident.state, type(event)))
    return transition(incident, event) if transition else None


def _begun(seen: Seen) -> Result:
    finding = seen.finding
    return (
        Incident(
            cluster=finding.cluster,
            keys=tuple(dict.fromkeys((finding.key, *seen.keys))),
            severity=finding.severity,
            title=f"{finding.object} {finding.summary}",
            finding=finding,
            channel=seen.channel,
            schedule=seen.schedule,
            author=seen.author,
            first_seen_at=seen.at,
            last_seen_at=seen.at,
        ),
        (),
    )


def _again(incident: Incident, seen: Seen) -> Incident:
    finding = seen.finding
    return msgspec.structs.replace(
        incident,
        keys=tuple(dict.fromkeys((*incident.keys, *seen.keys))),
        severity=finding.severity,
        title=f"{finding.object} {finding.summary}",
        finding=finding,
        channel=incident.channel or seen.channel,
        schedule=incident.schedule or seen.schedule,
        author=incident.author or seen.author,
        times_seen=incident.times_seen + 1,
        last_seen_at=seen.at,
    )


def _opens(incident: Incident, seen: Seen) -> Result:
    again = _again(incident, seen)
    if again.times_seen < SEEN_BEFORE_OPEN:
        return again, ()
    return msgspec.structs.replace(again, state=IncidentState.OPEN, opened_at=seen.at), (Effect.TELL,)


def _lasts(incident: Incident, seen: Seen) -> Result:
    again = _again(incident, seen)
    same = (incident.title, incident.severity, incident.finding, incident.keys)
    news = same != (again.title, again.severity, again.finding, again.keys)
    return again, (Effect.TELL if news else Effect.COUNT,)


def _dropped(incident: Incident, event: ProvenRight | ObjectGone) -> Result:
    ended = msgspec.structs.replace(
        incident, state=IncidentState.DROPPED, ended_at=event.at, ended_because=event.because
    )
    return ended, ()


def _ends(incident: Incident, event: ProvenRight | ObjectGone) -> Result:
    ended = msgspec.structs.replace(
        incident, state=IncidentState.RESOLVED, ended_at=event.at, ended_because=event.because
    )
    return ended, (Effect.TELL, Effect.ENDED)


def _acknowledged(incident: Incident, event: Acknowledged) -> Result:
    taken = msgspec.structs.replace(
        incident,
        state=IncidentState.ACKNOWLEDGED,
        acknowledged_by=event.by,
        acknowledged_name=event.name,
        acknowledged_at=event.at,
    )
    return taken, (Effect.TELL,)


_TRANSITIONS: dict[tuple[IncidentState, type], Callable[..., Result]] = {
    (IncidentState.PENDING, Seen): _opens,
    (IncidentState.PENDING, ProvenRight): _dropped,
    (IncidentState.PENDING, ObjectGone): _dropped,
    (IncidentState.OPEN, Seen): _lasts,
    (IncidentState.OPEN, ProvenRight): _ends,
    (IncidentState.OPEN, ObjectGone): _ends,
    (IncidentState.OPEN, Acknowledged): _acknowledged,
    (IncidentState.ACKNOWLEDGED, Seen): _lasts,
    (IncidentState.ACKNOWLEDGED, ProvenRight): _ends,
    (IncidentState.ACKNOWLEDGED, ObjectGone): _ends,
}
"""What is not here means nothing: what is over stays over, and the first acknowledgement counts."""
