"""Rules by host become routes: hosts with the same rules share one; what is beyond a route's limits goes into more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.domain.migration.gateway_api import HOSTNAMES_A_ROUTE, MATCHES_A_ROUTE, RULES_A_ROUTE, object_of
from bot.domain.network.references import JSON, JSONObject, Kind

_LONGEST_NAME = 253
_MATCHES_A_RULE = 64


def grouped(rules: Mapping[str, Sequence[JSONObject]]) -> tuple[tuple[tuple[str, ...], Sequence[JSONObject]], ...]:
    """Hosts that have the same rules, together, sixteen at the most; no host at all (empty) stays alone."""
    groups: list[tuple[list[str], Sequence[JSONObject]]] = []
    for host, own in rules.items():
        same = next((each for each in groups if host and each[0][0] and each[1] == own), None)
        if same and len(same[0]) < HOSTNAMES_A_ROUTE:
            same[0].append(host)
        else:
            groups.append(([host], own))
    return tuple((tuple(hosts), own) for hosts, own in groups)


def merged(rules: Iterable[Any]) -> tuple[JSONObject, ...]:
    """Neighbours that do the same with other paths, as one rule. A rule that replaces a prefix has one path alone."""
    found: list[Any] = []
    for rule in rules:
        if found and _alike(found[-1], rule):
            last, matches = found[-1], found[-1]["matches"]
            found[-1] = {**last, "matches": [*matches, *(each for each in rule["matches"] if each not in matches)]}
        else:
            found.append(rule)
    return tuple(found)


def _alike(one: Any, other: Any) -> bool:
    if not one.get("matches") or not other.get("matches") or _replaces_prefix(other):
        return False
    few_enough = len(one["matches"]) + len(other["matches"]) <= _MATCHES_A_RULE
    return few_enough and _without_matches(one) == _without_matches(other)


def _without_matches(rule: JSONObject) -> JSONObject:
    return {key: value for key, value in rule.items() if key != "matches"}


def _replaces_prefix(rule: Any) -> bool:
    paths = [
        (each.get(kind) or {}).get("path")
        for each in rule.get("filters") or ()
        for kind in ("urlRewrite", "requestRedirect")
    ]
    return any(path and path["type"] == "ReplacePrefixMatch" for path in paths)


def parted(rules: Sequence[JSONObject]) -> Iterator[tuple[JSONObject, ...]]:
    """Sixteen rules and 128 matches at a time, in order."""
    part: list[JSONObject] = []
    matches = 0
    for rule in rules:
        own: Any = rule.get("matches") or [{}]
        if part and (len(part) == RULES_A_ROUTE or matches + len(own) > MATCHES_A_ROUTE):
            yield tuple(part)
            part, matches = [], 0
        part.append(rule)
        matches += len(own)
    if part:
        yield tuple(part)


def route(
    kind: Kind,
    namespace: str,
    name: str,
    parents: Sequence[JSONObject],
    hosts: Iterable[str],
    rules: Sequence[JSONObject],
    annotations: Mapping[str, str],
) -> JSONObject:
    """One route."""
    hostnames: list[JSON] = [host for host in hosts if host]
    spec: JSONObject = {"parentRefs": [*parents], **({"hostnames": hostnames} if hostnames else {}), "rules": [*rules]}
    return object_of(kind, namespace, name, spec, annotations=dict(annotations))


class Names:
    """Names of the objects of one Ingress: `web`, `web-2`, `web-https-redirect`."""

    def __init__(self, ingress: str) -> None:
        self._ingress = ingress
        self._given: dict[str, int] = {}

    def next(self, suffix: str = "") -> str:
        count = self._given[suffix] = self._given.get(suffix, 0) + 1
        ending = (f"-{suffix}" if suffix else "") + (f"-{count}" if count > 1 else "")
        return self._ingress[: _LONGEST_NAME - len(ending)].rstrip("-.") + ending
