"""Nodes that the plugin's images are not made for get no network."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.network.snapshot import Node
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.ranges import some
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    systems = Counter(map(_system, around.nodes))
    if not systems:
        yield unknown("there are none" if around.nodes_read else "the nodes could not be read")
        return
    told = ", ".join(f"{count} {os}/{architecture}" for (os, architecture), count in sorted(systems.items()))
    others = [node.name for node in around.nodes if _system(node)[0] != "linux"]
    known = (*wanted.release.architectures, "unknown")
    strange = {node.name: _system(node)[1] for node in around.nodes if _system(node)[0] == "linux"}
    strange = {name: architecture for name, architecture in strange.items() if architecture not in known}
    if others:
        evidence = f"{len(others)} of {len(around.nodes)} nodes are not Linux: they stay without ({told})"
        yield doubt("not-linux", evidence, others)
    if strange:
        evidence = f"{wanted.title} has no image for {', '.join(sorted(set(strange.values())))}: {some(strange)}"
        yield doubt("architecture", f"{evidence} stay{'s' * (len(strange) == 1)} without", strange)
    if not around.nodes_read:
        yield unknown("not all nodes could be read")
    elif not others and not strange:
        yield ok(told)


def _system(node: Node) -> tuple[str, str]:
    """Operating system and architecture, as the kubelet tells them."""
    info = node.status.node_info
    return info.operating_system or "linux", info.architecture or "unknown"


CHECK = Preflight("node systems", _look, ("not-linux", "architecture"))
