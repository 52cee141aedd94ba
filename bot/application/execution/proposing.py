"""Showing a plan and asking for approval."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from bot.application.execution import telling
from bot.application.ports import Answer, Context, Transaction
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Change, ChangeRecord, Delete, Restore, Step, StepRecord
from bot.domain.changes.differences import in_words
from bot.errors import BotError, Conflict, NotFound, Refused

APPROVABLE_FOR = datetime.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the API server said to a server-side dry run."""

    said: tuple[str, ...]
    accepted: bool


async def propose(change: Change, context: Context, *, dry_run: bool) -> Answer:
    """Records the plan, shows it with what a server-side dry run says, and offers Approve and Cancel.

    A plan without steps has nothing to do, and one that the API server refuses cannot be approved: neither is stored.
    """
    if not change.steps:
        return Answer(telling.nothing_to_do(change))
    trial = await try_out(change, context)
    if not trial.accepted:
        return Answer(telling.refused_plan(change, trial.said))
    if dry_run:
        return Answer(telling.trial(change, trial.said))
    async with context.ports.storage.begin() as transaction:
        record = await store(transaction, change, context, trial.said)
    return Answer(
        telling.plan(record, trial.said), said_in_channel=context.invocation.place is not None, change=record.id
    )


async def store(transaction: Transaction, change: Change, context: Context, said: Sequence[str]) -> ChangeRecord:
    """Stores a plan together with the message that shows it."""
    place, now = context.invocation.place, context.ports.clock.now()
    record = await transaction.changes.add(
        ChangeRecord(
            change=change,
            author=context.actor.id,
            author_name=context.actor.name,
            channel=place.channel if place else "",
            thread=place.thread if place else "",
            origin=context.ports.process.kind,
            steps=tuple(StepRecord() for _ in change.steps),
            created_at=now,
            expires_at=now + APPROVABLE_FOR,
            undoes=change.undoes,
        )
    )
    if record.channel:
        report = telling.plan(record, said)
        await transaction.outbox.put(telling.message(record, "plan", report, context.invocation.reply_to))
    return record


async def try_out(change: Change, context: Context) -> Trial:
    """Server-side dry run of each step that writes. Raises Unreachable."""
    said, accepted = [], True
    for number, step in enumerate(change.steps, 1):
        if not isinstance(step, Apply | Restore | Delete):
            continue
        if isinstance(step, Apply) and step.needs_earlier_step:
            said.append(f"Step {number} needs what an earlier step makes: it cannot be tried before.")
            continue
        try:
            verdict = await _try_step(step, context)
            said.append(f"Step {number}, {in_words(step)}: {verdict}")
        except (Conflict, NotFound, Refused) as error:
            said, accepted = [*said, f"Step {number}, {in_words(step)}: {error}"], False
        except BotError as error:
            if type(error) is not BotError:
                raise
            said, accepted = [*said, f"Step {number}, {in_words(step)}: {error}"], False
    return Trial(tuple(said), accepted)


async def _try_step(step: Step, context: Context) -> str:
    """Raises BotError when the API server does not accept it."""
    cluster = context.cluster
    match step:
        case Apply():
            try:
                await cluster.apply(step.manifest, force=False, dry_run=True)
            except Conflict as conflict:
                if not step.force:
                    raise
                await cluster.apply(step.manifest, force=True, dry_run=True)
                return f"the API server accepts it; fields of others are taken over: {conflict.cause}"
        case Restore():
            there = await cluster.get(step.ref)
            await cluster.replace(fields.with_fields(there, step.fields), dry_run=True)
        case Delete():
            await cluster.delete(step.ref, uid=step.uid, dry_run=True)
    return "the API server accepts it (dry run)"
