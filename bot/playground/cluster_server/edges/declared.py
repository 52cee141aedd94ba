"""A controller that only a scenario speaks of: it goes by the names and addresses that stand there."""

from __future__ import annotations

from bot.playground.cluster_server.edges.contract import PLAIN, TLS, Class, Edge, Running


def _takes(running: Running, of: Class) -> bool:
    return of.controller == running.ingress_controller


DECLARED = Edge(
    "a controller of the scenario", (), entries=lambda _: {80: PLAIN, 443: TLS}, ingress_controller=lambda _: "",
    takes=_takes, addresses=lambda running, _: [{"ip": address} for address in running.given],
    default_certificate="ingress.local",
)  # fmt: skip
"""Its names come from the scenario too. Plain HTTP is never sent to HTTPS."""
