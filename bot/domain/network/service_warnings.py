"""What a person should look at in a list of Services, in a line each. Findings with evidence and a key are the rules'
work, and why nobody answers is said by `check services`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.network.references import NODE
from bot.domain.network.selected import Selected
from bot.domain.network.services import EndpointIndex, external_text, is_headless, selects
from bot.domain.network.snapshot import Service, Snapshot


def service_warnings(
    service: Service, behind: Selected, endpoints: EndpointIndex | None, snapshot: Snapshot
) -> Iterator[str]:
    """Without the Service's name, the worst first."""
    if selects(service):
        count = endpoints.count(service) if endpoints is not None else None
        if behind.nobody and not (count and count.total):
            yield "selects nothing"
        elif count is not None and not count.ready:
            idle = ", scaled to zero" if behind.idle else ""
            yield f"has no ready endpoints ({count.ready}/{count.total}{idle})"
        yield from _ports(service, behind)
    if external_text(service) == "<pending>":
        yield "waits for an address: no load balancer has given it one"
    outside = service.spec.type in ("NodePort", "LoadBalancer")
    if outside and snapshot.could_read(NODE) and not any(node.ready for node in snapshot.nodes):
        yield "is open on nodes, none of which is ready"
    if is_headless(service) and service.spec.session_affinity == "ClientIP":
        yield "asks for session affinity, which a headless Service does not have"


def _ports(service: Service, behind: Selected) -> Iterator[str]:
    """Names that no container has lead nowhere."""
    for port in service.spec.ports or ():
        target = port.target_port
        if isinstance(target, str) and not target.isdigit() and behind.known:
            having, lists = behind.declares(target, port.protocol)
            if lists and not having:
                yield f"leads to a port named {target}, which no container has"


def twins(services: Sequence[Service]) -> Iterator[str]:
    """Services that lead the same port to the same pods: one of them is often left over."""
    seen: dict[tuple[object, ...], Service] = {}
    for service in services:
        if not selects(service) or is_headless(service):
            continue
        selector = tuple(sorted((service.spec.selector or {}).items()))
        ports = tuple((port.port, port.protocol, str(port.target_port)) for port in service.spec.ports or ())
        key = (service.namespace, service.spec.type, selector, ports)
        if (other := seen.get(key)) is not None:
            yield f"{other.ref.short} and {service.ref.short} lead the same ports to the same pods"
        seen.setdefault(key, service)
