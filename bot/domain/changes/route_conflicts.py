"""Routes that would get the same requests: of two with the same host, path and matches at one listener, the older one
alone is served (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule), and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.domain.changes import fields
from bot.domain.changes.route_wanted import Wanted
from bot.domain.network.listeners import Verdict, hosts_meet, meeting
from bot.domain.network.references import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, TLS_ROUTE, JSONObject, Ref
from bot.errors import Conflict

_EVERYTHING = {"path": {"type": "PathPrefix", "value": "/"}}
Key = tuple[Any, ...]


def check(manifest: JSONObject, gateway: Ref, served: Sequence[Verdict], routes: Iterable[JSONObject]) -> None:
    """`served` are the listeners that would take the new route. Raises Conflict that names the other route."""
    own = fields.ref_of(manifest)
    for route in routes:
        ref = fields.ref_of(route)
        if (ref.kind, ref.namespace, ref.name) == (own.kind, own.namespace, own.name):
            continue
        for verdict in served:
            if not _attached(route, gateway, verdict):
                continue
            if said := _same_requests(manifest, route, verdict):
                raise Conflict(
                    f"{said} is led somewhere already",
                    cause=f"by {ref}, at listener {verdict.listener} of {gateway}; of two such routes only the older "
                    "one is served",
                    next_step=f"see `route show {ref.name} -n {ref.namespace}`; take another path, header or listener",
                )


def escaped(wanted: Wanted, gateway: Ref, served: Sequence[Verdict], routes: Iterable[JSONObject]) -> Iterator[str]:
    """Redirects to TLS that would no longer be asked: a route that names a host is asked before one for all hosts, or
    for a wildcard (https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec)."""
    if wanted.to_https or not wanted.hosts:
        return
    for route in routes:
        for verdict in served:
            if verdict.protocol != "HTTP" or not _redirects_to_tls(route) or not _attached(route, gateway, verdict):
                continue
            theirs = set(meeting(verdict.hostname, hosts(route)))
            caught = [host for host in wanted.hosts if host not in theirs and _in(host, theirs)]
            if caught:
                yield (
                    f"At listener {verdict.listener} {fields.ref_of(route)} redirects to TLS what comes for "
                    f"{', '.join(caught)}: this route is asked first, and serves it unencrypted. A listener can be "
                    f"named, as in `--gateway {gateway.short}:LISTENER`."
                )


def _redirects_to_tls(route: JSONObject) -> bool:
    rules: Any = fields.at(route, ("spec", "rules")).value or []
    return any(
        (each.get("requestRedirect") or {}).get("scheme") == "https"
        for rule in rules
        for each in rule.get("filters") or ()
    )


def _in(host: str, names: Iterable[str]) -> bool:
    return any(not name or hosts_meet(name, host) for name in names)


def _attached(route: JSONObject, gateway: Ref, verdict: Verdict) -> bool:
    """Whether a route asks for that listener of that Gateway."""
    own = str(fields.metadata(route).get("namespace") or "")
    parents: Any = fields.at(route, ("spec", "parentRefs")).value or []
    return any(
        each.get("kind", GATEWAY.name) == GATEWAY.name
        and (each.get("namespace") or own, each.get("name")) == (gateway.namespace, gateway.name)
        and each.get("sectionName", verdict.listener) == verdict.listener
        and each.get("port", verdict.port) == verdict.port
        for each in parents
    )


def _same_requests(one: JSONObject, other: JSONObject, verdict: Verdict) -> str:
    """What both are for, in words; empty: nothing."""
    mine, theirs = set(meeting(verdict.hostname, hosts(one))), set(meeting(verdict.hostname, hosts(other)))
    if {str(one["kind"]), str(other["kind"])} == {HTTP_ROUTE.name, GRPC_ROUTE.name}:
        # https://gateway-api.sigs.k8s.io/api-types/grpcroute/#cross-serving: the two may not share a host name
        for host in sorted(mine):
            if any(hosts_meet(host, their) or "" in (host, their) for their in theirs):
                return f"{host or 'every host'}, which an HTTPRoute and a GRPCRoute cannot share,"
        return ""
    if one["kind"] != other["kind"]:
        return ""
    shared = sorted(mine & theirs)
    if not shared:
        return ""
    host = shared[0] or "every host"
    if one["kind"] == TLS_ROUTE.name:
        return host
    there = {_key(match) for match in matches(other)}
    return next((f"{host}{_words(match)}" for match in matches(one) if _key(match) in there), "")


def hosts(route: JSONObject) -> tuple[str, ...]:
    """The host names that a route is for; empty: all of its listener."""
    found: Any = fields.at(route, ("spec", "hostnames")).value or []
    return tuple(map(str, found))


def matches(route: JSONObject) -> Iterator[Mapping[str, Any]]:
    """What each rule is for, the defaults of the API included."""
    rules: Any = fields.at(route, ("spec", "rules")).value or [{}]
    for rule in rules:
        yield from rule.get("matches") or [_EVERYTHING if route["kind"] == HTTP_ROUTE.name else {}]


def requests(route: JSONObject) -> frozenset[Key]:
    """Everything that a route is for, to be compared: its hosts and its matches."""
    return frozenset((host, *_key(match)) for host in hosts(route) or ("",) for match in matches(route))


def _key(match: Mapping[str, Any]) -> Key:
    path, method = match.get("path") or {}, match.get("method") or ""
    type_, value = path.get("type") or "PathPrefix", str(path.get("value") or "/")
    if type_ == "PathPrefix":  # a slash at its end makes no difference
        value = value.rstrip("/") or "/"
    if isinstance(method, Mapping):  # gRPC
        method = (method.get("type") or "Exact", method.get("service") or "", method.get("method") or "")
    return type_, value, method, _named(match.get("headers"), str.lower), _named(match.get("queryParams"), str)


def _named(said: Any, spelled: Any) -> Key:
    return tuple(
        sorted((spelled(str(e.get("name"))), e.get("type") or "Exact", str(e.get("value"))) for e in said or ())
    )


def _words(match: Mapping[str, Any]) -> str:
    """`/api (GET, X-Version=2)`."""
    path, method = match.get("path") or {}, match.get("method") or ""
    if isinstance(method, Mapping):
        method = "/".join(part for part in (method.get("service"), method.get("method")) if part)
    besides = [str(method)] if method else []
    besides += [f"{each.get('name')}={each.get('value')}" for each in match.get("headers") or ()]
    besides += [f"?{each.get('name')}={each.get('value')}" for each in match.get("queryParams") or ()]
    return str(path.get("value") or "") + (f" ({', '.join(besides)})" if besides else "")
