"""What is looked at before a controller is planned, one thing a file, declaring CHECK.

To add one, write `<name>.py` with `CHECK = EdgeCheck(...)`, and a row in docs/ingress-controllers.md. Each says what it
saw even when all is well: people who approve at night want to know that it was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.discovery import declared
from bot.domain.changes.change import Checked
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.controllers import Found, IngressController, recognise
from bot.domain.plugins.edge.installation import EdgeInstallation
from bot.domain.plugins.edge.parameters import EdgeParameters
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.fitting import Objects
from bot.domain.plugins.releases import Release
from bot.domain.plugins.verdicts import Said, worst_first


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEdge:
    """What is to be installed."""

    name: str
    """As it is typed: `nginx-inc`."""
    controller: IngressController
    installation: EdgeInstallation
    release: Release
    parameters: EdgeParameters
    """Complete."""
    objects: Objects
    """Fitted, the definitions of the Gateway API included where they are to come, in the order of the files."""
    known: Mapping[str, IngressController]
    """Every controller that can be recognised."""
    patience: float = 0.0
    """Seconds for what takes long; 0: the usual ones."""

    @property
    def title(self) -> str:
        return f"{self.controller.title} {self.release.version}"

    def there(self, around: Edge) -> tuple[Found, ...]:
        """The controllers that are there already."""
        return recognise(around, self.known)


@dataclass(frozen=True, slots=True)
class EdgeCheck:
    """One check."""

    about: str
    """What it is about, for a table: `class name`."""
    look: Callable[[WantedEdge, Edge], Iterator[Said]]
    codes: tuple[str, ...] = ()
    """Of the doubts that it can have."""


def all_checks() -> dict[str, EdgeCheck]:
    """Every check by module name."""
    return declared("bot.domain.plugins.edge.preflight", "CHECK", EdgeCheck)


def all_codes() -> tuple[str, ...]:
    """The code of every doubt that a check can have."""
    return tuple(sorted({code for check in all_checks().values() for code in check.codes}))


def checked(wanted: WantedEdge, around: Edge) -> tuple[Checked, ...]:
    """All that the checks say, the worst first."""
    return worst_first(
        Checked(check.about, said.verdict, said.evidence, said.code)
        for check in all_checks().values()
        for said in check.look(wanted, around)
    )


def named(ingresses: tuple[Ingress, ...], most: int = 6) -> str:
    """`2 Ingresses (shop/web, shop/api)`."""
    shown = ", ".join(each.ref.short for each in ingresses[:most])
    more = f" and {len(ingresses) - most} more" if len(ingresses) > most else ""
    return f"{len(ingresses)} Ingress{'' if len(ingresses) == 1 else 'es'} ({shown}{more})"
