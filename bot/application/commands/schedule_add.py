"""`schedule add`: a looking command on a timetable, told in a channel."""

import dataclasses
from dataclasses import dataclass

from bot.application.execution.dispatch import understand
from bot.application.execution.telling_schedules import added
from bot.application.ports import Context, Look, Steering
from bot.domain.chat import grammar
from bot.domain.chat.grammar import argument, option, rest
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Report
from bot.domain.chat.values import Channel, ChannelName, InNamespace, TimetableText, TimeZone
from bot.domain.schedules.schedule import Schedule
from bot.domain.schedules.timetable import parse_timetable
from bot.errors import NotFound, UsageError


@dataclass(frozen=True, kw_only=True)
class AddSchedule:
    timetable: TimetableText = argument('when, in quotes: "every 5m", "daily at 09:00", or five cron fields')
    channel: Channel = option("--channel", summary="where to tell what it finds")
    time_zone: TimeZone = option("--time-zone", summary="in which cron fields and times are meant", default="UTC")
    command: str = rest("the looking command, with its own options")


async def add_schedule(request: AddSchedule, context: Context) -> Report:
    line = _looking_line(request.command, context)
    place = await _place(request.channel, context)
    identities = await context.ports.clusters.identities()
    now = context.ports.clock.now()
    schedule = Schedule(
        cluster=context.invocation.cluster or identities[0].uid,
        timetable=request.timetable,
        time_zone=request.time_zone,
        command=line,
        channel=place.channel,
        channel_name=place.name,
        owner=context.actor.id,
        owner_name=context.actor.name,
        created_at=now,
    )
    async with context.ports.storage.begin() as tx:
        schedule = await tx.schedules.add(schedule)
    return added(schedule, parse_timetable(request.timetable), now)


def _looking_line(line: str, context: Context) -> str:
    """The command's canonical line, with its namespace. Raises UsageError for what cannot be put on a timetable."""
    command, request = understand(context.ports.catalogue, line)
    if not isinstance(command, Look):
        raise UsageError(
            f"`{command.name}` cannot be put on a timetable",
            cause="only commands that look can: what changes something is approved by a person each time",
            next_step='example: `schedule add "every 5m" --channel net-health check services`',
        )
    if isinstance(request, InNamespace) and not request.namespace:
        request = dataclasses.replace(request, namespace=context.cluster.default_namespace)
    return grammar.written(command.name, request)


async def _place(channel: ChannelName, context: Context) -> Place:
    """A terminal knows no channels: there the name is kept, and `serve` finds the channel at the first run."""
    messenger = context.ports.messenger
    if channel.id or messenger is None:
        return Place(channel.id, channel.name)
    found = await messenger.channel_named(channel.name)
    if found is None:
        raise NotFound(
            f"The bot sees no channel #{channel.name}",
            cause="it does not exist, or it is private and the bot is not in it",
            next_step="create it, or invite the bot there with `/invite`",
        )
    return Place(found.channel, found.name or channel.name)


COMMAND = Steering(
    name="schedule add",
    model=AddSchedule,
    handler=add_schedule,
    summary="run a looking command on a timetable and tell in a channel what lasts",
    examples=(
        'schedule add "every 1m" --channel net-health check services -n shop',
        'schedule add "0 9 * * mon-fri" --channel net-health --time-zone Europe/Berlin status',
    ),
    details=(
        "A finding that is seen twice opens an incident: one message in the channel, which is kept up to date while it "
        "lasts and says in its thread when it is over. The schedule's own options come before the command."
    ),
)
