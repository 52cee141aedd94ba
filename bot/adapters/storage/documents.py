"""Records as JSON and back."""

from typing import Any, TypeVar

import msgspec

from bot.errors import BotError

Record = TypeVar("Record", bound=msgspec.Struct)


def written(record: msgspec.Struct) -> str:
    return msgspec.json.encode(record).decode()


def read(document: str | bytes, kind: type[Record], **columns: Any) -> Record:
    """The record of a document; what has a column of its own (its id, its revision) is taken from there."""
    try:
        record = msgspec.json.decode(document, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BotError(
            f"A stored {kind.__name__.lower()} cannot be read",
            cause=str(error),
            next_step="it was probably written by a newer Patchbay: run that one, or restore a backup of the database",
        ) from error
    return msgspec.structs.replace(record, **columns) if columns else record
