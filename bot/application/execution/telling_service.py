"""All that is told of one Service: its addresses, ports, who stands behind it, and who leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.application.execution.leading import Leading
from bot.application.execution.telling_events import Events
from bot.domain.chat.report import Block, Bullets, FindingsBlock, Plain, paragraph, table, text
from bot.domain.diagnosis.finding import Finding
from bot.domain.diagnosis.rules.service_without_ready_endpoints import why_not_ready
from bot.domain.network.owners import owner_of
from bot.domain.network.references import ENDPOINT_SLICE, NODE, POD
from bot.domain.network.selected import Selected
from bot.domain.network.selectors import as_text
from bot.domain.network.services import EndpointIndex, external_text, is_headless, is_ready
from bot.domain.network.snapshot import Endpoint, Pod, Service, ServicePort, Snapshot

_SHOWN_ENDPOINTS = 30
_SHOWN_NODES = 3
_NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Picture:
    """One Service with all around it."""

    service: Service
    snapshot: Snapshot
    behind: Selected
    leading: Leading
    wrong: tuple[Finding, ...]
    events: Events


def blocks(picture: Picture) -> Iterator[Block]:
    """From what it is to what is wrong with it."""
    if picture.wrong:
        yield FindingsBlock(picture.wrong)
    yield table(("ABOUT", "VALUE"), _facts(picture))
    if picture.service.spec.ports:
        yield table(("PORT", "NAME", "LEADS TO", "CONTAINERS", "NODE PORT", "SPEAKS"), _ports(picture), "Ports")
    if picture.service.spec.type != "ExternalName":
        yield from _endpoints(picture)
    yield _leading(picture)
    yield from picture.events.blocks(picture.snapshot.taken_at)


def _facts(picture: Picture) -> Iterator[tuple[str, str]]:
    service, spec = picture.service, picture.service.spec
    yield "Type", f"{spec.type}, headless" if is_headless(service) else spec.type
    if spec.type == "ExternalName":
        yield "Stands for", spec.external_name or _NONE
        return
    addresses = spec.cluster_ips or ([spec.cluster_ip] if spec.cluster_ip else [])
    families = f" ({', '.join(spec.ip_families)}, {spec.ip_family_policy})" if spec.ip_families else ""
    yield "Cluster IP", f"{', '.join(addresses) or _NONE}{families}"
    yield "External", external_text(service)
    for each in service.status.conditions or ():
        yield each.type, ": ".join(filter(None, (f"{each.status} ({each.reason})", each.message)))
    if spec.load_balancer_class:
        yield "Load balancer class", spec.load_balancer_class
    if any(port.node_port for port in spec.ports or ()):
        yield "Nodes", _nodes(picture.snapshot)
    yield "Selector", as_text(spec.selector) or f"{_NONE}: somebody else writes its endpoints"
    yield "Selects", _selects(picture.behind)
    yield "Session affinity", spec.session_affinity or "None"
    policies = (("external", spec.external_traffic_policy), ("internal", spec.internal_traffic_policy))
    yield "Traffic policy", ", ".join(f"{value} ({what})" for what, value in policies if value) or _NONE
    if spec.publish_not_ready_addresses:
        yield "Not ready", "pods that are not ready get traffic, too"


def _nodes(snapshot: Snapshot) -> str:
    """Where node ports are open: a few addresses."""
    if not snapshot.could_read(NODE):
        return "?"
    found = [
        f"{address.address} ({node.name}{'' if node.ready else ', not ready'})"
        for node in snapshot.nodes
        for address in node.status.addresses or ()
        if address.type in ("ExternalIP", "InternalIP")
    ]
    more = f" and {len(found) - _SHOWN_NODES} more" if len(found) > _SHOWN_NODES else ""
    return ", ".join(found[:_SHOWN_NODES]) + more if found else _NONE


def _selects(behind: Selected) -> str:
    """Each maker with its pods: `Deployment shop/web (2 of 2 pods ready)`."""
    if not behind.pods and not behind.makers:
        return "nothing" if behind.known else "? (pods and workloads could not all be read)"
    counts: dict[str, list[bool]] = {f"{type(maker).__name__} {maker.name}": [] for maker in behind.makers}
    for pod in behind.pods:
        owner = owner_of(pod)
        counts.setdefault(f"{owner.kind} {owner.name}", []).append(pod.ready)
    return ", ".join(f"{who} ({sum(ready)} of {len(ready)} pods ready)" for who, ready in sorted(counts.items()))


def _ports(picture: Picture) -> Iterator[tuple[str, ...]]:
    for port in picture.service.spec.ports or ():
        target = str(port.target_port if port.target_port is not None else port.port)
        yield (
            f"{port.port}/{port.protocol}",
            port.name or "",
            target,
            _containers(port, target, picture.behind),
            str(port.node_port or ""),
            port.app_protocol or "",
        )


def _containers(port: ServicePort, target: str, behind: Selected) -> str:
    """What the target port is in the pods."""
    having, lists = behind.declares(target, port.protocol)
    if not lists:
        return "?" if not behind.known else _NONE
    if not having:
        return "none declares it" if target.isdigit() else "NONE HAS IT"
    names = behind.names(target, port.protocol) if target.isdigit() else []
    numbers = [] if target.isdigit() else [str(number) for number in behind.numbers(target, port.protocol)]
    said = ", ".join((*names, *numbers)) or target
    return said if having == lists else f"{said}, in {having} of {lists}"


def _endpoints(picture: Picture) -> Iterator[Block]:
    endpoints = EndpointIndex(picture.snapshot)
    pods = {pod.name: pod for pod in picture.snapshot.pods if pod.namespace == picture.service.namespace}
    listed = [each for slice_ in endpoints.slices(picture.service) for each in slice_.endpoints or ()]
    if not picture.snapshot.could_read(ENDPOINT_SLICE):
        yield paragraph("Its endpoints could not be read: whether anybody answers is not known.")
        return
    if not listed:
        yield paragraph("It has no endpoints: nobody answers.")
        return
    count = endpoints.count(picture.service)
    ordered = sorted(listed, key=lambda each: (is_ready(each), each.addresses))
    rows = [_endpoint(each, pods, picture.snapshot) for each in ordered[:_SHOWN_ENDPOINTS]]
    cut = f", {_SHOWN_ENDPOINTS} of {len(listed)} shown, those not ready first" if len(listed) > len(rows) else ""
    title = f"Endpoints: {count.ready} of {count.total} ready{cut}"
    yield table(("ADDRESS", "POD", "NODE", "ZONE", "STATE", "WHY"), rows, title)


def _endpoint(endpoint: Endpoint, pods: dict[str, Pod], snapshot: Snapshot) -> tuple[str, ...]:
    target = endpoint.target_ref
    pod = pods.get(target.name or "") if target and target.kind == "Pod" else None
    why = ""
    if not is_ready(endpoint):
        why = why_not_ready(pod) if pod else ("" if snapshot.could_read(POD) else "?")
    name = (target.name if target else None) or _NONE
    return ",".join(endpoint.addresses), name, endpoint.node_name or "", endpoint.zone or "", _state(endpoint), why


def _state(endpoint: Endpoint) -> str:
    """As EndpointConditions has it (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/)."""
    conditions = endpoint.conditions
    if conditions.terminating:
        return "terminating, still serving" if conditions.serving else "terminating"
    return "ready" if is_ready(endpoint) else "not ready"


def _leading(picture: Picture) -> Block:
    found = picture.leading.found
    lines = [
        text("Led to by ", Plain(str(each.by)), Plain(f": {each.what}" if each.what else ""), Plain(f", {each.field}"))
        for each in found
    ]
    if not found:
        lines.append(text("No Ingress, route or StatefulSet that could be read leads to it."))
    return Bullets(tuple(lines))
