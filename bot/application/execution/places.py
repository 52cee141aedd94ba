"""Where to knock: the addresses that a Service, an Ingress, a Gateway or a route has at present, from the outermost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.changes import fields
from bot.domain.changes.change import Reach
from bot.domain.network.references import GATEWAY, INGRESS, NODE, SERVICE, JSONObject, Ref

_USUAL = {"http": 80, "https": 443, "tls": 443, "tcp": 80}


@dataclass(frozen=True, slots=True)
class Place:
    """Where to knock."""

    address: str
    """An IP address, or the name that a load balancer was given."""
    port: int
    local: bool = False
    """A node that answers only when a pod of the Service runs there."""


async def places_of(work: Work, step: Reach) -> list[Place]:
    """Where what was made reachable has its addresses now; empty: nowhere yet. Raises BotError."""
    there = await look(work, step.ref)
    if there is None:
        return []
    if step.ref.kind == SERVICE.name:
        return list(_of_service(there, step, await _of_nodes(work, there)))
    port = step.port or _USUAL[step.scheme]
    if step.ref.kind in (INGRESS.name, GATEWAY.name):
        return [Place(address, port) for address in _given(there)]
    return await _of_route(work, there, step)


async def _of_route(work: Work, route: JSONObject, step: Reach) -> list[Place]:
    """The addresses of the Gateways that it is attached to."""
    found = []
    parents: Any = fields.at(route, ("spec", "parentRefs")).value or []
    for parent in parents:
        if parent.get("kind", GATEWAY.name) != GATEWAY.name:
            continue
        namespace = str(parent.get("namespace") or step.ref.namespace)
        gateway = await look(work, Ref(GATEWAY.name, str(parent.get("name")), namespace, GATEWAY.api_version))
        if gateway is not None:
            port = step.port or int(parent.get("port") or 0) or _listener_port(gateway, parent, step)
            found += [Place(address, port) for address in _given(gateway)]
    return found


def _listener_port(gateway: JSONObject, parent: dict[str, Any], step: Reach) -> int:
    protocols = {"http": ("HTTP",), "https": ("HTTPS",), "tls": ("TLS",), "tcp": ("TCP",)}[step.scheme]
    listeners: Any = fields.at(gateway, ("spec", "listeners")).value or []
    fitting = [
        each
        for each in listeners
        if each.get("protocol") in protocols and parent.get("sectionName", each.get("name")) == each.get("name")
    ]
    return int(fitting[0].get("port")) if fitting else _USUAL[step.scheme]


def _of_service(service: JSONObject, step: Reach, nodes: list[str]) -> Iterator[Place]:
    """From the outermost inwards: load balancer, external addresses, node ports, the Service's own address. The ports
    of the nodes prove nothing of a load balancer that has an address, nor its own address of an external one."""
    spec: Any = service.get("spec") or {}
    ports: Any = spec.get("ports") or []
    port = next((each for each in ports if each.get("port") == step.port), ports[0] if ports else {})
    number = int(port.get("port") or 0)
    balanced = _given(service) if spec.get("type") == "LoadBalancer" else []
    external = [str(address) for address in spec.get("externalIPs") or ()]
    yield from (Place(address, number) for address in (*balanced, *external))
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        if port.get("nodePort") and not balanced:
            # https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy
            local = spec.get("externalTrafficPolicy") == "Local"
            yield from (Place(address, int(port["nodePort"]), local) for address in nodes)
    elif not external and spec.get("type") == "ClusterIP" and spec.get("clusterIP") not in (None, "", "None"):
        yield Place(str(spec["clusterIP"]), number)


async def _of_nodes(work: Work, service: JSONObject) -> list[str]:
    """Of nodes that are Ready, the outer addresses first. Raises BotError."""
    if fields.at(service, ("spec", "type")).value not in ("NodePort", "LoadBalancer"):
        return []
    nodes = await work.call(work.cluster.list(NODE))
    ready = [node for node in nodes if _ready(node)]
    found = []
    for kind in ("ExternalIP", "InternalIP"):
        for node in ready:
            addresses: Any = fields.at(node, ("status", "addresses")).value or []
            found += [str(each["address"]) for each in addresses if each.get("type") == kind and each.get("address")]
    return found


def _ready(node: JSONObject) -> bool:
    conditions: Any = fields.at(node, ("status", "conditions")).value or []
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _given(object: JSONObject) -> list[str]:
    """As an Ingress or a Service (`status.loadBalancer`) and as a Gateway (`status.addresses`) has them."""
    balanced: Any = fields.at(object, ("status", "loadBalancer", "ingress")).value or []
    given: Any = fields.at(object, ("status", "addresses")).value or []
    found = [str(each.get("ip") or each.get("hostname") or "") for each in balanced]
    found += [str(each.get("value") or "") for each in given]
    return [address for address in found if address]
