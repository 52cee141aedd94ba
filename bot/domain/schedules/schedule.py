"""A schedule: a saved looking-command with a timetable and a channel. Stored as it is: fields are only ever added."""

import datetime

import msgspec


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One saved command. When it runs next is computed (`timetable.py`), not stored."""

    id: int = 0
    """0 until it is stored."""
    cluster: str
    """uid of the cluster it looks at."""
    timetable: str
    """As it was typed: `every 5m`, or five cron fields."""
    time_zone: str = "UTC"
    """IANA name; cron fields are read in it."""
    command: str
    """The looking-command's canonical line, namespace included."""
    channel: str
    """Slack channel id; empty in a terminal-only setup."""
    channel_name: str = ""
    owner: str
    """Actor id: the cluster is read as this actor."""
    owner_name: str = ""
    created_at: datetime.datetime
    last_run_at: datetime.datetime | None = None
    last_outcome: str = ""
    """`ok`, `findings`, `failed`, or empty before the first run."""
