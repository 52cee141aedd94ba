"""Nodes that the plugin's images are not made for get no network."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    systems = Counter(
        (node.status.node_info.operating_system or "linux", node.status.node_info.architecture or "unknown")
        for node in around.nodes
    )
    if not systems:
        yield unknown("there are none" if around.nodes_read else "the nodes could not be read")
        return
    told = ", ".join(f"{count} {os}/{architecture}" for (os, architecture), count in sorted(systems.items()))
    others = sum(count for (os, _), count in systems.items() if os != "linux")
    strange = sorted(
        {a for (os, a) in systems if os == "linux" and a not in (*wanted.release.architectures, "unknown")}
    )
    if others:
        yield doubt("not-linux", f"{others} of {len(around.nodes)} nodes are not Linux: they stay without ({told})")
    if strange:
        yield doubt("architecture", f"{wanted.title} has no image for {', '.join(strange)}: those nodes stay without")
    if not around.nodes_read:
        yield unknown("not all nodes could be read")
    elif not others and not strange:
        yield ok(told)


CHECK = Preflight("node systems", _look, ("not-linux", "architecture"))
