"""An incident: a cause that lasts. Stored as it is: fields are only ever added."""

import datetime
from enum import Enum

import msgspec

from bot.domain.diagnosis.finding import Finding, Severity


class IncidentState(Enum):
    PENDING = "pending"
    """Seen once: not yet worth waking anyone."""
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    DROPPED = "dropped"
    """Pending, and gone before it was seen again."""

    @property
    def lasting(self) -> bool:
        return self in (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    id: int = 0
    """0 until it is stored."""
    revision: int = 0
    """Counted up by the store at each save; a save with an old revision is refused (Conflict)."""
    cluster: str
    keys: tuple[str, ...]
    """Keys of the findings that it is about, the cause first."""
    state: IncidentState = IncidentState.PENDING
    severity: Severity
    title: str
    finding: Finding
    """The latest one of its cause."""
    channel: str
    """Slack channel id where it is told; empty: nowhere."""
    schedule: int = 0
    """Id of the schedule that found it; 0: another way."""
    times_seen: int = 1
    first_seen_at: datetime.datetime
    last_seen_at: datetime.datetime
    told_at: datetime.datetime | None = None
    """When its head message was last queued: what only counts is not told at each run."""
    author: str = ""
    """Slack user id of the schedule's owner, who is told when the bot may not post in the channel."""
    opened_at: datetime.datetime | None = None
    acknowledged_by: str = ""
    """Actor id."""
    acknowledged_name: str = ""
    acknowledged_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    ended_because: str = ""
