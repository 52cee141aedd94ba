"""How many addresses are taken, of each pool and on each node. Every pod and every block is looked at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bot.domain.network.references import POD
from bot.domain.plugins import configured, ranges
from bot.domain.plugins.configured import Pool
from bot.domain.plugins.facts import IPAM_BLOCK, Facts


@dataclass(frozen=True, slots=True)
class Taken:
    """Addresses that are used, of those there are."""

    used: int
    size: int

    def __str__(self) -> str:
        return f"{self.used}/{ranges.size_text(self.size)}" if self.size else str(self.used)


@dataclass(frozen=True, slots=True)
class Usage:
    """Who uses how many; what could not be counted is missing."""

    by: str
    """What was counted: `IPAMBlocks`, `pods`; empty: nothing could be."""
    pools: dict[Pool, Taken] = field(default_factory=dict)
    nodes: dict[str, Taken] = field(default_factory=dict)


def usage(facts: Facts) -> Usage:
    """By Calico's own books when they are there, else by pods' addresses."""
    if facts.blocks and facts.titled("Calico"):
        return _of_blocks(facts)
    return _of_pods(facts) if facts.could_read(POD) else Usage("")


def _of_blocks(facts: Facts) -> Usage:
    pools = configured.pools(facts)
    used: Counter[Pool] = Counter()
    nodes: dict[str, Taken] = {}
    for block in facts.blocks:
        cidr = ranges.network(block.cidr)
        if cidr is None:
            continue
        if pool := next((pool for pool in pools if ranges.inside(cidr, pool.range)), None):
            used[pool] += block.used
        if block.node:
            before = nodes.get(block.node, Taken(0, 0))
            nodes[block.node] = Taken(before.used + block.used, before.size + cidr.num_addresses)
    return Usage(IPAM_BLOCK.name + "s", {pool: Taken(used[pool], pool.range.num_addresses) for pool in pools}, nodes)


def _of_pods(facts: Facts) -> Usage:
    pools = configured.pools(facts)
    own = configured.uses_node_ranges(facts)
    given = {node.name: ranges.node_ranges(node) if own else () for node in facts.snapshot.nodes}
    used: Counter[Pool] = Counter()
    on: Counter[str] = Counter()
    for pod in facts.snapshot.pods:
        name = pod.spec.node_name or ""
        for number, address in enumerate(ranges.pod_addresses(pod)):
            if pool := next((pool for pool in pools if address in pool.range), None):
                used[pool] += 1
            counts = any(address in cidr for cidr in given.get(name, ())) if own else number == 0
            on[name] += counts
    return Usage(
        POD.plural,
        {pool: Taken(used[pool], pool.range.num_addresses) for pool in pools},
        {name: Taken(on[name], ranges.size(cidrs)) for name, cidrs in given.items()},
    )
