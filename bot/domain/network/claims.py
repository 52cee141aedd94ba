"""Which requests a route asks for at a listener, and which of two routes gets those that both ask for.

Precedence as https://gateway-api.sigs.k8s.io/reference/spec/ has it (HTTPRouteSpec.hostnames, HTTPRouteRule.matches,
GRPCRouteRule.matches): the host name that says more, an exact path, the longest prefix, the method, the most headers,
the most query parameters, the older route, its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.network.listeners import Applicant, Verdict, attached, hosts_meet, narrower, verdicts
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, JSONObject, Ref

_EVERYTHING = {"path": {"type": "PathPrefix", "value": "/"}}
_EXACT, _PREFIX = "Exact", "PathPrefix"
_SORTS = {_EXACT: 2, "RegularExpression": 1, _PREFIX: 0}
_NOT_THERE_YET = "~"
"""After every time that a server writes."""
Named = frozenset[tuple[str, str, str]]
"""Name, how it is compared, and value of headers or query parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One match of one rule, for one host name."""

    by: Ref
    rule: int
    match: int
    """Which match of the rule it is, like the rule from 0."""
    host: str
    """Under which the listener serves it; empty: every one."""
    named: str
    """The host as the route says it; empty: it says none."""
    path_type: str = ""
    """Empty but for HTTP."""
    path: str = ""
    """Of a prefix without the slash at its end."""
    method: tuple[str, ...] = ()
    """Of HTTP one word; of gRPC how it is compared, service and method; empty: every one."""
    headers: Named = frozenset()
    parameters: Named = frozenset()
    born: str = _NOT_THERE_YET
    """When the route was made, as the server writes it."""
    words: str = ""
    """`shop.example.com/api (GET, X-Version=2)`."""

    @property
    def requests(self) -> tuple[object, ...]:
        """What it asks for, to be compared."""
        return self.host, self.by.kind, self.path_type, self.path, self.method, self.headers, self.parameters

    @property
    def weight(self) -> tuple[int, ...]:
        """Of two claims the heavier one comes first."""
        exact = bool(self.named) and not self.named.startswith("*.")
        at_host = (int(exact), len(self.named))
        if self.by.kind == GRPC_ROUTE.name:
            return (*at_host, *(len(each) for each in self.method[1:] or ("", "")), len(self.headers))
        return (*at_host, _SORTS.get(self.path_type, 0), len(self.path), len(self.method), len(self.headers),
                len(self.parameters))  # fmt: skip

    def before(self, other: Claim) -> bool:
        """Whether it gets the requests that both ask for."""
        if self.weight != other.weight:
            return self.weight > other.weight
        return self._age < other._age

    @property
    def _age(self) -> tuple[object, ...]:
        return self.born, self.by.short, self.rule, self.match

    def covers(self, other: Claim) -> bool:
        """Whether it asks for all that the other one asks for. Of regular expressions only the same one is known to."""
        return (
            self.by.kind == other.by.kind
            and _host_covers(self.host, other.host)
            and self._path_covers(other)
            and self._method_covers(other)
            and self.headers <= other.headers
            and self.parameters <= other.parameters
        )

    def gets(self, host: str, path: str) -> bool:
        """Whether it asks for a plain GET; `host` empty: one that no route names."""
        plain = Claim(by=self.by, rule=0, match=0, host=host, named=host, path_type=_EXACT, path=path, method=("GET",))
        return self.by.kind == HTTP_ROUTE.name and self.covers(plain)

    def _path_covers(self, other: Claim) -> bool:
        if self.path_type == _PREFIX:
            below = other.path == self.path or other.path.startswith(self.path.rstrip("/") + "/")
            return self.path == "/" or (below and other.path_type in (_EXACT, _PREFIX))
        return (self.path_type, self.path) == (other.path_type, other.path)

    def _method_covers(self, other: Claim) -> bool:
        if not self.method or self.method == other.method:
            return True
        mine, theirs = self.method, other.method
        return len(mine) == len(theirs) == 3 and mine[:2] == theirs[:2] and not mine[2]

    def why_before(self, other: Claim) -> str:
        """For people, of two of which this one comes first."""
        if self.weight[:2] != other.weight[:2]:
            return f"it says {self.named}, the other {other.named or 'no host name'}"
        if self.weight != other.weight:
            return "it says more of them"
        return "it is older" if self.born != other.born else "both are of one age, and its name comes first"


def claims(route: JSONObject, listener_host: str = "") -> Iterator[Claim]:
    """All that a route asks for at a listener for that host name (empty: for every one)."""
    metadata: Any = route["metadata"]
    by = Ref(str(route["kind"]), str(metadata["name"]), str(metadata.get("namespace") or ""), str(route["apiVersion"]))
    born = str(metadata.get("creationTimestamp") or _NOT_THERE_YET)
    for named in hosts(route) or ("",):
        if named and listener_host and not hosts_meet(named, listener_host):
            continue
        host = narrower(named, listener_host)
        for rule, index, match in _numbered(route):
            yield Claim(
                by=by, rule=rule, match=index, host=host, named=named, born=born,
                headers=_named(match.get("headers"), lower=True), parameters=_named(match.get("queryParams")),
                words=f"{host or 'every host '}{_in_words(match)}".strip(), **_asked(match),
            )  # fmt: skip


def takers(gateway: JSONObject, ref: Ref, route: JSONObject) -> Iterator[Verdict]:
    """The listeners of a Gateway that serve a route. Whether its namespace is let in by labels is left to the
    controller's word."""
    metadata: Any = route.get("metadata") or {}
    namespace = str(metadata.get("namespace") or "")
    applicant = Applicant(kind=str(route["kind"]), namespace=namespace, labels=None, hosts=hosts(route))
    return (each for each in verdicts(gateway, applicant) if each.takes and attached(route, ref, each))


def hosts(route: JSONObject) -> tuple[str, ...]:
    """The host names that a route is for; empty: all of its listener."""
    spec: Any = route.get("spec") or {}
    return tuple(map(str, spec.get("hostnames") or ()))


def matches(route: JSONObject) -> Iterator[Mapping[str, Any]]:
    """What each rule is for, the defaults of the API included."""
    return (match for _, _, match in _numbered(route))


def requests(route: JSONObject) -> frozenset[tuple[object, ...]]:
    """Everything that a route is for, to be compared: its hosts and its matches."""
    return frozenset(claim.requests for claim in claims(route))


def _numbered(route: JSONObject) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    spec: Any = route.get("spec") or {}
    default = _EVERYTHING if route["kind"] == HTTP_ROUTE.name else {}
    for number, rule in enumerate(spec.get("rules") or [{}]):
        for index, match in enumerate(rule.get("matches") or [default]):
            yield number, index, default | match


def _asked(match: Mapping[str, Any]) -> dict[str, Any]:
    """Path and method."""
    path, method = match.get("path") or {}, match.get("method") or ""
    found: dict[str, Any] = {"method": (str(method),) if method else ()}
    if isinstance(method, Mapping):  # gRPC
        said = (method.get("type") or _EXACT, method.get("service") or "", method.get("method") or "")
        found["method"] = said if said[1] or said[2] else ()
    if path:
        type_, value = path.get("type") or _PREFIX, str(path.get("value") or "/")
        found |= {"path_type": type_, "path": (value.rstrip("/") or "/") if type_ == _PREFIX else value}
    return found


def _named(said: Any, *, lower: bool = False) -> Named:
    return frozenset(
        (name.lower() if lower else name, each.get("type") or _EXACT, str(each.get("value")))
        for each in said or ()
        if (name := str(each.get("name")))
    )


def _in_words(match: Mapping[str, Any]) -> str:
    """`/api (GET, X-Version=2)`."""
    path, method = match.get("path") or {}, match.get("method") or ""
    if isinstance(method, Mapping):
        method = "/".join(part for part in (method.get("service"), method.get("method")) if part)
    besides = [str(method)] if method else []
    besides += [f"{each.get('name')}={each.get('value')}" for each in match.get("headers") or ()]
    besides += [f"?{each.get('name')}={each.get('value')}" for each in match.get("queryParams") or ()]
    return str(path.get("value") or "") + (f" ({', '.join(besides)})" if besides else "")


def _host_covers(wide: str, narrow: str) -> bool:
    return not wide or wide == narrow or (bool(narrow) and wide.startswith("*.") and narrow.endswith(wide[1:]))
