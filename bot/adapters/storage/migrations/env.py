"""Alembic's way in: the connection is given, with its transaction open and its lock held (see `migrating.py`)."""

from alembic import context

from bot.adapters.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
