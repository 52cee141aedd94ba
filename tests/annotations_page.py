"""Writes the table of losses in docs/ingress-to-gateway.md: `python -m tests.annotations_page`, or `make docs`."""

from pathlib import Path

from bot.domain.migration.features import EXPERIMENTAL
from bot.domain.migration.nginx.losses import LOSSES
from bot.domain.migration.nginx.values import OLD_NAMES
from bot.domain.migration.outcome import Concern

PAGE = Path(__file__).parent.parent / "docs" / "ingress-to-gateway.md"
_BEGIN, _END = "<!-- losses -->\n", "<!-- end -->\n"


def page() -> str:
    """The whole page, as it has to be."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    return before + _BEGIN + "\n".join(_lines()) + "\n" + _END + rest.partition(_END)[2]


def _lines() -> list[str]:
    """A row for each reason, with all annotations that it is the reason for."""
    by_reason: dict[tuple[Concern, str, str], list[str]] = {}
    for concern in Concern:
        for name, loss in LOSSES.items():
            if loss.concern is concern:
                why = loss.why + (f"; the experimental channel has {EXPERIMENTAL[loss.field]}" if loss.field else "")
                by_reason.setdefault((concern, why, loss.instead), []).extend(_names(name))
    lines = ["| annotation | concerns | why | instead |", "|---|---|---|---|"]
    for (concern, why, instead), names in by_reason.items():
        listed = ", ".join(f"`{name}`" for name in names)
        lines.append(f"| {listed} | {concern.value} | {_cell(why)} | {_cell(instead)} |")
    return lines


def _names(name: str) -> list[str]:
    return [name, *(old for old, new in OLD_NAMES.items() if new == name)]


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
