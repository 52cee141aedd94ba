"""Routes that their Gateways accept and that get no request all the same, because others ask for them first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.network.claims import Claim, claims, takers
from bot.domain.network.gateways import refused_by
from bot.domain.network.listeners import refers_to
from bot.domain.network.references import JSONObject, Ref

_MOST_TOLD = 3
# Seen with v3.7.9, and as pkg/server/router/router.go and pkg/muxer/http/mux.go have it: rules of one priority stand in
# the order of a Go map, and neither the age of a route nor what it says of a host counts for that priority.
EITHER = (
    "Which of two routes comes first is told as the Gateway API has it. Not every controller keeps to that: Traefik "
    "3.7 serves either of two that are for the same host and path, and may choose anew whenever it is configured."
)
"""For people, where routes are told of that others keep from requests."""


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What of a route is served by others."""

    told: tuple[str, ...]
    """In sentences that name them; empty: nothing is."""
    whole: bool
    """Whether nothing of it is left at any listener."""


class Precedence:
    """Who is asked first at the listeners of some Gateways."""

    def __init__(self, gateways: Mapping[Ref, JSONObject], routes: Iterable[JSONObject]) -> None:
        """Both as far as they can be read."""
        self._gateways = gateways
        # What covers another claim and comes before it has the same host at that listener: a wider one says less.
        self._claims: dict[tuple[Ref, str, str], list[Claim]] = defaultdict(list)
        for route in routes:
            for gateway, listener, claim in self._served(route):
                self._claims[gateway, listener, claim.host].append(claim)

    def shadowed(self, route: JSONObject) -> Shadowed:
        """What of a route others get."""
        taken: dict[tuple[Ref, str, Ref], list[tuple[Claim, Claim]]] = {}
        left = 0
        for gateway, listener, claim in self._served(route):
            rivals = self._claims.get((gateway, listener, claim.host), ())
            first = next((each for each in rivals if _is_first(each, claim)), None)
            if first is None:
                left += 1
            else:
                taken.setdefault((gateway, listener, first.by), []).append((claim, first))
        return Shadowed(tuple(_told(taken)), bool(taken) and not left)

    def _served(self, route: JSONObject) -> Iterator[tuple[Ref, str, Claim]]:
        """What it asks for, by Gateway and listener that serve it."""
        for ref, gateway in self._gateways.items():
            if not refers_to(route, ref) or refused_by(route, ref):
                continue
            for verdict in takers(gateway, ref, route):
                for claim in claims(route, verdict.hostname):
                    yield ref, verdict.listener, claim


def _is_first(other: Claim, claim: Claim) -> bool:
    return other.by != claim.by and other.covers(claim) and other.before(claim)


def _told(taken: Mapping[tuple[Ref, str, Ref], list[tuple[Claim, Claim]]]) -> Iterator[str]:
    for (gateway, listener, by), pairs in taken.items():
        words = list(dict.fromkeys(claim.words for claim, _ in pairs))
        more = f" and {len(words) - _MOST_TOLD} more" if len(words) > _MOST_TOLD else ""
        claim, first = pairs[0]
        yield (
            f"by the Gateway API {by} gets what comes for {', '.join(words[:_MOST_TOLD])}{more} at listener {listener} "
            f"of {gateway}: {first.why_before(claim)}"
        )
