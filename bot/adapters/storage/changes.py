"""Changes and their history.

A plan can be large (Calico's definitions alone are 3 MB) and its history is saved at every step: the plan is written
once, compressed, and each save writes the history alone.
"""

import zlib
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage import documents
from bot.adapters.storage.tables import CHANGES
from bot.domain.changes.change import Change, ChangeRecord
from bot.errors import Conflict, NotFound

_COLUMNS = (CHANGES.c.id, CHANGES.c.revision, CHANGES.c.document, CHANGES.c.plan)
_ELSEWHERE = Change(cluster="", request="", summary="", steps=())
"""What stands in the document where the plan would."""


class Changes:
    """Implements ChangeStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, record: ChangeRecord) -> ChangeRecord:
        """Stores a new one; returns it with its id and revision."""
        plan = zlib.compress(documents.written(record.change).encode(), level=1)
        values = _values(record, revision=1) | {"plan": plan}
        id = (await self._connection.execute(insert(CHANGES).values(values).returning(CHANGES.c.id))).scalar_one()
        return _with(record, id, 1)

    async def get(self, id: int) -> ChangeRecord:
        """Raises NotFound."""
        row = (await self._connection.execute(select(*_COLUMNS).where(CHANGES.c.id == id))).first()
        if row is None:
            raise NotFound(f"There is no change {id}", next_step="see `changes list`")
        return _record(row)

    async def save(self, record: ChangeRecord) -> ChangeRecord:
        """Stores the next revision of the history; returns it. Raises Conflict when somebody saved since this one was
        read."""
        revision = record.revision + 1
        result = await self._connection.execute(
            update(CHANGES)
            .where(CHANGES.c.id == record.id, CHANGES.c.revision == record.revision)
            .values(_values(record, revision))
        )
        if result.rowcount != 1:
            await self.get(record.id)
            raise Conflict(
                f"Change {record.id} was just changed by somebody else",
                next_step=f"look at it again with `changes show {record.id}`",
            )
        return _with(record, record.id, revision)

    async def recent(self, cluster: str, limit: int = 20) -> list[ChangeRecord]:
        """The newest first. Cluster empty: of all."""
        wanted = select(*_COLUMNS).order_by(CHANGES.c.id.desc()).limit(limit)
        if cluster:
            wanted = wanted.where(CHANGES.c.cluster == cluster)
        return [_record(row) for row in await self._connection.execute(wanted)]

    async def running(self) -> list[ChangeRecord]:
        """All that are applying or rolling back, whoever owns them, oldest first."""
        wanted = select(*_COLUMNS).where(CHANGES.c.running).order_by(CHANGES.c.id)
        return [_record(row) for row in await self._connection.execute(wanted)]


def _values(record: ChangeRecord, revision: int) -> dict[str, Any]:
    history = msgspec.structs.replace(record, change=_ELSEWHERE)
    return {
        "revision": revision,
        "cluster": record.change.cluster,
        "running": record.state.running,
        "document": documents.written(history),
    }


def _with(record: ChangeRecord, id: int, revision: int) -> ChangeRecord:
    return msgspec.structs.replace(record, id=id, revision=revision)


def _record(row: Any) -> ChangeRecord:
    plan = documents.read(zlib.decompress(row.plan), Change)
    return documents.read(row.document, ChangeRecord, id=row.id, revision=row.revision, change=plan)
