"""From an approved change to its end: every step in order, and back again when one fails."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from bot.application.execution import reaching, settling, verifying, writing
from bot.application.execution.rolling_back import roll_back
from bot.application.execution.working import OUTAGE_SECONDS, LeaseLost, Work
from bot.application.execution.writing import StepFailed
from bot.application.ports import Ports
from bot.domain.changes.change import (
    Apply,
    Ask,
    ChangeRecord,
    ChangeState,
    Delete,
    Edit,
    Reach,
    Restore,
    Settle,
    Step,
    StepState,
    TryAddresses,
    Wait,
)
from bot.domain.chat.invocation import Actor
from bot.domain.chat.report import Report
from bot.errors import BotError, Unreachable

_log = logging.getLogger(__name__)

Show = Callable[[Report], Awaitable[None]]


async def show_nothing(report: Report) -> None:
    return None


async def carry_out(ports: Ports, record: ChangeRecord, show: Show = show_nothing) -> ChangeRecord:
    """Finishes a running change whose lease this process holds, or rolls it back; returns it as it is afterwards.

    Raises LeaseLost when another process took it over. When cancelled, the lease is given up at once.
    """
    actor = Actor(record.author, record.author_name)
    async with ports.clusters.open(record.change.cluster, actor) as opened:
        work = Work(ports, record, opened, show)
        try:
            await _carry_out(work)
        except asyncio.CancelledError:
            await asyncio.shield(_release(work))
            raise
    return work.record


async def _carry_out(work: Work) -> None:
    try:
        if work.record.state is ChangeState.APPLYING:
            await _go(work)
        if work.record.state is ChangeState.ROLLING_BACK:
            await roll_back(work)
    except LeaseLost:
        raise
    except Exception:  # noqa: BLE001  a bug must not be repeated for ever by every process that resumes it
        reference = secrets.token_hex(4)
        _log.exception("bug %s: change %s", reference, work.record.id)
        await work.finish(
            ChangeState.PARKED,
            f"Something in Patchbay itself went wrong; the reason is in the log under the reference {reference}. "
            "Look at each step: what was done has been left as it is.",
        )


async def _release(work: Work) -> None:
    try:
        await work.release()
    except BotError:
        _log.info("change %s is another process's by now", work.record.id)


async def _go(work: Work) -> None:
    try:
        for index, step in enumerate(work.record.change.steps):
            if work.step(index).state in (StepState.WAITING, StepState.STARTED):
                await _try(work, index, step)
            elif work.step(index).state is not StepState.DONE and _needed(step):
                # It failed, and the process died before it could say that the change goes back.
                raise StepFailed(work.step(index).note)
    except LeaseLost:
        raise
    except (StepFailed, BotError) as error:
        _log.info("change %s fails: %s", work.record.id, error)
        await work.save(state=ChangeState.ROLLING_BACK, outcome=f"It failed: {error}")
        return
    await work.finish(ChangeState.APPLIED, "")


def _needed(step: Step) -> bool:
    """Whether the change cannot stand without it."""
    return step.required if isinstance(step, Wait) else not isinstance(step, Ask | Reach)


async def _try(work: Work, index: int, step: Step) -> None:
    """Takes the step, again and again for a while when the API server does not answer; one that failed before anything
    was sent is recorded as failed."""
    patient_until = work.ports.clock.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            await _take(work, index, step)
            return
        except LeaseLost:
            raise
        except (StepFailed, BotError) as error:
            if isinstance(error, Unreachable) and work.ports.clock.monotonic() < patient_until:
                _log.info("change %s waits for the API server: %s", work.record.id, error)
            else:
                if work.step(index).state is StepState.WAITING:
                    await work.mark(index, state=StepState.FAILED, ended_at=work.now(), note=str(error))
                raise
        await work.ports.clock.sleep(2.0)
        await work.breathe()


async def _take(work: Work, index: int, step: Step) -> None:
    match step:
        case Apply():
            await writing.apply(work, index, step)
        case Edit() | Restore():
            await writing.write_fields(work, index, step)
        case Delete():
            await writing.delete(work, index, step)
        case Wait():
            await verifying.wait(work, index, step)
        case Ask():
            await verifying.ask(work, index, step)
        case Reach():
            await reaching.reach(work, index, step)
        case Settle():
            await settling.settle(work, index, step)
        case TryAddresses():
            await settling.try_addresses(work, index, step)
