"""The real request that ends an installation: to the controller's Service by way of the API server, and by address.

Any answer counts. A controller that knows no host yet says 404, and says it itself: nobody else stands behind its port.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.changes.change import Reach, Step
from bot.domain.changes.proof import ask_port, spoken
from bot.domain.network.references import JSONObject, Ref
from bot.domain.plugins.edge.surroundings import part
from bot.domain.plugins.fitting import Objects, ref

_OUTSIDE = ("LoadBalancer", "NodePort")


def asked(services: Sequence[Ref], objects: Objects) -> Iterator[Step]:
    """One port of each of these Services, as they are in the plan's objects: the first that speaks plain HTTP."""
    for object in objects:
        if (own := ref(object)) in services and (port := _plain_port(object)) is not None:
            yield ask_port(own, port)
            if part(object, "spec", "type") in _OUTSIDE:
                yield Reach(ref=own, port=int(str(port["port"])))


def _plain_port(service: JSONObject) -> JSONObject | None:
    """None: it has none."""
    ports: Any = part(service, "spec", "ports") or ()
    said = ((port, spoken(port)) for port in ports if port.get("protocol", "TCP") == "TCP")
    return next((port for port, speech in said if speech.http and not speech.tls), None)
