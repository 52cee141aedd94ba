"""Nodes that its images are made for, and that are ready to take its pods."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.network.snapshot import Node
from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if not wanted.installation.class_name:
        return
    if not around.nodes_read:
        yield unknown("not all nodes could be read")
        return
    said = list(_unfit(wanted, around))
    yield from said
    if not any(_takes_pods(node) for node in around.nodes):
        yield doubt(
            "no-node",
            "no node is ready and takes pods: its pods would wait. `cni status` tells whether the network stands",
        )
    elif not said:
        systems = Counter(f"{_system(node)}/{_architecture(node)}" for node in around.nodes)
        yield ok(", ".join(f"{count} {system}" for system, count in sorted(systems.items())))


def _unfit(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    """Its pods may be put on any node: nothing in its files keeps them away."""
    others = [node.name for node in around.nodes if _system(node) != "linux"]
    if others:
        yield doubt("not-linux", f"{', '.join(others[:4])} are not Linux: a pod of it that is put there does not run")
    known = (*wanted.release.architectures, "unknown")
    strange = sorted({_architecture(node) for node in around.nodes if _system(node) == "linux"} - set(known))
    if strange:
        yield doubt(
            "architecture",
            f"{wanted.title} has no image for {', '.join(strange)}: a pod that is put on such a node does not run",
        )


def _takes_pods(node: Node) -> bool:
    closed = any(taint.effect in ("NoSchedule", "NoExecute") for taint in node.spec.taints or ())
    return node.ready and not node.spec.unschedulable and not closed


def _system(node: Node) -> str:
    return node.status.node_info.operating_system or "linux"


def _architecture(node: Node) -> str:
    return node.status.node_info.architecture or "unknown"


CHECK = EdgeCheck("nodes", _look, ("architecture", "no-node", "not-linux"))
