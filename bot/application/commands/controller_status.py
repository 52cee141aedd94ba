"""`controller status`: how a controller is: its pods, Services, classes, and what it serves."""

from __future__ import annotations

from dataclasses import dataclass

from bot.application.commands.controller_list import address_text, remark
from bot.application.execution.controllers import GATEWAY_API, KnownController, all_controllers
from bot.application.execution.edge_reading import edge_notes, read_edge
from bot.application.ports import Context, Look
from bot.domain.chat.grammar import argument
from bot.domain.chat.report import Block, Bullets, Plain, Report, Status, Text, paragraph, table, text
from bot.domain.network.ages import age
from bot.domain.network.ingresses import class_of
from bot.domain.network.pods import state_of
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, POD
from bot.domain.network.selectors import matches_selector
from bot.domain.network.services import ports_text
from bot.domain.network.snapshot import Ingress, Pod
from bot.domain.plugins.components import installer
from bot.domain.plugins.controllers import Found, recognise
from bot.domain.plugins.edge import remarks
from bot.domain.plugins.edge.gateway_api import told
from bot.domain.plugins.edge.serving import Served, routes_of, served
from bot.domain.plugins.edge.surroundings import Edge, name_of, part
from bot.domain.plugins.ranges import some
from bot.errors import BotError, NotFound

_SHOWN_ROWS = 50
_TITLE = 100
"""Characters that a title takes besides the names; what is longer stands below alone."""


@dataclass(frozen=True, kw_only=True)
class ShowController:
    name: KnownController = argument("the controller; default: all that are there", default="")


async def show_controllers(request: ShowController, context: Context) -> Report:
    """Raises NotFound when the named one is not there."""
    edge = await read_edge(context.cluster)
    if request.name == GATEWAY_API:
        return _definitions(edge)
    found = recognise(edge, all_controllers())
    chosen = [each for each in found if request.name in ("", each.name)]
    where = edge.snapshot.cluster.name
    if not edge.could_read(DEPLOYMENT, DAEMON_SET) and not chosen:
        return Report(
            status=Status.FAILED,
            title=f"{where}: which controllers there are could not be read",
            footnotes=edge_notes(edge),
        )
    if not chosen and request.name:
        told = ", ".join(each.called for each in found)
        raise NotFound(
            f"There is no {all_controllers()[request.name].title} here",
            cause=f"there is {told}" if told else "no workload and no class looks like an ingress controller",
            next_step="`controller list` shows what there is, `help controller install` how to install one",
        )
    blocks: list[Block] = []
    trouble: list[str] = []
    for each in chosen:
        if len(chosen) > 1:
            blocks.append(paragraph(Plain(each.called)))
        own = remarks.of_controller(each, edge)
        trouble += own
        blocks += await _blocks(each, served(each, found, edge), edge, own, context)
    if not chosen:
        blocks.append(paragraph("Nothing serves Ingresses or Gateways here. `help controller install` tells how."))
    names = ", ".join(each.called for each in chosen) or "No ingress controller"
    return Report(
        status=Status.FINDINGS if trouble else Status.OK,
        title=f"{names} on {where}" + (f": {trouble[0]}" if len(trouble) == 1 and len(trouble[0]) <= _TITLE else ""),
        blocks=tuple(blocks),
        footnotes=edge_notes(edge),
    )


def _definitions(edge: Edge) -> Report:
    """The Gateway API's, which serve nothing by themselves. Raises NotFound."""
    if not edge.gateway_api:
        unread = edge.unread_of("customresourcedefinitions")
        raise NotFound(
            "The Gateway API is not there" if not unread else "Whether the Gateway API is there could not be read",
            next_step="`controller install gateway-api` brings its definitions" if not unread else "",
        )
    rows = [
        (each.name, each.version or "?", each.channel or "?", "yes" if each.ours else "no") for each in edge.gateway_api
    ]
    return Report(
        status=Status.OK,
        title=f"Gateway API on {edge.snapshot.cluster.name}: {told(edge.gateway_api)}",
        blocks=(table(("DEFINITION", "VERSION", "CHANNEL", "BY PATCHBAY"), rows),),
        footnotes=edge_notes(edge),
    )


async def _blocks(found: Found, its: Served, edge: Edge, trouble: tuple[str, ...], context: Context) -> list[Block]:
    lines: list[Text] = [text(Plain(line)) for line in await _lines(found, context)]
    controller = found.controller
    if controller and not controller.install and not controller.retired:
        lines.append(text(f"Recognised, and not installed from here: {controller.why_not}"))
    if controller and controller.one_gateway and found.workloads and found.gateway_classes:
        lines.append(text(Plain(f"It serves one Gateway alone: {controller.one_gateway}")))
    lines += [text("To be said: ", remark(found, line)) for line in trouble]
    blocks: list[Block] = [Bullets(tuple(lines))] if lines else []
    blocks += [*_pods(found, edge), *_services(found), *_classes(found)]
    if its.ingresses:
        blocks.append(_ingresses(its.ingresses))
    if its.gateways:
        blocks.append(
            table(
                ("GATEWAY", "CLASS", "ACCEPTED", "ADDRESSES", "ROUTES"),
                (
                    (
                        name_of(each),
                        str(part(each, "spec", "gatewayClassName")),
                        remarks.accepted(each),
                        ", ".join(str(a.get("value")) for a in part(each, "status", "addresses") or ()) or "-",
                        some([name_of(route) for route in routes_of(edge, [each])]) or "none",
                    )
                    for each in its.gateways[:_SHOWN_ROWS]
                ),
                "Gateways it serves",
            )
        )
    return blocks


async def _lines(found: Found, context: Context) -> list[str]:
    lines = []
    for workload in found.workloads:
        try:
            put_there = installer(await context.cluster.get(workload.ref))
        except BotError as error:
            put_there = f"somebody: it could not be read ({error.summary})"
        images = sorted({each.image for each in workload.spec.template.spec.containers})
        lines.append(f"{workload.ref}, of {', '.join(images)}; installed by {put_there}")
    return lines


def _pods(found: Found, edge: Edge) -> list[Block]:
    """As `kubectl get pods -o wide` shows them."""
    if not edge.could_read(POD) or not found.workloads:
        return []
    selectors = [each.spec.selector for each in found.workloads]
    pods = [
        pod
        for pod in edge.snapshot.pods
        if pod.namespace == found.namespace and any(matches_selector(each, pod.labels) for each in selectors)
    ]

    def row(pod: Pod) -> list[str]:
        state = state_of(pod)
        restarts = str(state.restarts)
        if state.restarts and state.last_restart_at:
            restarts += f" ({age(state.last_restart_at, edge.snapshot.taken_at)} ago)"
        return [
            pod.name,
            f"{state.ready}/{state.total}",
            state.status,
            restarts,
            age(pod.metadata.creation_timestamp, edge.snapshot.taken_at),
            pod.status.pod_ip or "<none>",
            pod.spec.node_name or "<none>",
        ]

    columns = ("NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE")
    rows = sorted(pods, key=lambda pod: (pod.ready, pod.name))[:_SHOWN_ROWS]
    return [table(columns, map(row, rows), f"Pods in {found.namespace}")] if rows else []


def _services(found: Found) -> list[Block]:
    rows = [
        (each.ref.short, each.spec.type, ", ".join(each.status.addresses) or "-", ports_text(each))
        for each in found.services
    ]
    title = f"Reached at {address_text(found)}" if address_text(found) != "-" else "Services"
    return [table(("SERVICE", "TYPE", "ADDRESS", "PORTS"), rows, title)] if rows else []


def _classes(found: Found) -> list[Block]:
    rows = [
        ("IngressClass", each.name, "yes" if each.default else "no", each.spec.controller, "-")
        for each in found.classes
    ]
    rows += [
        ("GatewayClass", name_of(each), "-", str(part(each, "spec", "controllerName")), remarks.accepted(each))
        for each in found.gateway_classes
    ]
    return [table(("CLASS", "NAME", "DEFAULT", "CONTROLLER", "ACCEPTED"), rows)] if rows else []


def _ingresses(ingresses: tuple[Ingress, ...]) -> Block:
    """Those without an address first."""

    def row(each: Ingress) -> list[str]:
        hosts = [rule.host or "*" for rule in each.spec.rules or ()]
        return [each.ref.short, class_of(each), some(hosts) or "*", ", ".join(each.status.addresses) or "none"]

    ranked = sorted(ingresses, key=lambda each: (bool(each.status.addresses), each.ref))
    more = f"{_SHOWN_ROWS} of {len(ranked)} Ingresses it serves" if len(ranked) > _SHOWN_ROWS else ""
    rows = map(row, ranked[:_SHOWN_ROWS])
    return table(("INGRESS", "CLASS", "HOSTS", "ADDRESS"), rows, more or "Ingresses it serves")


COMMAND = Look(
    name="controller status",
    model=ShowController,
    handler=show_controllers,
    summary="show an ingress controller: pods, Services and addresses, classes, and what it serves",
    examples=("controller status", "controller status traefik"),
    details="Ingresses that have no address stand first. Of ingress-nginx, which was retired, it says which Ingresses "
    "hang on it.",
)
