"""Stores of records that have an id, and some of them a revision: what changes, incidents and schedules share."""

from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Conflict, NotFound

Record = TypeVar("Record", bound=msgspec.Struct)


class Records(Generic[Record]):
    """One table of records. Subclasses name the table, the type, the word for people, and the searched columns."""

    table: Table
    kind: type[Record]
    word: str

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def _columns(self, record: Any) -> dict[str, Any]:
        """What is searched by, besides the id."""
        raise NotImplementedError

    async def add(self, record: Record) -> Record:
        values = {**self._columns(record), "record": ""}
        if "revision" in self.table.c:
            values["revision"] = 1
        result = await self._connection.execute(insert(self.table).values(**values))
        assert result.inserted_primary_key is not None
        fields: dict[str, Any] = {"id": int(result.inserted_primary_key[0])}
        if "revision" in self.table.c:
            fields["revision"] = 1
        stored = msgspec.structs.replace(record, **fields)
        await self._connection.execute(
            update(self.table).where(self.table.c.id == fields["id"]).values(record=_encoded(stored))
        )
        return stored

    async def get(self, id: int) -> Record:
        row = (await self._connection.execute(select(self.table.c.record).where(self.table.c.id == id))).first()
        if row is None:
            raise NotFound(f"There is no {self.word} {id}", next_step=f"see `{self.word}s list`")
        return self._decoded(row.record)

    async def _replaced(self, record: Any) -> Any:
        """The next revision, stored. Raises Conflict when somebody saved since this one was read."""
        stored = msgspec.structs.replace(record, revision=record.revision + 1)
        result = await self._connection.execute(
            update(self.table)
            .where(self.table.c.id == record.id, self.table.c.revision == record.revision)
            .values(**self._columns(stored), revision=stored.revision, record=_encoded(stored))
        )
        if result.rowcount == 0:
            raise Conflict(
                f"{self.word.capitalize()} {record.id} was changed by somebody else at the same moment",
                next_step="look at it again before going on",
            )
        return stored

    async def _overwritten(self, record: Any) -> None:
        result = await self._connection.execute(
            update(self.table)
            .where(self.table.c.id == record.id)
            .values(**self._columns(record), record=_encoded(record))
        )
        if result.rowcount == 0:
            raise NotFound(f"There is no {self.word} {record.id}", next_step=f"see `{self.word}s list`")

    async def _removed(self, id: int) -> None:
        result = await self._connection.execute(delete(self.table).where(self.table.c.id == id))
        if result.rowcount == 0:
            raise NotFound(f"There is no {self.word} {id}", next_step=f"see `{self.word}s list`")

    async def _found(self, query: Any) -> list[Record]:
        return [self._decoded(row.record) for row in await self._connection.execute(query)]

    def _decoded(self, record: str) -> Record:
        return msgspec.json.decode(record, type=self.kind)


def _encoded(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()
