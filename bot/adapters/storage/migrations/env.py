"""What Alembic runs: on the connection, and in the transaction, that `migrating.py` hands over."""

from alembic import context

from bot.adapters.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
