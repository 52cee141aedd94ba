"""What is said of incidents: the head message, the word that it is over, the list. Reports only; nothing is decided."""

import datetime
from collections.abc import Sequence

from bot.application.execution.telling import person
from bot.application.ports import Message
from bot.domain.chat.report import (
    Action,
    Block,
    Bullets,
    Code,
    FindingsBlock,
    Plain,
    Report,
    Span,
    Status,
    Text,
    TimeSpan,
    paragraph,
    table,
    text,
)
from bot.domain.chat.wording import counted
from bot.domain.incidents.incident import Incident, IncidentState

HEAD = "head"
ENDED = "ended"
_MOST_SYMPTOMS = 10


def message(incident: Incident, slot: str, report: Report) -> Message:
    """A message about an incident, for the channel where it is told."""
    return Message(
        conversation=f"incident/{incident.id}",
        slot=slot,
        channel=incident.channel,
        report=report,
        in_thread_of="" if slot == HEAD else HEAD,
        author=incident.author,
    )


def head(incident: Incident) -> Report:
    """The message that stands in the channel for as long as the incident lasts, and tells of its end afterwards."""
    blocks: list[Block] = [FindingsBlock((incident.finding,)), paragraph(*_seen(incident))]
    if symptoms := _symptoms(incident):
        blocks += [paragraph("It explains also:"), Bullets(symptoms)]
    if incident.acknowledged_at:
        blocks.append(paragraph("Acknowledged by ", *_acknowledger(incident), " ", TimeSpan(incident.acknowledged_at)))
    if not incident.state.lasting:
        blocks.insert(0, paragraph(*_over(incident)))
    return Report(
        status=Status.FINDINGS if incident.state.lasting else Status.OK,
        title=f"Incident {incident.id}{_STATES.get(incident.state, '')}: {incident.title}",
        blocks=tuple(blocks),
        actions=_actions(incident),
    )


def ended(incident: Incident) -> Report:
    """What the thread is told when it is over."""
    return Report(
        status=Status.OK,
        title=f"Incident {incident.id} is over: {incident.title}",
        blocks=(paragraph(*_over(incident)),),
    )


def listing(incidents: Sequence[Incident], pending: int) -> Report:
    """`incidents list`: those that last first."""
    lasting = [each for each in incidents if each.state.lasting]
    notes: tuple[Text, ...] = ()
    if pending:
        seen = f"{counted(pending, 'finding was', 'findings were')} seen once and will be told of when seen again."
        notes = (text(seen),)
    if not incidents:
        return Report(status=Status.OK, title="There has been no incident yet", footnotes=notes)
    rows = [_row(each) for each in sorted(incidents, key=lambda each: (not each.state.lasting, -each.id))]
    return Report(
        status=Status.FINDINGS if lasting else Status.OK,
        title=f"{counted(len(lasting), 'incident lasts', 'incidents last')}" if lasting else "No incident lasts",
        blocks=(table(("ID", "STATE", "SEVERITY", "WHAT", "SINCE", "SEEN", "LAST SEEN"), rows),),
        footnotes=notes,
    )


def _row(incident: Incident) -> tuple[str | Span | Text, ...]:
    state: Text = (Plain(incident.state.value),)
    if incident.state is IncidentState.ACKNOWLEDGED:
        state = text("acknowledged by ", *_acknowledger(incident))
    return (
        str(incident.id),
        state,
        incident.severity.value,
        incident.title,
        TimeSpan(incident.first_seen_at),
        counted(incident.times_seen, "time"),
        TimeSpan(incident.last_seen_at),
    )


_STATES = {IncidentState.ACKNOWLEDGED: ", acknowledged", IncidentState.RESOLVED: " is over"}


def _seen(incident: Incident) -> tuple[str | Span, ...]:
    first = (f"Seen {counted(incident.times_seen, 'time')}, first ", TimeSpan(incident.first_seen_at))
    by = (f", by schedule {incident.schedule}",) if incident.schedule else ()
    return (*first, ", last ", TimeSpan(incident.last_seen_at), *by, ".")


def _over(incident: Incident) -> tuple[str | Span, ...]:
    if incident.ended_at is None:
        return ()
    lasted = lasting(incident.ended_at - incident.first_seen_at)
    return ("Over ", TimeSpan(incident.ended_at), ": ", Plain(incident.ended_because), f". It lasted {lasted}.")


def _symptoms(incident: Incident) -> tuple[Text, ...]:
    """The findings that it explains: their keys say which object and which rule."""
    keys = [key.split("|") for key in incident.keys[1:]]
    told = [text(Code(f"{kind} {name}"), Plain(f" ({rule})")) for _, rule, kind, name, *_ in keys[:_MOST_SYMPTOMS]]
    if len(keys) > _MOST_SYMPTOMS:
        told.append(text(f"and {len(keys) - _MOST_SYMPTOMS} more"))
    return tuple(told)


def _acknowledger(incident: Incident) -> tuple[Span, ...]:
    return person(incident.acknowledged_by, incident.acknowledged_name)


def _actions(incident: Incident) -> tuple[Action, ...]:
    if not incident.state.lasting:
        return ()
    actions = []
    if incident.state is IncidentState.OPEN:
        actions.append(Action(label="Acknowledge", command=f"incidents ack {incident.id}", style="primary"))
    if incident.schedule:
        actions.append(Action(label="Check again", command=f"schedule run {incident.schedule}"))
    return tuple(actions)


def lasting(length: datetime.timedelta) -> str:
    """`40 seconds`, `12 minutes`, `3 hours 5 minutes`, `2 days 4 hours`."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return counted(seconds, "second")
    units = (("day", 86400), ("hour", 3600), ("minute", 60))
    counts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            counts.append(counted(count, unit))
    return " ".join(counts[:2])
