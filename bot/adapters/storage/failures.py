"""What databases say when they cannot, in plain words. Passwords in a URL are never repeated."""

import sqlite3

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import BotError, Unreachable

SETTING = "PATCHBAY_DATABASE_URL"


def place(url: URL) -> str:
    """Which database it is, for a message: the file, or the address without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(username=None, password=None, query={}).render_as_string()


def translated(error: BaseException, url: URL) -> BotError | None:
    """The failure in plain words; None when it is a bug of ours and has to stay what it is."""
    if isinstance(error, PoolTimeout):
        return Unreachable(f"The database {place(url)} is busy", next_step="try again in a moment")
    # What failed before SQLAlchemy wrapped it: a connection that could not be made.
    if isinstance(error, OSError):
        return Unreachable(
            f"The database {place(url)} does not answer",
            cause=error.strerror or str(error),
            next_step=f"see that it runs, and that {SETTING} names it",
        )
    if isinstance(error, DBAPIError):
        error = error.orig or error
    elif isinstance(error, SQLAlchemyError) and not isinstance(error, OperationalError | InterfaceError):
        return None
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, sqlite3.Error):
        return _sqlite(said, error, url)
    if type(error).__name__ in ("OperationalError", "InterfaceError"):
        return Unreachable(f"The database {place(url)} does not answer", cause=said, next_step="try again in a moment")
    return None


def _sqlite(said: str, error: sqlite3.Error, url: URL) -> BotError | None:
    where, lowered = place(url), said.lower()
    if "locked" in lowered or "busy" in lowered:
        return Unreachable(
            f"The database {where} is busy",
            cause="another process has been writing to it for too long",
            next_step="try again in a moment",
        )
    if "not a database" in lowered or "malformed" in lowered:
        return BotError(
            f"The database {where} is damaged, or is no database",
            cause=said,
            next_step="stop Patchbay, move the file (and those with -wal and -shm) away, and restore a backup; without "
            "one, Patchbay begins anew and has forgotten its changes, schedules and incidents",
        )
    if "readonly" in lowered or "unable to open" in lowered or "permission" in lowered:
        return BotError(
            f"The database {where} cannot be written",
            cause=said,
            next_step=f"let Patchbay's user write to the file and its folder, or let {SETTING} name another one",
        )
    if "full" in lowered or "disk i/o" in lowered:
        return BotError(
            f"The database {where} cannot be written",
            cause=said,
            next_step="see whether the disk is full or failing",
        )
    return (
        None
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError)
        else BotError(f"The database {where} does not work", cause=said)
    )
