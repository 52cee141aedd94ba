"""Changes and their history."""

from typing import Any

from sqlalchemy import select

from bot.adapters.storage.records import Records
from bot.adapters.storage.tables import changes
from bot.domain.changes.change import ChangeRecord, ChangeState

_RUNNING = tuple(state.value for state in ChangeState if state.running)


class Changes(Records[ChangeRecord]):
    table = changes
    kind = ChangeRecord
    word = "change"

    def _columns(self, record: Any) -> dict[str, Any]:
        return {"cluster": record.change.cluster, "state": record.state.value}

    async def save(self, record: ChangeRecord) -> ChangeRecord:
        saved: ChangeRecord = await self._replaced(record)
        return saved

    async def recent(self, cluster: str, limit: int = 20) -> list[ChangeRecord]:
        query = select(changes.c.record).order_by(changes.c.id.desc()).limit(limit)
        return await self._found(query.where(changes.c.cluster == cluster) if cluster else query)

    async def running(self) -> list[ChangeRecord]:
        query = select(changes.c.record).where(changes.c.state.in_(_RUNNING))
        return await self._found(query.order_by(changes.c.id))
