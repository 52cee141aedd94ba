"""Tables: as Slack's table block where one fits, else as aligned lines in a fixed-width face.

https://docs.slack.dev/reference/block-kit/blocks/table-block: 100 rows, 20 columns, 10,000 characters a message.
"""

import unicodedata
from typing import Any

from bot.adapters.slack.spelling import aware, cleaned, escaped, is_dateable, length, weight
from bot.domain.chat.report import Bold, ChannelSpan, Code, Link, PersonSpan, Plain, Span, Table, Text, TimeSpan, plain

MOST_ROWS = 100
MOST_COLUMNS = 20
MOST_CHARACTERS = 8_000
"""As JSON; below Slack's 10,000 of text, because how it counts is not documented."""

Block = dict[str, Any]


def table_block(table: Table) -> Block | None:
    """The table as a block; None when it does not fit into one."""
    if not table.columns or len(table.columns) > MOST_COLUMNS or not 0 < len(table.rows) < MOST_ROWS:
        return None
    header = [_raw(column) for column in table.columns]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    block = {
        "type": "table",
        "rows": [header, *rows],
        "column_settings": [{"is_wrapped": True} for _ in table.columns],
    }
    return block if weight(block) <= MOST_CHARACTERS else None


def _raw(text: str) -> Block:
    """A cell may not be empty."""
    return {"type": "raw_text", "text": cleaned(text) or "-"}


def _cell(spans: Text) -> Block:
    if all(isinstance(span, Plain) for span in spans):
        return _raw(plain(spans))
    elements = [element for span in spans if (element := _element(span))]
    if not elements:
        return _raw("")
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _element(span: Span) -> Block | None:
    """A span in rich text, where text is taken literally."""
    match span:
        case Code() if span.text:
            return {"type": "text", "text": cleaned(span.text), "style": {"code": True}}
        case Bold() if span.text:
            return {"type": "text", "text": cleaned(span.text), "style": {"bold": True}}
        case Link() if span.url.startswith(("https://", "http://")):
            return {"type": "link", "url": cleaned(span.url), "text": cleaned(span.text) or cleaned(span.url)}
        case PersonSpan() if span.id[:1] in ("U", "W") and span.id.isalnum() and span.id.isascii():
            return {"type": "user", "user_id": span.id}
        case ChannelSpan() if span.id[:1] in ("C", "G") and span.id.isalnum() and span.id.isascii():
            return {"type": "channel", "channel_id": span.id}
        case TimeSpan() if is_dateable(aware(span.at)):
            return {
                "type": "date",
                "timestamp": int(aware(span.at).timestamp()),
                "format": "{date_short_pretty} {time_secs}",
                "fallback": plain((TimeSpan(aware(span.at)),)),
            }
        case _:
            words = cleaned(plain((span,)))
            return {"type": "text", "text": words} if words else None


def table_lines(table: Table) -> list[str]:
    """The table as kubectl prints one: the header, then one line a row. Not escaped."""
    cells = [list(table.columns), *([" ".join(plain(cell).split()) for cell in row] for row in table.rows)]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((_width(row[index]) for row in cells if index < len(row)), default=0) for index in range(columns)]
    lines = []
    for row in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False))
        lines.append(cleaned("   ".join(padded).rstrip()))
    return lines


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def chunks(header: str, lines: list[str], most: int) -> list[str] | None:
    """Lines in texts of at most so many escaped characters, each beginning with the header; None: a line is longer."""
    top = length(escaped(header)) + 1
    texts, current, used = [], [header], top
    for line in lines:
        size = length(escaped(line)) + 1
        if top + size > most:
            return None
        if used + size > most:
            texts.append("\n".join(current))
            current, used = [header], top
        current.append(line)
        used += size
    return [*texts, "\n".join(current)]
