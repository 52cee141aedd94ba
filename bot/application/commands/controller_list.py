"""`controller list`: what leads traffic into the cluster, which classes it serves, and what is to be said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import edge_notes, read_edge
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, Plain, Report, Status, paragraph, table, text
from bot.domain.chat.values import Nothing
from bot.domain.chat.wording import counted
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, INGRESS_CLASS
from bot.domain.plugins.controllers import Found, ready, recognise
from bot.domain.plugins.edge import gateway_api, remarks
from bot.domain.plugins.edge.serving import routes_of, served
from bot.domain.plugins.edge.surroundings import Edge

_COLUMNS = ("CONTROLLER", "VERSION", "NAMESPACE", "READY", "CLASSES", "GATEWAY CLASSES", "ADDRESS", "SERVES")


async def list_controllers(request: Nothing, context: Context) -> Report:
    edge = await read_edge(context.cluster)
    if not edge.could_read(DEPLOYMENT, DAEMON_SET) and not edge.could_read(INGRESS_CLASS):
        return Report(
            status=Status.FAILED,
            title=f"{edge.snapshot.cluster.name}: which controllers there are could not be read",
            footnotes=edge_notes(edge),
        )
    return await asyncio.to_thread(_report, edge)


def _report(edge: Edge) -> Report:
    found = recognise(edge, all_controllers())
    where = edge.snapshot.cluster.name
    told = [
        text(Plain(f"{each.called}: "), remark(each, line))
        for each in found
        for line in remarks.of_controller(each, edge)
    ]
    told += [text(Plain(line)) for line in remarks.of_all(found, edge)]
    running = [each.called for each in found if each.workloads]
    title = f"{', '.join(running) or 'No ingress controller'} on {where}"
    blocks: list[Block] = [table(_COLUMNS, [_row(each, found, edge) for each in found])] if found else []
    if not found:
        blocks.append(paragraph("Nothing serves Ingresses or Gateways here. `help controller install` tells how."))
    blocks.append(paragraph(Plain(f"Gateway API: {_gateway_api(edge)}")))
    if told:
        blocks += [paragraph("To be said:"), Bullets(tuple(told))]
    return Report(
        status=Status.FINDINGS if told else Status.OK,
        title=title,
        blocks=tuple(blocks),
        footnotes=edge_notes(edge),
    )


def remark(found: Found, line: str) -> str | Plain:
    """Commands in what we say ourselves are set as such; whatever holds a name from the cluster is plain."""
    return line if found.controller and line == found.controller.retired else Plain(line)


def _row(found: Found, all_found: Sequence[Found], edge: Edge) -> list[str]:
    counts = [ready(each) for each in found.workloads]
    hosted = bool(found.controller and found.controller.hosted)
    pods = f"{sum(one for one, _ in counts)}/{sum(all_ for _, all_ in counts)}" if counts else "-" if hosted else "0/0"
    classes = [each.name + (" (default)" if each.default else "") for each in found.classes]
    return [
        found.title,
        found.version or "-",
        found.namespace or "-",
        pods,
        ", ".join(classes) or "-",
        ", ".join(found.gateway_class_names) or "-",
        address_text(found),
        _serves(found, all_found, edge),
    ]


def address_text(found: Found) -> str:
    """Where it is reached from outside, as far as its Services tell."""
    if found.addresses:
        return ", ".join(found.addresses)
    ports = [port.node_port for each in found.services for port in each.spec.ports or () if port.node_port]
    return f"node ports {', '.join(map(str, ports))}" if ports else "-"


def _serves(found: Found, all_found: Sequence[Found], edge: Edge) -> str:
    its = served(found, all_found, edge)
    gateways = its.gateways
    told = [counted(len(its.ingresses), "Ingress", "Ingresses")] if its.ingresses else []
    if gateways:
        told.append(counted(len(gateways), "Gateway"))
        told.append(counted(len(routes_of(edge, gateways)), "route"))
    return ", ".join(told) or "nothing"


def _gateway_api(edge: Edge) -> str:
    if edge.unread_of("customresourcedefinitions"):
        return "could not be read"
    return gateway_api.told(edge.gateway_api) if edge.gateway_api else "its definitions are not there"


COMMAND = Look(
    name="controller list",
    model=Nothing,
    handler=list_controllers,
    summary="list ingress controllers and gateways: versions, classes, addresses, and what they serve",
    examples=("controller list",),
    details="Controllers are recognised by their images, and by the controllers that IngressClasses and GatewayClasses "
    "name, whoever installed them. `controller status NAME` tells more of one.",
)
