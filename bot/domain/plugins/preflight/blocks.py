"""Calico gives each node whole blocks of the pool: with fewer blocks than nodes some have to borrow single addresses.

https://docs.tigera.io/calico/latest/networking/ipam/ippools, "block size"
"""

import ipaddress
from collections.abc import Iterator

from bot.domain.plugins.cni.calico import block_size
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.ranges import size_text
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if wanted.installation.blocks is None:
        return
    nodes = len(around.nodes)
    for cidr in wanted.parameters.pod_cidrs:
        network = ipaddress.ip_network(cidr)
        prefix = block_size(cidr, wanted.parameters)
        size, count = 1 << network.max_prefixlen - prefix, 1 << prefix - network.prefixlen
        told = f"{cidr} has {_counted(count, 'block')} of {_counted(size, 'address')} for {_counted(nodes, 'node')}"
        if count < nodes:
            yield doubt("few-blocks", f"{told}: nodes without one borrow from others. Take a range with more of them")
        elif around.nodes_read:
            yield ok(told)
        else:
            yield unknown("not all nodes could be read")


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{size_text(count)} {what if count == 1 else plural}"


CHECK = Preflight("blocks", _look, ("few-blocks",))
