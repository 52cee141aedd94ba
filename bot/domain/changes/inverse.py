"""What takes a change back: the opposite of each step, last one first, as far as nobody has touched it since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bot.domain.changes.change import (
    Apply,
    ChangeRecord,
    Delete,
    Edit,
    FieldValue,
    Restore,
    Step,
    StepRecord,
    StepState,
    Until,
    Wait,
    Writing,
)
from bot.domain.changes.fields import at, reborn, uid, writers, written_by
from bot.domain.changes.others import written_by_others
from bot.domain.changes.taking_back import taken_back
from bot.domain.network.references import JSONObject, Ref

GONE_SECONDS = 60.0
FINALIZED_SECONDS = 300.0
_HOLDERS = ("Namespace", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class _Left:
    """What is not taken back, and why."""

    why: str
    done: bool = False
    """It is as before already: nothing of ours is left that somebody could need."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What becomes of a step."""

    step: Writing
    opposite: list[Step] | _Left
    there: bool
    """Whether there is such an object now."""
    kept: tuple[str, ...] = ()
    """What of it is somebody else's by now, in words."""

    @property
    def together(self) -> str:
        return self.step.together if isinstance(self.step, Apply) else ""

    @property
    def refused(self) -> bool:
        """Whether something of ours is there and is left there."""
        return self.there and isinstance(self.opposite, _Left) and not self.opposite.done


@dataclass(frozen=True, slots=True)
class WayBack:
    """What undoes a change."""

    steps: list[Step]
    left: list[str]
    """What is left alone, or kept as somebody else left it, in words with the reason."""
    staying: list[Writing]
    """What the change did and nothing takes back, although something of it is there."""


def inverse(
    record: ChangeRecord, current: Mapping[Ref, JSONObject | None], held: Mapping[Ref, str] | None = None
) -> WayBack:
    """The way back of a change, as far as there is one.

    `current` has each object that the change wrote as it is now; None: it is gone. `held` says in words what would go
    along with an object although it is somebody else's.
    """
    pairs = reversed(list(zip(record.change.steps, record.steps, strict=True)))
    taken = [
        _judged(step, done, current.get(step.ref), held or {})
        for step, done in pairs
        if done.state is StepState.DONE and isinstance(step, Writing)
    ]
    whole = {each.together: each.step.ref for each in taken if each.together and each.refused}
    steps: list[Step] = []
    left: list[str] = []
    staying: list[Writing] = []
    needing: Ref | None = None
    for each in taken:
        if needing is not None and each.there:
            left.append(f"{each.step.ref} stays as well: {needing} needs it")
            staying.append(each.step)
            continue
        if isinstance(each.opposite, _Left):
            left.append(each.opposite.why)
        elif each.there and each.together in whole:
            left.append(f"{each.step.ref} stays as well: {each.together} stay or go together, {_with(whole, each)}")
        else:
            steps += each.opposite
            left += each.kept
            continue
        if each.there and not (isinstance(each.opposite, _Left) and each.opposite.done):
            staying.append(each.step)
        if each.there and isinstance(each.step, Apply) and each.step.rests_on_earlier:
            needing = each.step.ref
    return WayBack(_after_one_another(steps), left, staying)


def _with(whole: Mapping[str, Ref], taken: _Taken) -> str:
    return f"and {whole[taken.together]} stays"


def _judged(step: Writing, done: StepRecord, now: JSONObject | None, held: Mapping[Ref, str]) -> _Taken:
    kept: list[str] = []
    opposite = _opposite(step, done, now, kept)
    if not isinstance(opposite, _Left) and step.ref in held and isinstance(step, Apply):
        opposite = _Left(f"{step.ref} holds what this change did not make ({held[step.ref]}), and is left alone")
    return _Taken(step, opposite, now is not None, tuple(kept))


def gone_seconds(step: Apply) -> float:
    """How long what an apply has made may take to go: what holds others, or is ended by a program, takes its time."""
    return FINALIZED_SECONDS if step.rests_on_earlier or step.ref.kind in _HOLDERS else GONE_SECONDS


def _after_one_another(steps: list[Step]) -> list[Step]:
    """With the mark on what can only be tried once a definition or a namespace has been made again."""
    made = [step for step in steps if isinstance(step, Apply)]
    namespaces = {step.ref.name for step in made if step.ref.kind == "Namespace"}
    defined = {_defined(step.manifest) for step in made if step.ref.kind == "CustomResourceDefinition"}
    return [
        msgspec.structs.replace(step, needs_earlier_step=True)
        if isinstance(step, Apply)
        and (step.ref.namespace in namespaces or (step.ref.api_version.partition("/")[0], step.ref.kind) in defined)
        else step
        for step in steps
    ]


def _defined(definition: JSONObject) -> tuple[str, str]:
    group, kind = at(definition, ("spec", "group")), at(definition, ("spec", "names", "kind"))
    return str(group.value), str(kind.value)


def _opposite(
    step: Apply | Edit | Restore | Delete, done: StepRecord, now: JSONObject | None, kept: list[str]
) -> list[Step] | _Left:
    """What takes the step back; or why nothing can. What is kept of somebody else's goes into `kept`."""
    if isinstance(step, Delete):
        if now is not None:
            return _Left(f"{step.ref} stands there again: somebody else made it, and it is left alone")
        return [Apply(ref=step.ref, manifest=step.prior, creates=True, part=step.part, together=step.together)]
    if now is None:
        return _Left(f"{step.ref} is gone already: there is nothing to take back", done=True)
    if done.uid and uid(now) != done.uid:
        return _Left(f"{step.ref} was deleted and made anew by somebody else, and is left alone")
    if isinstance(step, Apply) and step.creates:
        return _unmake(step, done, now)
    back = taken_back(now, written_by(step, done), prior(step, done))
    if not back.fields:
        if not (theirs := [*back.kept, *back.hindered]):
            return _Left(f"{step.ref} stands as it did before: there is nothing to take back", done=True)
        return _Left(f"{step.ref} was changed by somebody else since ({', '.join(theirs)}), and is left alone")
    if back.kept:
        kept.append(f"{step.ref}: {', '.join(back.kept)} was changed by somebody else since, and stays so")
    if back.hindered:
        kept.append(f"{step.ref}: beside that {', '.join(back.hindered)} cannot be as before, and is left as it is")
    kept += _besides(step, done, now)
    return [Restore(ref=step.ref, fields=tuple(back.fields), expected=tuple(back.expected), part=step.part)]


def _besides(step: Apply | Edit | Restore, done: StepRecord, now: JSONObject) -> list[str]:
    """What others wrote into fields that this step has nothing to do with. They stay anyhow, and people are told."""
    if not done.writers:
        return []
    ours = tuple(".".join(each.path) for each in written_by(step, done))
    others = [each for each in written_by_others(now, done.writers) if not each.startswith(ours)]
    return [f"{step.ref}: somebody else wrote {', '.join(others)} since, and that stays"] if others else []


def prior(step: Apply | Edit | Restore, done: StepRecord) -> tuple[FieldValue, ...]:
    """All fields that a step changed, as they stood before it."""
    return (*(step.expected if isinstance(step, Restore) else step.prior), *done.besides)


def _unmake(step: Apply, done: StepRecord, now: JSONObject) -> list[Step] | _Left:
    ref, expected = step.ref, (*done.writers, *step.expects)
    if others := sorted(set(writers(now)) - set(expected)):
        return _Left(f"{ref} was written to by {', '.join(others)} since, and is left alone")
    return [
        Delete(
            ref=ref,
            uid=uid(now),
            prior=reborn(now),
            writers=expected,
            part=step.part,
            together=step.together,
        ),
        Wait(ref=ref, until=Until.GONE, timeout_seconds=gone_seconds(step), part=step.part),
    ]
