"""Messages that wait to be delivered, in order within each conversation; and where delivered ones are."""

import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage.tables import outbox, slots
from bot.application.ports.messenger import Message, MessageId
from bot.application.ports.storage import OutboxEntry

WAITING, SENDING, DELIVERED, ABANDONED = "waiting", "sending", "delivered", "abandoned"
_PENDING = (WAITING, SENDING)

KEPT_SECONDS = 7 * 86_400
"""How long what was delivered or given up is kept, for whoever wants to know."""


class SQLOutbox:
    """Implements the port Outbox on one transaction."""

    def __init__(self, connection: AsyncConnection, now: datetime.datetime) -> None:
        self._connection = connection
        self._now = now

    async def put(self, message: Message) -> None:
        encoded = msgspec.json.encode(message).decode()
        replaced = await self._connection.execute(
            update(outbox)
            .where(
                outbox.c.conversation == message.conversation,
                outbox.c.slot == message.slot,
                outbox.c.state == WAITING,
                # Only the last one waiting may be replaced: what stands behind it must not be overtaken.
                outbox.c.id
                == select(func.max(outbox.c.id))
                .where(outbox.c.conversation == message.conversation, outbox.c.state.in_(_PENDING))
                .scalar_subquery(),
            )
            .values(message=encoded)
        )
        if replaced.rowcount == 0:
            await self._connection.execute(
                insert(outbox).values(
                    conversation=message.conversation, slot=message.slot, state=WAITING, message=encoded,
                    created_at=self._now.timestamp(), attempts=0, not_before=None, why="",
                )
            )  # fmt: skip

    async def due(self, now: datetime.datetime, limit: int = 50) -> list[OutboxEntry]:
        first = (
            select(func.min(outbox.c.id).label("id"))
            .where(outbox.c.state.in_(_PENDING))
            .group_by(outbox.c.conversation)
            .subquery()
        )
        query = (
            select(outbox)
            .join(first, outbox.c.id == first.c.id)
            .where((outbox.c.not_before.is_(None)) | (outbox.c.not_before <= now.timestamp()))
            .order_by(outbox.c.id)
            .limit(limit)
        )
        return [_entry(row) for row in await self._connection.execute(query)]

    async def sending(self, id: int) -> None:
        await self._connection.execute(
            update(outbox).where(outbox.c.id == id).values(state=SENDING, attempts=outbox.c.attempts + 1)
        )

    async def delivered(self, id: int, message: MessageId | None) -> None:
        row = (await self._connection.execute(select(outbox).where(outbox.c.id == id))).one()
        await self._connection.execute(update(outbox).where(outbox.c.id == id).values(state=DELIVERED, not_before=None))
        where = (slots.c.conversation == row.conversation, slots.c.slot == row.slot)
        if message is not None:
            await self._connection.execute(delete(slots).where(*where))
            await self._connection.execute(
                insert(slots).values(
                    conversation=row.conversation, slot=row.slot, channel=message.channel, timestamp=message.timestamp
                )
            )
        await self._connection.execute(
            delete(outbox).where(
                outbox.c.state.in_((DELIVERED, ABANDONED)), outbox.c.created_at < self._now.timestamp() - KEPT_SECONDS
            )
        )

    async def failed(self, id: int, why: str, retry_at: datetime.datetime | None) -> None:
        values: dict[str, Any] = {"why": why[:1_000], "state": ABANDONED if retry_at is None else WAITING}
        values["not_before"] = retry_at.timestamp() if retry_at else None
        await self._connection.execute(update(outbox).where(outbox.c.id == id).values(**values))

    async def posted(self, conversation: str, slot: str) -> MessageId | None:
        query = select(slots).where(slots.c.conversation == conversation, slots.c.slot == slot)
        row = (await self._connection.execute(query)).first()
        return MessageId(row.channel, row.timestamp) if row else None


def _entry(row: Any) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        message=msgspec.json.decode(row.message, type=Message),
        created_at=_instant(row.created_at),
        attempts=row.attempts,
        not_before=None if row.not_before is None else _instant(row.not_before),
        sending=row.state == SENDING,
    )


def _instant(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
