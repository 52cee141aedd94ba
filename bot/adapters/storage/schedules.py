"""Schedules."""

from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage import documents
from bot.adapters.storage.tables import SCHEDULES
from bot.domain.schedules.schedule import Schedule
from bot.errors import NotFound


class Schedules:
    """Implements ScheduleStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, schedule: Schedule) -> Schedule:
        """Stores a new one; returns it with its id."""
        adding = insert(SCHEDULES).values(document=documents.written(schedule)).returning(SCHEDULES.c.id)
        return msgspec.structs.replace(schedule, id=(await self._connection.execute(adding)).scalar_one())

    async def get(self, id: int) -> Schedule:
        """Raises NotFound."""
        row = (await self._connection.execute(select(SCHEDULES).where(SCHEDULES.c.id == id))).first()
        if row is None:
            raise _unknown(id)
        return _schedule(row)

    async def save(self, schedule: Schedule) -> None:
        """Raises NotFound when it was removed meanwhile."""
        saving = update(SCHEDULES).where(SCHEDULES.c.id == schedule.id).values(document=documents.written(schedule))
        if (await self._connection.execute(saving)).rowcount != 1:
            raise _unknown(schedule.id)

    async def remove(self, id: int) -> None:
        """Raises NotFound."""
        if (await self._connection.execute(delete(SCHEDULES).where(SCHEDULES.c.id == id))).rowcount != 1:
            raise _unknown(id)

    async def all(self) -> list[Schedule]:
        """By id."""
        return [_schedule(row) for row in await self._connection.execute(select(SCHEDULES).order_by(SCHEDULES.c.id))]


def _unknown(id: int) -> NotFound:
    return NotFound(f"There is no schedule {id}", next_step="see `schedule list`")


def _schedule(row: Any) -> Schedule:
    return documents.read(row.document, Schedule, id=row.id)
