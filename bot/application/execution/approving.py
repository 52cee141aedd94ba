"""Approving and cancelling plans. The first one decides: records are saved by revision, and the others are told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime

import msgspec

from bot.application.execution import dispatch, proposing, telling
from bot.application.execution.alone import check_alone
from bot.application.execution.applying import carry_out, show_nothing
from bot.application.execution.working import LEASE, LeaseLost, Work
from bot.application.ports import Answer, Changing, Context
from bot.domain.changes.change import Approval, Change, ChangeRecord, ChangeState, StepRecord
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.errors import BotError, Conflict, Refused, Unreachable, UsageError

LEAST_DIGEST = telling.SHORT_DIGEST


async def approve(id: int, digest: str, context: Context) -> Answer:
    """Plans again from fresh readings; applies when the digest is the same, else shows the new plan."""
    ports = context.ports
    async with ports.storage.read() as reading:
        record = await reading.changes.get(id)
    if record.state is ChangeState.PLANNED and ports.clock.now() >= record.expires_at:
        record = await _close(record, context, ChangeState.EXPIRED, "It was not approved within 15 minutes.")
    _check(record, digest, context)
    async with ports.clusters.open(record.change.cluster, _author(record)) as opened:
        again = dataclasses.replace(
            context,
            invocation=_first_invocation(record),
            cluster=opened.cluster,
            prober=opened.prober,
            line=record.change.request,
        )
        planned = await _plan_again(record, again, context)
        if planned.doubts:
            return await _show_doubts(record, planned, context)
        if planned.digest != record.change.digest:
            return await _show_new_plan(record, planned, again, context)
    claimed = await _claim(record, context)
    # In a channel the outbox tells how far it has come.
    try:
        finished = await carry_out(ports, claimed, show_nothing if _told_there(claimed, context) else context.show)
    except LeaseLost as error:
        raise Conflict(
            f"Change {id} was taken over by another process",
            cause="somebody told it to go back, or this process was silent for too long",
            next_step=f"`changes show {id}` tells how far it has come",
        ) from error
    return Answer(telling.outcome(finished), said_in_channel=_told_there(finished, context))


async def cancel(id: int, digest: str, context: Context) -> Answer:
    """Withdraws a plan that was not approved yet; stops a change that is being applied, and takes it back."""
    async with context.ports.storage.read() as reading:
        record = await reading.changes.get(id)
    if digest:
        _check_digest(record, digest)
    if record.state.running:
        return await _go_back(record, context)
    _check_not_ended(record)
    record = await _close(
        record, context, ChangeState.CANCELLED, f"Cancelled by {_name(context)}; nothing was written."
    )
    return Answer(telling.closed_plan(record), said_in_channel=_told_there(record, context))


async def _go_back(record: ChangeRecord, context: Context) -> Answer:
    """Takes a running change over from whoever works on it, and rolls it back. The old owner's next save fails."""
    ports, show = context.ports, show_nothing if _told_there(record, context) else context.show
    async with ports.clusters.open(record.change.cluster, _author(record)) as opened:
        taken, free_at = await _take_from_owner(record.id, context)
        work = Work(ports, taken, opened, show)
        try:
            if (left := (free_at - work.now()).total_seconds()) > 0:
                await show(telling.going_back_soon(taken, left))
            await _wait_for_calls(work, free_at)
        except asyncio.CancelledError:
            await asyncio.shield(_let_go(work, free_at))
            raise
    finished = await carry_out(ports, work.record, show)
    return Answer(telling.outcome(finished), said_in_channel=_told_there(finished, context))


async def _take_from_owner(id: int, context: Context) -> tuple[ChangeRecord, datetime.datetime]:
    """The change, ours now and to be rolled back; and the time until when a call of its old owner may be in flight."""
    ports, now = context.ports, context.ports.clock.now()
    async with ports.storage.begin() as transaction:
        fresh = await transaction.changes.get(id)
        free_at = fresh.lease_until or now
        _check_can_go_back(fresh, abandoned=free_at <= now)
        outcome = fresh.outcome if fresh.state is ChangeState.ROLLING_BACK else f"{_name(context)} told it to go back."
        taken = await transaction.changes.save(
            msgspec.structs.replace(
                fresh,
                state=ChangeState.ROLLING_BACK,
                outcome=outcome,
                owner=ports.process.id,
                lease_until=max(now + LEASE, free_at),
            )
        )
        if taken.channel:
            await transaction.outbox.put(telling.message(taken, "progress", telling.progress(taken)))
    return taken, free_at


async def _wait_for_calls(work: Work, free_at: datetime.datetime) -> None:
    """No call outlives the lease under which it was made: until then nothing is written, and our own lease renewed."""
    while (left := (free_at - work.now()).total_seconds()) > 0:
        await work.ports.clock.sleep(min(left, 1.0))
        await work.breathe()


async def _let_go(work: Work, free_at: datetime.datetime) -> None:
    """So that the next process can go on, but not before it may."""
    with contextlib.suppress(BotError):
        async with work.ports.storage.begin() as transaction:
            await transaction.changes.save(msgspec.structs.replace(work.record, lease_until=max(work.now(), free_at)))


def _check_can_go_back(record: ChangeRecord, *, abandoned: bool) -> None:
    """Raises Conflict. One that was being rolled back and that nobody works on is taken up again."""
    if record.state is ChangeState.APPLYING or (record.state is ChangeState.ROLLING_BACK and abandoned):
        return
    if record.state is ChangeState.ROLLING_BACK:
        raise Conflict(
            f"Change {record.id} is being rolled back already",
            cause=record.outcome,
            next_step=f"see `changes show {record.id}`",
        )
    _check_not_ended(record)


def _check_not_ended(record: ChangeRecord) -> None:
    """Raises Conflict for what was approved and is over, or never came to be approved."""
    if not record.approvals or not record.state.over:
        return _check_waits(record)
    undo = record.state is ChangeState.APPLIED and not record.undone_by
    raise Conflict(
        f"Change {record.id} is over: there is nothing to stop",
        cause=f"it is {record.state.value}",
        next_step=f"to take it back: `changes undo {record.id}`" if undo else f"see `changes show {record.id}`",
    )


def _name(context: Context) -> str:
    return context.actor.name or context.actor.id


def _check(record: ChangeRecord, digest: str, context: Context) -> None:
    _check_waits(record)
    _check_digest(record, digest)
    access = context.ports.access
    if access.may_approve(context.actor, record.author):
        return
    if not access.may_change(context.actor):
        raise Refused(
            "You may not approve changes",
            cause="only people whom the setting PATCHBAY_CHANGERS lists may",
            next_step="ask one of them to approve this plan",
        )
    raise Refused(
        "Somebody else has to approve your own plan",
        cause="the setting PATCHBAY_SECOND_APPROVER asks for a second person",
        next_step="ask another person who may change things to press Approve",
    )


def _check_waits(record: ChangeRecord) -> None:
    if record.state is ChangeState.PLANNED:
        return
    ended: dict[ChangeState, str] = {
        ChangeState.EXPIRED: f"ask for it again: `{record.change.request}`",
        ChangeState.CANCELLED: f"ask for it again: `{record.change.request}`",
        ChangeState.SUPERSEDED: f"look at `changes show {record.superseded_by}`" if record.superseded_by else "",
    }
    raise Conflict(
        f"Change {record.id} does not wait for approval any more",
        cause=f"it is {record.state.value}"
        + (f", approved by {record.approvals[-1].name or record.approvals[-1].by}" if record.approvals else ""),
        next_step=ended.get(record.state, "") or f"see `changes show {record.id}`",
    )


def _check_digest(record: ChangeRecord, digest: str) -> None:
    if len(digest) < LEAST_DIGEST or not record.change.digest.startswith(digest.lower()):
        raise UsageError(
            f"That is not the digest of plan {record.id}",
            cause=f"expected the {LEAST_DIGEST} characters that the plan shows, or all 64",
            next_step=f"see `changes show {record.id}` and approve what you have read",
        )


def _author(record: ChangeRecord) -> Actor:
    return Actor(record.author, record.author_name)


def _first_invocation(record: ChangeRecord) -> Invocation:
    """As if its author said it again, where it was said first."""
    return Invocation(
        text=record.change.request,
        source=Source.CLICK if record.channel else Source.TERMINAL,
        actor=_author(record),
        place=Place(record.channel, thread=record.thread) if record.channel else None,
        cluster=record.change.cluster,
    )


async def _plan_again(record: ChangeRecord, again: Context, context: Context) -> Change:
    """Raises what the planner raises: then the plan is withdrawn, unless the cluster just did not answer."""
    command, request = dispatch.understand(context.ports.catalogue, record.change.request)
    if not isinstance(command, Changing):
        raise Conflict(f"`{command.name}` does not change anything any more", next_step="ask for it again")
    try:
        planned: Change = await command.planner(request, again)
    except Unreachable:
        raise
    except BotError as error:
        await _close(record, context, ChangeState.SUPERSEDED, f"The plan does not hold any more: {error}")
        raise
    return planned


async def _show_doubts(record: ChangeRecord, planned: Change, context: Context) -> Answer:
    """What was in order when it was planned is doubtful now: it has to be asked for again."""
    codes = ", ".join(doubt.code for doubt in planned.doubts)
    await _close(record, context, ChangeState.SUPERSEDED, f"Since it was planned there is doubt: {codes}.")
    return Answer(telling.doubtful_plan(planned, ()))


async def _show_new_plan(record: ChangeRecord, planned: Change, again: Context, context: Context) -> Answer:
    """The old plan is replaced by the new one, in one transaction."""
    trial = await proposing.try_out(planned, again) if planned.steps else None
    if trial is None or not trial.accepted:
        words = telling.nothing_to_do(planned).title if trial is None else "; ".join(trial.said)
        await _close(record, context, ChangeState.SUPERSEDED, f"The plan does not hold any more: {words}")
        report = telling.nothing_to_do(planned) if trial is None else telling.refused_plan(planned, trial.said)
        return Answer(report)
    async with context.ports.storage.begin() as transaction:
        new = await proposing.store(transaction, planned, again, trial.said)
        why = f"The cluster has changed since it was planned; plan {new.id} takes its place."
        old = msgspec.structs.replace(
            record,
            state=ChangeState.SUPERSEDED,
            superseded_by=new.id,
            ended_at=context.ports.clock.now(),
            outcome=why,
        )
        old = await transaction.changes.save(old)
        if old.channel:
            await transaction.outbox.put(telling.message(old, "plan", telling.closed_plan(old)))
    report = telling.plan(new, (f"The cluster has changed since plan {old.id}: this is the new plan.", *trial.said))
    return Answer(report, said_in_channel=_told_there(new, context), change=new.id)


async def _claim(record: ChangeRecord, context: Context) -> ChangeRecord:
    """From planned to applying, owned by this process. Raises Conflict when somebody decided meanwhile, or when another
    change is at what this one has to do alone."""
    ports, actor, now = context.ports, context.actor, context.ports.clock.now()
    async with ports.storage.begin() as transaction:
        fresh = await transaction.changes.get(record.id)
        _check_waits(fresh)
        check_alone(fresh.change, await transaction.changes.running())
        claimed = await transaction.changes.save(
            msgspec.structs.replace(
                fresh,
                state=ChangeState.APPLYING,
                approvals=(*fresh.approvals, Approval(actor.id, actor.name, now)),
                owner=ports.process.id,
                origin=ports.process.kind,
                lease_until=now + LEASE,
                steps=tuple(StepRecord() for _ in fresh.change.steps),
            )
        )
        if claimed.channel:
            await transaction.outbox.put(telling.message(claimed, "plan", telling.closed_plan(claimed)))
            await transaction.outbox.put(telling.message(claimed, "progress", telling.progress(claimed)))
    return claimed


async def _close(record: ChangeRecord, context: Context, state: ChangeState, outcome: str) -> ChangeRecord:
    """Ends a plan that is not applied. Raises Conflict when somebody decided meanwhile."""
    async with context.ports.storage.begin() as transaction:
        fresh = await transaction.changes.get(record.id)
        _check_waits(fresh)
        closed = msgspec.structs.replace(fresh, state=state, outcome=outcome, ended_at=context.ports.clock.now())
        closed = await transaction.changes.save(closed)
        if closed.channel:
            await transaction.outbox.put(telling.message(closed, "plan", telling.closed_plan(closed)))
    return closed


def _told_there(record: ChangeRecord, context: Context) -> bool:
    return bool(record.channel) and context.invocation.place is not None
