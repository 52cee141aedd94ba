"""Long work followed in a terminal, line below line: only what is new since the last report is written.

A report of progress is a whole picture, as Slack needs it for its edits. Here the title stands once, a step when it is
begun and when it is over, a node when something about it is different. What comes too fast is left for the next report.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TextIO

from bot.adapters.terminal.escaping import harmless, padded, width
from bot.adapters.terminal.rendering import STEP_MARKS
from bot.domain.chat.report import Paragraph, Progress, Report, Status, Table, plain

_EVERY_SECONDS = 0.5
_ROWS = 8
"""Of a table, at a time: those that are left over come with the next report, as they are then."""
_POSITION = re.compile(r", (?:step )?\d+ of \d+")
"""How far it has come, in a title or in a part: it counts up all the time, and the steps tell it better."""


class Following:
    """Shows how far long work has come, on standard error. One for each piece of work."""

    def __init__(self, err: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._err = err
        self._monotonic = monotonic
        self._written_at = float("-inf")
        self._title = ""
        self._over: Counter[str] = Counter()
        self._working = ""
        self._rows: dict[str, tuple[str, ...]] = {}
        self._paragraphs: set[str] = set()

    async def __call__(self, report: Report) -> None:
        if report.status is not Status.WORKING:
            return
        title = _POSITION.sub("", report.title, count=1) if _has_steps(report) else report.title
        if title == self._title and self._monotonic() - self._written_at < _EVERY_SECONDS:
            return
        lines = list(self._news(title, report))
        if lines:
            self._written_at = self._monotonic()
            self._err.write("".join(f"{line}\n" for line in lines))
            self._err.flush()

    def _news(self, title: str, report: Report) -> Iterator[str]:
        if title != self._title:
            self._title = title
            yield harmless(title)
        for block in report.blocks:
            match block:
                case Progress():
                    yield from self._steps(block)
                case Table():
                    yield from self._nodes(block)
        told = {harmless(plain(block.text)) for block in report.blocks if isinstance(block, Paragraph)}
        yield from sorted(told - self._paragraphs)
        self._paragraphs = told

    def _steps(self, progress: Progress) -> Iterator[str]:
        met: Counter[str] = Counter()
        for step in progress.steps:
            words = harmless(plain(step.text))
            key = f"[{STEP_MARKS.get(step.state, '?')}] {_POSITION.sub('', words)}"
            if step.state in ("waiting", "working"):
                continue
            met[key] += 1
            if met[key] > self._over[key]:
                self._over[key] += 1
                yield f"[{STEP_MARKS.get(step.state, '?')}] {words}"
        working = next((step for step in progress.steps if step.state == "working"), None)
        words = harmless(plain(working.text)) if working else ""
        if working and _POSITION.sub("", words) != self._working:
            yield f"[{STEP_MARKS['working']}] {_POSITION.sub('', words)}"
        self._working = _POSITION.sub("", words)

    def _nodes(self, table: Table) -> Iterator[str]:
        rows = [tuple(harmless(plain(cell)) for cell in row) for row in table.rows]
        news = [row for row in rows if row and self._rows.get(row[0]) != row][:_ROWS]
        if not news:
            return
        lines = [tuple(harmless(column) for column in table.columns), *news] if not self._rows else news
        widths = [max(map(width, column)) for column in zip(table.columns, *rows, strict=True)]
        for line in lines:
            cells = (padded(cell, wide) for cell, wide in zip(line, widths, strict=True))
            yield "    " + "   ".join(cells).rstrip()
        self._rows |= {row[0]: row for row in news}


def _has_steps(report: Report) -> bool:
    return any(isinstance(block, Progress) for block in report.blocks)
