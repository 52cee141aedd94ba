"""A node that is not Ready for another reason than its network will not become Ready by a plugin."""

from collections.abc import Iterator

from bot.domain.network.snapshot import Node
from bot.domain.plugins.cni import waits_for_network
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not around.nodes:
        yield conflict("there are none") if around.nodes_read else unknown("the nodes could not be read")
        return
    waiting, down = sum(map(waits_for_network, around.nodes)), broken(around)
    ready = len(around.nodes) - waiting - len(down)
    if down:
        condition = down[0].condition("Ready")
        message = (condition.message if condition else "") or "says nothing of itself"
        more = f", and {len(down) - 1} more" if len(down) > 1 else ""
        evidence = f"{down[0].name} is not Ready for another reason: {message[:200]}{more}"
        yield doubt("node-not-ready", evidence, (node.name for node in down))
    elif not around.nodes_read:
        yield unknown("not all nodes could be read")
    else:
        yield ok(f"{ready} of {len(around.nodes)} Ready" + (f", {waiting} waiting for a network" if waiting else ""))


def broken(around: Surroundings) -> list[Node]:
    """Nodes that are not Ready for another reason than their network: no plugin makes them so."""
    return [node for node in around.nodes if not node.ready and not waits_for_network(node)]


CHECK = Preflight("nodes", _look, ("node-not-ready",))
