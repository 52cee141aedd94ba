"""What an Ingress of ingress-nginx does to the paths of a host, and they to it, where one of them makes regular
expressions of all: what is sure is a doubt or a warning, and what nobody here can tell is said to be that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.changes.change import Doubt
from bot.domain.network import nginx_paths
from bot.domain.network.ingresses import is_canary
from bot.domain.network.nginx_paths import Expression
from bot.domain.network.references import Ref
from bot.domain.network.snapshot import Ingress

REGEX = "regex"
_TOLD = 3


class Expressions:
    """The paths of its hosts as they are, and as they will be."""

    def __init__(self, wanted: Ingress, others: Sequence[Ingress]) -> None:
        """`others` are those that ingress-nginx serves, as it serves `wanted`; the one that it replaces may be among
        them."""
        self._own = wanted.ref
        self._asks = nginx_paths.asks(wanted)
        rest = [each for each in others if each.ref != wanted.ref]
        before = nginx_paths.expressions(others)
        after = {} if is_canary(wanted.annotations) else nginx_paths.expressions([*rest, wanted])
        mine = [host for host, all_ in after.items() if any(each.ingress.ref == self._own for each in all_)]
        self._after = {host: after[host] for host in mine}
        self._new = [host for host in mine if host not in before]
        """Hosts whose paths become regular expressions only now."""
        self._never_before = {
            _identity(never) for all_ in before.values() for never, _ in nginx_paths.never_reached(all_)
        }

    def doubt(self) -> Doubt | None:
        """Somebody's path would not be reached any more, or be matched otherwise."""
        found = [
            f"nobody would get to {never}: {by} is tried first, and takes all its requests"
            for all_ in self._after.values()
            for never, by in nginx_paths.never_reached(all_)
            if self._own in (never.ingress.ref, by.ingress.ref) and _identity(never) not in self._never_before
            if never.route.key != by.route.key
        ]
        for host in self._new:
            theirs = dict.fromkeys(str(e.ingress.ref) for e in self._after[host] if e.ingress.ref != self._own)
            if theirs:
                found.append(
                    f"all paths of {host or 'every host'} in {_few(list(theirs))} become regular expressions too: they "
                    "match beginnings in any case of letters, Exact or not"
                )
        return Doubt(REGEX, _few(found, "; ")) if found else None

    def warnings(self) -> Iterator[str]:
        """What becomes of its own paths, and what cannot be told."""
        for host, all_ in self._after.items():
            mine = [each for each in all_ if each.ingress.ref == self._own]
            whose = next(
                (each.ingress.ref for each in all_ if nginx_paths.asks(each.ingress, each.route.path)), self._own
            )
            if whose != self._own and not self._asks:
                yield (
                    f"{whose} makes regular expressions of all paths of {host or 'every host'}: "
                    f"{_few([each.route.path for each in mine])} will match beginnings in any case of letters."
                )
            yield from (
                f"{each.route.path} is of type Exact, and matches all that begins so: ingress-nginx takes the paths of "
                "this host for regular expressions."
                for each in mine[:_TOLD]
                if each.route.path_type == "Exact"
            )
            yield from self._undecided(all_)

    def _undecided(self, all_: list[Expression]) -> Iterator[str]:
        pairs = [
            f"{first.route.path} (tried first, of {first.ingress.ref}) and {second.route.path} of {second.ingress.ref}"
            for second, first in nginx_paths.undecided(all_)
            if self._own in (first.ingress.ref, second.ingress.ref)
        ]
        if pairs:
            yield f"Which requests both of these match cannot be told from the expressions: {_few(pairs, '; ')}."


def _identity(never: Expression) -> tuple[Ref, str, str]:
    return never.ingress.ref, never.route.host, never.route.path


def _few(found: list[str], between: str = ", ") -> str:
    more = f"{between}and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return between.join(found[:_TOLD]) + more
