"""What is said of a change: its plan, how far it has come, how it ended. Reports only; nothing is read or decided."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Sequence

from bot.application.execution.objects import as_yaml
from bot.application.execution.telling_large import (
    FEW,
    brief_blocks,
    evidence_blocks,
    grouped,
    hop_blocks,
    node_blocks,
    noted,
)
from bot.application.ports import Message
from bot.domain.changes.change import (
    Apply,
    Ask,
    Change,
    ChangeRecord,
    ChangeState,
    Delete,
    Edit,
    Reach,
    Restore,
    Step,
    StepRecord,
    StepState,
    Wait,
)
from bot.domain.changes.differences import field_differences, in_words, taken_in_words
from bot.domain.changes.fields import with_fields
from bot.domain.chat.invocation import Actor
from bot.domain.chat.report import (
    Action,
    Block,
    Bold,
    Bullets,
    Code,
    Paragraph,
    PersonSpan,
    Plain,
    Preformatted,
    Progress,
    ProgressStep,
    Report,
    Span,
    Status,
    Table,
    Text,
    TimeSpan,
    paragraph,
    table,
    text,
)
from bot.domain.chat.wording import counted
from bot.domain.network.references import JSONObject

SHORT_DIGEST = 12
_LONGEST_COMMAND = 1_900
_MOST_LINES = 400
"""Of YAML and differences, of one undo."""
_MARKS = {
    StepState.WAITING: "waiting",
    StepState.STARTED: "working",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
    StepState.UNDONE: "undone",
    StepState.LEFT: "failed",
    StepState.PASSED_OVER: "skipped",
}


def conversation(record: ChangeRecord) -> str:
    return f"change/{record.id}"


def message(record: ChangeRecord, slot: str, report: Report, reply_to: str = "") -> Message:
    """A message about a change, for where it is told."""
    return Message(
        conversation=conversation(record),
        slot=slot,
        channel=record.channel,
        thread=record.thread,
        report=report,
        reply_to=reply_to,
        author=Actor(record.author).slack_id,
    )


def plan(record: ChangeRecord, said: Sequence[str]) -> Report:
    """A plan that waits for approval. `said` is what the API server said to each step that writes."""
    digest = record.change.digest
    approve = Action(
        label="Approve",
        command=f"changes approve {record.id} --digest {digest}",
        style="primary",
        confirm=f"Apply this to the cluster: {record.change.summary}?",
    )
    cancel = Action(label="Cancel", command=f"changes cancel {record.id} --digest {digest}", style="danger")
    return Report(
        status=Status.FINDINGS,
        title=f"Plan {record.id}: {record.change.summary}",
        blocks=(
            *plan_blocks(record.change, said),
            paragraph("Planned for ", *person(record.author, record.author_name)),
        ),
        actions=(approve, cancel),
        footnotes=(
            text("Digest ", Code(digest[:SHORT_DIGEST]), ", planned from ", Code(record.change.request)),
            text("It can be approved until ", TimeSpan(record.expires_at), "; nothing has been written yet."),
        ),
    )


def trial(change: Change, said: Sequence[str]) -> Report:
    """What `--dry-run` answers."""
    return Report(
        status=Status.OK,
        title=f"Dry run: {change.summary}",
        blocks=plan_blocks(change, said),
        footnotes=(text("Nothing was written and nothing is stored. Planned from ", Code(change.request)),),
    )


def refused_plan(change: Change, said: Sequence[str]) -> Report:
    """A plan that the API server does not accept: there is nothing to approve."""
    return Report(
        status=Status.FAILED,
        title=f"The cluster does not accept this: {change.summary}",
        blocks=plan_blocks(change, said),
        footnotes=(text("Nothing was written and nothing is stored."),),
    )


def doubtful_plan(change: Change, said: Sequence[str]) -> Report:
    """A plan with doubts that nobody has accepted: it is shown, and has to be asked for again."""
    codes = [doubt.code for doubt in change.doubts]
    again = " ".join((change.request, *(f"--accept {code}" for code in codes)))
    doubts = [text(Bold(doubt.code), ": ", Plain(doubt.text)) for doubt in change.doubts]
    accept = Action(
        label="Accept and plan" if len(codes) == 1 else f"Accept all {len(codes)} and plan",
        command=again,
        style="danger",
        confirm=f"Accept {', '.join(codes)}? Nothing is written before the plan is approved.",
    )
    return Report(
        status=Status.FINDINGS,
        title=f"Somebody has to accept {counted(len(codes), 'doubt')} first: {change.summary}",
        blocks=(Bullets(tuple(doubts)), *plan_blocks(change, said)),
        actions=(accept,) if len(again) <= _LONGEST_COMMAND else (),
        footnotes=(text("Nothing was written and nothing is stored. If you accept this, say ", Code(again)),),
    )


def nothing_to_do(change: Change) -> Report:
    return Report(status=Status.OK, title=f"Nothing to do: {change.summary}")


def plan_blocks(change: Change, said: Sequence[str]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if change.warnings:
        blocks.append(paragraph("Before you approve:"))
        blocks.append(Bullets(tuple((Plain(warning),) for warning in change.warnings)))
    if change.brief is not None:
        return (*blocks, *brief_blocks(change, change.brief), *_said(said))
    lines: list[Text] = []
    for number, step in enumerate(change.steps, 1):
        lines.append((Plain(f"{number}. {in_words(step)}"),))
        lines += [(Plain("    "), Code(line)) for line in field_differences(step)]
    blocks.append(Bullets(tuple(lines)))
    return (*blocks, *_contents(change), *_said(said))


def _contents(change: Change) -> list[Block]:
    """What each step writes or removes. Of an undo, which writes what was there, no more than people read: what is left
    out is counted."""
    blocks: list[Block] = []
    left, untold = _MOST_LINES, []
    for shown in filter(None, map(_yaml, change.steps)):
        lines = shown.content.count("\n") + 1
        if lines <= left or not change.undoes:
            left -= lines
            blocks.append(shown)
        else:
            untold.append(lines)
    if untold:
        told = f"Not shown: {counted(len(untold), 'object')}, {sum(untold)} lines of YAML."
        blocks.append(paragraph(f"{told} `changes show {change.undoes}` tells of the change that this one undoes."))
    return blocks


def _said(said: Sequence[str]) -> tuple[Block, ...]:
    return (Bullets(tuple((Plain(line),) for line in said)),) if said else ()


def _yaml(step: object) -> Preformatted | None:
    """What is made or removed as YAML; what is changed as a difference."""
    match step:
        case Apply(creates=True):
            return Preformatted(content=as_yaml(step.manifest), title=f"creates {step.ref}", language="yaml")
        case Apply():
            before = with_fields(step.manifest, step.prior)
            return _diff(before, step.manifest, f"changes {step.ref}")
        case Edit():
            return _diff(with_fields({}, step.prior), with_fields({}, step.fields), f"changes {step.ref}")
        case Restore():
            return _diff(with_fields({}, step.expected), with_fields({}, step.fields), f"changes {step.ref}")
        case Delete():
            return Preformatted(content=as_yaml(step.prior), title=f"deletes {step.ref}", language="yaml")
        case _:
            return None


def _diff(old: JSONObject, new: JSONObject, title: str) -> Preformatted:
    lines = difflib.unified_diff(
        as_yaml(old).splitlines(), as_yaml(new).splitlines(), "now", "afterwards", lineterm="", n=3
    )
    return Preformatted(content="\n".join(lines), title=title, language="diff")


def closed_plan(record: ChangeRecord) -> Report:
    """The plan's message once it has been decided on: no buttons any more, and of a large one only where to read it."""
    short = record.change.brief is not None
    plan = (paragraph(f"`changes show {record.id}` shows all of it."),) if short else plan_blocks(record.change, ())
    return Report(
        status=Status.OK,  # decided: how it goes on is told by the next message
        title=f"Plan {record.id}: {record.change.summary}",
        blocks=(Paragraph(_decision(record)), *plan),
        footnotes=(text("Digest ", Code(record.change.digest[:SHORT_DIGEST])),),
    )


def _decision(record: ChangeRecord) -> Text:
    match record.state:
        case ChangeState.CANCELLED | ChangeState.EXPIRED:
            return (Plain(record.outcome),)
        case ChangeState.SUPERSEDED:
            return (Plain(record.outcome),)
        case _:
            approvals = [span for each in record.approvals for span in (*person(each.by, each.name), Plain(" "))]
            return text("Approved by ", *approvals)


def progress(record: ChangeRecord) -> Report:
    """How far it has come."""
    over = sum(each.state is not StepState.WAITING for each in record.steps)
    verb = "Rolling back" if record.state is ChangeState.ROLLING_BACK else "Applying"
    return Report(
        status=Status.WORKING,
        title=f"{verb} change {record.id}, step {max(over, 1)} of {len(record.steps)}: {record.change.summary}",
        blocks=(_progress(record), *node_blocks(record)),
        actions=_stop_actions(record),
    )


def going_back_soon(record: ChangeRecord, seconds: float) -> Report:
    """It was taken from a process that may be alive, with so long until that one's last call must have ended."""
    return Report(
        status=Status.WORKING,
        title=f"Change {record.id} was stopped; it goes back when the last call of the process that worked on it must "
        f"have ended, in {seconds:.0f} s",
    )


def _stop_actions(record: ChangeRecord) -> tuple[Action, ...]:
    if record.state is not ChangeState.APPLYING:
        return ()
    stop = Action(
        label="Stop and go back",
        command=f"changes cancel {record.id}",
        style="danger",
        confirm=f"Stop change {record.id} and take back what it has done so far?",
    )
    return (stop,)


def interrupted(record: ChangeRecord) -> str:
    """That nobody works on it any more, and how far it has come, in a line."""
    doing = " while it was rolled back" if record.state is ChangeState.ROLLING_BACK else ""
    return f"Change {record.id} was interrupted{doing} {_reached(record)}."


def _reached(record: ChangeRecord) -> str:
    """The step that was begun last: going back, the one that was being taken back."""
    back = record.state is ChangeState.ROLLING_BACK
    begun = [
        index
        for index, done in enumerate(record.steps)
        if (done.undoing if back else done.state is not StepState.WAITING)
    ]
    if not begun:
        return "before its first step" if not back else "before anything was taken back"
    index = min(begun) if back else max(begun)
    return f"at step {index + 1} of {len(record.steps)} ({in_words(record.change.steps[index])})"


def _progress(record: ChangeRecord) -> Progress:
    steps = list(zip(record.change.steps, record.steps, strict=True))
    if len(steps) > FEW:
        return grouped(steps)
    told = (ProgressStep(_step_text(_words(step, done), done), _mark(step, done)) for step, done in steps)
    return Progress(tuple(told))


def _words(step: Step, done: StepRecord) -> str:
    return taken_in_words(step, done.state)


def _mark(step: object, done: StepRecord) -> str:
    return "skipped" if done.state is StepState.WAITING and done.ended_at else _MARKS[done.state]


def _step_text(words: str, done: StepRecord) -> Text:
    parts: list[Span] = [Plain(words)]
    if done.repeated:
        parts.append(Plain(" (sent a second time: a process died before it knew how the first went)"))
    if done.note:
        parts.append(Plain(f": {done.note}"))
    return tuple(parts)


def unproven(record: ChangeRecord) -> bool:
    """Whether something that should have proved the change did not come to hold."""
    return any(
        done.state is StepState.FAILED and isinstance(step, Wait | Ask | Reach)
        for step, done in zip(record.change.steps, record.steps, strict=True)
    )


def outcome(record: ChangeRecord) -> Report:
    """How it ended, step by step, with what can be done about it."""
    status, verb = {
        ChangeState.APPLIED: (Status.FINDINGS if unproven(record) else Status.OK, "Applied"),
        ChangeState.ROLLED_BACK: (Status.FAILED, "Rolled back"),
        ChangeState.PARKED: (Status.FAILED, "Stopped, and a person has to decide"),
    }.get(record.state, (Status.OK, record.state.value.capitalize()))
    if record.state is ChangeState.APPLIED and unproven(record):
        verb = "Applied, but not proven to work"
    blocks: list[Block] = [_progress(record), *node_blocks(record), *hop_blocks(record), *evidence_blocks(record)]
    if record.outcome:
        blocks.insert(0, Paragraph((Plain(record.outcome),)))
    if record.state is ChangeState.APPLIED and record.change.brief and record.change.brief.afterwards:
        blocks.append(Bullets(tuple((Plain(line),) for line in record.change.brief.afterwards)))
    if record.state is ChangeState.PARKED:
        blocks += _to_decide(record)
    if record.state in (ChangeState.ROLLED_BACK, ChangeState.PARKED) and (stays := _stays(record)):
        blocks.append(Bullets(tuple((Plain(line),) for line in stays)))
    return Report(
        status=status,
        title=f"{verb}: {record.change.summary} (change {record.id})",
        blocks=tuple(blocks),
        actions=undo_actions(record),
    )


def _to_decide(record: ChangeRecord) -> list[Block]:
    taken = zip(record.change.steps, record.steps, strict=True)
    left = noted([(step, done) for step, done in taken if done.state is StepState.LEFT])
    return [
        paragraph("Left as it is. Decide whether it stays; Patchbay touches none of it again:"),
        Bullets(tuple((Plain(line),) for line in left)),
    ]


def _stays(record: ChangeRecord) -> tuple[str, ...]:
    """What a change that was taken back leaves on hosts, when it has come to one."""
    ran = any(node.pod for done in record.steps for node in done.nodes)
    return record.change.brief.taken_back if ran and record.change.brief else ()


def undo_actions(record: ChangeRecord) -> tuple[Action, ...]:
    if record.state is not ChangeState.APPLIED or record.undone_by:
        return ()
    return (Action(label="Undo", command=f"changes undo {record.id}", style="danger" if unproven(record) else ""),)


def whole(record: ChangeRecord, now: datetime.datetime) -> Report:
    """`changes show`: plan, history, steps, outcome."""
    history: list[Text] = [
        text("Planned ", TimeSpan(record.created_at), " for ", *person(record.author, record.author_name))
    ]
    history += [text("Approved ", TimeSpan(each.at), " by ", *person(each.by, each.name)) for each in record.approvals]
    if record.ended_at:
        history.append(text(f"{record.state.value.capitalize()} ", TimeSpan(record.ended_at)))
    for id, words in ((record.undoes, "It undoes"), (record.undone_by, "Undone by")):
        if id:
            history.append(text(f"{words} change {id}"))
    if record.superseded_by:
        history.append(text(f"Replaced by plan {record.superseded_by}"))
    blocks: list[Block] = [Bullets(tuple(history)), _progress(record)]
    if record.outcome:
        blocks.insert(0, Paragraph((Plain(record.outcome),)))
    if _is_abandoned(record, now):
        blocks.insert(0, paragraph(f"Nobody is working on it. {interrupted(record)}"))
    blocks += [*node_blocks(record), *hop_blocks(record), *evidence_blocks(record)]
    if record.change.brief is not None:
        blocks += [*brief_blocks(record.change, record.change.brief)]
    else:
        blocks += _contents(record.change)
    return Report(
        status=Status.WORKING if record.state.running else Status.OK,
        title=f"Change {record.id} is {record.state.value}: {record.change.summary}",
        blocks=tuple(blocks),
        actions=undo_actions(record) or _stop_actions(record),
        footnotes=(
            text("Digest ", Code(record.change.digest[:SHORT_DIGEST]), ", planned from ", Code(record.change.request)),
        ),
    )


def _is_abandoned(record: ChangeRecord, now: datetime.datetime) -> bool:
    """Whether it is under way and nobody works on it."""
    return record.state.running and (record.lease_until is None or record.lease_until <= now)


def listing(records: Sequence[ChangeRecord], now: datetime.datetime) -> Report:
    """`changes list`, the newest first."""
    if not records:
        return Report(status=Status.OK, title="Nothing has been changed or planned yet")
    return Report(status=Status.OK, title=f"The last {len(records)} changes", blocks=(_table(records, now),))


def _table(records: Sequence[ChangeRecord], now: datetime.datetime) -> Table:
    return table(
        ("ID", "STATE", "WHAT", "WHO", "PLANNED"),
        (
            (
                str(each.id),
                (f"interrupted while {each.state.value}" if _is_abandoned(each, now) else each.state.value)
                + (f", undone by {each.undone_by}" if each.undone_by else ""),
                each.change.summary,
                person(each.author, each.author_name),
                TimeSpan(each.created_at),
            )
            for each in records
        ),
    )


def person(actor: str, name: str) -> tuple[Span, ...]:
    """Somebody, as Slack shows people when they are from there."""
    slack_id = Actor(actor).slack_id
    return (PersonSpan(slack_id, name),) if slack_id else (Plain(name or actor),)
