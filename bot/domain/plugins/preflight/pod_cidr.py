"""The pods' addresses have to be those that the rest of the cluster believes in: kubeadm, controllers, nodes."""

import ipaddress
from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

_REFUSED = "Calico's operator refuses such a pool"

_SAYERS = ("ConfigMap kube-system/kubeadm-config", "pods of the control plane", "ConfigMap kube-system/kube-proxy")


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not wanted.installation.pod_cidrs:
        yield unknown("it was decided when the manifest was rendered")
        return
    yield from _public(wanted)
    yield from _cluster(wanted, around)
    yield from _nodes(wanted, around)


def _public(wanted: Wanted) -> Iterator[Said]:
    """IPv6 has no need of private ranges."""
    for cidr in wanted.parameters.pod_cidrs:
        if _version(cidr) == 4 and _network(cidr).is_global:
            evidence = "has addresses of the internet: unless they are yours, whoever has them is not reached"
            yield doubt("public-addresses", f"{cidr} {evidence}")


def _cluster(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    shown = ",".join(wanted.parameters.pod_cidrs)
    deals = wanted.installation.uses_node_cidrs
    wrong = False
    for (there, cidr), sayers in _outside(wanted, around).items():
        wrong = True
        relation = "does not hold" if deals else "is not within"
        evidence = f"{cidr} {relation} {there}, which is said by {' and '.join(sayers)}"
        if wanted.name == "calico" and any("kubeadm" in each for each in sayers):
            yield conflict(f"{evidence}: {_REFUSED}. Say `--pod-cidr {there}`")
        elif deals:
            yield conflict(f"{evidence}: nodes are given their ranges from there. Say `--pod-cidr {there}`")
        else:
            yield _elsewhere(evidence)
    said = tuple(dict.fromkeys(each.cidr for each in around.pod_ranges))
    kubeadms = tuple(each.cidr for each in around.pod_ranges if "kubeadm" in each.said_by)
    for cidr in wanted.parameters.pod_cidrs:
        if wanted.name == "calico" and kubeadms and _version(cidr) not in map(_version, kubeadms):
            wrong = True
            evidence = f"{cidr} is IPv{_version(cidr)}, and kubeadm was told {' and '.join(kubeadms)} alone"
            yield conflict(f"{evidence}: {_REFUSED}. Leave it out, or give kubeadm such a podSubnet besides")
        elif said and _version(cidr) not in map(_version, said):
            wrong = True
            evidence = f"{cidr} is IPv{_version(cidr)}, and the cluster's pods have {' and '.join(said)} alone"
            yield conflict(f"{evidence}: nodes are given no other ranges") if deals else _elsewhere(evidence)
    missing = around.unread_of(*_SAYERS)
    if missing:
        yield unknown(f"{' and '.join(missing)} could not be read, which may say otherwise than {shown}")
    if not wrong and said:
        names_of = {cidr: [each.said_by for each in around.pod_ranges if each.cidr == cidr] for cidr in said}
        by = "; ".join(f"{cidr}, by {' and '.join(dict.fromkeys(names))}" for cidr, names in names_of.items())
        yield ok(f"{shown}; the cluster has {by}")
    elif not wrong and not missing:
        yield unknown(f"{shown}; no one in the cluster says what it should be")


def _elsewhere(evidence: str) -> Said:
    return doubt("pod-cidr-elsewhere", f"{evidence}: kube-proxy and firewalls may not take pods for pods")


def _outside(wanted: Wanted, around: Surroundings) -> dict[tuple[str, str], list[str]]:
    """Who says so, by the cluster's range and the wanted one. What deals out nodes' own ranges has to hold all of
    them; a pool may be a part of the whole."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in around.pod_ranges:
        for cidr in wanted.parameters.pod_cidrs:
            inner, outer = (each.cidr, cidr) if wanted.installation.uses_node_cidrs else (cidr, each.cidr)
            if _version(cidr) == _version(each.cidr) and not _within(inner, outer):
                found.setdefault((each.cidr, cidr), []).append(each.said_by)
    return found


def _within(inner: str, outer: str) -> bool:
    one, other = _network(inner), _network(outer)
    same = one.version == other.version
    return same and int(other[0]) <= int(one[0]) and int(one[-1]) <= int(other[-1])


def _nodes(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not wanted.installation.uses_node_cidrs:
        return
    ranges = {node.name: node.spec.pod_cidrs or [node.spec.pod_cidr or ""] for node in around.nodes}
    ranges = {name: [each for each in cidrs if each] for name, cidrs in ranges.items()}
    families = sorted({_version(cidr) for cidr in wanted.parameters.pod_cidrs})
    wrong = False
    for family in families:
        without = sorted(name for name, cidrs in ranges.items() if family not in map(_version, cidrs))
        if without:
            wrong = True
            yield conflict(
                f"{wanted.plugin.title} takes pods' addresses from a node's spec.podCIDR, and {_some(without)} has none"
                f"{f' of IPv{family}' if any(ranges[name] for name in without) else ''}: "
                "run the controller manager with --allocate-node-cidrs and --cluster-cidr, or give kubeadm a podSubnet"
            )
    outside = sorted(
        name
        for name, cidrs in ranges.items()
        for each in cidrs
        if _version(each) in families and not any(_within(each, cidr) for cidr in wanted.parameters.pod_cidrs)
    )
    if outside:
        wrong = True
        yield conflict(
            f"spec.podCIDR of {_some(outside)} ({', '.join(ranges[outside[0]])}) is not within "
            f"{','.join(wanted.parameters.pod_cidrs)}: a node's range cannot be changed once it is given"
        )
    taken: dict[str, str] = {}
    for name, cidrs in sorted(ranges.items()):
        for each in cidrs:
            if other := taken.get(each):
                wrong = True
                yield conflict(f"nodes {other} and {name} have the same spec.podCIDR, {each}")
            taken[each] = name
    if not around.nodes_read:
        yield unknown("the nodes' own ranges could not be read")
    elif not wrong and taken:
        yield ok(f"every node has its own range, {next(iter(taken))} for example")


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _network(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The API server takes a node's range with host bits too."""
    return ipaddress.ip_network(cidr, strict=False)


def _version(cidr: str) -> int:
    return _network(cidr).version


CHECK = Preflight("pod CIDR", _look, ("pod-cidr-elsewhere", "public-addresses"))
