"""Showing a plan and asking for approval."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from bot.application.execution import telling
from bot.application.execution.alone import check_alone
from bot.application.execution.telling_large import FEW
from bot.application.ports import Answer, Context, Transaction
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Change, ChangeRecord, Delete, Edit, Restore, Step, StepRecord, Writing
from bot.domain.changes.differences import in_words
from bot.domain.network.references import CUSTOM_RESOURCE_DEFINITION, NAMESPACE
from bot.errors import BotError, Conflict, NotFound, Refused

APPROVABLE_FOR = datetime.timedelta(minutes=15)
ACCEPTED = "the API server accepts it (dry run)"
UNTRIED = "needs what an earlier step makes: it cannot be tried before"
_THERE = "kube-system"
"""A namespace of every cluster."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the API server said to a server-side dry run."""

    said: tuple[str, ...]
    accepted: bool


async def propose(change: Change, context: Context, *, dry_run: bool) -> Answer:
    """Records the plan, shows it with what a server-side dry run says, and offers Approve and Cancel.

    A plan without steps has nothing to do, and one that the API server refuses cannot be approved: neither is stored.
    Raises Conflict while another change is at what this one has to do alone.
    """
    if not change.steps:
        return Answer(telling.nothing_to_do(change))
    async with context.ports.storage.read() as reading:
        check_alone(change, await reading.changes.running())
    trial = await try_out(change, context)
    if not trial.accepted:
        return Answer(telling.refused_plan(change, trial.said))
    if change.doubts:
        return Answer(telling.doubtful_plan(change, trial.said))
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
    """Server-side dry run of each step that writes. Of a plan with many steps only what is not plainly accepted is
    told one by one. Raises Unreachable."""
    said: list[str] = []
    accepted, plain, untried = True, 0, 0
    for number, step in enumerate(change.steps, 1):
        if not isinstance(step, Writing):
            continue
        words = f"Step {number}, {in_words(step)}"
        try:
            verdict = await _try_step(step, change, context)
        except (Conflict, NotFound, Refused) as error:
            said, accepted = [*said, f"{words}: {error}"], False
            continue
        except BotError as error:
            if type(error) is not BotError:
                raise
            said, accepted = [*said, f"{words}: {error}"], False
            continue
        if not verdict:
            untried += 1
        elif verdict == ACCEPTED:
            plain += 1
        if verdict != ACCEPTED or not large(change):
            said.append(f"{words}: {verdict or UNTRIED}" if not large(change) or verdict else "")
    if large(change):
        said = _summed_up([each for each in said if each], plain, untried)
    return Trial(tuple(said), accepted)


def large(change: Change) -> bool:
    """Whether it has too many steps for telling them one by one."""
    return change.brief is not None or len(change.steps) > FEW


def _summed_up(said: list[str], plain: int, untried: int) -> list[str]:
    if plain:
        said = [f"The API server accepts {plain} objects as they are (dry run).", *said]
    if untried:
        said = [
            *said,
            f"{untried} custom resources cannot be tried before what defines them is there; they fit the schema that "
            "comes with them.",
        ]
    return said


async def _try_step(step: Step, change: Change, context: Context) -> str:
    """The verdict; empty when it cannot be tried. Raises BotError when the API server does not accept it."""
    cluster = context.cluster
    match step:
        case Apply(needs_earlier_step=True):
            return await _try_elsewhere(step, change, context)
        case Apply():
            try:
                await cluster.apply(step.manifest, force=False, dry_run=True)
            except Conflict as conflict:
                if not step.force:
                    raise
                await cluster.apply(step.manifest, force=True, dry_run=True)
                return f"the API server accepts it; fields of others are taken over: {conflict.cause}"
        case Edit() | Restore():
            there = await cluster.get(step.ref)
            await cluster.replace(fields.with_fields(there, step.fields), dry_run=True)
        case Delete():
            await cluster.delete(step.ref, uid=step.uid, dry_run=True)
    return ACCEPTED


async def _try_elsewhere(step: Apply, change: Change, context: Context) -> str:
    """What goes into a namespace that is yet to be made is tried, under another name, in one that is there."""
    namespaces = {each.ref.name for each in change.steps if isinstance(each, Apply) and each.ref.kind == NAMESPACE.name}
    if step.ref.namespace not in namespaces or _is_custom(step, change):
        return ""
    metadata = {**fields.metadata(step.manifest), "namespace": _THERE, "name": f"{step.ref.name[:220]}-trial"}
    await context.cluster.apply({**step.manifest, "metadata": metadata}, dry_run=True)
    return ACCEPTED


def _is_custom(step: Apply, change: Change) -> bool:
    """Whether another step of the plan defines its kind."""
    group = step.ref.api_version.partition("/")[0]
    return any(
        isinstance(each, Apply)
        and each.ref.kind == CUSTOM_RESOURCE_DEFINITION.name
        and fields.at(each.manifest, ("spec", "group")).value == group
        and fields.at(each.manifest, ("spec", "names", "kind")).value == step.ref.kind
        for each in change.steps
    )
