"""Calico's way with addresses: pools are cut into blocks, a node claims one when it needs it, and takes from its own.

The real one begins at a random block; here it is the first free one, so that the same world comes out each time.
https://docs.tigera.io/calico/latest/networking/ipam/get-started-ip-addresses
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.playground.cluster_server.networks.calico import GROUP_VERSION
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
Block = ipaddress.IPv4Network
_WRITING = Writing("calico")
_BLOCK_BITS = 26
_TUNNELS = (
    ("vxlanMode", "vxlanTunnelAddress", "vxlan-tunnel-addr"),
    ("ipipMode", "ipipTunnelAddress", "ipip-tunnel-addr"),
)


class NoneLeft(Exception):
    """No address can be given, in Calico's own words."""


def assigned(registry: Registry, node: Object, blocks: Mapping[str, list[Block]], taken: Collection[str]) -> str:
    """A free address from the node's blocks, from one that it claims now, or in need from another's. Raises NoneLeft
    when there is none."""
    name = node["metadata"]["name"]
    pools = [pool for pool in _pools(registry) if _selects(pool, node)]
    if not pools:
        raise NoneLeft(f"no configured Calico pools for node {name}")
    ranges = [Block(pool["spec"]["cidr"]) for pool in pools]
    mine = [block for block in blocks[name] if any(block.subnet_of(network) for network in ranges)]
    for block in mine:
        if found := _free(registry, block, blocks[name], taken):
            return found
    while claimed := _claimed(pools, name, blocks):
        if found := _free(registry, claimed, blocks[name], taken):
            return found
    for theirs in blocks.values():
        for block in theirs:
            if any(block.subnet_of(network) for network in ranges) and (found := _free(registry, block, theirs, taken)):
                return found
    listed = " ".join(map(str, ranges))
    said = f"Assigned 0 out of 1 requested IPv4 addresses; No IPs available in pools: [{listed}]"
    raise NoneLeft(f"failed to request IPv4 addresses: {said}")


def settle(registry: Registry, node: Object, blocks: Mapping[str, list[Block]]) -> None:
    """What an agent does when it comes up where tunnels are used: it claims a block, for the tunnel's address."""
    pools = [pool for pool in _pools(registry) if _selects(pool, node)]
    if not blocks[node["metadata"]["name"]] and any(pool["spec"].get(mode, "Never") != "Never"
                                                    for pool in pools for mode, *_ in _TUNNELS):  # fmt: skip
        _claimed(pools, node["metadata"]["name"], blocks)


def _claimed(pools: list[Object], node: str, blocks: Mapping[str, list[Block]]) -> Block | None:
    """The first free block, which is the node's now; None: there is none."""
    used = [block for theirs in blocks.values() for block in theirs]
    for pool in pools:
        network = Block(pool["spec"]["cidr"])
        for block in network.subnets(new_prefix=max(pool["spec"].get("blockSize") or _BLOCK_BITS, network.prefixlen)):
            if not any(block.overlaps(other) for other in used):
                blocks[node].append(block)
                return block
    return None


def tunnel_of(registry: Registry, blocks: list[Block]) -> tuple[str, str, str] | None:
    """The address that a node has for its tunnel: the first of its first block, when that block's pool has tunnels.
    With the names that the block's attributes have for it."""
    for pool in _pools(registry):
        for mode, kind, handle in _TUNNELS:
            if (
                blocks
                and pool["spec"].get(mode, "Never") != "Never"
                and blocks[0].subnet_of(Block(pool["spec"]["cidr"]))
            ):
                return str(blocks[0][0]), kind, handle
    return None


def tell(registry: Registry, node: str, blocks: list[Block], pods: Mapping[str, Object]) -> None:
    """Writes what a node has claimed, and who has which address: BlockAffinities and IPAMBlocks, where they are kinds.
    `pods` are all that have an address, by it."""
    affinities, kinds = registry.kinds.of(GROUP_VERSION, "BlockAffinity"), registry.kinds.of(GROUP_VERSION, "IPAMBlock")
    tunnel = tunnel_of(registry, blocks)
    for block in blocks:
        dashed = str(block).replace(".", "-").replace("/", "-")
        spec: Object = {"cidr": str(block), "node": node, "state": "confirmed", "type": "host", "deleted": "false"}
        if affinities:
            _put(registry, affinities, "BlockAffinity", f"{node}-{dashed}", spec)
        if kinds:
            _put(registry, kinds, "IPAMBlock", dashed, _block_spec(block, node, tunnel, pods))


def _block_spec(block: Block, node: str, tunnel: tuple[str, str, str] | None, pods: Mapping[str, Object]) -> Object:
    allocations: list[int | None] = [None] * block.num_addresses
    attributes: list[Object] = []
    for place, address in enumerate(map(str, block)):
        if tunnel and tunnel[0] == address:
            attributes.append({"handle_id": f"{tunnel[2]}-{node}", "secondary": {"node": node, "type": tunnel[1]}})
        elif address in pods:
            metadata = pods[address]["metadata"]
            secondary = {"namespace": metadata["namespace"], "node": pods[address]["spec"]["nodeName"],
                         "pod": metadata["name"], "timestamp": f"{metadata['creationTimestamp']}"}  # fmt: skip
            attributes.append({"handle_id": f"k8s-pod-network.{metadata['uid']}", "secondary": secondary})
        else:
            continue
        allocations[place] = len(attributes) - 1
    return {
        "cidr": str(block), "affinity": f"host:{node}", "strictAffinity": False, "deleted": False,
        "allocations": allocations, "attributes": attributes,
        "unallocated": [place for place, used in enumerate(allocations) if used is None],
    }  # fmt: skip


def _put(registry: Registry, kind: Any, name: str, called: str, spec: Object) -> None:
    found = registry.find(kind, "", called)
    if found is None:
        body = {"apiVersion": GROUP_VERSION, "kind": name, "metadata": {"name": called}, "spec": spec}
        registry.create(kind, "", body, _WRITING)
    elif {key: value for key, value in found["spec"].items() if key in spec} != spec:
        registry.update(kind, "", called, found | {"spec": found["spec"] | spec}, _WRITING)


def _free(registry: Registry, block: Block, blocks: list[Block], taken: Collection[str]) -> str:
    """Blocks are used from end to end, but for the tunnel of the node that has them; empty: it is full."""
    tunnel = tunnel_of(registry, blocks)
    used = tunnel[0] if tunnel else ""
    return next((address for address in map(str, block) if address not in taken and address != used), "")


def _pools(registry: Registry) -> Iterator[Object]:
    kind = registry.kinds.of(GROUP_VERSION, "IPPool")
    for pool in registry.list(kind) if kind else ():
        uses = dig(pool, "spec", "allowedUses", default=["Workload"])
        if ":" not in pool["spec"]["cidr"] and not pool["spec"].get("disabled") and "Workload" in uses:
            yield pool


def _selects(pool: Object, node: Object) -> bool:
    """`all()`, `!all()`, `has(label)`, `label == 'value'`, `label != 'value'`, joined by `&&`."""
    labels, said = node["metadata"].get("labels") or {}, pool["spec"].get("nodeSelector") or "all()"
    return all(_holds(part.strip(), labels) for part in said.split("&&"))


def _holds(part: str, labels: Mapping[str, str]) -> bool:
    if part.startswith("!"):
        return not _holds(part[1:].strip(), labels)
    if part.startswith("has("):
        return part[4:].rstrip(") ") in labels
    for operator in ("==", "!="):
        name, found, value = part.partition(operator)
        if found:
            return (labels.get(name.strip()) == value.strip().strip("'\"")) is (operator == "==")
    return part == "all()"
