"""What takes a change back: the opposite of each step, last one first, as far as nobody has touched it since."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.changes import fields
from bot.domain.changes.change import (
    Apply,
    ChangeRecord,
    Delete,
    Restore,
    Step,
    StepRecord,
    StepState,
    Until,
    Wait,
)
from bot.domain.network.references import JSONObject, Ref

GONE_SECONDS = 30.0


def inverse(record: ChangeRecord, current: Mapping[Ref, JSONObject | None]) -> tuple[list[Step], list[str]]:
    """The steps that undo it, and what is left alone, each with the reason.

    `current` has each object that the change wrote as it is now; None: it is gone.
    """
    steps: list[Step] = []
    left: list[str] = []
    for step, done in reversed(list(zip(record.change.steps, record.steps, strict=True))):
        if done.state is not StepState.DONE or not isinstance(step, Apply | Restore | Delete):
            continue
        opposite = _opposite(step, done, current.get(step.ref))
        if isinstance(opposite, str):
            left.append(opposite)
        else:
            steps += opposite
    return steps, left


def _opposite(step: Apply | Restore | Delete, done: StepRecord, now: JSONObject | None) -> list[Step] | str:
    if isinstance(step, Delete):
        if now is not None:
            return f"{step.ref} stands there again: somebody else made it, and it is left alone"
        return [Apply(ref=step.ref, manifest=step.prior, creates=True)]
    if now is None:
        return f"{step.ref} is gone already: there is nothing to take back"
    if done.uid and fields.uid(now) != done.uid:
        return f"{step.ref} was deleted and made anew by somebody else, and is left alone"
    if isinstance(step, Apply) and step.creates:
        return _unmake(step, done, now)
    back = step.prior if isinstance(step, Apply) else step.expected
    written = fields.written_by(step, done)
    if changed := fields.lost(now, written):
        return f"{step.ref} was changed by somebody else since ({', '.join(changed)}), and is left alone"
    return [Restore(ref=step.ref, fields=back, expected=written, part=step.part)]


def _unmake(step: Apply, done: StepRecord, now: JSONObject) -> list[Step] | str:
    ref = step.ref
    if others := sorted(set(fields.writers(now)) - set(done.writers)):
        return f"{ref} was written to by {', '.join(others)} since, and is left alone"
    return [
        Delete(ref=ref, uid=fields.uid(now), prior=fields.reborn(now), writers=done.writers, part=step.part),
        Wait(ref=ref, until=Until.GONE, timeout_seconds=GONE_SECONDS, part=step.part),
    ]
