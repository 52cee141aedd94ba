"""The tables. A record is stored whole, as JSON, beside the few columns that are searched by.

Nothing here that PostgreSQL could not hold as well. Changes to the tables are migrations (`migrations/versions/`).
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

# SQLite counts up by itself only in a column declared INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")

changes = Table(
    "changes",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("revision", Integer, nullable=False),
    Column("cluster", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("record", Text, nullable=False),
    Index("changes_by_state", "state"),
    sqlite_autoincrement=True,  # an id that people saw is never given to something else
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("cluster", String(64), nullable=False),
    Column("record", Text, nullable=False),
    sqlite_autoincrement=True,
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("revision", Integer, nullable=False),
    Column("cluster", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened", Boolean, nullable=False),
    Column("record", Text, nullable=False),
    Index("incidents_by_state", "state"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("conversation", String(64), nullable=False),
    Column("slot", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Float),
    Column("why", Text, nullable=False),
    Index("outbox_by_state", "state", "conversation", "id"),
    sqlite_autoincrement=True,
)

slots = Table(
    "slots",
    metadata,
    Column("conversation", String(64), primary_key=True),
    Column("slot", String(64), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("timestamp", String(32), nullable=False),
)

seen_events = Table(
    "seen_events",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("at", Float, nullable=False),
    Index("seen_events_by_time", "at"),
)
