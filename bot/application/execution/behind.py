"""What stands behind a host and path of an Ingress or a route: the Service that should answer, asked to compare with.

An edge that does not know a host answers 404, and so do many programs for `/`: only both answers tell which it was.
"""

from __future__ import annotations

from typing import Any

from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.changes import fields
from bot.domain.changes.change import Reach
from bot.domain.changes.proof import spoken
from bot.domain.network.answering import led
from bot.domain.network.probing import ByAPIServer, HTTPProbe
from bot.domain.network.references import SERVICE, JSONObject
from bot.errors import BotError


async def status_behind(work: Work, step: Reach) -> int | None:
    """The status with which the Service itself answers for the same path; None: it cannot be told."""
    try:
        object = await look(work, step.ref)
        if object is None:
            return None
        if step.ref.kind == SERVICE.name:
            ref, port = step.ref, str(step.port)
        elif lead := led(object, step.host, step.path):
            ref, port = lead.service, lead.port
        else:
            return None
        service = object if ref == step.ref else await look(work, ref)
        if not (number := _number(service, port)):
            return None
        tls = step.scheme == "https" if step.ref.kind == SERVICE.name else _wants_tls(service, number)
        probe = HTTPProbe(target=ref, port=number, path=step.path, tls=tls)
        return (await work.call(work.prober.ask(probe, ByAPIServer()))).status
    except BotError:
        return None


def _wants_tls(service: JSONObject | None, number: int) -> bool:
    """Whether the pods behind a port probably want TLS, by its protocol, its name or a usual number."""
    ports: Any = fields.at(service, ("spec", "ports")).value or [] if service else []
    return any(spoken(each).tls for each in ports if each.get("port") == number)


def _number(service: JSONObject | None, port: str) -> int:
    """The number of a Service's port that is said by number or name; 0: it has none such."""
    ports: Any = fields.at(service, ("spec", "ports")).value or [] if service else []
    return next((int(each["port"]) for each in ports if port in (str(each.get("port")), each.get("name"))), 0)
