"""Whether the controller of an Ingress serves it by TLS at all: told in the plan, and again when it does not answer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import read_edge
from bot.application.execution.ingress_looking import served_by
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Change, Edit
from bot.domain.network.ingresses import class_of, default_classes
from bot.domain.network.references import INGRESS, JSONObject
from bot.domain.network.snapshot import Ingress, IngressClass
from bot.domain.plugins.controllers import Found, recognise
from bot.domain.plugins.edge.encrypting import Unencrypted
from bot.domain.plugins.edge.serving import by_address
from bot.errors import BotError


def class_meant(ingress: Ingress, classes: Sequence[IngressClass]) -> str:
    """The class that it names, else the one default; empty: there is neither."""
    default = default_classes(classes)
    return class_of(ingress) or (default[0] if len(default) == 1 else "")


async def unencrypted(cluster: Cluster, ingress: JSONObject, found: Sequence[Found]) -> list[Unencrypted]:
    """Of the controllers that serve it, those that do not do so by TLS for its certificate alone. Raises BotError."""
    told = []
    for each in found:
        if each.controller is not None and each.controller.unencrypted is not None:
            workloads = [await cluster.get(one.ref) for one in each.workloads]
            told.append(each.controller.unencrypted(ingress, workloads))
    return [each for each in told if each is not None]


async def with_warning(cluster: Cluster, change: Change) -> Change:
    """The plan of an Ingress, with what keeps it from being served by TLS; without, where that cannot be read."""
    warnings: list[str] = []
    try:
        for object in await _meant(cluster, change):
            edge = await read_edge(cluster)
            ingress = msgspec.convert(object, Ingress, strict=False)
            name = class_meant(ingress, edge.snapshot.ingress_classes)
            found = served_by(recognise(edge, all_controllers())).by_class.get(name, ())
            for each in await unencrypted(cluster, object, by_address(found, ingress.status.addresses)):
                warnings.append(
                    f"{each.why}. With --annotation {each.annotation} it is served by TLS, and by TLS alone."
                )
    except BotError:
        return change
    return msgspec.structs.replace(change, warnings=(*change.warnings, *warnings))


async def _meant(cluster: Cluster, change: Change) -> list[JSONObject]:
    """The Ingresses with certificates as they will stand. Raises BotError."""
    found = []
    for step in change.steps:
        if isinstance(step, Apply) and step.ref.kind == INGRESS.name:
            found.append(step.manifest)
        elif isinstance(step, Edit) and step.ref.kind == INGRESS.name:
            found.append(fields.with_fields(await cluster.get(step.ref), step.fields))
    return [each for each in found if fields.at(each, ("spec", "tls")).value]
