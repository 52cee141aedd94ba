"""Cursors: a page of a list, and where the next one begins."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], arguments: Arguments, default: int = 100, most: int = 999) -> tuple[list[_Item], str]:
    """The page asked for and the cursor of the next one, empty at the end. Raises Refusal."""
    limit = arguments.number("limit", 0) or default
    if not 1 <= limit <= most:
        raise Refusal("invalid_limit")
    start = _start(arguments.text("cursor"))
    if start > len(items):
        raise Refusal("invalid_cursor")
    end = start + limit
    return list(items[start:end]), _cursor(end) if end < len(items) else ""


def with_cursor(answer: JSON, cursor: str) -> JSON:
    return {**answer, "response_metadata": {"next_cursor": cursor}}


def _cursor(position: int) -> str:
    return base64.b64encode(f"next:{position}".encode()).decode()


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, position = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word != "next" or not position.isdecimal():
            raise ValueError
        return int(position)
    except (ValueError, binascii.Error):
        raise Refusal("invalid_cursor") from None
