"""A report without any blocks: the `text` beside them (notifications, screen readers), and the file of a long one."""

from collections.abc import Iterator

from bot.adapters.slack.spelling import escaped, length, pieces
from bot.adapters.slack.tables import table_lines
from bot.domain.chat.report import (
    Block,
    Bullets,
    FindingsBlock,
    Paragraph,
    Preformatted,
    Progress,
    Report,
    Table,
    plain,
)
from bot.domain.diagnosis.finding import Finding

MOST_FALLBACK = 2_500
"""Slack advises 4,000, and chat.update refuses more."""


def fallback(report: Report, mark: str, *, brief: bool = False) -> str:
    """Title and words of a report, escaped. `brief`: the title alone, for the second message of an answer."""
    words, used = f"{mark} ", len(mark) + 1
    source = report.title[:150] + " …" if brief else "\n".join((report.title, *_words(report)))
    for piece in pieces(source, 50):
        if used + length(escaped(piece)) > MOST_FALLBACK:
            return words.rstrip() + " …"
        words += escaped(piece)
        used += length(escaped(piece))
    return words.rstrip()


def _words(report: Report) -> Iterator[str]:
    """What a notification needs to say: no tables and no files."""
    for block in report.blocks:
        if isinstance(block, Paragraph | Bullets | FindingsBlock | Progress):
            yield from _lines(block)


def full_text(report: Report) -> str:
    """All of it, for a file. Not escaped: a file is not markup."""
    parts = [report.title, *("\n".join(_lines(block)) for block in report.blocks)]
    choices = report.menu.choices if report.menu else ()
    parts.extend(f"{action.label}: {action.command}" for action in (*choices, *report.actions))
    parts.extend(plain(note) for note in report.footnotes)
    return "\n\n".join(part for part in parts if part) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield plain(block.text)
        case Bullets():
            yield from (f"- {plain(item)}" for item in block.items)
        case Table():
            yield from ([block.title] if block.title else [])
            yield from table_lines(block)
        case Preformatted():
            yield from ([block.title] if block.title else [])
            yield block.content
        case FindingsBlock():
            for finding in block.findings:
                yield from _finding(finding)
        case Progress():
            yield from (f"[{step.state}] {plain(step.text)}" for step in block.steps)


def _finding(finding: Finding) -> Iterator[str]:
    word = "right" if finding.right else finding.severity.value
    field = f" {finding.field}" if finding.field else ""
    yield f"{word.upper()} {finding.object}{field}: {finding.summary}"
    yield from (f"  - {line}" for line in finding.evidence)
    if finding.next_step:
        yield f"  > {finding.next_step}"
