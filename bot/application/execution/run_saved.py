"""Runs a schedule's command once: on the clock's behalf, or because somebody pressed "Check again".

The command goes the way that every other one goes. What it judged becomes incidents; an answer that judges nothing
(`services`, but not `check services`) is posted itself. A check that could not run is a finding about the schedule, and
no recovery.
"""

import asyncio
import datetime
import logging
import zoneinfo
from collections.abc import Iterable

import msgspec

from bot.application.execution.assess import Examined, assess
from bot.application.execution.dispatch import dispatch, failure
from bot.application.ports import Message, Ports
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.domain.chat.report import Bullets, FindingsBlock, Paragraph, Report, Status, plain
from bot.domain.diagnosis.finding import Finding, Severity
from bot.domain.incidents.incident import Incident
from bot.domain.network.references import Ref
from bot.domain.schedules.schedule import Schedule
from bot.errors import BotError, NotFound

_log = logging.getLogger(__name__)

COULD_NOT_RUN = "schedule-could-not-run"
KIND = "Schedule"
_LOOKUPS_AT_ONCE = 4
_OUTCOMES = {Status.OK: "ok", Status.FINDINGS: "findings", Status.FAILED: "failed", Status.WORKING: "failed"}


async def run_saved(ports: Ports, id: int) -> Report:
    """Runs it, stores what came of it, queues what is to be told. Returns the command's answer.

    Raises NotFound when there is no such schedule, or it was removed while it ran.
    """
    async with ports.storage.read() as reading:
        schedule = await reading.schedules.get(id)
    try:
        schedule = await _with_channel(ports, schedule)
        report = await _answer(ports, schedule)
    except BotError as error:
        report = failure(error)
    now = ports.clock.now()
    failed = report.status is Status.FAILED
    itself = about_itself(schedule, failed=failed, evidence=(report.title, *_reasons(report)) if failed else ())
    examined = Examined(
        cluster=schedule.cluster,
        findings=(itself,) if failed else (*report.examined, itself),
        gone=await _gone(ports, schedule, report),
        channel=schedule.channel or Actor(schedule.owner).slack_id,
        schedule=schedule.id,
        author=Actor(schedule.owner).slack_id,
    )
    async with ports.storage.begin() as tx:
        await tx.schedules.save(
            msgspec.structs.replace(schedule, last_run_at=now, last_outcome=_OUTCOMES[report.status])
        )
        await assess(tx, examined, now)
        if said := _said(schedule, report, now):
            await tx.outbox.put(said)
    return report


async def _answer(ports: Ports, schedule: Schedule) -> Report:
    invocation = Invocation(
        text=schedule.command,
        source=Source.SCHEDULE,
        actor=Actor(schedule.owner, schedule.owner_name),
        place=Place(schedule.channel, schedule.channel_name) if schedule.channel else None,
        cluster=schedule.cluster,
    )
    return (await dispatch(ports, invocation)).report


async def _with_channel(ports: Ports, schedule: Schedule) -> Schedule:
    """A schedule made in a terminal knows its channel by name only; the first process that speaks to Slack finds it."""
    if schedule.channel or not schedule.channel_name or ports.messenger is None:
        return schedule
    place = await ports.messenger.channel_named(schedule.channel_name)
    if place is None:
        raise NotFound(
            f"The bot sees no channel #{schedule.channel_name}",
            next_step="create it, or invite the bot there with `/invite`",
        )
    return msgspec.structs.replace(schedule, channel=place.channel, channel_name=place.name or schedule.channel_name)


def about_itself(schedule: Schedule, *, failed: bool, evidence: tuple[str, ...] = ()) -> Finding:
    """Whether the check could be made."""
    myself = Ref(KIND, str(schedule.id), api_version="patchbay")
    return Finding(
        cluster=schedule.cluster,
        rule=COULD_NOT_RUN,
        severity=Severity.MEDIUM,
        object=myself,
        owner=myself,
        summary=f"could {'not ' if failed else ''}run: {schedule.command}",
        evidence=evidence,
        next_step=f"mend the cause, then `schedule run {schedule.id}`: nothing was checked" if failed else "",
        right=not failed,
    )


def _reasons(report: Report) -> Iterable[str]:
    """What the answer says besides its title, in few lines."""
    lines: list[str] = []
    for block in report.blocks:
        match block:
            case Paragraph(text=spans):
                lines.append(plain(spans))
            case Bullets(items=items):
                lines += [plain(item) for item in items]
    lines += [plain(note) for note in report.footnotes]
    return lines[:5]


async def _gone(ports: Ports, schedule: Schedule, report: Report) -> dict[str, str]:
    """Keys of incidents that nothing was said of, and whose object the cluster does not have any more: those of this
    schedule, and those of schedules that were removed, for which nobody else would ask.

    Each is asked for by name: only the API server's "not found" proves it, never a list that it was missing from, nor
    a check that could not run (which may have failed because the whole namespace went).
    """
    said = {finding.key for finding in report.examined}
    async with ports.storage.read() as reading:
        unfinished = await reading.incidents.unfinished(schedule.cluster)
        others = {each.id for each in await reading.schedules.all()} - {schedule.id}
    silent = [
        each
        for each in unfinished
        if each.schedule not in others and each.keys[0] not in said and each.finding.owner.kind != KIND
    ]
    if not silent:
        return {}
    try:
        return await _not_found(ports, schedule, silent)
    except BotError as error:
        _log.info("whether anything has gone is not known: %s", error)
        return {}


async def _not_found(ports: Ports, schedule: Schedule, silent: list[Incident]) -> dict[str, str]:
    turn = asyncio.Semaphore(_LOOKUPS_AT_ONCE)
    async with ports.clusters.open(schedule.cluster, Actor(schedule.owner, schedule.owner_name)) as opened:

        async def is_gone(incident: Incident) -> bool:
            async with turn:
                try:
                    await opened.cluster.get(incident.finding.owner)
                except NotFound:
                    return True
                except BotError as error:
                    _log.info("whether %s is still there is not known: %s", incident.finding.owner, error)
                return False

        answers = await asyncio.gather(*map(is_gone, silent))
    return {
        each.keys[0]: f"{each.finding.owner} does not exist any more"
        for each, gone in zip(silent, answers, strict=True)
        if gone
    }


def _said(schedule: Schedule, report: Report, now: datetime.datetime) -> Message | None:
    """The answer of a command that judges nothing, as a message: a new one each day, edited until then."""
    judges = report.examined or any(isinstance(block, FindingsBlock) for block in report.blocks)
    author = Actor(schedule.owner).slack_id
    channel = author if report.private else schedule.channel
    if judges or report.status is Status.FAILED or not channel:
        return None
    day = now.astimezone(zoneinfo.ZoneInfo(schedule.time_zone)).date()
    return Message(
        conversation=f"schedule/{schedule.id}",
        slot=f"day/{day}",
        channel=channel,
        report=report,
        author=author,
    )
