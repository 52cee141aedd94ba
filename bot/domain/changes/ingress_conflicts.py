"""Who else leads the same host and path: found before anything is written, since controllers serve one of the two and
do not say which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Doubt
from bot.domain.network.ingresses import Route, class_of, is_canary, routes, secrets
from bot.domain.network.references import Ref
from bot.domain.network.snapshot import Ingress, IngressSpec
from bot.errors import Conflict

ELSEWHERE = "conflict"
_NGINX = "nginx.org/ingress-controller"
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Others:
    """All other Ingresses that may be read, and what is wanted beside them."""

    own: Ref
    wanted: IngressSpec
    class_name: str
    controller: str
    ingresses: Sequence[Ingress]
    annotations: Mapping[str, str]
    """Its own, as they will be."""
    expressions: frozenset[str] = frozenset()
    """Hosts whose paths are regular expressions: which of these goes before which is told by `ingress_regex` alone."""

    @property
    def same_class(self) -> Iterator[Ingress]:
        return (each for each in self._foreign if class_of(each) == self.class_name)

    @property
    def of_other_classes(self) -> Iterator[Ingress]:
        return (each for each in self._foreign if class_of(each) != self.class_name)

    @property
    def _foreign(self) -> Iterator[Ingress]:
        """None for a canary, which shares the traffic of another one on purpose; nor is one counted."""
        if is_canary(self.annotations):
            return iter(())
        return (each for each in self.ingresses if each.ref != self.own and not is_canary(each.annotations))


def check_own_namespace(others: Others) -> None:
    """Raises Conflict for a host and path that another Ingress of the same namespace and class leads."""
    for route, other in clashing(others.wanted, others.same_class):
        if other.namespace == others.own.namespace:
            raise Conflict(
                f"{route} is led somewhere already",
                cause=f"by {other.ref}, to {_leads(other, route)}",
                next_step=f"take another path, or change that one: `ingress edit {other.name} -n {other.namespace}`",
            )


def elsewhere(others: Others) -> Doubt | None:
    """The same in other namespaces, which somebody may know of and accept."""
    found = [
        f"{route} is led by {other.ref}, to {_leads(other, route)}"
        for route, other in clashing(others.wanted, others.same_class)
        if other.namespace != others.own.namespace
    ]
    found += [f"{each.ref} has a default backend of this class too" for each in _defaults(others)]
    if not found:
        return None
    return Doubt(ELSEWHERE, f"{_listed(found)}: only one of them will be served, and which one is left to chance")


def _defaults(others: Others) -> Iterator[Ingress]:
    """Those of the class that say as well who answers what no rule leads anywhere."""
    if others.wanted.default_backend is None:
        return iter(())
    return (each for each in others.same_class if each.spec.default_backend is not None)


def warnings(others: Others) -> Iterator[str]:
    """What else stands near: other classes, wildcards, other certificates of the same host."""
    for route, other in _few(clashing(others.wanted, others.of_other_classes)):
        by = f"of class {class_of(other)}" if class_of(other) else "without a class"
        yield f"{other.ref}, {by}, leads {route} too: where the name points to decides who is asked."
    yield from _wildcards(others)
    yield from _certificates(others)
    yield from _merging(others)


def clashing(wanted: IngressSpec, others: Iterator[Ingress]) -> Iterator[tuple[Route, Ingress]]:
    """Each route that is wanted and that another Ingress has, with the first one that has it."""
    by_key = {route.key: route for route in reversed(list(routes(wanted)))}
    for other in others:
        for key in dict.fromkeys(route.key for route in routes(other.spec)):
            if key in by_key:
                yield by_key[key], other


def _leads(other: Ingress, meant: Route) -> str:
    service = next((each.backend.service for each in routes(other.spec) if each.key == meant.key), None)
    return f"Service {service.name}" if service else "something that is no Service"


def _wildcards(others: Others) -> Iterator[str]:
    mine = {route.host for route in routes(others.wanted)}
    told = 0
    for other in others.same_class:
        for host in dict.fromkeys(route.host for route in routes(other.spec)):
            for own in mine:
                if told >= _TOLD:
                    return
                if host.startswith("*.") and own.partition(".")[2] == host[2:] and own != host:
                    told += 1
                    yield f"{other.ref} leads {host}: {own} is taken out of it."
                elif own.startswith("*.") and host.partition(".")[2] == own[2:] and own != host:
                    told += 1
                    yield f"{other.ref} leads {host}, which stays out of {own}."


def _certificates(others: Others) -> Iterator[str]:
    """Controllers choose a certificate by the host name alone, whichever Ingress brings it."""
    mine = secrets(others.wanted)
    found = [
        f"{other.ref} has {host} served with Secret {theirs or 'of the controller'}, not with {mine[host]}: "
        "only one of the two certificates will be shown."
        for other in others.same_class
        for host, theirs in secrets(other.spec).items()
        if mine.get(host) and (theirs, other.namespace) != (mine[host], others.own.namespace)
    ]
    yield from found[:_TOLD]


def _merging(others: Others) -> Iterator[str]:
    """NGINX's own controller gives a host to the oldest Ingress alone, unless they are marked as one
    (https://docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources/cross-namespace-configuration/)."""
    if others.controller != _NGINX:
        return
    mine = {route.host for route in routes(others.wanted)}
    for other in others.same_class:
        if shared := mine & {route.host for route in routes(other.spec)}:
            yield (
                f"{other.ref} has {', '.join(sorted(shared))} already: NGINX's controller gives a host to one Ingress "
                "alone, unless `nginx.org/mergeable-ingress-type` makes them master and minion."
            ).replace("`", "")
            return


def _few(found: Iterator[tuple[Route, Ingress]]) -> list[tuple[Route, Ingress]]:
    return [pair for pair, _ in zip(found, range(_TOLD), strict=False)]


def _listed(found: list[str]) -> str:
    more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return "; ".join(found[:_TOLD]) + more
