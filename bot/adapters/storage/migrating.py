"""Brings the tables up to date at start, under a lock, so that two processes may start at once.

The newest version is known without Alembic, whose import costs more than everything else here: it is only loaded when
there is something to do.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import BotError

NEWEST = "0001"
"""The version that this code expects; a test holds it to the files."""

_VERSION_TABLE = "alembic_version"
_POSTGRESQL_LOCK = 7_282_429_225  # any number, the same in all of our processes


async def upgrade(engine: AsyncEngine) -> None:
    """Raises BotError when the database was written by a newer Patchbay."""
    async with engine.connect() as connection:
        await connection.execution_options(patchbay_writes=True)
        async with connection.begin():
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _POSTGRESQL_LOCK})
            await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    version = _version(connection)
    if version == NEWEST:
        return
    if version is not None and version > NEWEST:
        raise BotError(
            "The database was written by a newer Patchbay",
            cause=f"it has version {version}, and this Patchbay knows {NEWEST}",
            next_step="use the newer Patchbay, or another database",
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608  a constant
