"""Some things only one change at a time may do in a cluster."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.changes.change import Change, ChangeRecord
from bot.errors import Conflict


def check_alone(change: Change, running: Iterable[ChangeRecord]) -> None:
    """Raises Conflict that names the change that is at it. One whose process died counts: it will be finished."""
    if not change.alone:
        return
    for other in running:
        if other.change.alone == change.alone and other.change.cluster == change.cluster:
            raise Conflict(
                f"Change {other.id} is at {change.alone} of this cluster",
                cause=f"it is {other.state.value}: {other.change.summary}",
                next_step=f"wait until it is over, or let it go back by `changes cancel {other.id}`; "
                f"`changes show {other.id}` tells how far it has come",
            )
