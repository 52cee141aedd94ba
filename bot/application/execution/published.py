"""By which port a listener is reached from outside, where a Service publishes it under another number: Traefik's Helm
chart leads port 80 to its entry point 8000, for which its listeners are then
(https://github.com/traefik/traefik-helm-chart).
"""

from __future__ import annotations

from typing import Any

from bot.application.execution.working import Work
from bot.domain.changes import fields
from bot.domain.network.references import ENDPOINT_SLICE, SERVICE, JSONObject
from bot.errors import BotError


async def published(work: Work, address: str, port: int) -> int:
    """The port of the Service with that address which leads to this port of its pods; the same port where a Service has
    it, where none leads there, and where that may not be read."""
    try:
        services = [each for each in await work.call(work.cluster.list(SERVICE)) if address in _addresses(each)]
        if any(port == each.get("port") for service in services for each in _ports(service)):
            return port
        for service in services:
            own = fields.ref_of(service)
            selector = f"kubernetes.io/service-name={own.name}"
            slices = await work.call(work.cluster.list(ENDPOINT_SLICE, own.namespace, selector))
            names = {str(each.get("name") or "") for one in slices for each in _said(one) if each.get("port") == port}
            for each in _ports(service):
                if str(each.get("name") or "") in names:
                    return int(each["port"])
    except BotError:
        pass
    return port


def _addresses(service: JSONObject) -> list[str]:
    balanced: Any = fields.at(service, ("status", "loadBalancer", "ingress")).value or []
    given: Any = fields.at(service, ("spec", "externalIPs")).value or []
    return [*(str(each.get("ip") or each.get("hostname") or "") for each in balanced), *map(str, given)]


def _ports(service: JSONObject) -> list[dict[str, Any]]:
    found: Any = fields.at(service, ("spec", "ports")).value or []
    return [each for each in found if (each.get("protocol") or "TCP") == "TCP"]


def _said(piece: JSONObject) -> list[dict[str, Any]]:
    found: Any = piece.get("ports") or []
    return [each for each in found if (each.get("protocol") or "TCP") == "TCP"]
