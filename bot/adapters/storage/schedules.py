"""Saved commands with a timetable."""

from typing import Any

from sqlalchemy import select

from bot.adapters.storage.records import Records
from bot.adapters.storage.tables import schedules
from bot.domain.schedules.schedule import Schedule


class Schedules(Records[Schedule]):
    table = schedules
    kind = Schedule
    word = "schedule"

    def _columns(self, record: Any) -> dict[str, Any]:
        return {"cluster": record.cluster}

    async def save(self, schedule: Schedule) -> None:
        await self._overwritten(schedule)

    async def remove(self, id: int) -> None:
        await self._removed(id)

    async def all(self) -> list[Schedule]:
        return await self._found(select(schedules.c.record).order_by(schedules.c.id))
