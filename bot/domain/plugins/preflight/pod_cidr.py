"""The pods' addresses have to be those that the rest of the cluster believes in: kubeadm, controllers, nodes."""

import ipaddress
from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Said, Wanted, conflict, doubt, ok, unknown
from bot.domain.plugins.surroundings import Surroundings


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not wanted.installation.pod_cidrs:
        yield unknown("it was decided when the manifest was rendered")
        return
    yield from _cluster(wanted, around)
    yield from _nodes(wanted, around)


def _cluster(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    shown = ",".join(wanted.parameters.pod_cidrs)
    outside = [
        each
        for each in around.pod_ranges
        for cidr in wanted.parameters.pod_cidrs
        if _version(cidr) == _version(each.cidr) and not _within(cidr, each.cidr, wanted)
    ]
    for each in outside:
        evidence = f"{shown} is not within {each.cidr}, which is what {each.said_by} has"
        if wanted.name == "calico" and "kubeadm" in each.said_by:
            yield conflict(f"{evidence}: Calico's operator refuses such a pool. Say `--pod-cidr {each.cidr}`")
        elif wanted.installation.uses_node_cidrs:
            yield conflict(f"{evidence}: nodes are given their ranges from there. Say `--pod-cidr {each.cidr}`")
        else:
            yield doubt("pod-cidr-elsewhere", f"{evidence}: kube-proxy and firewalls may not take pods for pods")
    if not outside and around.pod_ranges:
        by = "; ".join(dict.fromkeys(f"{each.cidr} by {each.said_by}" for each in around.pod_ranges))
        yield ok(f"{shown}; the cluster has {by}")
    elif not outside:
        yield unknown(f"{shown}; no one in the cluster says what it should be")


def _within(cidr: str, whole: str, wanted: Wanted) -> bool:
    """What deals out nodes' own ranges has to hold all of them; a pool may be a part of the whole."""
    one, other = ipaddress.ip_network(cidr), ipaddress.ip_network(whole)
    if wanted.installation.uses_node_cidrs:
        return _subnet(other, one)
    return _subnet(one, other)


def _subnet(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    same = inner.version == outer.version
    return same and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def _nodes(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    ranges = {node.name: node.spec.pod_cidrs or [node.spec.pod_cidr or ""] for node in around.nodes}
    ranges = {name: [each for each in cidrs if each] for name, cidrs in ranges.items()}
    if not wanted.installation.uses_node_cidrs:
        return
    if without := sorted(name for name, cidrs in ranges.items() if not cidrs):
        yield conflict(
            f"{wanted.plugin.title} takes pods' addresses from a node's spec.podCIDR, and {_some(without)} has none: "
            "run the controller manager with --allocate-node-cidrs and --cluster-cidr, or give kubeadm a podSubnet"
        )
    outside = sorted(
        name
        for name, cidrs in ranges.items()
        for each in cidrs
        if not any(_subnet(ipaddress.ip_network(each), ipaddress.ip_network(c)) for c in wanted.parameters.pod_cidrs)
        and any(_version(c) == _version(each) for c in wanted.parameters.pod_cidrs)
    )
    if outside:
        yield conflict(
            f"spec.podCIDR of {_some(outside)} ({', '.join(ranges[outside[0]])}) is not within "
            f"{','.join(wanted.parameters.pod_cidrs)}: a node's range cannot be changed once it is given"
        )
    taken: dict[str, str] = {}
    for name, cidrs in sorted(ranges.items()):
        for each in cidrs:
            if other := taken.get(each):
                yield conflict(f"nodes {other} and {name} have the same spec.podCIDR, {each}")
            taken[each] = name
    if not without and not outside and ranges:
        yield ok(f"every node has its own range, {next(iter(taken), '')} for example")


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _version(cidr: str) -> int:
    return ipaddress.ip_network(cidr, strict=False).version


CHECK = Preflight("pod CIDR", _look)
