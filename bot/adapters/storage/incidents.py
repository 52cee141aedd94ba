"""What lasts."""

from typing import Any

from sqlalchemy import select

from bot.adapters.storage.records import Records
from bot.adapters.storage.tables import incidents
from bot.domain.incidents.incident import Incident, IncidentState

_UNFINISHED = (IncidentState.PENDING.value, IncidentState.OPEN.value, IncidentState.ACKNOWLEDGED.value)


class Incidents(Records[Incident]):
    table = incidents
    kind = Incident
    word = "incident"

    def _columns(self, record: Any) -> dict[str, Any]:
        return {
            "cluster": record.cluster,
            "state": record.state.value,
            "opened": record.opened_at is not None,
        }

    async def save(self, incident: Incident) -> Incident:
        saved: Incident = await self._replaced(incident)
        return saved

    async def unfinished(self, cluster: str) -> list[Incident]:
        query = select(incidents.c.record).where(incidents.c.state.in_(_UNFINISHED)).order_by(incidents.c.id)
        return await self._found(query.where(incidents.c.cluster == cluster) if cluster else query)

    async def recent(self, cluster: str, limit: int = 20) -> list[Incident]:
        query = select(incidents.c.record).where(incidents.c.opened).order_by(incidents.c.id.desc()).limit(limit)
        return await self._found(query.where(incidents.c.cluster == cluster) if cluster else query)
