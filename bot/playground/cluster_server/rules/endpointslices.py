"""EndpointSlices: both lists are always there, if only as null."""

from __future__ import annotations

from bot.playground.cluster_server.rules.contract import Object, Rules


def fill(endpoint_slice: Object) -> None:
    for name in ("endpoints", "ports"):
        if not endpoint_slice.get(name):
            endpoint_slice[name] = None
    for port in endpoint_slice["ports"] or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


RULES = Rules(fill=fill)
