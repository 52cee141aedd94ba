"""What Patchbay remembers, in SQLite or PostgreSQL. Rows never leave this folder: stores give back whole records."""

from bot.adapters.storage.database import SQLStorage

__all__ = ["SQLStorage"]
