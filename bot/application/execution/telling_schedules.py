"""What is said of schedules. Reports only; nothing is decided."""

import contextlib
import datetime
from collections.abc import Sequence

from bot.application.execution.telling import person
from bot.domain.chat.report import (
    Action,
    Block,
    Bullets,
    ChannelSpan,
    Code,
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
from bot.domain.incidents.incident import Incident
from bot.domain.schedules.schedule import Schedule
from bot.domain.schedules.timetable import Timetable, in_words, next_run, parse_timetable
from bot.errors import UsageError


def added(schedule: Schedule, timetable: Timetable, now: datetime.datetime) -> Report:
    """The answer to `schedule add`."""
    when = in_words(timetable, schedule.time_zone)
    following = next_run(timetable, schedule.time_zone, now, schedule.created_at)
    return Report(
        status=Status.OK,
        title=f"Schedule {schedule.id} is set: {when}",
        blocks=(
            paragraph("It runs ", Code(schedule.command), " and tells ", *_channel(schedule), " what lasts."),
            paragraph("The next run is ", TimeSpan(following), "."),
        ),
        actions=(
            Action("Run now", f"schedule run {schedule.id}"),
            Action("Remove", f"schedule remove {schedule.id}", "danger", "Take it off its timetable?"),
        ),
    )


def removed(schedule: Schedule, left: Sequence[Incident]) -> Report:
    """The answer to `schedule remove`. `left` are the incidents that it found and that last."""
    blocks: list[Block] = [paragraph("It ran ", Code(schedule.command), ".")]
    if left:
        blocks += [
            paragraph("These incidents stay until another check of the same objects proves them right:"),
            Bullets(tuple(text(f"Incident {each.id}: ", Plain(each.title)) for each in left)),
        ]
    return Report(status=Status.OK, title=f"Schedule {schedule.id} is removed", blocks=tuple(blocks))


def listing(schedules: Sequence[Schedule], now: datetime.datetime) -> Report:
    """The answer to `schedule list`."""
    if not schedules:
        hint = text('For example `schedule add "every 5m" --channel net-health check services`.')
        return Report(status=Status.OK, title="Nothing is on a timetable yet", footnotes=(hint,))
    columns = ("ID", "WHEN", "COMMAND", "CHANNEL", "NEXT RUN", "LAST RUN", "OWNER")
    return Report(
        status=Status.OK,
        title=counted(len(schedules), "schedule"),
        blocks=(table(columns, (_row(schedule, now) for schedule in schedules)),),
    )


def _row(schedule: Schedule, now: datetime.datetime) -> tuple[str | Span | Text, ...]:
    last: Text = (Plain("never"),)
    if schedule.last_run_at:
        last = (Plain(f"{schedule.last_outcome}, "), TimeSpan(schedule.last_run_at))
    when, following = schedule.timetable, text("never: this timetable is not understood")
    with contextlib.suppress(UsageError):  # stored by another version
        timetable = parse_timetable(schedule.timetable)
        when = in_words(timetable, schedule.time_zone)
        following = (TimeSpan(next_run(timetable, schedule.time_zone, now, schedule.created_at)),)
    return (
        str(schedule.id),
        when,
        Code(schedule.command),
        _channel(schedule),
        following,
        last,
        person(schedule.owner, schedule.owner_name),
    )


def _channel(schedule: Schedule) -> Text:
    if schedule.channel:
        return (ChannelSpan(schedule.channel, schedule.channel_name),)
    return (Plain(f"#{schedule.channel_name}"),)
