"""Reads what plans for Services rest on: pods and what makes them, other Services, and the cluster's ranges."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from bot.application.execution.surroundings import SERVICE_CIDR
from bot.application.ports import Cluster
from bot.domain.changes import fields
from bot.domain.changes.service_taken import USUAL_NODE_PORTS, Around, PortRange
from bot.domain.network.references import POD, SERVICE, JSONObject
from bot.domain.network.selected import KINDS
from bot.domain.network.snapshot import Scope
from bot.errors import BotError

_API_SERVER = "component=kube-apiserver"
_RANGE_FLAG = "--service-node-port-range="


async def around_service(cluster: Cluster, namespace: str) -> Around:
    """What cannot be read is said and hinders nothing: the API server's dry run decides. Raises Unreachable."""
    snapshot, services, node_ports, ranges = await asyncio.gather(
        cluster.read(Scope(KINDS, namespace)),
        cluster.read(Scope((SERVICE,))),
        _node_ports(cluster),
        _service_ranges(cluster),
    )
    return Around(
        snapshot=snapshot,
        services=services.services,
        node_ports=node_ports,
        service_ranges=ranges,
        unread=tuple(f"{each.kind.plural}: {each.reason}" for each in services.unread),
    )


async def _node_ports(cluster: Cluster) -> PortRange | None:
    """What the API server was started with. Managed clusters show none: then None."""
    try:
        servers = await cluster.list(POD, "kube-system", _API_SERVER)
    except BotError:
        return None
    said = [word.removeprefix(_RANGE_FLAG) for pod in servers for word in _words(pod) if word.startswith(_RANGE_FLAG)]
    if said:
        return _port_range(said[0])
    return USUAL_NODE_PORTS if servers else None


def _words(pod: JSONObject) -> list[str]:
    containers: Any = fields.at(pod, ("spec", "containers")).value or []
    return [str(word) for each in containers for key in ("command", "args") for word in each.get(key) or ()]


def _port_range(text: str) -> PortRange | None:
    """`30000-32767`; its other form `30000+99` means that many more
    (https://pkg.go.dev/k8s.io/apimachinery/pkg/util/net#ParsePortRange)."""
    for separator in ("-", "+"):
        first, found, last = text.partition(separator)
        if found and first.isdigit() and last.isdigit() and len(text) < 20:
            return PortRange(int(first), int(last) if separator == "-" else int(first) + int(last))
    return None


async def _service_ranges(cluster: Cluster) -> tuple[str, ...]:
    try:
        listed = await cluster.list(SERVICE_CIDR)  # since Kubernetes 1.33
    except BotError:
        return ()
    found: list[str] = []
    for each in listed:
        cidrs: Any = fields.at(each, ("spec", "cidrs")).value or []
        found += [str(cidr) for cidr in cidrs if _is_network(str(cidr))]
    return tuple(sorted(set(found)))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
