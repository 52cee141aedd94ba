"""The blocks of a report as Slack's blocks, each within its own limits; what is too long for them becomes a file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.adapters.slack.spelling import atoms, cleaned, escaped, length, packed, shortened, weight
from bot.adapters.slack.tables import chunks, table_block, table_lines
from bot.domain.chat.report import (
    Action,
    Block,
    Bold,
    Bullets,
    Code,
    FindingsBlock,
    Menu,
    Paragraph,
    Plain,
    Preformatted,
    Progress,
    Table,
    Text,
    text,
)
from bot.domain.diagnosis.finding import Finding, Severity

SlackBlock: TypeAlias = dict[str, Any]

SECTION = 2_900
"""Characters; a section takes 3,000."""
ACTION_ID = "patchbay:run:"
"""What the action_id of each of our buttons begins with; its number follows."""
_MOST_LINES = 60
_MOST_TABLE_TEXTS = 3
_MOST_ACTIONS = 25
_ACTIONS_WEIGHT = 6_000
_SELECT_WEIGHT = 4_000
_MOST_OPTIONS = 100
_LONGEST_OPTION = 150
_FINDINGS_APART = 12
_ENDINGS = {"yaml": "yaml", "json": "json", "diff": "diff", "log": "log"}
_SEVERITIES = {Severity.HIGH: "🔴", Severity.MEDIUM: "🟠", Severity.LOW: "🟡", Severity.INFO: "🔵"}
_STEPS = {"waiting": "▫️", "working": "⏳", "done": "✅", "failed": "❌", "undone": "↩️", "skipped": "⏭️"}
_BAR = 10


@dataclass(frozen=True, slots=True)
class File:
    """Something too long for a message."""

    name: str
    title: str
    content: str
    """Never empty."""


@dataclass(slots=True)
class Pieces:
    """What a report has become so far."""

    blocks: list[SlackBlock] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    tables: int = 0

    def add(self, block: SlackBlock) -> None:
        self.blocks.append(block)

    def texts(self, parts: Iterable[str]) -> None:
        self.blocks.extend(section(part) for part in parts if part.strip())

    def file(self, title: str, content: str, ending: str) -> File:
        """Adds a file under a name that no other one has."""
        stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "output"
        taken = {file.name for file in self.files}
        names = (f"{stem}{'' if number == 1 else f'-{number}'}.{ending}" for number in range(1, 1_000_000))
        file = File(next(name for name in names if name not in taken), shortened(title, 200) or stem, content)
        self.files.append(file)
        return file


def section(words: str) -> SlackBlock:
    """`verbatim`: Slack links and mentions nothing by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": words, "verbatim": True}}


def body(blocks: Iterable[Block], pieces: Pieces) -> None:
    """Adds all blocks of a report."""
    for block in blocks:
        match block:
            case Paragraph():
                pieces.texts(packed(atoms(block.text), SECTION))
            case Bullets():
                pieces.texts(packed(_lines(("• ", item) for item in block.items), SECTION))
            case Table():
                _table(block, pieces)
            case Preformatted():
                _preformatted(block, pieces)
            case FindingsBlock():
                _findings(block.findings, pieces)
            case Progress():
                _progress(block, pieces)


def _lines(items: Iterable[tuple[str, Text]]) -> Iterator[str]:
    """Lines, each in pieces that may be split."""
    for index, (start, item) in enumerate(items):
        yield ("\n" if index else "") + start
        yield from atoms(item)


def _titled(title: str) -> Iterator[str]:
    if title:
        yield from atoms((Bold(title),))
        yield "\n"


def _table(table: Table, pieces: Pieces) -> None:
    block = table_block(table) if not pieces.tables else None  # Slack takes one table a message
    if block:
        pieces.texts(packed(_titled(table.title), SECTION))
        pieces.add(block)
        pieces.tables += 1
        return
    header, *rows = table_lines(table)
    parts = chunks(header, rows, SECTION - 10)
    if parts and len(parts) <= _MOST_TABLE_TEXTS and not any("```" in part for part in parts):
        pieces.texts(packed(_titled(table.title), SECTION))
        pieces.texts(_fixed(part) for part in parts)
        return
    title = table.title or "Table"
    file = pieces.file(title, "\n".join((header, *rows)) + "\n", "txt")
    pieces.texts(packed(atoms(_attached(title, f"{len(rows):,} rows", file)), SECTION))


def _preformatted(block: Preformatted, pieces: Pieces) -> None:
    content = block.content.strip("\n")
    shown = escaped(content)
    if not content.strip():
        pieces.texts(packed([*_titled(block.title), "_(empty)_"], SECTION))
    elif length(shown) <= SECTION - 10 and content.count("\n") < _MOST_LINES and "```" not in content:
        pieces.texts(packed(_titled(block.title), SECTION))
        pieces.texts([_fixed(content)])
    else:
        title = block.title or "Output"
        file = pieces.file(title, block.content, _ENDINGS.get(block.language, "txt"))
        pieces.texts(packed(atoms(_attached(title, f"{content.count(chr(10)) + 1:,} lines", file)), SECTION))


def _fixed(content: str) -> str:
    return f"```\n{escaped(content)}\n```"


def _attached(title: str, size: str, file: File) -> Text:
    return (Bold(title), Plain(f" ({size}) is in the file "), Code(file.name))


def _findings(findings: tuple[Finding, ...], pieces: Pieces) -> None:
    if len(findings) <= _FINDINGS_APART:
        for finding in findings:
            pieces.texts(packed(_finding(finding), SECTION))
        return
    whole = (part for finding in findings for part in (*_finding(finding), "\n\n"))
    pieces.texts(packed(whole, SECTION))


def _finding(finding: Finding) -> Iterator[str]:
    mark, word = ("✅", "right") if finding.right else (_SEVERITIES[finding.severity], finding.severity.value)
    where: Text = (Code(str(finding.object)), *((Plain(" "), Code(finding.field)) if finding.field else ()))
    yield from atoms((Plain(f"{mark} "), Bold(word.upper()), Plain(" "), *where, Plain(": "), Plain(finding.summary)))
    for line in finding.evidence:
        yield "\n      • "
        yield from atoms((Plain(line),))
    if finding.next_step:
        yield "\n      → "
        yield from atoms(text(finding.next_step))


def _progress(block: Progress, pieces: Pieces) -> None:
    total = len(block.steps)
    if not total:
        return
    done = sum(step.state in ("done", "skipped") for step in block.steps)
    filled = done * _BAR // total
    bar: tuple[str, Text] = (f"{'▰' * filled}{'▱' * (_BAR - filled)}  ", (Plain(f"{done} of {total}"),))
    steps = ((f"{_STEPS.get(step.state, '▫️')} ", step.text) for step in block.steps)
    pieces.texts(packed(_lines([bar, *steps]), SECTION))


def actions_block(actions: tuple[Action, ...], menu: Menu | None = None) -> SlackBlock | None:
    """The menu and the buttons that there is room for; None when there are none."""
    elements = [_select(menu)] if menu and _fits_select(menu) else []
    elements += _buttons(_with_choices(actions, menu), _MOST_ACTIONS - len(elements))
    return {"type": "actions", "elements": elements} if elements else None


def _with_choices(actions: tuple[Action, ...], menu: Menu | None) -> tuple[Action, ...]:
    """With those of a menu that no select takes: buttons hold longer lines."""
    return actions if menu is None or _fits_select(menu) else (*menu.choices, *actions)


def _fits_select(menu: Menu) -> bool:
    """https://docs.slack.dev/reference/block-kit/composition-objects/option-object: values of at most 150 characters;
    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element: at most 100 options."""
    return (
        0 < len(menu.choices) <= _MOST_OPTIONS
        and all(
            choice.command and length(choice.command) <= _LONGEST_OPTION and cleaned(choice.command) == choice.command
            for choice in menu.choices
        )
        and weight(_select(menu)) <= _SELECT_WEIGHT
    )


def _select(menu: Menu) -> SlackBlock:
    options = [
        {
            "text": {"type": "plain_text", "text": shortened(choice.label, 75) or "Run", "emoji": False},
            "value": choice.command,
        }
        for choice in menu.choices
    ]
    return {
        "type": "static_select",
        "action_id": f"{ACTION_ID}menu",
        "placeholder": {"type": "plain_text", "text": shortened(menu.label, 150) or "Choose", "emoji": False},
        "options": options,
    }


def spare_actions(actions: tuple[Action, ...], menu: Menu | None, pieces: Pieces) -> None:
    """Actions that cannot be buttons are shown as lines that one can type."""
    most = _MOST_ACTIONS - bool(menu and _fits_select(menu))
    actions = _with_choices(actions, menu)
    spare = actions[len(_buttons(actions, most)) :]
    lines = (("• ", (Plain(f"{action.label}: "), Code(action.command))) for action in spare)
    pieces.texts(packed(_lines(lines), SECTION))


def _buttons(actions: tuple[Action, ...], most: int = _MOST_ACTIONS) -> list[SlackBlock]:
    """Buttons for the first actions, until one does not fit."""
    buttons: list[SlackBlock] = []
    used = 0
    for number, action in enumerate(actions[:most]):
        if not action.command or length(action.command) > 2_000 or cleaned(action.command) != action.command:
            break
        button = _button(number, action)
        used += weight(button)
        if used > _ACTIONS_WEIGHT:
            break
        buttons.append(button)
    return buttons


def _button(number: int, action: Action) -> SlackBlock:
    button: SlackBlock = {
        "type": "button",
        "action_id": f"{ACTION_ID}{number}",
        "text": {"type": "plain_text", "text": shortened(action.label, 75) or "Run", "emoji": False},
        "value": action.command,
    }
    if action.style in ("primary", "danger"):
        button["style"] = action.style
    if action.confirm:
        label = shortened(action.label, 30) or "Yes"
        button["confirm"] = {
            "title": {"type": "plain_text", "text": "Are you sure?", "emoji": False},
            "text": {"type": "plain_text", "text": shortened(action.confirm, 300), "emoji": False},
            "confirm": {"type": "plain_text", "text": label, "emoji": False},
            "deny": {"type": "plain_text", "text": "Back", "emoji": False},
            "style": "danger" if action.style == "danger" else "primary",
        }
    return button
