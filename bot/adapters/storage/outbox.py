"""Messages that wait to be delivered, in the order in which their conversations want them."""

import datetime
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage import documents
from bot.adapters.storage.tables import OUTBOX, POSTED, instant, milliseconds
from bot.application.ports.messenger import Message, MessageId
from bot.application.ports.storage import OutboxEntry
from bot.errors import NotFound

_SET_ASIDE_KEPT = datetime.timedelta(days=30)
_ADDRESSES_KEPT = datetime.timedelta(days=180)
"""An edit of a message older than this is posted anew."""


class Outbox:
    """Implements Outbox. `put_anything` tells the storage whether somebody has to be woken after the commit."""

    def __init__(self, connection: AsyncConnection, now: Callable[[], datetime.datetime]) -> None:
        self._connection = connection
        self._now = now
        self.put_anything = False

    async def put(self, message: Message) -> None:
        """Queues it. An edit of the same slot that nobody has begun to send is replaced by this one."""
        self.put_anything = True
        document = documents.written(message)
        replaced = await self._connection.execute(
            update(OUTBOX)
            .where(
                OUTBOX.c.aside_at_ms.is_(None),
                OUTBOX.c.conversation == message.conversation,
                OUTBOX.c.slot == message.slot,
                ~OUTBOX.c.sending,
                OUTBOX.c.attempts == 0,
            )
            .values(document=document)
        )
        if not replaced.rowcount:
            await self._connection.execute(
                insert(OUTBOX).values(
                    conversation=message.conversation,
                    slot=message.slot,
                    created_at_ms=milliseconds(self._now()),
                    document=document,
                )
            )

    async def due(self, now: datetime.datetime, limit: int = 50) -> list[OutboxEntry]:
        """The first undelivered entry of each conversation whose time has come, oldest first."""
        firsts = select(func.min(OUTBOX.c.id)).where(OUTBOX.c.aside_at_ms.is_(None)).group_by(OUTBOX.c.conversation)
        wanted = (
            select(OUTBOX)
            .where(
                OUTBOX.c.id.in_(firsts),
                OUTBOX.c.not_before_ms.is_(None) | (OUTBOX.c.not_before_ms <= milliseconds(now)),
            )
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        return [_entry(row) for row in await self._connection.execute(wanted)]

    async def sending(self, id: int) -> None:
        """Marks that it is about to be sent. Committed before the call to Slack."""
        await self._update(id, sending=True, attempts=OUTBOX.c.attempts + 1)

    async def delivered(self, id: int, message: MessageId | None) -> None:
        """It arrived (as this message; None: by a way that cannot be edited). Remembers where the slot now is."""
        entry = await self._get(id)
        await self._connection.execute(delete(OUTBOX).where(OUTBOX.c.id == id))
        if message is not None:
            await self._remember(entry.message.conversation, entry.message.slot, message)
        await self._forget()

    async def failed(self, id: int, why: str, retry_at: datetime.datetime | None) -> None:
        """It did not arrive; None: it never will, and is set aside."""
        if retry_at is None:
            await self._update(id, sending=False, why=why, aside_at_ms=milliseconds(self._now()))
        else:
            await self._update(id, sending=False, why=why, not_before_ms=milliseconds(retry_at))

    async def posted(self, conversation: str, slot: str) -> MessageId | None:
        """Where the message of a slot is, once it was posted."""
        wanted = select(POSTED).where(POSTED.c.conversation == conversation, POSTED.c.slot == slot)
        row = (await self._connection.execute(wanted)).first()
        return MessageId(row.channel, row.timestamp) if row else None

    async def _get(self, id: int) -> OutboxEntry:
        row = (await self._connection.execute(select(OUTBOX).where(OUTBOX.c.id == id, _waiting()))).first()
        if row is None:
            raise NotFound(f"There is no message {id} that waits to be delivered")
        return _entry(row)

    async def _update(self, id: int, **values: Any) -> None:
        if (
            await self._connection.execute(update(OUTBOX).where(OUTBOX.c.id == id, _waiting()).values(**values))
        ).rowcount != 1:
            raise NotFound(f"There is no message {id} that waits to be delivered")

    async def _remember(self, conversation: str, slot: str, message: MessageId) -> None:
        where = {"channel": message.channel, "timestamp": message.timestamp, "at_ms": milliseconds(self._now())}
        known = await self._connection.execute(
            update(POSTED).where(POSTED.c.conversation == conversation, POSTED.c.slot == slot).values(**where)
        )
        if not known.rowcount:
            await self._connection.execute(insert(POSTED).values(conversation=conversation, slot=slot, **where))

    async def _forget(self) -> None:
        now = self._now()
        await self._connection.execute(delete(OUTBOX).where(OUTBOX.c.aside_at_ms < milliseconds(now - _SET_ASIDE_KEPT)))
        await self._connection.execute(delete(POSTED).where(POSTED.c.at_ms < milliseconds(now - _ADDRESSES_KEPT)))


def _waiting() -> Any:
    return OUTBOX.c.aside_at_ms.is_(None)


def _entry(row: Any) -> OutboxEntry:
    return OutboxEntry(
        id=row.id,
        message=documents.read(row.document, Message),
        created_at=instant(row.created_at_ms),
        attempts=row.attempts,
        not_before=None if row.not_before_ms is None else instant(row.not_before_ms),
        sending=row.sending,
    )
