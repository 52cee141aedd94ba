"""Tables as kubectl prints them, narrowed to the terminal: long cells go on below, and no letter is lost."""

from collections.abc import Sequence

from bot.adapters.terminal.escaping import padded, pieces, width

_GAP = "   "
_NARROWEST = 12
"""Columns below which no cell is squeezed."""


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], available: int) -> list[str]:
    """The lines of a table that is at most `available` columns wide, where that is possible at all.

    When even squeezed cells do not fit, each row becomes a paragraph of `COLUMN: cell` lines.
    """
    widths = [max(width(cell) for cell in column) for column in zip(columns, *rows, strict=True)] if columns else []
    fitting = _squeezed(widths, [width(column) for column in columns], available)
    if fitting is None:
        return _paragraphs(columns, rows)
    lines: list[str] = []
    for row in (columns, *rows):
        lines.extend(_row_lines(row, fitting))
    return lines


def _squeezed(widths: list[int], headers: list[int], available: int) -> list[int] | None:
    """Narrower widths that fit, taken from the widest column first; None when there are none."""
    widths = list(widths)
    least = [min(wide, max(_NARROWEST, header)) for wide, header in zip(widths, headers, strict=True)]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - available
    while excess > 0:
        index = max(range(len(widths)), key=lambda i: widths[i] - least[i], default=None)
        if index is None or widths[index] == least[index]:
            return None
        taken = min(excess, widths[index] - least[index])
        widths[index] -= taken
        excess -= taken
    return widths


def _row_lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [pieces(cell, columns) for cell, columns in zip(row, widths, strict=True)]
    height = max((len(cell) for cell in cells), default=0)
    lines = []
    for index in range(height):
        parts = [cell[index] if index < len(cell) else "" for cell in cells]
        lines.append(_GAP.join(padded(part, columns) for part, columns in zip(parts, widths, strict=True)).rstrip())
    return lines


def _paragraphs(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines: list[str] = []
    for row in rows:
        if lines:
            lines.append("")
        lines.extend(f"{column}: {cell}" for column, cell in zip(columns, row, strict=True))
    return lines
