"""A packet with the overlay's headers has to fit the nodes' links, or large ones vanish without a word."""

from collections.abc import Iterator

from bot.domain.plugins.links import narrowest
from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    overhead, mtu = wanted.installation.overhead(wanted.parameters), wanted.parameters.mtu
    link, why = narrowest(around.nodes)
    fits = link - overhead
    if not mtu:
        yield ok(f"found by the plugin on each node; {overhead} bytes a packet are its own, {fits} of {link} stay")
    elif mtu > fits:
        yield doubt(
            "mtu",
            f"{mtu} and {overhead} bytes of its own make {mtu + overhead}: right only where every link between nodes "
            f"carries that. {why}: there it would have to be at most {fits}",
        )
    else:
        yield ok(f"{mtu} and {overhead} bytes of its own fit into {link}")


CHECK = Preflight("MTU", _look, ("mtu",))
