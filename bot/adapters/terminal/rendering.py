"""A report as text for people and as JSON for scripts. Pure: the caller knows the stream, its width and its colours."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

import msgspec

from bot.adapters.terminal.escaping import harmless, harmless_json, pieces
from bot.adapters.terminal.tables import table_lines
from bot.domain.chat.report import (
    Action,
    Block,
    Bold,
    Bullets,
    Code,
    FindingsBlock,
    Menu,
    Paragraph,
    Preformatted,
    Progress,
    Report,
    Status,
    Table,
    Text,
    plain,
    text,
)
from bot.domain.diagnosis.finding import Finding, Severity

_RESET, _BOLD, _DIM, _RED, _YELLOW, _GREEN = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[32m"
_TITLE_COLOURS = {Status.OK: _GREEN, Status.FINDINGS: _YELLOW, Status.FAILED: _RED, Status.WORKING: _BOLD}
_SEVERITY_COLOURS = {Severity.HIGH: _RED, Severity.MEDIUM: _YELLOW, Severity.LOW: _YELLOW, Severity.INFO: _BOLD}
STEP_MARKS = {"waiting": " ", "working": "~", "done": "+", "failed": "x", "undone": "-", "skipped": "."}


def exit_status(report: Report) -> int:
    """0 all well, 1 findings (something is wrong or needs a decision), 2 it could not be done."""
    return {Status.OK: 0, Status.WORKING: 0, Status.FINDINGS: 1, Status.FAILED: 2}[report.status]


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to colour: only on a terminal, and not when NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def render_json(report: Report) -> str:
    """The report as it is, indented."""
    return harmless_json(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())


def render_text(report: Report, *, colour: bool, width: int, program: str = "patchbay run") -> str:
    """The report for a terminal of so many columns. Data never reaches it as control characters.

    What stands in Preformatted blocks is not wrapped, so that YAML can be copied.
    """
    return _Terminal(colour, max(width, 20), program).report(report)


@dataclass(frozen=True, slots=True)
class _Terminal:
    colour: bool
    width: int
    program: str

    def report(self, report: Report) -> str:
        parts = [self._painted(harmless(report.title), _TITLE_COLOURS[report.status])]
        parts.extend("\n".join(self._block(block)) for block in report.blocks)
        if report.menu:
            parts.append("\n".join((self._painted(harmless(report.menu.label), _BOLD), *self._choices(report.menu))))
        if report.actions:
            parts.append("\n".join(self._actions(report.actions)))
        if report.footnotes:
            parts.append("\n".join(line for note in report.footnotes for line in self._wrapped(note, paint=_DIM)))
        return "\n\n".join(part for part in parts if part)

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Paragraph():
                yield from self._wrapped(block.text)
            case Bullets():
                for item in block.items:
                    yield from self._wrapped(item, first="- ", further="  ")
            case Table():
                yield from self._titled(block.title)
                rows = [[harmless(plain(cell)) for cell in row] for row in block.rows]
                columns = [harmless(column) for column in block.columns]
                yield from table_lines(columns, rows, self.width)
            case Preformatted():
                yield from self._titled(block.title)
                yield harmless(block.content.rstrip("\n"), lines=True)
            case FindingsBlock():
                for index, finding in enumerate(block.findings):
                    if index:
                        yield ""
                    yield from self._finding(finding)
            case Progress():
                for step in block.steps:
                    mark = f"[{STEP_MARKS.get(step.state, '?')}] "
                    yield from self._wrapped(step.text, first=mark, further="    ")

    def _titled(self, title: str) -> Iterator[str]:
        if title:
            yield self._painted(harmless(title), _BOLD)

    def _finding(self, finding: Finding) -> Iterator[str]:
        word = "RIGHT" if finding.right else finding.severity.value.upper()
        paint = _GREEN if finding.right else _SEVERITY_COLOURS[finding.severity]
        field = f" {finding.field}" if finding.field else ""
        head = f"{finding.object}{field}: {finding.summary}"
        lines = list(self._wrapped((Bold(head),), first=f"{word} ", further="  "))
        yield self._painted(word, paint) + lines[0].removeprefix(word)
        yield from lines[1:]
        for line in finding.evidence:
            yield from self._wrapped(text(Code(line)), first="  - ", further="    ")
        if finding.next_step:
            yield from self._wrapped(text(finding.next_step), first="  > ", further="    ")

    def _actions(self, actions: tuple[Action, ...]) -> Iterator[str]:
        for action in actions:
            yield f"{harmless(action.label)}: {self.program} {harmless(_for_shell(action.command))}"

    def _choices(self, menu: Menu) -> Iterator[str]:
        for number, choice in enumerate(menu.choices, 1):
            yield f"{number}. {harmless(choice.label)}: {self.program} {harmless(_for_shell(choice.command))}"

    def _wrapped(self, spans: Text, *, first: str = "", further: str = "", paint: str = "") -> Iterator[str]:
        words = plain(spans)
        for index, line in enumerate(words.split("\n") or [""]):
            indent = first if index == 0 else further
            for piece in pieces(harmless(line), max(self.width - len(first), 12)):
                yield indent + (self._painted(piece.rstrip(" "), paint) if paint else piece.rstrip(" "))
                indent = further

    def _painted(self, words: str, paint: str) -> str:
        return f"{paint}{words}{_RESET}" if self.colour and words else words


def _for_shell(command: str) -> str:
    """The line as a shell takes it, so that what is copied means the same there."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:
        return shlex.quote(command)
