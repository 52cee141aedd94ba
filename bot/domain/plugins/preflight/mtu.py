"""A packet with the overlay's headers has to fit the nodes' links, or large ones vanish without a word."""

from collections.abc import Iterator

from bot.domain.plugins.preflight import Preflight, Wanted
from bot.domain.plugins.surroundings import Surroundings
from bot.domain.plugins.verdicts import Said, doubt, ok

_ETHERNET = 1500


def _look(wanted: Wanted, around: Surroundings) -> Iterator[Said]:
    overhead, mtu = wanted.installation.overhead(wanted.parameters), wanted.parameters.mtu
    fits = _ETHERNET - overhead
    if not mtu:
        yield ok(f"found by the plugin on each node; {overhead} bytes a packet are its own, {fits} of {_ETHERNET} stay")
    elif mtu > fits:
        yield doubt(
            "mtu",
            f"{mtu} and {overhead} bytes of its own make {mtu + overhead}: right only where every link between nodes "
            f"carries that. On Ethernet's {_ETHERNET} it would have to be at most {fits}",
        )
    else:
        yield ok(f"{mtu} and {overhead} bytes of its own fit into {_ETHERNET}")


CHECK = Preflight("MTU", _look, ("mtu",))
