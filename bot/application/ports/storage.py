"""What the bot remembers. Every store and the outbox share one transaction: state, and the messages that tell of it."""

import datetime
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from bot.application.ports.messenger import Message, MessageId
from bot.domain.changes.change import ChangeRecord
from bot.domain.incidents.incident import Incident
from bot.domain.schedules.schedule import Schedule


class ChangeStore(Protocol):
    async def add(self, record: ChangeRecord) -> ChangeRecord:
        """Stores a new one; returns it with its id and revision."""
        ...

    async def get(self, id: int) -> ChangeRecord:
        """Raises NotFound."""
        ...

    async def save(self, record: ChangeRecord) -> ChangeRecord:
        """Stores the next revision; returns it. Raises Conflict when somebody saved since this one was read."""
        ...

    async def recent(self, cluster: str, limit: int = 20) -> list[ChangeRecord]:
        """The newest first. Cluster empty: of all."""
        ...

    async def running(self) -> list[ChangeRecord]:
        """All that are applying or rolling back, whoever owns them, oldest first."""
        ...


class ScheduleStore(Protocol):
    async def add(self, schedule: Schedule) -> Schedule: ...

    async def get(self, id: int) -> Schedule:
        """Raises NotFound."""
        ...

    async def save(self, schedule: Schedule) -> None:
        """Raises NotFound when it was removed meanwhile."""
        ...

    async def remove(self, id: int) -> None:
        """Raises NotFound."""
        ...

    async def all(self) -> list[Schedule]:
        """By id."""
        ...


class IncidentStore(Protocol):
    async def add(self, incident: Incident) -> Incident: ...

    async def get(self, id: int) -> Incident:
        """Raises NotFound."""
        ...

    async def save(self, incident: Incident) -> Incident:
        """Raises Conflict when somebody saved since this one was read."""
        ...

    async def unfinished(self, cluster: str) -> list[Incident]:
        """Pending, open and acknowledged ones, by id. Cluster empty: of all."""
        ...

    async def recent(self, cluster: str, limit: int = 20) -> list[Incident]:
        """Those that were opened at some time, the newest first."""
        ...


class OutboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits to be delivered."""

    id: int
    message: Message
    created_at: datetime.datetime
    attempts: int = 0
    not_before: datetime.datetime | None = None
    sending: bool = False
    """True: a process said that it was about to send this, and never said how it went. It may have arrived."""


class Outbox(Protocol):
    async def put(self, message: Message) -> None:
        """Queues it. An edit of the same slot that nobody has begun to send is replaced by this one."""
        ...

    async def due(self, now: datetime.datetime, limit: int = 50) -> list[OutboxEntry]:
        """The first undelivered entry of each conversation whose time has come, oldest first."""
        ...

    async def sending(self, id: int) -> None:
        """Marks that it is about to be sent. Committed before the call to Slack."""
        ...

    async def delivered(self, id: int, message: MessageId | None) -> None:
        """It arrived (as this message; None: by a way that cannot be edited). Remembers where the slot now is."""
        ...

    async def failed(self, id: int, why: str, retry_at: datetime.datetime | None) -> None:
        """It did not arrive; None: it never will, and is set aside."""
        ...

    async def posted(self, conversation: str, slot: str) -> MessageId | None:
        """Where the message of a slot is, once it was posted."""
        ...


class SeenEvents(Protocol):
    async def first_time(self, id: str, now: datetime.datetime) -> bool:
        """Whether this event id is new; remembers it. Ids older than a day are forgotten."""
        ...


class Transaction(Protocol):
    @property
    def changes(self) -> ChangeStore: ...
    @property
    def schedules(self) -> ScheduleStore: ...
    @property
    def incidents(self) -> IncidentStore: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def seen(self) -> SeenEvents: ...


class Storage(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that may write: commits when the block ends, rolls back when it raises."""
        ...

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that only reads; it never waits for a writer."""
        ...

    def when_queued(self, callback: Callable[[], None]) -> None:
        """Has it called after each commit of this process that put something into the outbox."""
        ...
