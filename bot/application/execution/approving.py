"""Approving and cancelling plans. The first one decides: records are saved by revision, and the others are told."""

from __future__ import annotations

import dataclasses

import msgspec

from bot.application.execution import dispatch, proposing, telling
from bot.application.execution.alone import check_alone
from bot.application.execution.applying import carry_out, show_nothing
from bot.application.execution.working import LEASE
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
    finished = await carry_out(ports, claimed, show_nothing if _told_there(claimed, context) else context.show)
    return Answer(telling.outcome(finished), said_in_channel=_told_there(finished, context))


async def cancel(id: int, digest: str, context: Context) -> Answer:
    """Withdraws a plan that was not approved yet."""
    async with context.ports.storage.read() as reading:
        record = await reading.changes.get(id)
    _check_waits(record)
    if digest:
        _check_digest(record, digest)
    name = context.actor.name or context.actor.id
    record = await _close(record, context, ChangeState.CANCELLED, f"Cancelled by {name}; nothing was written.")
    return Answer(telling.closed_plan(record), said_in_channel=_told_there(record, context))


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
