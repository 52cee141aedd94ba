"""Why a workload does not come up: the pod at fault, its last events, and the last lines of its log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bot.application.execution.working import Work
from bot.application.ports import LogRequest
from bot.domain.changes import fields
from bot.domain.chat.masking import masked, without_escapes
from bot.domain.network.pods import state_of
from bot.domain.network.references import EVENT, POD, REPLICA_SET, JSONObject, Ref
from bot.domain.network.selectors import as_text
from bot.domain.network.snapshot import LabelSelector, Pod
from bot.errors import BotError

_EVENTS, _LINES = 4, 6
_LONGEST = 400
"""Characters of one line."""


async def pods_of(work: Work, workload: JSONObject) -> list[Pod]:
    """The pods that a workload selects, by name. Raises BotError."""
    selector = fields.at(workload, ("spec", "selector")).value
    if not selector:
        return []
    text = as_text(msgspec.convert(selector, LabelSelector))
    listed = await work.call(work.cluster.list(POD, fields.ref_of(workload).namespace, text))
    return sorted((msgspec.convert(pod, Pod, strict=False) for pod in listed), key=lambda pod: pod.name)


async def evidence(work: Work, workload: Ref, node: str = "") -> tuple[str, ...]:
    """Lines for people; of the pod on that node, else of the first one that is not ready. Never raises BotError: what
    cannot be read is a line too."""
    try:
        object = await work.call(work.cluster.get(workload))
        pods = await pods_of(work, object)
    except BotError as error:
        return (f"{workload} could not be looked at: {error}",)
    waiting = [pod for pod in pods if not pod.ready]
    pod = next((pod for pod in waiting if not node or pod.spec.node_name == node), None)
    if pod is None:
        where = f" on {node}" if node else ""
        owners = [workload, *await _replica_sets(work, object)]
        events = [line for owner in owners for line in await events_of(work, owner)]
        if well := next((pod for pod in pods if node and pod.spec.node_name == node), None):
            return (f"pod {well.ref.short}{where} is ready: it is not what holds it up", *events[-_EVENTS:])
        return (f"{workload} has no pod{where} that could tell more", *events[-_EVENTS:])
    lines = [f"pod {pod.ref.short}" + (f" on {pod.spec.node_name}" if pod.spec.node_name else "")]
    lines[0] += f" is {state_of(pod).status}"
    return (*lines, *await events_of(work, pod.ref), *await _log(work, pod))


async def _replica_sets(work: Work, workload: JSONObject) -> list[Ref]:
    """Those that a Deployment owns: theirs are the events that say why there are no pods."""
    if workload.get("kind") != "Deployment":
        return []
    try:
        listed = await work.call(work.cluster.list(REPLICA_SET, fields.ref_of(workload).namespace))
    except BotError:
        return []
    uid = fields.uid(workload)
    return [
        fields.ref_of(each)
        for each in listed
        if any(owner.get("uid") == uid for owner in fields.metadata(each).get("ownerReferences") or ())
    ]


async def events_of(work: Work, about: Ref) -> list[str]:
    chosen = f"involvedObject.kind={about.kind},involvedObject.name={about.name}"
    try:
        listed: Sequence[Any] = await work.call(work.cluster.list(EVENT, about.namespace, fields=chosen))
    except BotError as error:
        return [f"its events could not be read: {error}"]
    listed = sorted(listed, key=_when)
    return [_safe(f"event {each.get('reason')}: {each.get('message')}") for each in listed[-_EVENTS:]]


def _when(event: dict[str, Any]) -> tuple[str, int]:
    own = fields.metadata(event)
    at = str(event.get("lastTimestamp") or event.get("eventTime") or own.get("creationTimestamp"))
    version = str(own.get("resourceVersion") or "")
    return at, int(version) if version.isdecimal() else 0


async def _log(work: Work, pod: Pod) -> list[str]:
    """Of the first container that is not ready, and has run."""
    statuses = [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]
    for status in statuses:
        ended = status.state.terminated if status.state else None
        if status.ready or (ended and ended.exit_code == 0):
            continue
        previous = bool(status.last_state and status.last_state.terminated) and not (
            status.state and status.state.running
        )
        if not previous and status.state and status.state.waiting:
            continue  # it never ran
        wanted = LogRequest(container=status.name, tail=_LINES, previous=previous, limit_bytes=20_000)
        try:
            read = await work.call(work.cluster.logs(pod.ref, wanted))
        except BotError as error:
            return [f"its log could not be read: {error}"]
        return [f"log of {status.name}: {line}" for line in _safe(read.text, 20_000).splitlines()[-_LINES:]]
    return []


def _safe(text: str, longest: int = _LONGEST) -> str:
    clean = masked(without_escapes(text))[0]
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
