"""`changes undo`: plans the way back of an applied change, as a change of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.application.execution.grants import brought_back
from bot.application.execution.holding import counted_in_words, held_by
from bot.application.execution.losing import missed
from bot.application.execution.plugins import all_plugins
from bot.application.execution.returning import read_around
from bot.application.execution.surroundings import read_surroundings
from bot.application.ports import Changing, Context
from bot.domain.changes import by_hand, reproving
from bot.domain.changes.change import (
    Apply,
    Brief,
    Change,
    ChangeRecord,
    ChangeState,
    Delete,
    Step,
    Until,
    Wait,
    Writing,
)
from bot.domain.changes.gateway_removal import USED
from bot.domain.changes.inverse import inverse
from bot.domain.chat.grammar import argument, option
from bot.domain.chat.values import Identifier, Word
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, SERVICE, JSONObject, Ref
from bot.domain.plugins.edge.asking import asked
from bot.domain.plugins.edge.installation import ALONE
from bot.domain.plugins.edge.installing import READY_SECONDS
from bot.domain.plugins.parameters import Parameters, check_accepted
from bot.domain.plugins.preflight.nodes_ready import broken
from bot.domain.plugins.steps import verified
from bot.errors import Conflict, NotFound


@dataclass(frozen=True, kw_only=True)
class UndoChange:
    id: Identifier = argument("the change's number")
    dry_run: bool = option("--dry-run", summary="show the plan and stop there", default=False)
    accept: tuple[Word, ...] = option("--accept", summary="a doubt's code, once you have read it", default=())


async def undo_change(request: UndoChange, context: Context) -> Change:
    """Raises Conflict for what was not applied, is undone already, or was touched so that nothing is left to undo."""
    check_accepted(request.accept, (USED,))
    async with context.ports.storage.read() as reading:
        record = await reading.changes.get(request.id)
    _check(record)
    current = {step.ref: await _now(step.ref, context) for step in record.change.steps if isinstance(step, Writing)}
    if context.cluster.identity.uid != record.change.cluster:
        raise NotFound(f"Change {record.id} was made in another cluster", next_step="ask where that one is served")
    back = inverse(record, current, await _held(record, current, context))
    steps = back.steps
    if not steps:
        raise Conflict(
            f"Nothing of change {record.id} can be undone",
            cause="; ".join(back.left),
            next_step="`controller uninstall NAME` takes a controller away, whoever has written to it since"
            if record.change.alone == ALONE
            else by_hand.next_step(back.staying),
        )
    grants, unpermitted = await brought_back(context, steps, current)
    return Change(
        cluster=record.change.cluster,
        request=context.line,
        alone=record.change.alone,
        summary=f"undo change {record.id}: {record.change.summary}",
        steps=(
            *grants,
            *steps,
            *await _works_again(steps, record.change.alone, context),
            *await _answers_again(record, steps, current, context),
        ),
        warnings=(*back.left, *unpermitted),
        doubts=tuple(
            each for each in await missed(context.cluster, steps) if each.code not in frozenset(request.accept)
        ),
        brief=Brief(afterwards=record.change.brief.taken_back)
        if record.change.brief and record.change.brief.taken_back
        else None,
        undoes=record.id,
    )


async def _held(record: ChangeRecord, current: Mapping[Ref, JSONObject | None], context: Context) -> dict[Ref, str]:
    """What would go along with definitions and namespaces, and is neither this change's nor the plugin's own."""
    goes = [step.ref for step in inverse(record, current).steps if isinstance(step, Delete)]
    found = {}
    for step in record.change.steps:
        if not isinstance(step, Apply) or step.ref not in goes or (now := current.get(step.ref)) is None:
            continue
        if held := await held_by(context.cluster, now, goes, step.expects):
            found[step.ref] = counted_in_words(held)
    return found


async def _answers_again(
    record: ChangeRecord, steps: Sequence[Step], current: Mapping[Ref, JSONObject | None], context: Context
) -> list[Step]:
    """Real requests to what comes back: to a controller's Services as when it is installed, to all else as when it was
    made."""
    back = reproving.returning(record, steps, current)
    own = [each for each in back if record.change.alone == ALONE and each.ref.kind == SERVICE.name]
    asked_of_it = list(asked([each.ref for each in own], tuple(each.object for each in own)))
    others = [each for each in back if each not in own]
    return [*asked_of_it, *reproving.steps(others, await read_around(context.cluster, others))]


async def _works_again(steps: Sequence[Step], alone: str, context: Context) -> Sequence[Step]:
    """What proves that it works again, when the undone change took a network plugin or a controller away."""
    made = {step.ref for step in steps if isinstance(step, Apply) and step.creates}
    for plugin in all_plugins().values():
        if (own := plugin.install) and made & {own.agent, own.operator}:
            around = await read_surroundings(context.cluster)
            # A node that is down now for a reason of its own must not keep the others without a network.
            return verified(own, Parameters(), around, without=tuple(node.name for node in broken(around)))
    return [
        Wait(ref=each, until=Until.ROLLED_OUT, timeout_seconds=READY_SECONDS, part="the controller runs")
        for each in sorted(made)
        if alone == ALONE and each.kind in (DEPLOYMENT.name, DAEMON_SET.name)
    ]


def _check(record: ChangeRecord) -> None:
    if record.undone_by:
        raise Conflict(f"Change {record.id} is undone already", cause=f"by change {record.undone_by}")
    if record.state is not ChangeState.APPLIED:
        raise Conflict(
            f"Change {record.id} cannot be undone",
            cause=f"it is {record.state.value}, and only what was applied can be",
            next_step=f"see `changes show {record.id}`",
        )


async def _now(ref: Ref, context: Context) -> JSONObject | None:
    try:
        return await context.cluster.get(ref)
    except NotFound:
        return None


COMMAND = Changing(
    name="changes undo",
    model=UndoChange,
    planner=undo_change,
    summary="plan the way back of a change that was applied",
    examples=("changes undo 7 --dry-run",),
    details="What somebody else has changed since is named and left alone.",
)
