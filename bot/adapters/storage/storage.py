"""One transaction over all stores and the outbox, on SQLite or PostgreSQL.

SQLite fails at once when a transaction that has read turns writer while another writes, so transactions that may write
begin as writers (BEGIN IMMEDIATE) and wait for their turn; those that only read never wait (WAL).
"""

import contextlib
import datetime
import functools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.adapters.storage import migrating
from bot.adapters.storage.changes import Changes
from bot.adapters.storage.incidents import Incidents
from bot.adapters.storage.outbox import SQLOutbox
from bot.adapters.storage.schedules import Schedules
from bot.adapters.storage.seen import SeenEventIds
from bot.errors import BotError, Unreachable

BUSY_SECONDS = 15
"""How long a writer waits for another one before it gives up. Transactions are short: milliseconds."""


class SQLTransaction:
    """Implements the port Transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @functools.cached_property
    def changes(self) -> Changes:
        return Changes(self._connection)

    @functools.cached_property
    def schedules(self) -> Schedules:
        return Schedules(self._connection)

    @functools.cached_property
    def incidents(self) -> Incidents:
        return Incidents(self._connection)

    @functools.cached_property
    def outbox(self) -> SQLOutbox:
        return SQLOutbox(self._connection, datetime.datetime.now(datetime.UTC))

    @functools.cached_property
    def seen(self) -> SeenEventIds:
        return SeenEventIds(self._connection)


class SQLStorage:
    """Implements the port Storage. `open` first, `close` last."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy has it: `sqlite+aiosqlite:////var/lib/patchbay/patchbay.db`."""
        self._url = url
        self._engine: AsyncEngine | None = None

    def __repr__(self) -> str:
        return "SQLStorage()"  # the URL may hold a password

    async def open(self) -> None:
        """Connects and brings the tables up to date. Raises BotError in plain words."""
        try:
            url = make_url(self._url)
            if url.get_backend_name() == "sqlite":
                _prepare_file(url.database)
            self._engine = _engine(self._url)
            await migrating.upgrade(self._engine)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise BotError(
                "PATCHBAY_DATABASE_URL cannot be used",
                cause=str(error).splitlines()[0][:200].replace(self._url, "it"),
                next_step="a right value: sqlite+aiosqlite:////var/lib/patchbay/patchbay.db",
            ) from None
        except (DBAPIError, OSError) as error:
            await self.close()
            raise _translated(error) from error

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[SQLTransaction]:
        async with self._transaction(writes=True) as connection:
            yield SQLTransaction(connection)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[SQLTransaction]:
        async with self._transaction(writes=False) as connection:
            yield SQLTransaction(connection)

    @contextlib.asynccontextmanager
    async def _transaction(self, writes: bool) -> AsyncIterator[AsyncConnection]:
        assert self._engine is not None, "open() comes first"
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(patchbay_writes=writes)
                async with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise _translated(error) from error


def _engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _configure)
        event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _configure(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver would begin transactions by itself, and as readers
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("patchbay_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_file(database: str | None) -> None:
    """The folder for its owner alone, and the file too: it holds what people asked and what clusters answered."""
    if not database or database == ":memory:":
        return
    path = Path(database)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _translated(error: Exception) -> BotError:
    """What went wrong with the database, for the operator. Never the statement, which holds what people said."""
    original = error.orig if isinstance(error, DBAPIError) else error
    words = str(original)
    if "locked" in words or "busy" in words:
        return Unreachable("The database is busy", cause="another process has been writing to it for too long")
    if "not a database" in words or "malformed" in words:
        return BotError("The database is damaged", cause=words[:200], next_step="put a backup in its place")
    return BotError("The database cannot be used", cause=words[:200], next_step="check PATCHBAY_DATABASE_URL")
