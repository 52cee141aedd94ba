"""Whom an Ingress takes requests from that another one gets today: the path is not the same to a controller, and some
of its requests are (https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.changes.change import Doubt
from bot.domain.changes.ingress_conflicts import Others
from bot.domain.network.ingresses import Route, routes
from bot.domain.network.snapshot import Ingress

OVERLAP = "overlap"
_MOST = 3


def same_path(others: Others) -> Doubt | None:
    """The very path of another Ingress, of another type: its requests come here from now on."""
    found = [
        f"{theirs} is led by {other.ref} to {_target(theirs)}; as Exact it goes before that"
        for ours, theirs, other in _overlapping(others)
        if _is_exact(ours) and _path(ours) == _path(theirs)
    ]
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return Doubt(OVERLAP, "; ".join(found[:_MOST]) + more) if found else None


def taken_out(others: Others) -> Iterator[str]:
    """Longer paths, which go before the shorter ones of others; and the exact ones of others, which stay where they
    are."""
    told = 0
    for ours, theirs, other in _overlapping(others):
        if told == _MOST:
            return
        if _path(ours) != _path(theirs):
            told += 1
            yield f"{ours} is taken out of {theirs.path}, which {other.ref} leads to {_target(theirs)}."
        elif _is_exact(theirs):
            told += 1
            yield f"Requests for exactly {theirs} stay with {other.ref}, which leads them to {_target(theirs)}."


def _overlapping(others: Others) -> Iterator[tuple[Route, Route, Ingress]]:
    """What is wanted, with that of each other Ingress of the class which some of its requests go to today, when that is
    another Service, or of another namespace."""
    for ours in routes(others.wanted):
        for other in others.same_class:
            near = [each for each in routes(other.spec) if _shares(ours, each)]
            if not near:
                continue
            theirs = max(near, key=lambda each: (len(_path(each)), _is_exact(each)))
            if theirs.backend != ours.backend or other.namespace != others.own.namespace:
                yield ours, theirs, other


def _shares(ours: Route, theirs: Route) -> bool:
    """Whether some requests are meant by both, other than by two paths that no controller can tell apart."""
    if ours.host.lower() != theirs.host.lower() or ours.key == theirs.key:
        return False
    mine, its = _path(ours), _path(theirs)
    return mine == its or (not _is_exact(theirs) and mine.startswith(f"{its.rstrip('/')}/"))


def _is_exact(route: Route) -> bool:
    return route.path_type == "Exact"


def _path(route: Route) -> str:
    return route.path.rstrip("/") or "/"


def _target(route: Route) -> str:
    return f"Service {route.backend.service.name}" if route.backend.service else "something that is no Service"
