"""Which rule of which route a request meets at a listener.

Precedence as HTTPRouteRule and GRPCRouteRule have it at https://gateway-api.sigs.k8s.io/reference/spec/: the most
specific host, then an exact path, the longest prefix, the method, the most headers, the most query parameters, the
oldest route, its name, the first rule. Where the page leaves it open, an expression comes after an exact path and
before prefixes, as in Envoy Gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.edges.attaching import hosts_meet
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_LONGEST = 1024
"""Characters of a value that an expression is tried on."""
_EXACT, _EXPRESSION, _PREFIX = 2, 1, 0


@dataclass(frozen=True)
class Asked:
    """What of a request is looked at."""

    host: str
    path: str
    method: str
    headers: Mapping[str, str]
    """Whatever case their names have."""
    query: Mapping[str, str]


@dataclass(frozen=True)
class Met:
    """The rule that a request meets."""

    route: Object
    rule: Object
    number: int
    """Which rule of the route it is, from 0."""
    prefix: str
    """The prefix by which its path was found; empty: by something else."""
    listener: Object


def met(attached: Iterable[tuple[Object, Object]], asked: Asked) -> Met | None:
    """Of listeners with each of their routes; None: no rule has the request."""
    found = [candidate for listener, route in attached for candidate in _candidates(listener, route, asked)]
    return max(found, key=lambda each: each[0])[1] if found else None


def listener_has(listener: Object, host: str) -> bool:
    wanted = listener.get("hostname") or ""
    return not wanted or hosts_meet(wanted, host)


def nearest(listeners: Iterable[Object], host: str) -> list[Object]:
    """Those with the most specific hostname: others do not see the request, whatever their routes are."""
    fitting = [each for each in listeners if listener_has(each, host)]
    best = max((_host_rank(each.get("hostname") or "") for each in fitting), default=None)
    return [each for each in fitting if _host_rank(each.get("hostname") or "") == best]


def _host_rank(host: str) -> tuple[bool, int]:
    return bool(host) and not host.startswith("*."), len(host)


def _candidates(listener: Object, route: Object, asked: Asked) -> Iterator[tuple[tuple[Any, ...], Met]]:
    hosts = dig(route, "spec", "hostnames", default=()) or ("",)
    fitting = [host for host in hosts if not host or hosts_meet(host, asked.host)]
    if not fitting:
        return
    host = max(_host_rank(host) for host in fitting)
    metadata = route["metadata"]
    age = _Backwards((metadata.get("creationTimestamp") or "", f"{metadata['namespace']}/{metadata['name']}"))
    grpc = route["kind"] == "GRPCRoute"
    for number, rule in enumerate(dig(route, "spec", "rules", default=()) or ()):
        for place, match in enumerate(rule.get("matches") or ({},)):
            ranked = _grpc_rank(match, asked) if grpc else _http_rank(match, asked)
            if ranked is not None:
                rank, prefix = ranked
                yield (host, rank, age, -number, -place), Met(route, rule, number, prefix, listener)


class _Backwards:
    """Orders the earlier one last, so that it is the largest."""

    def __init__(self, value: tuple[str, str]) -> None:
        self._value = value

    def __lt__(self, other: _Backwards) -> bool:
        return self._value > other._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and self._value == other._value

    __hash__ = None  # type: ignore[assignment]  # only compared


def _http_rank(match: Object, asked: Asked) -> tuple[tuple[Any, ...], str] | None:
    path = match.get("path") or {}
    kind, value = path.get("type", "PathPrefix"), path.get("value", "/")
    if not _path_has(kind, value, asked.path):
        return None
    if match.get("method") not in (None, asked.method):
        return None
    headers, query = match.get("headers") or (), match.get("queryParams") or ()
    if not _values_have(headers, {k.lower(): v for k, v in asked.headers.items()}, lower=True):
        return None
    if not _values_have(query, asked.query, lower=False):
        return None
    sort = {"Exact": _EXACT, "RegularExpression": _EXPRESSION}.get(kind, _PREFIX)
    rank = (sort, len(value), bool(match.get("method")), len(headers), len(query))
    return rank, value if sort == _PREFIX else ""


def _grpc_rank(match: Object, asked: Asked) -> tuple[tuple[Any, ...], str] | None:
    """A call is `POST /service/method` (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)."""
    service, _, method = asked.path.strip("/").partition("/")
    wanted = match.get("method") or {}
    expression = wanted.get("type") == "RegularExpression"
    for part, value in ((wanted.get("service"), service), (wanted.get("method"), method)):
        if part and not (_expression_has(part, value) if expression else part == value):
            return None
    headers = match.get("headers") or ()
    if not _values_have(headers, {k.lower(): v for k, v in asked.headers.items()}, lower=True):
        return None
    return (len(wanted.get("service") or ""), len(wanted.get("method") or ""), len(headers), 0, 0), ""


def _path_has(kind: str, value: str, path: str) -> bool:
    if kind == "Exact":
        return path == value
    if kind == "RegularExpression":
        return _expression_has(value, path)
    stem = value.rstrip("/")
    return path == stem or path.startswith(f"{stem}/")


def _values_have(wanted: Iterable[Object], found: Mapping[str, str], *, lower: bool) -> bool:
    for each in wanted:
        value = found.get(each["name"].lower() if lower else each["name"])
        if value is None:
            return False
        expression = each.get("type") == "RegularExpression"
        if not (_expression_has(each["value"], value) if expression else value == each["value"]):
            return False
    return True


def _expression_has(expression: str, value: str) -> bool:
    """The whole value, as Envoy has it; an expression that cannot be read has nothing."""
    try:
        return re.fullmatch(expression, value[:_LONGEST]) is not None
    except re.error:
        return False
