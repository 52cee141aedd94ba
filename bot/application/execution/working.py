"""A change while this process holds its lease: every step of the work is saved with the messages that tell of it.

A save counts the revision up, so whoever took the change over meanwhile makes ours fail: then this process stops. The
lease is renewed by saving, before each call to the cluster, and no call may take as long as the lease lasts.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from bot.application.execution import telling
from bot.application.ports import Cluster, Message, OpenCluster, Ports, Prober
from bot.domain.changes.change import ChangeRecord, ChangeState, StepRecord
from bot.domain.chat.report import Report
from bot.errors import BotError, Conflict, Unreachable

LEASE = datetime.timedelta(seconds=45)
CALL_SECONDS = 30.0
"""A call that takes longer is given up: nothing is sent by a process whose lease may have run out."""
PROGRESS_SECONDS = 2.0
OUTAGE_SECONDS = 120.0
"""How long a step goes on trying when the API server does not answer: one that is restarted is back by then."""

_T = TypeVar("_T")


class LeaseLost(BotError):
    """Another process is finishing this change."""


class Work:
    """One change being applied or rolled back by this process."""

    def __init__(
        self, ports: Ports, record: ChangeRecord, opened: OpenCluster, show: Callable[[Report], Awaitable[None]]
    ) -> None:
        self.ports = ports
        self.record = record
        self.cluster: Cluster = opened.cluster
        self.prober: Prober = opened.prober
        self._show = show
        self._told_at = float("-inf")

    def now(self) -> datetime.datetime:
        return self.ports.clock.now()

    def step(self, index: int) -> StepRecord:
        return self.record.steps[index]

    async def mark(self, index: int, **changes: Any) -> None:
        """Saves what became of one step."""
        steps = list(self.record.steps)
        steps[index] = msgspec.structs.replace(steps[index], **changes)
        await self.save(steps=tuple(steps))

    async def save(self, **changes: Any) -> None:
        """Saves and renews the lease. Raises LeaseLost when the change is somebody else's by now."""
        record = msgspec.structs.replace(self.record, lease_until=self.now() + LEASE, **changes)
        tells = self.ports.clock.monotonic() - self._told_at >= PROGRESS_SECONDS
        report = telling.progress(record)
        await self._store(record, [telling.message(record, "progress", report)] if tells and record.channel else [])
        if tells:
            self._told_at = self.ports.clock.monotonic()
        await self._show(report)

    async def breathe(self) -> None:
        """Called while waiting: renews the lease before half of it is gone."""
        until = self.record.lease_until
        if until is None or until - self.now() < LEASE / 2:
            await self.save()

    async def finish(self, state: ChangeState, outcome: str) -> None:
        """The last save: the change is over, and its message tells how it ended."""
        record = msgspec.structs.replace(
            self.record, state=state, outcome=outcome, ended_at=self.now(), lease_until=None
        )
        report = telling.outcome(record)
        await self._store(record, [telling.message(record, "progress", report)] if record.channel else [])

    async def release(self) -> None:
        """Lets go of the lease, so that the next process can go on at once."""
        await self._store(msgspec.structs.replace(self.record, lease_until=self.now()), [])

    async def call(self, doing: Awaitable[_T]) -> _T:
        """A call to the cluster, within the lease. Raises Unreachable when it takes too long."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await doing
        except TimeoutError as error:
            raise Unreachable("The cluster did not answer in time", cause=f"it was given {CALL_SECONDS:g} s") from error

    async def _store(self, record: ChangeRecord, messages: list[Message]) -> None:
        try:
            async with self.ports.storage.begin() as transaction:
                saved = await transaction.changes.save(record)
                if record.state is ChangeState.APPLIED and record.undoes:
                    undone = await transaction.changes.get(record.undoes)
                    await transaction.changes.save(msgspec.structs.replace(undone, undone_by=record.id))
                for message in messages:
                    await transaction.outbox.put(message)
        except Conflict as error:
            raise LeaseLost(f"Change {record.id} is being finished by another process") from error
        self.record = saved
