"""A node that is not Ready for another reason than its network will not become Ready by a plugin."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, conflict, doubt, ok, unknown

_NETWORK = ("network plugin", "cni", "NetworkPluginNotReady", "NetworkReady=false")


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    if not around.nodes:
        yield conflict("there are none") if around.nodes_read else unknown("the nodes could not be read")
        return
    waiting, broken = 0, []
    for node in around.nodes:
        condition = node.condition("Ready")
        if node.ready:
            continue
        message = (condition.message if condition else "") or ""
        if condition and condition.status == "False" and any(word in message for word in _NETWORK):
            waiting += 1
        else:
            broken.append((node.name, message or "says nothing of itself"))
    ready = len(around.nodes) - waiting - len(broken)
    if broken:
        name, message = broken[0]
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        evidence = f"{name} is not Ready for another reason: {message[:200]}{more}"
        yield doubt("node-not-ready", evidence, (name for name, _ in broken))
    elif not around.nodes_read:
        yield unknown("not all nodes could be read")
    else:
        yield ok(f"{ready} of {len(around.nodes)} Ready" + (f", {waiting} waiting for a network" if waiting else ""))


CHECK = Preflight("nodes", _look, ("node-not-ready",))
