"""By which commands people take back themselves what undoing leaves alone."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.changes.change import Apply, Delete, Writing
from bot.domain.network.references import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, INGRESS, SERVICE, TLS_ROUTE, Ref

_DELETING = {
    SERVICE.name: "unexpose",
    INGRESS.name: "ingress delete",
    GATEWAY.name: "gateway delete",
    **dict.fromkeys((HTTP_ROUTE.name, GRPC_ROUTE.name, TLS_ROUTE.name), "route delete"),
}
_EDITING = {SERVICE.name: "service edit", INGRESS.name: "ingress edit"}
_MOST = 3


def next_step(staying: Sequence[Writing]) -> str:
    """For what stays of these steps; empty: nothing of them does."""
    ours = [step for step in staying if not isinstance(step, Delete)]  # what was made again is somebody else's
    lines = [f"`{_line(step)}`" for step in ours[:_MOST]]
    more = f" and so on, {len(ours)} in all" if len(ours) > _MOST else ""
    return f"to take it back by hand: {', '.join(lines)}{more}" if lines else ""


def _line(step: Writing) -> str:
    made = isinstance(step, Apply) and step.creates
    command = (_DELETING if made else _EDITING).get(step.ref.kind)
    if command is None:
        return f"kubectl {'delete' if made else 'edit'} {step.ref.kind.lower()} {_named(step.ref)}"
    return f"{command} {_named(step.ref)}"


def _named(ref: Ref) -> str:
    return f"{ref.name} -n {ref.namespace}" if ref.namespace else ref.name
