"""The three ways in which steps write: apply, put fields back, delete. Each looks before it writes, and can be called
again after a kill: what has arrived already is recognised and not sent a second time.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable
from typing import TypeVar

from bot.application.execution.working import Work
from bot.application.ports import Applied
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Delete, Edit, Restore, StepState
from bot.domain.network.references import JSONObject, Ref
from bot.errors import BotError, Conflict, NotFound, Unreachable

_T = TypeVar("_T")

ATTEMPTS = 5
"""Readings anew when somebody wrote (a status, say) between our reading and our writing."""
SERVED_SECONDS = 30.0
CLOCK_SKEW = datetime.timedelta(seconds=30)
"""How far the API server's clock may be behind ours."""


class StepFailed(Exception):
    """The step cannot be done; the text says why, for people."""


async def look(work: Work, ref: Ref) -> JSONObject | None:
    """The object as it is now; None: there is none."""
    try:
        return await work.call(work.cluster.get(ref))
    except NotFound:
        return None


def arrived(step: Apply, object: JSONObject, started_at: datetime.datetime | None) -> bool:
    """Whether an apply that was sent, and never answered, has been carried out. What it was to create counts as ours
    when nobody but us and the plugin's own programs wrote to it: these may have completed it since, and of an object
    that is but a name no field is anybody's."""
    covered = fields.covers(object, step.manifest, but_empty=True)
    if not step.creates:
        return covered and fields.applied_by_us(object)
    alone = set(fields.writers(object)) <= {fields.MANAGER, *step.expects}
    ours = alone or fields.applied_by_us(object)
    made = fields.created_at(object)
    lately = made is not None and started_at is not None and made >= started_at - CLOCK_SKEW
    return lately and ours and (covered or (alone and bool(step.expects)))


async def apply(work: Work, index: int, step: Apply) -> None:
    """Sends it once; after a kill, only when it has not arrived."""
    resumed = work.step(index).state is StepState.STARTED
    there = await look(work, step.ref)
    if resumed and there is not None and arrived(step, there, work.step(index).started_at):
        await _applied(work, index, step, there, "it had arrived before the process that sent it died")
        return
    _check_before(step, there)
    started_at = work.step(index).started_at if resumed else work.now()
    await work.mark(index, state=StepState.STARTED, started_at=started_at, repeated=resumed)
    try:
        result = await _send(work, step)
    except Unreachable as error:
        await _unanswered(work, index, step, error)
        return
    except BotError as error:
        await work.mark(index, state=StepState.FAILED, ended_at=work.now(), note=str(error))
        raise StepFailed(str(error)) from error
    if step.creates and not result.created and not resumed:
        # Between our reading and our writing somebody made it: it is not ours to delete.
        note = "somebody made it at the same moment, and our fields went into theirs"
        await work.mark(index, state=StepState.LEFT, ended_at=work.now(), uid=fields.uid(result.object), note=note)
        raise StepFailed(f"{step.ref}: {note}")
    await _applied(work, index, step, result.object, "", None if step.creates else there)


async def _send(work: Work, step: Apply) -> Applied:
    """A kind that an earlier step has defined is served a moment after its definition says so: waits for that."""
    patient_until = work.ports.clock.monotonic() + SERVED_SECONDS
    while True:
        try:
            return await work.call(work.cluster.apply(step.manifest, force=step.force))
        except NotFound:
            if not step.needs_earlier_step or work.ports.clock.monotonic() >= patient_until:
                raise
        await work.ports.clock.sleep(1.0)
        await work.breathe()


def _check_before(step: Apply, there: JSONObject | None) -> None:
    if step.creates and there is not None:
        raise StepFailed(f"Somebody has made {step.ref} meanwhile")
    if not step.creates and there is None:
        raise StepFailed(f"{step.ref} is gone")
    if there is not None and (changed := fields.lost(there, step.prior)):
        raise StepFailed(f"Somebody has changed {step.ref} meanwhile: {', '.join(changed)}")


async def _unanswered(work: Work, index: int, step: Apply, error: Unreachable) -> None:
    """The answer was lost, perhaps not the request."""
    try:
        there = await look(work, step.ref)
    except BotError:
        there = None
    if there is None or not arrived(step, there, work.step(index).started_at):
        raise error
    await _applied(work, index, step, there, "the answer was lost, but it had arrived")


async def _applied(
    work: Work, index: int, step: Apply, object: JSONObject, note: str, before: JSONObject | None = None
) -> None:
    """Records how the fields stand; and of an object that stood there, what went along: what an earlier apply of ours
    wrote and this one does not, and what the server filled in."""
    sent = {field.path for field in fields.leaves(step.manifest)}
    pairs = zip(*fields.changed(before, object), strict=True) if before is not None else ()
    besides = [(old, new) for old, new in pairs if old.path not in sent]
    await work.mark(
        index,
        state=StepState.DONE,
        ended_at=work.now(),
        uid=fields.uid(object),
        written=(*fields.beyond(object, step.manifest), *(new for _, new in besides)),
        besides=tuple(old for old, _ in besides),
        # Found after a kill, others may have written since: only our own writing is known to be expected.
        writers=(fields.MANAGER,) if note and step.creates else fields.writers(object),
        note=note,
    )


async def write_fields(work: Work, index: int, step: Edit | Restore) -> None:
    """Writes fields that still stand as expected; what stands right already is not written."""
    expected = step.prior if isinstance(step, Edit) else step.expected
    for _ in range(ATTEMPTS):
        there = await look(work, step.ref)
        if there is None:
            raise StepFailed(f"{step.ref} is gone")
        if fields.stand(there, step.fields, expected):
            await _wrote_fields(work, index, step, there, there)
            return
        if changed := fields.lost(there, expected):
            raise StepFailed(f"Somebody has changed {step.ref} meanwhile: {', '.join(changed)}")
        repeated = work.step(index).state is StepState.STARTED
        await work.mark(index, state=StepState.STARTED, started_at=work.now(), repeated=repeated)
        answer = await _tolerant(work, work.cluster.replace(fields.with_fields(there, step.fields)))
        if answer is not None:
            await _wrote_fields(work, index, step, there, answer)
            return
    raise StepFailed(f"{step.ref} is being written to all the time")


async def _wrote_fields(work: Work, index: int, step: Edit | Restore, before: JSONObject, there: JSONObject) -> None:
    """Records how the fields stand, and what the server changed along with them; when the answer was lost, or the
    process killed, the latter is not known."""
    paths = {field.path for field in step.fields}
    besides = [(old, new) for old, new in zip(*fields.changed(before, there), strict=True) if old.path not in paths]
    written = (*(fields.at(there, field.path) for field in step.fields), *(new for _, new in besides))
    await work.mark(
        index,
        state=StepState.DONE,
        ended_at=work.now(),
        uid=fields.uid(there),
        written=written,
        besides=tuple(old for old, _ in besides),
        writers=fields.writers(there),
    )


async def delete(work: Work, index: int, step: Delete) -> None:
    """Deletes the object if it still is this one and nobody else wrote to it."""
    for _ in range(ATTEMPTS):
        there = await look(work, step.ref)
        if there is None or fields.uid(there) != step.uid or fields.metadata(there).get("deletionTimestamp"):
            await work.mark(index, state=StepState.DONE, ended_at=work.now(), uid=step.uid)
            return
        if step.writers and (others := set(fields.writers(there)) - set(step.writers)):
            raise StepFailed(f"{step.ref} was written to by {', '.join(sorted(others))} meanwhile")
        repeated = work.step(index).state is StepState.STARTED
        await work.mark(index, state=StepState.STARTED, started_at=work.now(), repeated=repeated)
        await remove(work, step.ref, there)
    raise StepFailed(f"{step.ref} is being written to all the time")


async def remove(work: Work, ref: Ref, object: JSONObject) -> None:
    """Deletes exactly this object as it was read; what happened shows the next reading."""
    version = str(fields.metadata(object).get("resourceVersion") or "")
    await _tolerant(work, work.cluster.delete(ref, uid=fields.uid(object), resource_version=version))


async def put_back(work: Work, object: JSONObject) -> None:
    """Writes the whole object under the precondition of its resourceVersion; the next reading shows what happened."""
    await _tolerant(work, work.cluster.replace(object))


async def _tolerant(work: Work, doing: Awaitable[_T]) -> _T | None:
    """A stale precondition, a lost answer, an object that is gone: reading again tells which."""
    try:
        return await work.call(doing)
    except (Conflict, NotFound):
        return None
    except Unreachable:
        await work.ports.clock.sleep(1.0)
        return None
