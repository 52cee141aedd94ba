"""Going back: the last step first, each only as far as nobody has touched what it wrote.

What cannot be taken back safely is left, said so, and parks the change. Everything looks before it writes, so that it
can be called again after a kill.
"""

from __future__ import annotations

import contextlib

from bot.application.execution import writing
from bot.application.execution.holding import counted_in_words, held_by
from bot.application.execution.settling import clean_up
from bot.application.execution.verifying import POLL_SECONDS, still_there
from bot.application.execution.working import OUTAGE_SECONDS, LeaseLost, Work
from bot.application.execution.writing import ATTEMPTS, arrived, look
from bot.domain.changes import fields
from bot.domain.changes.change import (
    Apply,
    ChangeState,
    Delete,
    Edit,
    FieldValue,
    Restore,
    StepRecord,
    StepState,
    TryAddresses,
    Writing,
)
from bot.domain.changes.inverse import gone_seconds, prior
from bot.domain.changes.taking_back import taken_back
from bot.domain.network.references import JSONObject, Ref
from bot.errors import BotError, Unreachable


class _Left(Exception):
    """It is not safe to take this back; the text says why."""


async def roll_back(work: Work) -> None:
    """Undoes what was done, in reverse, and ends the change as rolled back or parked."""
    stays: Ref | None = None
    whole = await _whole(work)
    for index, step in reversed(list(enumerate(work.record.change.steps))):
        if isinstance(step, Writing) and work.step(index).state in (StepState.DONE, StepState.STARTED):
            if stays is not None:
                await _leave(work, index, f"{stays} needs it, and stays")
            elif isinstance(step, Apply) and (why := whole.get(step.together)) and not work.step(index).undoing:
                await _leave(work, index, f"{step.together} stay or go together: {why}")
            else:
                await _undo(work, index, step)
        elif isinstance(step, TryAddresses) and work.step(index).state in (StepState.STARTED, StepState.FAILED):
            with contextlib.suppress(BotError):  # pods that do nothing; their label tells whose they are
                await clean_up(work, step)
        if isinstance(step, Apply) and step.rests_on_earlier and work.step(index).state is StepState.LEFT:
            stays = stays or step.ref
    left = any(each.state is StepState.LEFT for each in work.record.steps)
    undone = sum(each.state is StepState.UNDONE for each in work.record.steps)
    why = work.record.outcome.rstrip(".")
    if left:
        await work.finish(ChangeState.PARKED, f"{why}. Not everything could be taken back.")
    else:
        told = "What had been done was taken back" if undone else "Nothing had been written"
        await work.finish(ChangeState.ROLLED_BACK, f"{why}. {told}.")


async def _leave(work: Work, index: int, why: str) -> None:
    await work.mark(index, state=StepState.LEFT, ended_at=work.now(), note=why)


async def _whole(work: Work) -> dict[str, str]:
    """What has to stay as a whole because a part of it does, by its name, with the reason. What cannot be read now is
    judged when its turn comes."""
    found: dict[str, str] = {}
    for index, step in enumerate(work.record.change.steps):
        if isinstance(step, Apply) and step.together and work.step(index).state is StepState.DONE:
            try:
                why = await _kept_by_others(work, step, work.step(index))
            except LeaseLost:
                raise
            except BotError:
                continue
            if why:
                found.setdefault(step.together, f"{step.ref} {why}")
    return found


async def _kept_by_others(work: Work, step: Apply, done: StepRecord) -> str:
    """Why somebody else's work keeps what this step wrote; empty: nothing does. Raises BotError."""
    there = await look(work, step.ref)
    if there is None or (done.uid and fields.uid(there) != done.uid) or fields.metadata(there).get("deletionTimestamp"):
        return ""
    others = set(fields.writers(there)) - (set(done.writers) or {fields.MANAGER}) - set(step.expects)
    if step.creates and others:
        return f"was written to by {', '.join(sorted(others))} since"
    held = await _held(work, step, there)
    return f"holds what this change did not make: {counted_in_words(held)}" if held else ""


async def _undo(work: Work, index: int, step: Apply | Edit | Restore | Delete) -> None:
    if not work.step(index).undoing:
        await work.mark(index, undoing=True)
    attempt, patient_until = 0, work.ports.clock.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            note = await _take_back(work, index, step)
            await work.mark(index, state=StepState.UNDONE, ended_at=work.now(), note=note)
            return
        except _Left as left:
            await work.mark(index, state=StepState.LEFT, ended_at=work.now(), note=str(left))
            return
        except LeaseLost:
            raise
        except Unreachable as error:
            if work.ports.clock.monotonic() >= patient_until:
                note = f"it could not be taken back: {error}"
                await work.mark(index, state=StepState.LEFT, ended_at=work.now(), note=note)
                return
        except BotError as error:
            attempt += 1
            if attempt >= ATTEMPTS:
                note = f"it could not be taken back: {error}"
                await work.mark(index, state=StepState.LEFT, ended_at=work.now(), note=note)
                return
        await work.ports.clock.sleep(2.0)
        await work.breathe()


async def _take_back(work: Work, index: int, step: Apply | Edit | Restore | Delete) -> str:
    """Returns what is to be said of it; raises _Left."""
    if isinstance(step, Delete):
        return await _remake(work, step)
    if isinstance(step, Apply) and step.creates:
        return await _unmake(work, step, work.step(index))
    return await _put_fields_back(work, step, work.step(index))


async def _unmake(work: Work, step: Apply, done: StepRecord) -> str:
    deadline = work.ports.clock.monotonic() + gone_seconds(step)
    while True:
        there = await look(work, step.ref)
        if there is None or (done.uid and fields.uid(there) != done.uid):
            return "it is gone"
        if fields.metadata(there).get("deletionTimestamp"):
            if work.ports.clock.monotonic() >= deadline:
                raise _Left(f"it was deleted, but {still_there(there)}")
        elif done.state is StepState.STARTED and not arrived(step, there, done.started_at):
            raise _Left("nobody knows whether this is ours: it does not hold what was sent")
        else:
            expected = set(done.writers) or {fields.MANAGER}
            if others := set(fields.writers(there)) - expected - set(step.expects):
                raise _Left(f"{', '.join(sorted(others))} wrote to it since")
            if held := await _held(work, step, there):
                if work.ports.clock.monotonic() >= deadline:
                    raise _Left(f"it holds what this change did not make: {counted_in_words(held)}")
            else:
                await writing.remove(work, step.ref, there)
            if await look(work, step.ref) is None:
                return "it was deleted"
        if work.ports.clock.monotonic() >= deadline:
            raise _Left("it could not be deleted: somebody writes to it all the time")
        await work.ports.clock.sleep(POLL_SECONDS)
        await work.breathe()


async def _held(work: Work, step: Apply, there: JSONObject) -> list[Ref]:
    """What would go along with it, and is not this change's own; what had to stay is not ours any more."""
    own = [
        each.ref
        for each, done in zip(work.record.change.steps, work.record.steps, strict=True)
        if isinstance(each, Apply) and done.state is not StepState.LEFT
    ]
    return await work.call(held_by(work.cluster, there, own, step.expects))


async def _put_fields_back(work: Work, step: Apply | Edit | Restore, done: StepRecord) -> str:
    """What somebody else did meanwhile is kept, and said."""
    written = fields.written_by(step, done) if done.state is StepState.DONE else ()
    for _ in range(ATTEMPTS):
        there = await look(work, step.ref)
        if there is None:
            raise _Left("it is gone: there is nothing to put back into")
        before = prior(step, done)
        if fields.hold(there, before):
            return "its fields are as they were"
        written = written or _what_arrived(step, there)
        back = taken_back(there, written, before)
        if not back.fields:
            raise _Left(f"somebody else changed {', '.join(back.kept)} since")
        told = f", but for {', '.join(back.kept)}, which somebody else changed since" if back.kept else ""
        await writing.put_back(work, fields.with_fields(there, back.fields))
        after = await look(work, step.ref)
        if after is not None and fields.stand(after, back.fields, back.expected):
            return f"its fields are as they were{told}"
    raise _Left("somebody writes to it all the time")


def _what_arrived(step: Apply | Edit | Restore, there: JSONObject) -> tuple[FieldValue, ...]:
    """For a step that was sent and never answered: the fields as they stand, if they are what was sent."""
    if isinstance(step, Edit | Restore):
        expected = step.prior if isinstance(step, Edit) else step.expected
        arrived_so = fields.stand(there, step.fields, expected)
        return tuple(fields.at(there, each.path) for each in step.fields) if arrived_so else step.fields
    if not arrived(step, there, None):
        raise _Left("it holds neither what stood there before nor what was sent")
    return fields.standing(there, step.manifest)


async def _remake(work: Work, step: Delete) -> str:
    there = await look(work, step.ref)
    if there is not None:
        if fields.metadata(there).get("deletionTimestamp"):
            raise _Left(f"it is being deleted, which cannot be stopped; {still_there(there)}")
        if fields.uid(there) == step.uid or (fields.applied_by_us(there) and fields.covers(there, step.prior)):
            return "it is there"
        raise _Left("somebody else made one of the same name")
    await work.call(work.cluster.apply(step.prior))
    if step.holds:
        raise _Left(f"it was made again, without the {step.holds} objects that went along with it")
    return "it was made again"
