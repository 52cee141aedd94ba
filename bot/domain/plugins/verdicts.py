"""What a check before a plan says: a verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.changes.change import Checked


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was looked at."""

    verdict: str
    """`ok`, `doubt`, `conflict` or `unknown`."""
    evidence: str
    code: str = ""
    """Of a doubt: what `--accept` takes."""
    nodes: tuple[str, ...] = ()
    """Of a doubt: nodes that will stay without a network. Who accepts it accepts that."""


def ok(evidence: str) -> Said:
    return Said("ok", evidence)


def unknown(evidence: str) -> Said:
    return Said("unknown", evidence)


def conflict(evidence: str) -> Said:
    return Said("conflict", evidence)


def doubt(code: str, evidence: str, nodes: Iterable[str] = ()) -> Said:
    return Said("doubt", evidence, code, tuple(nodes))


_VERDICTS = {"conflict": 0, "doubt": 1, "unknown": 2, "ok": 3}


def worst_first(found: Iterable[Checked]) -> tuple[Checked, ...]:
    """In the order in which people have to know them."""
    return tuple(sorted(found, key=lambda each: _VERDICTS[each.verdict]))
