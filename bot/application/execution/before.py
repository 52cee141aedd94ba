"""What stands before a Service: who serves the Ingress or the Gateways of a route, and why it may not do so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from bot.application.execution.controllers import all_controllers
from bot.application.execution.edge_reading import read_edge
from bot.application.execution.encrypting import class_meant, unencrypted
from bot.application.execution.ingress_looking import served_by
from bot.application.execution.routes import gateways_of
from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.changes import fields
from bot.domain.changes.change import Reach
from bot.domain.diagnosis.ingress_controllers import controller_findings
from bot.domain.network.leading import leads
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Outcome
from bot.domain.network.references import GATEWAY, INGRESS, SERVICE, TLS_ROUTE, JSONObject
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.controllers import Found, ready, recognise
from bot.domain.plugins.edge.serving import by_address
from bot.domain.plugins.edge.surroundings import Edge, name_of, part


@dataclass(frozen=True, slots=True)
class Before:
    """What was found out."""

    wrong: tuple[tuple[str, ...], ...] = ()
    """What is wrong, each in lines for people."""
    who: tuple[Found, ...] = ()
    """The controllers that serve it, as far as is seen."""


async def before(work: Work, object: JSONObject, reach: Reach | None) -> Before:
    """Of an Ingress, a route, a Gateway or a Service, when it does not answer that request; None: it was not asked.
    Raises BotError."""
    kind = str(object.get("kind"))
    if kind == SERVICE.name:
        return Before(tuple(_unbalanced(object)))
    edge = await work.call(read_edge(work.cluster))
    all_found = recognise(edge, all_controllers())
    if kind == INGRESS.name:
        return await _of_ingress(work, object, reach, edge, all_found)
    wrong: list[tuple[str, ...]] = []
    who: list[Found] = []
    for gateway in await _gateways(work, object):
        found = _serving(gateway, all_found)
        who += [each for each in found if each not in who]
        wrong += _unserved(gateway, found)
    if kind == TLS_ROUTE.name and reach is not None and reach.scheme == "tls":
        wrong += await _without_tls(work, object)
    return Before(tuple(wrong), tuple(who))


def _unbalanced(service: JSONObject) -> Iterator[tuple[str, ...]]:
    """A load balancer that nobody makes."""
    given = fields.at(service, ("status", "loadBalancer", "ingress")).value
    if part(service, "spec", "type") != "LoadBalancer" or given:
        return
    ports = [str(each["nodePort"]) for each in part(service, "spec", "ports") or () if each.get("nodePort")]
    meanwhile = f"; meanwhile it is reached at port {', '.join(ports)} of each node" if ports else ""
    ref = fields.ref_of(service)
    yield (
        f"{ref} is of type LoadBalancer, and nobody has given it an address: a cloud's controller does, or one such as "
        f"MetalLB{meanwhile}",
        f"  next: see what was tried: service show {ref.name} -n {ref.namespace} lists its events",
    )


async def _of_ingress(
    work: Work, object: JSONObject, reach: Reach | None, edge: Edge, all_found: Sequence[Found]
) -> Before:
    ingress = msgspec.convert(object, Ingress, strict=False)
    name = class_meant(ingress, edge.snapshot.ingress_classes)
    serving = served_by(all_found)
    found = by_address(serving.by_class.get(name, ()), ingress.status.addresses)
    wrong: list[tuple[str, ...]] = [
        (f"{each.object} {each.field}: {each.summary}", f"  next: {each.next_step.replace('`', '')}")
        for each in controller_findings(edge.snapshot, ingress, serving.running)
        if not each.right
    ]
    if found and serving.running.get(name) is None:
        controllers = ", ".join(sorted({each.called for each in found}))
        wrong.append(
            (
                f"{ingress.ref}: class {name} is of {controllers}, of which nothing is seen running in this cluster",
                "  next: see controller list; where a cloud runs it, its own log tells more",
            )
        )
    if reach is not None and reach.scheme == "https":
        for told in await work.call(unencrypted(work.cluster, object, found)):
            edit = f"ingress edit {ingress.name} -n {ingress.namespace} --annotation {told.annotation}"
            mend = f"  next: {edit}, and it is served by TLS alone; or have the controller's arguments changed, for all"
            wrong.append((told.why, mend))
    return Before(tuple(wrong), found)


async def _gateways(work: Work, object: JSONObject) -> list[JSONObject]:
    """Itself, or those that a route names and that are there."""
    if object.get("kind") == GATEWAY.name:
        return [object]
    found = [await look(work, ref) for ref in gateways_of(object)]
    return [each for each in found if each is not None]


def _serving(gateway: JSONObject, all_found: Sequence[Found]) -> tuple[Found, ...]:
    name = str(part(gateway, "spec", "gatewayClassName"))
    addresses = [str(each.get("value")) for each in part(gateway, "status", "addresses") or ()]
    return by_address([each for each in all_found if name in each.gateway_class_names], addresses)


def _unserved(gateway: JSONObject, found: Sequence[Found]) -> Iterator[tuple[str, ...]]:
    """Hosted ones show no pods."""
    seen = [each for each in found if each.workloads]
    hosted = any(each.controller is None or each.controller.hosted for each in found)
    if found and not hosted and not any(ready(one)[0] for each in seen for one in each.workloads):
        name = part(gateway, "spec", "gatewayClassName")
        yield (
            f"Gateway {name_of(gateway)} spec.gatewayClassName: no controller of class {name} runs",
            "  next: see controller list, or install one: controller install traefik --gateway-api",
        )


async def _without_tls(work: Work, route: JSONObject) -> list[tuple[str, ...]]:
    """Services that do not speak TLS themselves, though a TLSRoute passes the handshake through to them."""
    wrong: list[tuple[str, ...]] = []
    for lead in {(each.service, each.port) for each in leads(route) if each.port.isdecimal()}:
        probe = HTTPProbe(target=lead[0], port=int(lead[1]), tls=True)
        seen = await work.call(work.prober.ask(probe, ByAPIServer()))
        if seen.outcome is Outcome.MISMATCHED:
            wrong.append(
                (
                    f"{fields.ref_of(route)} passes the TLS handshake through to {lead[0]}, whose port {lead[1]} does "
                    "not speak TLS",
                    f"  {probe}: {seen.evidence}",
                    "  next: lead it to a port that speaks TLS, or end TLS at the Gateway: a listener of protocol "
                    "HTTPS with a certificate, and an HTTPRoute",
                )
            )
    return wrong
