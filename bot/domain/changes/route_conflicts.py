"""Routes that would get the same requests: of two that ask for them at one listener one alone is served, and nobody is
told (see `claims`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.changes import fields
from bot.domain.changes.route_wanted import Wanted
from bot.domain.network.claims import Claim, claims, hosts
from bot.domain.network.gateways import refused_by
from bot.domain.network.listeners import Verdict, attached, hosts_meet, meeting
from bot.domain.network.redirects import to_tls
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, JSONObject, Ref
from bot.errors import Conflict

_MOST_TOLD = 3


class Rivals:
    """The other routes at the listeners that would take a new one."""

    def __init__(self, own: JSONObject, gateway: Ref, served: Sequence[Verdict], routes: Iterable[JSONObject]) -> None:
        """`own` has its creationTimestamp when it is there already."""
        self._own = own
        self._gateway = gateway
        self._served = served
        ref = fields.ref_of(own)
        others = (each for each in routes if not _same(fields.ref_of(each), ref))
        self._others = [each for each in others if not refused_by(each, gateway)]

    def check(self) -> None:
        """Raises Conflict that names the other route which would get all, or some, of the requests."""
        for verdict, route in self._pairs():
            if shared := _shared_by_kinds(self._own, route, verdict):
                raise self._conflict(shared, fields.ref_of(route), verdict, "")
            theirs = list(claims(route, verdict.hostname))
            for mine in claims(self._own, verdict.hostname):
                for their in theirs:
                    if their.covers(mine) and their.before(mine):
                        raise self._conflict(mine.words, their.by, verdict, their.why_before(mine))

    def overtaken(self) -> Iterator[str]:
        """Routes that would lose all that they get for a host and match to the new one, in sentences."""
        for verdict, route in self._pairs():
            mine = list(claims(self._own, verdict.hostname))
            lost = [
                (their, own)
                for their in claims(route, verdict.hostname)
                for own in mine
                if own.covers(their) and own.before(their)
            ]
            if lost:
                what = ", ".join(dict.fromkeys(their.words for their, _ in lost[:_MOST_TOLD]))
                yield (
                    f"{fields.ref_of(route)} gets no request for {what} at listener {verdict.listener} any more: this "
                    f"route is asked first ({lost[0][1].why_before(lost[0][0])})."
                )

    def answering(self, verdict: Verdict, host: str, path: str) -> Ref | None:
        """Which other route answers a plain GET there; None: the new one does, or nobody."""
        routes = [self._own, *(route for at, route in self._pairs() if at is verdict)]
        asked: list[Claim] = [
            each for route in routes for each in claims(route, verdict.hostname) if each.gets(host, path)
        ]
        first = next((each for each in asked if not any(other.before(each) for other in asked)), None)
        return first.by if first is not None and not _same(first.by, fields.ref_of(self._own)) else None

    def catches(self, host: str, path: str) -> bool:
        """Whether the new one would answer a plain GET there itself, for want of a route that comes first."""
        for verdict in self._served:
            mine = any(each.gets(host, path) for each in claims(self._own, verdict.hostname))
            if mine and self.answering(verdict, host, path) is None:
                return True
        return False

    def _pairs(self) -> Iterator[tuple[Verdict, JSONObject]]:
        for verdict in self._served:
            for route in self._others:
                if attached(route, self._gateway, verdict):
                    yield verdict, route

    def _conflict(self, what: str, by: Ref, verdict: Verdict, why: str) -> Conflict:
        return Conflict(
            f"{what} is led somewhere already",
            cause=f"by {by}, at listener {verdict.listener} of {self._gateway}; of two such routes only one is served"
            + (f", and it would be that one: {why}" if why else ""),
            next_step=f"see `route show {by.name} -n {by.namespace}`; take another path, header or listener",
        )


def _same(one: Ref, other: Ref) -> bool:
    """Whatever version they were read in."""
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)


def _shared_by_kinds(one: JSONObject, other: JSONObject, verdict: Verdict) -> str:
    """What an HTTPRoute and a GRPCRoute are both for (https://gateway-api.sigs.k8s.io/api-types/grpcroute/#cross-serving);
    empty: nothing."""
    if {str(one["kind"]), str(other["kind"])} != {HTTP_ROUTE.name, GRPC_ROUTE.name}:
        return ""
    mine, theirs = set(meeting(verdict.hostname, hosts(one))), set(meeting(verdict.hostname, hosts(other)))
    for host in sorted(mine):
        if any(hosts_meet(host, their) or "" in (host, their) for their in theirs):
            return f"{host or 'every host'}, which an HTTPRoute and a GRPCRoute cannot share,"
    return ""


def escaped(wanted: Wanted, gateway: Ref, served: Sequence[Verdict], routes: Iterable[JSONObject]) -> Iterator[str]:
    """Redirects to TLS that would no longer be asked: a route that names a host is asked before one for all hosts, or
    for a wildcard (https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec)."""
    if wanted.to_https or not wanted.hosts:
        return
    for route in routes:
        for verdict in served:
            if verdict.protocol != "HTTP" or not to_tls(route) or not attached(route, gateway, verdict):
                continue
            theirs = set(meeting(verdict.hostname, hosts(route)))
            caught = [host for host in wanted.hosts if host not in theirs and _in(host, theirs)]
            if caught:
                yield (
                    f"At listener {verdict.listener} {fields.ref_of(route)} redirects to TLS what comes for "
                    f"{', '.join(caught)}: this route is asked first, and serves it unencrypted. A listener can be "
                    f"named, as in `--gateway {gateway.short}:LISTENER`."
                )


def _in(host: str, names: Iterable[str]) -> bool:
    return any(not name or hosts_meet(name, host) for name in names)
