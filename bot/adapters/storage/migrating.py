"""Brings a database to the tables that this Patchbay knows, in one transaction, under its lock.

Two processes that start at once are safe: the second waits, and finds nothing left to do. Alembic is imported only when
there is something to do, because most starts have nothing.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.adapters.storage.tables import VERSION
from bot.errors import BotError

_FOLDER = Path(__file__).parent / "migrations"


def current_version(connection: Connection) -> str:
    """Empty for a database without tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def migrate(connection: Connection, where: str) -> None:
    """To be called in a transaction that began as a writer. Raises BotError for a database of a newer Patchbay."""
    current = current_version(connection)
    if current == VERSION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current and current not in known:
        raise BotError(
            f"The database {where} was written by a newer Patchbay",
            cause=f"its tables have version {current}, this Patchbay knows {VERSION}",
            next_step="run the newer Patchbay, or restore a backup from before it",
        )
    command.upgrade(config, "head")
