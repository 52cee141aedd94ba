"""What the bot remembers, in SQL. Rows never leave this folder."""

from bot.adapters.storage.storage import SQLStorage

__all__ = ["SQLStorage"]
