"""Ids of events that were answered already: Slack sends an event again when it is not sure."""

import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage.tables import seen_events

REMEMBERED = datetime.timedelta(days=1)


class SeenEventIds:
    """Implements the port SeenEvents on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def first_time(self, id: str, now: datetime.datetime) -> bool:
        known = (await self._connection.execute(select(seen_events.c.id).where(seen_events.c.id == id[:128]))).first()
        if known:
            return False
        await self._connection.execute(insert(seen_events).values(id=id[:128], at=now.timestamp()))
        await self._connection.execute(delete(seen_events).where(seen_events.c.at < (now - REMEMBERED).timestamp()))
        return True
