"""Reads at which ports the controller of a GatewayClass listens. What may not be read is not known."""

from __future__ import annotations

import asyncio

from bot.application.execution.controllers import all_controllers
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.network.listening import Listening
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, SERVICE, JSONObject, Kind
from bot.domain.plugins.controllers import IngressController, names, runs
from bot.errors import BotError


def controller_of(gateway_class: JSONObject) -> IngressController | None:
    """The one that a class names; None: no file knows it."""
    said = str(fields.at(gateway_class, ("spec", "controllerName")).value or "")
    return next((each for each in all_controllers().values() if names(said, each.gateway_classes)), None)


async def read_listening(cluster: Cluster, controller: IngressController | None) -> Listening | None:
    """None: it makes what listens for each Gateway, or it is not known."""
    if controller is None or controller.listening is None:
        return None
    try:
        listed = await asyncio.gather(*(_all(cluster, kind) for kind in (DEPLOYMENT, DAEMON_SET)))
        workloads = [each for one in listed for each in one if runs(each, controller)]
        namespaces = sorted({fields.ref_of(each).namespace for each in workloads})
        beside = await asyncio.gather(*(cluster.list(SERVICE, each) for each in namespaces))
    except BotError:
        return None
    return controller.listening(workloads, [each for one in beside for each in one])


async def _all(cluster: Cluster, kind: Kind) -> list[JSONObject]:
    return await cluster.list(kind)
