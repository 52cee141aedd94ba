"""A path of an Ingress all of whose requests another one takes: it stands twice, ingress-nginx tries a regular
expression first that matches all of it, or NGINX's own controller gives the host to another Ingress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network import nginx_paths
from bot.domain.network.ingresses import Route, routes
from bot.domain.network.nginx_hosts import taken_hosts
from bot.domain.network.references import INGRESS, INGRESS_CLASS
from bot.domain.network.snapshot import Ingress, Snapshot

CODE = "ingress-path-never-reached"


@dataclass(frozen=True, slots=True)
class _Never:
    """A path, and why nobody gets there."""

    ingress: Ingress
    field: str
    summary: str
    evidence: str = ""


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    found: dict[object, list[_Never]] = {}
    for never in (*_twice(snapshot), *_expressions(snapshot), *_hosts(snapshot)):
        found.setdefault(never.ingress.ref, []).append(never)
    for ingress in snapshot.ingresses:
        told = {never.field: never for never in reversed(found.get(ingress.ref, []))}
        yield from (_finding(snapshot, never) for never in told.values())
        if not told:
            yield _finding(snapshot, _Never(ingress, "", "no other rule takes all requests of a path"), right=True)


def _twice(snapshot: Snapshot) -> Iterator[_Never]:
    """In one Ingress; what two have is `ingress-route-taken-twice`."""
    for ingress in snapshot.ingresses:
        first: dict[tuple[str, str, bool], Route] = {}
        for route in routes(ingress.spec):
            older = first.setdefault(route.key, route)
            if older is not route and older.backend != route.backend:
                yield _Never(
                    ingress, f"{route.field}.path", f"leads {route} a second time, elsewhere", f"first at {older.field}"
                )


def _expressions(snapshot: Snapshot) -> Iterator[_Never]:
    served = [each for each in snapshot.ingresses if nginx_paths.is_served(each, snapshot.ingress_classes)]
    for ordered in nginx_paths.expressions(served).values():
        for never, by in nginx_paths.never_reached(ordered):
            if never.route.key == by.route.key:
                continue  # the same path: told by another rule
            yield _Never(
                never.ingress,
                f"{never.route.field}.path",
                f"leads {never.route}, and nobody gets there: {by.route.path} of {by.ingress.ref} takes its requests",
                "use-regex or rewrite-target makes regular expressions of all paths of the host, which ingress-nginx "
                "tries the longest first",
            )


def _hosts(snapshot: Snapshot) -> Iterator[_Never]:
    for ingress, route, other in taken_hosts(snapshot.ingresses, snapshot.ingress_classes):
        yield _Never(
            ingress,
            f"{route.field}.path",
            f"leads {route}, and nobody gets there: {other.ref} is older and has the host",
            "NGINX's controller gives a host to one Ingress alone, unless nginx.org/mergeable-ingress-type makes them "
            "master and minions",
        )


def _finding(snapshot: Snapshot, never: _Never, *, right: bool = False) -> Finding:
    ingress = never.ingress
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.MEDIUM,
        object=ingress.ref,
        owner=ingress.ref,
        field=never.field,
        summary=never.summary,
        evidence=(never.evidence,) if never.evidence else (),
        next_step=""
        if right
        else f"take one of the two away, or say it more closely: `ingress show {ingress.name} -n {ingress.namespace}`",
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.MEDIUM, reads=(INGRESS, INGRESS_CLASS), find=find)
