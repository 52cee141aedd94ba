"""A node has no range for its pods, another node's, or one outside the pods' network: pods there are not reached."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.network.snapshot import Node
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.configured import pools, uses_node_ranges
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import Network, inside, network, node_ranges, overlap

_FIELD = "spec.podCIDR"
_FOR_GOOD = "a node's range cannot be changed: drain the node, delete it and let it join again"


def find(facts: Facts) -> Iterator[Said]:
    if not uses_node_ranges(facts):
        return
    whole = _whole(facts)
    shared = _shared(facts)
    for node in facts.snapshot.nodes:
        cidrs = node_ranges(node)
        outside = [each for each in cidrs if _outside(each, whole)]
        if not cidrs:
            yield wrong(
                node.ref,
                _FIELD,
                "has no range for pods",
                "the plugin takes pods' addresses from it",
                next_step="run the controller manager with --allocate-node-cidrs and --cluster-cidr, and see that the "
                "range is not used up",
            )
        elif node.name in shared:
            cidr, other = shared[node.name]
            yield wrong(
                node.ref,
                _FIELD,
                f"{cidr} is node {other}'s too",
                "both give out the same addresses",
                next_step=_FOR_GOOD,
            )
        elif outside:
            by = next(by for each, by in whole if each.version == outside[0].version)
            told = ", ".join(str(each) for each, _ in whole)
            yield wrong(
                node.ref, _FIELD, f"{outside[0]} is not within {told}", f"which is what {by} has", next_step=_FOR_GOOD
            )
        else:
            yield right(node.ref, _FIELD, f"{cidrs[0]} is its own")


def _whole(facts: Facts) -> list[tuple[Network, str]]:
    """The pods' network, by the plugin, else by the cluster itself."""
    found = [(pool.range, f"{pool.object}, {pool.field}") for pool in pools(facts) if pool.of_nodes]
    if found:
        return found
    said = ((network(each.cidr), each.said_by) for each in facts.around.cluster_pod_cidrs())
    return [(cidr, by) for cidr, by in said if cidr is not None]


def _outside(cidr: Network, whole: list[tuple[Network, str]]) -> bool:
    same = [each for each, _ in whole if each.version == cidr.version]
    return bool(same) and not any(inside(cidr, each) for each in same)


def _shared(facts: Facts) -> dict[str, tuple[Network, str]]:
    """Nodes whose range is another one's too: neighbours in order of their beginning; the older node is right."""
    ordered = sorted(
        ((cidr, node) for node in facts.snapshot.nodes for cidr in node_ranges(node)),
        key=lambda pair: (pair[0].version, int(pair[0][0]), -pair[0].num_addresses, _order(pair[1])),
    )
    found: dict[str, tuple[Network, str]] = {}
    widest: tuple[Network, Node] | None = None
    for cidr, node in ordered:
        if widest and overlap(widest[0], cidr) and widest[1].name != node.name:
            found[node.name] = (cidr, widest[1].name)
        elif widest is None or widest[0].version != cidr.version or int(cidr[-1]) > int(widest[0][-1]):
            widest = (cidr, node)
    return found


def _order(node: Node) -> tuple[float, str]:
    at = node.metadata.creation_timestamp
    return (at.timestamp() if at else 0.0, node.name)


AUDIT = Audit(
    code="node-pod-cidr-wrong", severity=Severity.HIGH, about="nodes' ranges for pods", find=find, reads=(NODE,)
)
