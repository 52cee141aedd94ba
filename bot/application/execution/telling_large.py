"""What is said of a change with many steps: its parts, what comes in with it, and the nodes that it comes to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.application.execution.objects import as_yaml
from bot.domain.changes.change import (
    Apply,
    Brief,
    Change,
    ChangeRecord,
    Delete,
    NodeState,
    Reach,
    Settle,
    Step,
    StepRecord,
    StepState,
    Wait,
)
from bot.domain.changes.differences import in_words, reached_in_words, taken_in_words
from bot.domain.changes.inside import differences_inside
from bot.domain.chat.report import (
    Block,
    Bullets,
    Plain,
    Preformatted,
    Progress,
    ProgressStep,
    Text,
    paragraph,
    table,
)
from bot.domain.plugins.steps import TOLD

FEW = 12
"""Steps of a plan that are told one by one."""
_NODES = 20
_MANY = 6
_BAR = 20

_Taken = tuple[Step, StepRecord]


def grouped(steps: Sequence[_Taken]) -> Progress:
    """One line for neighbours that are a part together; what failed or was left has a line of its own."""
    told: list[ProgressStep] = []
    for part, members in itertools.groupby(steps, key=lambda taken: taken[0].part):
        group = list(members)
        if not part:
            told += [ProgressStep((Plain(_words(step, done)),), _state([done])) for step, done in group]
            continue
        meant = _without_their_waits(group)
        over = sum(done.state is StepState.DONE for _, done in meant)
        count = f", {over} of {len(meant)}" if len(meant) > 1 and 0 < over < len(meant) else ""
        size = f" ({len(meant)})" if len(meant) > 1 else ""
        told.append(ProgressStep((Plain(f"{part}{size}{count}"),), _state([done for _, done in group])))
        stopped = [(s, done) for s, done in group if done.state in (StepState.FAILED, StepState.LEFT) and done.note]
        told += [ProgressStep((Plain(line),), "failed") for line in noted(stopped)]
    return Progress(tuple(told))


def _without_their_waits(group: Sequence[_Taken]) -> Sequence[_Taken]:
    """What is written, where it is waited for in between: each object counts once."""
    return [taken for taken in group if not isinstance(taken[0], Wait)] or group


def noted(taken: Sequence[_Taken]) -> list[str]:
    """A line for each with its note; neighbours of which the same is to be said share one."""
    lines = []
    for note, members in itertools.groupby(taken, key=lambda each: each[1].note or "was left as it is"):
        group = [step for step, _ in members]
        lines.append(f"{in_words(group[0]) if len(group) == 1 else _names(group)}: {note}")
    return lines


def _words(step: Step, done: StepRecord) -> str:
    return taken_in_words(step, done.state) + (f": {done.note}" if done.note else "")


def _state(members: Sequence[StepRecord]) -> str:
    states = {each.state for each in members}
    if states & {StepState.FAILED, StepState.LEFT}:
        return "failed"
    if StepState.UNDONE in states:
        return "undone"
    if states == {StepState.DONE}:
        return "done"
    if states == {StepState.WAITING}:
        return "waiting"
    return "working"


def node_blocks(record: ChangeRecord) -> tuple[Block, ...]:
    """A bar, and a line a node: those that are not served yet first."""
    seen = [
        done.nodes
        for step, done in zip(record.change.steps, record.steps, strict=True)
        if isinstance(step, Settle) and done.nodes
    ]
    if not seen:
        return ()
    nodes = seen[-1]
    served = sum(node.served for node in nodes)
    filled = _BAR * served // len(nodes)
    bar = paragraph("▰" * filled + "▱" * (_BAR - filled) + f" {served} of {len(nodes)} nodes served")
    rows = sorted(nodes, key=lambda node: (node.served, node.name))
    shown = table(
        ("NODE", "READY", "NETWORK", "POD", "STATE"),
        (
            (node.name, "Ready" if node.ready else "NotReady", _network(node), node.pod or "none yet", _pod(node))
            for node in rows[:_NODES]
        ),
    )
    more = (paragraph(f"and {len(rows) - _NODES} more nodes"),) if len(rows) > _NODES else ()
    return (bar, shown, *more)


def _network(node: NodeState) -> str:
    return node.network or "not said"


def _pod(node: NodeState) -> str:
    if not node.pod:
        return ""
    return node.pod_state + ("" if node.pod_ready else ", not ready")


def hop_blocks(record: ChangeRecord) -> tuple[Block, ...]:
    """How each request by address went: name, address, TLS, answer."""
    return tuple(
        table(
            ("HOP", "WHAT", "TIME"),
            (
                (
                    hop.about,
                    ("" if hop.right else "✗ ") + hop.said,
                    f"{hop.seconds * 1000:.0f} ms" if hop.seconds is not None else "",
                )
                for hop in done.hops
            ),
            title=reached_in_words(step),
        )
        for step, done in zip(record.change.steps, record.steps, strict=True)
        if isinstance(step, Reach) and done.hops
    )


def evidence_blocks(record: ChangeRecord) -> tuple[Block, ...]:
    """Why steps failed: events and the end of logs."""
    return tuple(
        Preformatted(content="\n".join(done.evidence), title=f"why: {taken_in_words(step, done.state)}", language="log")
        for step, done in zip(record.change.steps, record.steps, strict=True)
        if done.evidence
    )


def brief_blocks(change: Change, brief: Brief) -> tuple[Block, ...]:
    """What was looked at, what comes in, and what is different from the published files."""
    blocks: list[Block] = []
    if brief.checks:
        rows = [
            (each.about, each.verdict + (f" ({each.code})" if each.code else ""), each.evidence)
            for each in brief.checks
        ]
        blocks.append(table(("LOOKED AT", "VERDICT", "EVIDENCE"), rows))
    if change.steps:
        blocks += [paragraph("Steps:"), Bullets(tuple(_parts(change)))]
    blocks += _listed("Images:", brief.images)
    blocks += _listed("Privileges:", brief.privileges)
    blocks += _listed("Folders of the hosts:", brief.host_paths)
    blocks += _listed("From:", brief.sources)
    if brief.adjusted:
        blocks.append(
            Preformatted(
                content="\n".join(brief.adjusted), title="otherwise than in the published files", language="txt"
            )
        )
    blocks += _changes(change)
    return tuple(blocks)


def _parts(change: Change) -> list[Text]:
    lines: list[Text] = []
    number = 1
    for part, members in itertools.groupby(change.steps, key=lambda step: step.part):
        group = list(members)
        if not part or len(group) == 1:
            lines += [(Plain(f"{number + at}. {in_words(step)}"),) for at, step in enumerate(group)]
        else:
            told = f"{_verb(group[0])} {part}: {_names(group)}{_gone(group)}"
            lines.append((Plain(f"{number}–{number + len(group) - 1}. {told}"),))
        number += len(group)
    return lines


def _verb(step: Step) -> str:
    match step:
        case Apply():
            return "applies"
        case Delete():
            return "deletes"
        case _:
            return "waits:"


def _gone(steps: Sequence[Step]) -> str:
    """What is said of waits that stand between what they wait for."""
    waits = any(isinstance(step, Wait) for step in steps[1:])
    return ", each until it is gone" if waits and isinstance(steps[0], Delete) else ""


def _names(steps: Sequence[Step]) -> str:
    """Those of one kind after its name: `32 of kind CustomResourceDefinition: …`. What is waited for has been named."""
    meant = [step for step in steps if not isinstance(step, Wait)] or steps
    refs = [(step.ref, isinstance(step, Apply) and not step.creates) for step in meant if hasattr(step, "ref")]
    if isinstance(meant[0], Wait) and len(refs) > _MANY:
        return f"all {len(refs)} of them"
    told = []
    for kind, members in itertools.groupby(refs, key=lambda pair: pair[0].kind):
        names = [f"{ref.short}{' (changed)' if changed else ''}" for ref, changed in members]
        told.append(f"{kind} {names[0]}" if len(names) == 1 else f"{len(names)} of kind {kind}: {', '.join(names)}")
    return ", ".join(told)


def _listed(title: str, lines: Sequence[str]) -> list[Block]:
    return [paragraph(title), Bullets(tuple((Plain(line),) for line in lines))] if lines else []


def _is_written_here(step: Apply, change: Change) -> bool:
    """Whether no file has it, and nobody had it before: nowhere else is it to be read."""
    return not step.source and not change.undoes


def _changes(change: Change) -> list[Block]:
    """Fields of what is there already, and what we wrote ourselves, whole."""
    changing = [step for step in change.steps if isinstance(step, Apply) and not step.creates]
    changing.sort(key=lambda step: step.ref.kind == "CustomResourceDefinition")
    lines = [f"{step.ref}: {line}" for step in changing for line in differences_inside(step)]
    blocks: list[Block] = []
    if lines:
        blocks.append(Preformatted(content="\n".join(lines), title="changes to what is there", language="txt"))
    blocks += [
        Preformatted(content=as_yaml(step.manifest), title=f"creates {step.ref}", language="yaml")
        for step in change.steps
        if isinstance(step, Apply) and step.creates and (step.part == TOLD or _is_written_here(step, change))
    ]
    return blocks
