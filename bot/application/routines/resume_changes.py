"""Changes whose process died are found by their lease and finished, or rolled back, once.

`serve` does so for everything in its own clusters; `run` only for what `run` began there, and names the others.
"""

from __future__ import annotations

import asyncio
import logging
import secrets

import msgspec

from bot.application.execution.applying import Show, carry_out, show_nothing
from bot.application.execution.working import LEASE, LeaseLost
from bot.application.ports import Ports
from bot.domain.changes.change import ChangeRecord
from bot.errors import BotError, Conflict

_log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


async def resume_changes(ports: Ports) -> list[ChangeRecord]:
    """Takes over every abandoned change that this kind of process may resume; returns them as they ended.

    Raises Unreachable or Refused when it is not known which clusters are ours.
    """
    mine = await resumable(ports)
    ended = await asyncio.gather(*(resume(ports, record) for record in mine))
    return [record for record in ended if record is not None]


async def resumable(ports: Ports) -> list[ChangeRecord]:
    """Abandoned changes that this kind of process may finish."""
    return [record for record in await abandoned(ports) if may_resume(ports, record)]


async def abandoned(ports: Ports) -> list[ChangeRecord]:
    """Running changes of our clusters whose lease has expired, oldest first."""
    async with ports.storage.read() as reading:
        running = await reading.changes.running()
    expired = [record for record in running if _expired(ports, record)]
    if not expired:
        return []
    ours = {identity.uid for identity in await ports.clusters.identities()}
    return [record for record in expired if record.change.cluster in ours]


async def left_to_others(ports: Ports) -> list[ChangeRecord]:
    """Abandoned changes that this process may not resume: `run` names them."""
    return [record for record in await abandoned(ports) if not may_resume(ports, record)]


def may_resume(ports: Ports, record: ChangeRecord) -> bool:
    """Whether this kind of process finishes that change once nobody works on it."""
    return ports.process.kind == "serve" or record.origin == ports.process.kind


async def keep_resuming(ports: Ports) -> None:
    """Looks every few seconds, until cancelled. A cluster that does not answer is asked again the next time."""
    while True:
        try:
            await resume_changes(ports)
        except BotError as error:
            _log.warning("abandoned changes could not be looked for: %s", error)
        except Exception:  # noqa: BLE001  a routine goes on; told to the operator under a reference
            _log.exception("bug %s: abandoned changes could not be looked for", secrets.token_hex(4))
        await ports.clock.sleep(EVERY_SECONDS)


def _expired(ports: Ports, record: ChangeRecord) -> bool:
    return record.lease_until is None or record.lease_until <= ports.clock.now()


async def resume(ports: Ports, record: ChangeRecord, show: Show = show_nothing) -> ChangeRecord | None:
    """Takes over one abandoned change and finishes it.

    None: another process was faster, or it could not be finished now.
    """
    try:
        taken = await _take_over(ports, record)
        _log.info("change %s is resumed: process %s fell silent", record.id, record.owner)
        return await carry_out(ports, taken, show)
    except (LeaseLost, Conflict):
        return None
    except BotError as error:
        _log.warning("change %s could not be resumed: %s", record.id, error)
        return None


async def _take_over(ports: Ports, record: ChangeRecord) -> ChangeRecord:
    """Raises Conflict when it was saved since it was read: its owner lives, or somebody else took it."""
    async with ports.storage.begin() as transaction:
        return await transaction.changes.save(
            msgspec.structs.replace(record, owner=ports.process.id, lease_until=ports.clock.now() + LEASE)
        )
