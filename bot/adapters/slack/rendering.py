"""A report as Slack messages and files. Pure; nothing it returns is over Slack's limits, whatever the report holds.

What promises hold: every text that came from a span is escaped (mrkdwn) or in a field that Slack takes literally
(`plain_text`, `raw_text`, rich text); every message has `text` beside blocks; actions and footnotes stand on the last
message; what does not fit into the messages is in a file.
"""

import functools
from dataclasses import dataclass, field

from bot.adapters.slack.blocks import File, Pieces, SlackBlock, actions_block, body, section, spare_actions
from bot.adapters.slack.plaintext import fallback, full_text
from bot.adapters.slack.spelling import atoms, mrkdwn, packed, weight
from bot.domain.chat.report import Bold, Plain, Report, Status, text

MOST_MESSAGES = 3
"""Of one answer: a response_url takes five, and one may say "working" and one how far it has come."""
MOST_BLOCKS = 45
"""Slack takes 50."""
MOST_WEIGHT = 11_000
"""Characters of a message's blocks as JSON. `msg_blocks_too_long` comes near 12,000; how it counts is unknown."""
_MOST_NOTE = 1_900
_MOST_NOTES = 2

MARKS = {Status.OK: "✅", Status.FINDINGS: "⚠️", Status.FAILED: "❌", Status.WORKING: "⏳"}


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message: `text` is the plain fallback, escaped, at most 3,000 characters."""

    text: str
    blocks: list[SlackBlock]


@dataclass(frozen=True, slots=True)
class Rendering:
    """At least one message; files belong beside the first."""

    messages: tuple[SlackMessage, ...]
    files: tuple[File, ...] = field(default=())


def render(report: Report, *, messages: int = MOST_MESSAGES) -> Rendering:
    """The report in at most so many messages. Do not change what it returns: it may be returned again."""
    return _rendered(report, messages) if report.private else _remembered(report, messages)


def _rendered(report: Report, messages: int) -> Rendering:
    pieces = Pieces()
    for block in _title(report):
        pieces.add(block)
    body(report.blocks, pieces)
    spare_actions(report.actions, report.menu, pieces)
    pages, overflow = _pages(pieces.blocks, _tail(report), messages)
    files = list(pieces.files)
    if overflow:
        files.append(File("report.txt", "The whole report", full_text(report)))
    words = [fallback(report, MARKS[report.status], brief=index > 0) for index in range(len(pages))]
    return Rendering(tuple(map(SlackMessage, words, pages)), tuple(files))


# When many ask the same at once (help, status while something is down) it is rendered once. What is for one person
# alone is never kept.
_remembered = functools.lru_cache(maxsize=4)(_rendered)


def _title(report: Report) -> list[SlackBlock]:
    spans = (Plain(f"{MARKS[report.status]} "), Bold(report.title.strip() or "Done"))
    return [section(part) for part in packed(atoms(spans), 2_900)]


def _tail(report: Report) -> list[SlackBlock]:
    """What stands at the end of the last message: buttons, then what the answer rests on."""
    tail = []
    if buttons := actions_block(report.actions, report.menu):
        tail.append(buttons)
    notes = [part for note in report.footnotes for part in packed(atoms(note), _MOST_NOTE)]
    joined = list(packed(notes, _MOST_NOTE, "\n"))
    tail.extend(_context(note) for note in joined[:_MOST_NOTES] if note.strip())
    return tail


def _context(note: str) -> SlackBlock:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": note, "verbatim": True}]}


class _Page:
    """Blocks of one message, and what they weigh together."""

    def __init__(self) -> None:
        self.blocks: list[SlackBlock] = []
        self._weights: list[int] = []
        self._tables = 0

    def takes(self, blocks: list[SlackBlock], weights: list[int]) -> bool:
        tables = sum(block["type"] == "table" for block in blocks)
        return (
            len(self.blocks) + len(blocks) <= MOST_BLOCKS
            and self._tables + tables <= 1  # Slack takes one table a message
            and sum(self._weights) + sum(weights) <= MOST_WEIGHT
        )

    def add(self, block: SlackBlock, its_weight: int) -> None:
        self.blocks.append(block)
        self._weights.append(its_weight)
        self._tables += block["type"] == "table"

    def drop_last(self) -> None:
        self._tables -= self.blocks.pop()["type"] == "table"
        self._weights.pop()


def _pages(blocks: list[SlackBlock], tail: list[SlackBlock], most: int) -> tuple[list[list[SlackBlock]], bool]:
    """The blocks in at most so many messages, the tail on the last; and whether some had to be left out."""
    pages = [_Page()]
    for block in blocks:
        its_weight = weight(block)
        if not pages[-1].takes([block], [its_weight]):
            pages.append(_Page())
        pages[-1].add(block, its_weight)
    weights = [weight(block) for block in tail]
    if not pages[-1].takes(tail, weights):
        pages.append(_Page())
    overflow = len(pages) > most
    if overflow:
        pages = pages[:most]
        tail = [_context(mrkdwn(text("This is not all: the whole report is in the file `report.txt`."))), *tail]
        weights = [weight(block) for block in tail]
        while pages[-1].blocks and not pages[-1].takes(tail, weights):
            pages[-1].drop_last()
    return [*(page.blocks for page in pages[:-1]), pages[-1].blocks + tail], overflow
