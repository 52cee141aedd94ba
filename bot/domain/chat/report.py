"""The answer in our own words. Renderers (Slack, terminal, JSON) decide how it looks and escape what it holds.

Text is a tuple of spans, so that nothing that came from a cluster, from YAML or from DNS can become markup.
"""

import datetime
from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

import msgspec

from bot.domain.diagnosis.finding import Finding


class Plain(msgspec.Struct, frozen=True, tag="plain"):
    text: str


class Bold(msgspec.Struct, frozen=True, tag="bold"):
    text: str


class Code(msgspec.Struct, frozen=True, tag="code"):
    """Names, commands, values: shown in a fixed-width face, on one line."""

    text: str


class Link(msgspec.Struct, frozen=True, tag="link"):
    url: str
    text: str


class PersonSpan(msgspec.Struct, frozen=True, tag="person"):
    """A Slack user (`U…`), or for other actors just the name."""

    id: str
    name: str = ""


class ChannelSpan(msgspec.Struct, frozen=True, tag="channel"):
    id: str
    name: str = ""


class TimeSpan(msgspec.Struct, frozen=True, tag="time"):
    """Shown in the reader's own time zone where the renderer can."""

    at: datetime.datetime


Span: TypeAlias = Plain | Bold | Code | Link | PersonSpan | ChannelSpan | TimeSpan
Text: TypeAlias = tuple[Span, ...]


def text(*parts: str | Span) -> Text:
    """Text from strings and spans. In strings, what stands between backquotes becomes code: for OUR wording only.

    Values that come from outside are passed as spans (`Plain(value)`, `Code(value)`), never inside such a string.
    """
    spans: list[Span] = []
    for part in parts:
        if not isinstance(part, str):
            spans.append(part)
            continue
        for index, piece in enumerate(part.split("`")):
            if piece:
                spans.append(Code(piece) if index % 2 else Plain(piece))
    return tuple(spans)


class Status(Enum):
    """What an exit status and a coloured mark are made of."""

    OK = "ok"
    FINDINGS = "findings"
    """Something is wrong in the cluster, or needs a decision."""
    FAILED = "failed"
    """The bot could not do what was asked."""
    WORKING = "working"
    """Not finished yet."""


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    text: Text


class Bullets(msgspec.Struct, frozen=True, tag="bullets"):
    items: tuple[Text, ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """Column names as kubectl prints them; every row has as many cells as there are columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    title: str = ""


class Preformatted(msgspec.Struct, frozen=True, tag="preformatted"):
    """Lines as they are: YAML, a log, a difference. Renderers make a file of what is too long for a message."""

    content: str
    title: str = ""
    language: str = ""
    """`yaml`, `json`, `diff`, `log` or empty; also the ending of the file it may become."""


class FindingsBlock(msgspec.Struct, frozen=True, tag="findings"):
    findings: tuple[Finding, ...]


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """A list of steps with marks. `state` of each: `waiting`, `working`, `done`, `failed`, `undone`, `skipped`."""

    steps: tuple["ProgressStep", ...]


class ProgressStep(msgspec.Struct, frozen=True):
    text: Text
    state: str


Block: TypeAlias = Paragraph | Bullets | Table | Preformatted | FindingsBlock | Progress


class Action(msgspec.Struct, frozen=True):
    """A button. A click is an invocation of `command`, by whoever clicks."""

    label: str
    command: str
    """A command line, at most 2,000 characters: `changes approve 7 --digest 3f2a…`."""
    style: str = ""
    """`primary`, `danger` or empty."""
    confirm: str = ""
    """A question to ask before; empty: none."""


class Menu(msgspec.Struct, frozen=True):
    """One of many, to be chosen: a select where there are selects, else lines that one can type. Choosing is an
    invocation of the action's command, by whoever chooses."""

    label: str
    """What stands there before something is chosen: `Choose a port`."""
    choices: tuple[Action, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    status: Status
    title: str
    """One line that could stand alone in a notification. Renderers escape it."""
    blocks: tuple[Block, ...] = ()
    actions: tuple[Action, ...] = ()
    menu: Menu | None = None
    footnotes: tuple[Text, ...] = ()
    """What the answer rests on: vantage, cluster, what could not be read."""
    private: bool = False
    """True: for the person who asked alone, wherever it was asked (logs, for example)."""
    examined: tuple[Finding, ...] = ()
    """All that was judged from complete readings, wrong and right: what incidents are made of and end by. Not shown."""


def paragraph(*parts: str | Span) -> Paragraph:
    """A paragraph; see `text` for what strings may hold."""
    return Paragraph(text(*parts))


def table(columns: Iterable[str], rows: Iterable[Iterable[str | Span | Text]], title: str = "") -> Table:
    """A table; a string in a cell is shown as it is, safely, whatever it holds."""

    def cell(value: str | Span | Text) -> Text:
        if isinstance(value, str):
            return (Plain(value),)
        return value if isinstance(value, tuple) else (value,)

    return Table(tuple(columns), tuple(tuple(cell(value) for value in row) for row in rows), title)


def plain(spans: Text) -> str:
    """The text without any markup: for logs, notifications and sorting."""
    words = []
    for span in spans:
        match span:
            case Plain() | Bold() | Code():
                words.append(span.text)
            case Link():
                words.append(f"{span.text} ({span.url})" if span.text != span.url else span.url)
            case PersonSpan():
                words.append(f"@{span.name or span.id}")
            case ChannelSpan():
                words.append(f"#{span.name or span.id}")
            case TimeSpan():
                words.append(span.at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))
    return "".join(words)
