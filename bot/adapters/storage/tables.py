"""The tables. A record is one JSON document beside the few columns that are searched by.

Nothing here is special to SQLite: names, numbers, text and booleans, which PostgreSQL holds as well. Instants are whole
milliseconds since 1970, because SQLite knows no time zones.
"""

import datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, false

METADATA = MetaData()

VERSION = "0002"
"""The migration that makes the tables as they are here. Compared at start before Alembic is even imported."""

# SQLite counts a column up by itself only when it is called INTEGER. With AUTOINCREMENT the id of a removed row is not
# given again: people remember numbers.
_ID = BigInteger().with_variant(Integer, "sqlite")

CHANGES = Table(
    "changes",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("cluster", String(100), nullable=False),
    Column("running", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("plan", LargeBinary, nullable=False, server_default=""),
    Index("changes_by_cluster", "cluster", "id"),
    Index("changes_running", "running", "id"),
    sqlite_autoincrement=True,
)
"""`plan` is the change itself, which never changes, compressed; the document is its history, written at every step."""

SCHEDULES = Table(
    "schedules",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("cluster", String(100), nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("was_open", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Index("incidents_unfinished", "finished", "cluster", "id"),
    Index("incidents_opened", "was_open", "cluster", "id"),
    sqlite_autoincrement=True,
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("conversation", String(200), nullable=False),
    Column("slot", String(200), nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before_ms", BigInteger),
    Column("sending", Boolean, nullable=False, server_default=false()),
    Column("aside_at_ms", BigInteger),
    Column("why", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False),
    Index("outbox_waiting", "aside_at_ms", "conversation", "id"),
    sqlite_autoincrement=True,
)
"""What arrived is deleted; what never will arrive is set aside with the reason, and forgotten after a month."""

POSTED = Table(
    "posted",
    METADATA,
    Column("conversation", String(200), primary_key=True),
    Column("slot", String(200), primary_key=True),
    Column("channel", String(100), nullable=False),
    Column("timestamp", String(100), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
"""Where the message of a slot is."""

SEEN_EVENTS = Table(
    "seen_events",
    METADATA,
    Column("id", String(200), primary_key=True),
    Column("seen_at_ms", BigInteger, nullable=False, index=True),
)

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def milliseconds(at: datetime.datetime) -> int:
    """An instant as the tables have it."""
    return (at - _EPOCH) // datetime.timedelta(milliseconds=1)


def instant(milliseconds: int) -> datetime.datetime:
    """The other way."""
    return _EPOCH + datetime.timedelta(milliseconds=milliseconds)
