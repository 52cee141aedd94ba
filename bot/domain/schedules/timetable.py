"""What `every 5m` or a cron line means, and when it comes next.

Cron fields are read by `cronsim`, the one library that the domain knows besides msgspec: it reads them as Debian's cron
does, down to the hour that a change of clocks skips or repeats and to "day of month or day of week", it is pure, and it
has no dependencies. Nothing else of it leaves this module.
"""

import datetime
import re
import zoneinfo
from typing import TypeAlias

import msgspec
from cronsim import CronSim, CronSimError

from bot.errors import UsageError

SHORTEST = datetime.timedelta(seconds=30)
LONGEST = datetime.timedelta(days=31)

_EXAMPLES = '`"every 5m"`, `"daily at 09:00"` or five cron fields such as `"0 9 * * mon-fri"`'
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), datetime.timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), datetime.timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), datetime.timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), datetime.timedelta(days=1)),
}
_PART = re.compile(r"(\d{1,7})\s*([a-z]+)", re.ASCII)
_NAMED = {"hourly": "0 * * * *", "daily": "0 0 * * *"}
_DAILY = re.compile(r"(?:daily|every day) at (\d{1,2}):(\d{2})", re.ASCII)


class Every(msgspec.Struct, frozen=True, tag="every"):
    """Again and again after the same time, counted from when the schedule was made: a restart does not shift it."""

    seconds: int


class Cron(msgspec.Struct, frozen=True, tag="cron"):
    """Five fields: minute, hour, day of month, month, day of week."""

    fields: str


Timetable: TypeAlias = Every | Cron


def parse_timetable(text: str) -> Timetable:
    """What was typed. Raises UsageError that says what is expected, with an example."""
    words = " ".join(text.lower().split())
    if match := _DAILY.fullmatch(words):
        return _daily(text, int(match[1]), int(match[2]))
    if words in _NAMED:
        return Cron(_NAMED[words])
    if words.startswith("every"):
        return _every(text, words.removeprefix("every").strip())
    if len(words.split()) == 5:
        return _cron(text, words)
    raise _wrong(text, f"expected {_EXAMPLES}, in quotes")


def _daily(text: str, hour: int, minute: int) -> Cron:
    if hour > 23 or minute > 59:
        raise _wrong(text, "expected a time of day from 00:00 to 23:59")
    return Cron(f"{minute} {hour} * * *")


def _every(text: str, length: str) -> Every:
    length = length if length[:1].isdigit() else f"1 {length}"  # `every hour`
    parts = _PART.findall(length)
    if not parts or _PART.sub("", length).strip() or any(unit not in _UNITS for _, unit in parts):
        raise _wrong(text, "expected a length of time after `every`, such as 30s, 5m, 1h30m or 1d, all in quotes")
    total = sum((int(count) * _UNITS[unit] for count, unit in parts), datetime.timedelta())
    if not SHORTEST <= total <= LONGEST:
        raise _wrong(text, "expected at least 30s and at most 31d")
    return Every(int(total.total_seconds()))


def _cron(text: str, fields: str) -> Cron:
    try:
        next(CronSim(fields, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)))
    except CronSimError as error:
        raise _wrong(
            text, f"expected five cron fields (minute, hour, day of month, month, day of week): {error}"
        ) from None
    except StopIteration:
        raise _wrong(text, "no such day ever comes") from None
    return Cron(fields)


def _wrong(text: str, cause: str) -> UsageError:
    shown = " ".join(text.split())[:60].replace("`", "'")
    return UsageError(f"The timetable cannot be {shown!r}", cause=cause, next_step='example: `"every 5m"`')


def parse_time_zone(name: str) -> zoneinfo.ZoneInfo:
    """The IANA time zone of this name. Raises UsageError."""
    try:
        # Names are looked up as files: whatever could be a path elsewhere is none of them.
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]{0,60}", name):
            raise ValueError(name)
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        shown = name[:60].replace("`", "'")
        raise UsageError(
            f"There is no time zone {shown!r}",
            cause="expected an IANA name",
            next_step="example: `--time-zone Europe/Berlin`",
        ) from None


def next_run(
    timetable: Timetable, time_zone: str, after: datetime.datetime, anchor: datetime.datetime
) -> datetime.datetime:
    """The first instant strictly after `after`, in UTC. `anchor` is when the schedule was made."""
    match timetable:
        case Every(seconds=seconds):
            step = datetime.timedelta(seconds=seconds)
            passed = max((after - anchor) // step, 0)
            return (anchor + (passed + 1) * step).astimezone(datetime.UTC)
        case Cron(fields=fields):
            return next(CronSim(fields, after.astimezone(parse_time_zone(time_zone)))).astimezone(datetime.UTC)


def in_words(timetable: Timetable, time_zone: str = "UTC") -> str:
    """`every 5 minutes`, or `at 09:00 on Monday to Friday (Europe/Berlin)`."""
    match timetable:
        case Every(seconds=seconds):
            return f"every {_length(seconds)}"
        case Cron(fields=fields):
            told = CronSim(fields, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)).explain()
            _, _, day_of_month, _, day_of_week = fields.split()
            if not day_of_month.startswith("*") and not day_of_week.startswith("*"):
                told = " or on ".join(told.rsplit(" and on ", 1))  # cron means either of them
            return f"{told[:1].lower()}{told[1:]} ({time_zone})"


def _length(seconds: int) -> str:
    parts: list[str] = []
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(unit if count == 1 and not parts and not seconds else f"{count} {unit}{'s' * (count > 1)}")
    return " ".join(parts)
