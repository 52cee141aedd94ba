"""The database: opening it, and transactions.

SQLite: WAL, so that readers never wait; transactions that may write begin as writers, because SQLite fails at once when
a reader turns writer; writers of one process queue here, those of other processes wait for SQLite's own lock. Commits
are synced to disk: what a change has recorded before it acts must survive a power cut too. PostgreSQL: writers hold one
advisory lock, so that both databases promise the same.
"""

import asyncio
import contextlib
import datetime
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.adapters.storage import failures
from bot.adapters.storage.changes import Changes
from bot.adapters.storage.incidents import Incidents
from bot.adapters.storage.migrating import current_version, migrate
from bot.adapters.storage.outbox import Outbox
from bot.adapters.storage.schedules import Schedules
from bot.adapters.storage.seen_events import Seen
from bot.adapters.storage.tables import VERSION
from bot.errors import BotError

BUSY_SECONDS = 20
"""How long a writer waits for another process before it gives up."""
_ADVISORY_LOCK = 7_202_641
_EXAMPLE = "sqlite+aiosqlite:////var/lib/patchbay/patchbay.db or postgresql+asyncpg://user:password@host/database"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class SQLTransaction:
    """Implements Transaction: every store, on one connection."""

    def __init__(self, connection: AsyncConnection, now: Callable[[], datetime.datetime]) -> None:
        self.changes = Changes(connection)
        self.schedules = Schedules(connection)
        self.incidents = Incidents(connection)
        self.outbox = Outbox(connection, now)
        self.seen = Seen(connection)


class SQLStorage:
    """Implements Storage. `open` before use, `close` after; one event loop."""

    def __init__(self, url: str, *, now: Callable[[], datetime.datetime] = _now) -> None:
        """Raises BotError for a URL that names no database that can be used."""
        self._url = _usable(url)
        self._now = now
        self._engine: AsyncEngine | None = None
        self._writing = asyncio.Lock()
        self._when_queued: list[Callable[[], None]] = []

    def when_queued(self, callback: Callable[[], None]) -> None:
        """Called after each commit of this process that put something into the outbox."""
        self._when_queued.append(callback)

    async def open(self) -> None:
        """Makes folder and file if need be, and brings the tables up to date. Raises BotError in plain words."""
        with self._plainly():
            if self._is_sqlite:
                _prepare(Path(str(self._url.database)))
            self._engine = _engine(self._url)
        try:
            await self._bring_up_to_date()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    @contextlib.asynccontextmanager
    async def begin(self) -> AsyncIterator[SQLTransaction]:
        """A transaction that may write: commits when the block ends, rolls back when it raises."""
        async with self._turn(), self._connection(writes=True) as connection:
            transaction = SQLTransaction(connection, self._now)
            yield transaction
        if transaction.outbox.put_anything:
            for callback in self._when_queued:
                callback()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[SQLTransaction]:
        """A transaction that only reads; it never waits for a writer."""
        async with self._connection(writes=False) as connection:
            yield SQLTransaction(connection, self._now)

    def _turn(self) -> contextlib.AbstractAsyncContextManager[None]:
        """SQLite's own lock is polled and knows no queue; within the process it is fair and costs nothing."""
        return self._writing if self._is_sqlite else contextlib.nullcontext()

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @contextlib.asynccontextmanager
    async def _connection(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        if self._engine is None:
            raise RuntimeError("the storage is not open")
        with self._plainly():
            async with self._engine.connect() as connection:
                await connection.execution_options(writes=writes)
                async with connection.begin():
                    if writes and not self._is_sqlite:
                        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
                    yield connection

    async def _bring_up_to_date(self) -> None:
        async with self._connection(writes=False) as connection:
            if await connection.run_sync(current_version) == VERSION:
                return
        async with self._connection(writes=True) as connection:
            await connection.run_sync(migrate, failures.place(self._url))

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            told = failures.translated(error, self._url)
            if told is None:
                raise
            raise told from error


def _usable(url: str) -> URL:
    wrong = BotError("The database's URL cannot be used", next_step=f"let {failures.SETTING} be such as {_EXAMPLE}")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise wrong from None  # the URL may hold a password
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    backend = parsed.drivername.partition("+")[0]
    if backend not in drivers:
        wrong.cause = f"Patchbay speaks SQLite and PostgreSQL, not {backend}"
        raise wrong
    parsed = parsed.set(drivername=drivers[backend])
    if backend == "sqlite" and (parsed.database in (None, "", ":memory:") or "mode=memory" in str(parsed)):
        wrong.cause = "it has to name a file: what is only in memory is forgotten at the next start"
        raise wrong
    return parsed


def _prepare(path: Path) -> None:
    """The folder and the file, for this user alone: reports hold what others may not see."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    except OSError as error:
        raise BotError(
            f"The database {path} cannot be written",
            cause=f"{error.strerror or error}: {error.filename}" if error.filename else str(error),
            next_step=f"let Patchbay's user write there, or let {failures.SETTING} name another file",
        ) from error


def _engine(url: URL) -> AsyncEngine:
    try:
        if url.get_backend_name() == "sqlite":
            engine = create_async_engine(url, pool_size=4, max_overflow=12, connect_args={"timeout": BUSY_SECONDS})
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
            return engine
        return create_async_engine(url, pool_size=4, max_overflow=12, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise BotError(
            "PostgreSQL cannot be used",
            cause="its driver asyncpg is not installed",
            next_step="install Patchbay as patchbay[postgresql]",
        ) from error


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says how each one begins.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
