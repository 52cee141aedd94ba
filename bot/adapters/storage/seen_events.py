"""Ids of events that came in before: Slack sends one again when it is not sure."""

import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage.tables import SEEN_EVENTS, milliseconds

_KEPT = datetime.timedelta(days=1)


class Seen:
    """Implements SeenEvents."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def first_time(self, id: str, now: datetime.datetime) -> bool:
        """Whether this event id is new; remembers it. Ids older than a day are forgotten."""
        old = SEEN_EVENTS.c.seen_at_ms < milliseconds(now - _KEPT)
        await self._connection.execute(delete(SEEN_EVENTS).where(old))
        known = await self._connection.execute(select(SEEN_EVENTS.c.id).where(SEEN_EVENTS.c.id == id))
        if known.first() is not None:
            return False
        await self._connection.execute(insert(SEEN_EVENTS).values(id=id, seen_at_ms=milliseconds(now)))
        return True
