"""Nodes that its images are made for, and that are ready to take its pods."""

from collections.abc import Iterator

from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.preflight.node_systems import said_of
from bot.domain.plugins.verdicts import Said, doubt


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    if not wanted.installation.class_name:
        return
    yield from said_of(wanted.title, wanted.release, around.nodes, around.nodes_read)
    open_ones = [
        node
        for node in around.nodes
        if node.ready
        and not node.spec.unschedulable
        and not any(taint.effect in ("NoSchedule", "NoExecute") for taint in node.spec.taints or ())
    ]
    if around.nodes and not open_ones:
        yield doubt(
            "no-node",
            "no node is ready and takes pods: its pods would wait. `cni status` tells whether the network stands",
        )


CHECK = EdgeCheck("nodes", _look, ("architecture", "no-node", "not-linux"))
