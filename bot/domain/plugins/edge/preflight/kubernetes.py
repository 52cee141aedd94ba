"""Which Kubernetes a controller's makers have tested it with."""

from collections.abc import Iterator

from bot.domain.plugins.edge.preflight import EdgeCheck, WantedEdge
from bot.domain.plugins.edge.surroundings import Edge
from bot.domain.plugins.preflight.kubernetes_version import said_of
from bot.domain.plugins.verdicts import Said


def _look(wanted: WantedEdge, around: Edge) -> Iterator[Said]:
    yield from said_of(wanted.title, wanted.release, around.kubernetes)


CHECK = EdgeCheck("Kubernetes version", _look, ("kubernetes-version",))
