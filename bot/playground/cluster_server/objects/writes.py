"""What is asked of the registry: how somebody writes, how somebody deletes, and writes that have to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.webhooks.asking import Asker

Object = dict[str, Any]
Place = tuple[str, ...]
"""What is done, and where: method, resource, namespace, name and subresource."""


def _anything(kind: Kind, namespace: str, obj: Object, before: Object | None) -> None:
    """A writer who may do everything."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How somebody writes."""

    manager: str = "unknown"
    dry_run: bool = False
    subresource: str = ""
    admit: Callable[[Kind, str, Object, Object | None], None] = _anything
    """Raises APIError for what this writer may not write: kind, namespace, the object and what it was before."""
    warnings: list[str] = field(default_factory=list)
    """What this writer is to be warned of, besides."""
    asker: Asker | None = None
    """Who webhooks are told it is; None: whoever acts, if anybody does."""


@dataclass(frozen=True, slots=True)
class Deleting:
    """What a delete asks for; empty preconditions hold always."""

    dry_run: bool = False
    uid: str = ""
    revision: str = ""
    propagation: str = "Background"
    grace_seconds: int | None = None
    asker: Asker | None = None
    is_one_of_many: bool = False
    """Webhooks are not told the names of those that are deleted together."""
    warnings: list[str] = field(default_factory=list)


PLAINLY = Deleting()
"""A delete that asks for nothing more."""
UNHEARD = Asker({})
"""Stands for a writer of whom webhooks do not hear."""


class Postponed(Exception):
    """A write waits for webhooks, and its writer cannot: it is done, or refused, when `task` ends."""

    def __init__(self, place: Place, task: asyncio.Task[Any]) -> None:
        super().__init__(place)
        self.place = place
        self.task = task

    def then(self, tell: Callable[[Any], None]) -> None:
        """Gives what was written to somebody, if it is."""
        self.task.add_done_callback(
            lambda task: None if task.cancelled() or task.exception() else tell(task.result())
        )  # fmt: skip


@dataclass(slots=True)
class Acting:
    """Somebody who writes without waiting, and looks again later: a controller at one of its keys."""

    who: Callable[[], Asker]
    refusals: dict[Place, statuses.APIError] = field(default_factory=dict)
    """What became of writes that were postponed."""
