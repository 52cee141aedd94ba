"""Ranges of addresses, as they come out of a cluster: what cannot be read as one is None, and stops nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from bot.domain.network.pods import finished
from bot.domain.network.snapshot import Node, Pod

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def network(text: object) -> Network | None:
    """The range that a text means."""
    try:
        return ipaddress.ip_network(str(text).strip(), strict=False)
    except ValueError:
        return None


def networks(texts: Iterable[object]) -> tuple[Network, ...]:
    """Those of the texts that are ranges."""
    return tuple(found for text in texts if (found := network(text)) is not None)


def inside(inner: Network, outer: Network) -> bool:
    same = inner.version == outer.version
    return same and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and int(one[0]) <= int(other[-1]) and int(other[0]) <= int(one[-1])


def address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def pod_addresses(pod: Pod) -> Iterator[Address]:
    """The addresses that a pod holds: none of its own in the host's network, none any more once it has finished."""
    if pod.spec.host_network or finished(pod):
        return
    for text in [each.ip for each in pod.status.pod_ips or ()] or [pod.status.pod_ip or ""]:
        if found := address(text):
            yield found


def node_ranges(node: Node) -> tuple[Network, ...]:
    """What a node was given for its pods."""
    return networks(node.spec.pod_cidrs or ([node.spec.pod_cidr] if node.spec.pod_cidr else []))


def node_addresses(node: Node) -> Iterator[Address]:
    for each in node.status.addresses or ():
        if each.type in ("InternalIP", "ExternalIP") and (found := address(each.address)):
            yield found


def size(ranges: Iterable[Network]) -> int:
    return sum(each.num_addresses for each in ranges)


def size_text(count: int) -> str:
    """`65536`; what no one counts is a power: `2^64`."""
    return str(count) if count < 1 << 24 else f"2^{count.bit_length() - 1}"


def some(names: Iterable[str], shown: int = 3) -> str:
    """`a, b, c and 4 more`."""
    listed = list(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
