"""A node whose address lies in the pods' range cannot be reached any more once the plugin routes that range."""

import ipaddress
from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not wanted.parameters.pod_cidrs:
        yield unknown("pods' addresses were decided when the manifest was rendered")
        return
    if not around.nodes:
        yield unknown("there are no nodes" if around.nodes_read else "the nodes could not be read")
        return
    inside = []
    for node in around.nodes:
        for address in node.status.addresses or ():
            if address.type in ("InternalIP", "ExternalIP") and _within(address.address, wanted.parameters.pod_cidrs):
                inside.append(f"{node.name} ({address.address})")
    if inside:
        more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
        yield conflict(
            f"{','.join(wanted.parameters.pod_cidrs)} holds the addresses of nodes: {', '.join(inside[:3])}{more}"
        )
    elif not around.nodes_read:
        yield unknown("not all nodes could be read")
    else:
        yield ok(f"none of {len(around.nodes)} nodes has an address in {','.join(wanted.parameters.pod_cidrs)}")


def _within(address: str, cidrs: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(cidr) for cidr in cidrs)


CHECK = Preflight("node addresses", _look)
