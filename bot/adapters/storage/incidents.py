"""Incidents, those that are over included."""

from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.storage import documents
from bot.adapters.storage.tables import INCIDENTS
from bot.domain.incidents.incident import Incident, IncidentState
from bot.errors import Conflict, NotFound

_COLUMNS = (INCIDENTS.c.id, INCIDENTS.c.revision, INCIDENTS.c.document)


class Incidents:
    """Implements IncidentStore."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, incident: Incident) -> Incident:
        """Stores a new one; returns it with its id and revision."""
        values = _values(incident, revision=1)
        id = (await self._connection.execute(insert(INCIDENTS).values(values).returning(INCIDENTS.c.id))).scalar_one()
        return msgspec.structs.replace(incident, id=id, revision=1)

    async def get(self, id: int) -> Incident:
        """Raises NotFound."""
        row = (await self._connection.execute(select(*_COLUMNS).where(INCIDENTS.c.id == id))).first()
        if row is None:
            raise NotFound(f"There is no incident {id}", next_step="see `incidents list`")
        return _incident(row)

    async def save(self, incident: Incident) -> Incident:
        """Stores the next revision; returns it. Raises Conflict when somebody saved since this one was read."""
        revision = incident.revision + 1
        result = await self._connection.execute(
            update(INCIDENTS)
            .where(INCIDENTS.c.id == incident.id, INCIDENTS.c.revision == incident.revision)
            .values(_values(incident, revision))
        )
        if result.rowcount != 1:
            await self.get(incident.id)
            raise Conflict(
                f"Incident {incident.id} was just changed by somebody else",
                next_step="look at it again with `incidents list`",
            )
        return msgspec.structs.replace(incident, revision=revision)

    async def unfinished(self, cluster: str) -> list[Incident]:
        """Pending, open and acknowledged ones, by id. Cluster empty: of all."""
        wanted = select(*_COLUMNS).where(~INCIDENTS.c.finished).order_by(INCIDENTS.c.id)
        if cluster:
            wanted = wanted.where(INCIDENTS.c.cluster == cluster)
        return [_incident(row) for row in await self._connection.execute(wanted)]

    async def recent(self, cluster: str, limit: int = 20) -> list[Incident]:
        """Those that were opened at some time, the newest first. Cluster empty: of all."""
        wanted = select(*_COLUMNS).where(INCIDENTS.c.was_open).order_by(INCIDENTS.c.id.desc()).limit(limit)
        if cluster:
            wanted = wanted.where(INCIDENTS.c.cluster == cluster)
        return [_incident(row) for row in await self._connection.execute(wanted)]


def _values(incident: Incident, revision: int) -> dict[str, Any]:
    return {
        "revision": revision,
        "cluster": incident.cluster,
        "finished": incident.state in (IncidentState.RESOLVED, IncidentState.DROPPED),
        "was_open": incident.opened_at is not None,
        "document": documents.written(incident),
    }


def _incident(row: Any) -> Incident:
    return documents.read(row.document, Incident, id=row.id, revision=row.revision)
