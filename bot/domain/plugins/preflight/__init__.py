"""What is looked at before a network plugin is planned, one thing a file, declaring CHECK.

To add one, write `<name>.py` with `CHECK = Preflight(...)`. Each says what it saw even when all is well: people who
approve at night want to know that it was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.discovery import declared
from bot.domain.changes.change import Checked
from bot.domain.plugins.cni import NetworkPlugin
from bot.domain.plugins.fitting import Objects
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.releases import Release
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, worst_first


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be installed."""

    name: str
    """As it is typed: `kube-router`."""
    plugin: NetworkPlugin
    installation: Installation
    release: Release
    parameters: Parameters
    """Complete: pod CIDRs have been found."""
    objects: Objects
    """Fitted, in the order in which they are applied."""
    patience: float = 0.0
    """Seconds for what takes long; 0: the usual ones."""

    @property
    def title(self) -> str:
        return f"{self.plugin.title} {self.release.version}"


Look = Callable[[Wanted, Surroundings], Iterator[Said]]


@dataclass(frozen=True, slots=True)
class Preflight:
    """One check."""

    about: str
    """What it is about, for a table: `pod CIDR`."""
    look: Look
    codes: tuple[str, ...] = ()
    """Of the doubts that it can have."""


def all_checks() -> dict[str, Preflight]:
    """Every check by module name."""
    return declared("bot.domain.plugins.preflight", "CHECK", Preflight)


def all_codes() -> tuple[str, ...]:
    """The code of every doubt that a check can have."""
    return tuple(sorted({code for check in all_checks().values() for code in check.codes}))


def checked(wanted: Wanted, around: Surroundings) -> tuple[Checked, ...]:
    """All that the checks say, the worst first."""
    found = [
        Checked(check.about, said.verdict, said.evidence, said.code)
        for check in all_checks().values()
        for said in check.look(wanted, around)
    ]
    return worst_first(found)


def left_without(wanted: Wanted, around: Surroundings, accepted: frozenset[str]) -> tuple[str, ...]:
    """Nodes that stay without a network, as somebody has accepted: nothing is proved of them."""
    checks = [check for check in all_checks().values() if accepted & set(check.codes)]
    said = (each for check in checks for each in check.look(wanted, around))
    return tuple(sorted({node for each in said if each.code in accepted for node in each.nodes}))
