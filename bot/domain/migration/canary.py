"""A canary of ingress-nginx: an Ingress of its own, which becomes rules of the route of the main one.

See https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary: the header decides
first, then the cookie, then the weight. Of a canary's other annotations the controller reads none but those that choose
pods; one canary counts for each host and path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.migration.nginx.values import HEADER, Annotations
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.references import JSON, JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Which requests go to the canary."""

    name: str
    """Of its Ingress, for people."""
    header: str = ""
    header_value: str = ""
    """Empty: `always` goes to the canary, `never` does not."""
    header_pattern: str = ""
    cookie: str = ""
    weight: int = 0
    total: int = 100
    """Never less, whatever is said."""


def canary_of(name: str, annotations: Annotations, journal: Journal) -> Canary:
    """What the annotations of a canary say; what they say in vain is told."""
    total = max(annotations.number("canary-weight-total", 100, least=1, most=1_000_000), 100)
    weight = min(annotations.number("canary-weight", 0), total)
    header, cookie = annotations.text("canary-by-header"), annotations.text("canary-by-cookie")
    value, pattern = annotations.text("canary-by-header-value"), annotations.text("canary-by-header-pattern")
    for wrong in [each for each in (header, cookie) if each and not HEADER.fullmatch(each)]:
        journal.lose("canary-by-header" if wrong == header else "canary-by-cookie", "it is no name", "mend it")
    header, cookie = (each if HEADER.fullmatch(each) else "" for each in (header, cookie))
    if value and pattern:
        journal.lose("canary-by-header-pattern", "canary-by-header-value comes before it", "nothing", Concern.TUNING)
    return Canary(
        name=name,
        header=header,
        header_value=value[:4096],
        header_pattern="" if value else pattern[:4096],
        cookie=cookie,
        weight=weight,
        total=total,
    )


def tell(canary: Canary, journal: Journal) -> None:
    """Which annotations become what."""
    if canary.header:
        if canary.header_value or canary.header_pattern:
            journal.carry("canary-by-header", f"the name in a rule for header {canary.header}")
        by = next((by for by in ("value", "pattern") if getattr(canary, f"header_{by}")), "")
        becomes = f"a rule for header {canary.header}"
        if by == "pattern":
            journal.carry("canary-by-header-pattern", becomes, "regular expressions depend on the implementation")
        elif by:
            journal.carry("canary-by-header-value", becomes)
        else:
            journal.carry("canary-by-header", f"rules for header {canary.header}: always and never")
    if canary.cookie:
        becomes = f"rules for header Cookie that look for {canary.cookie}=always and =never"
        journal.carry("canary-by-cookie", becomes, "regular expressions depend on the implementation")
    if canary.weight:
        journal.carry("canary-weight", f"weights {canary.total - canary.weight} and {canary.weight} of one rule")
        if canary.total != 100:
            journal.carry("canary-weight-total", f"the sum of both weights, {canary.total}")


def rules(rule: JSONObject, main: JSONObject, other: JSONObject, canary: Canary) -> Iterator[JSONObject]:
    """The rule of the main Ingress with its backend `main` and the canary's `other`, as several: the first that
    matches counts, and more header matches come first (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule).
    """
    if canary.header:
        if canary.header_value:
            yield _with(rule, _header(canary.header, canary.header_value), other)
        elif canary.header_pattern:
            yield _with(rule, _header(canary.header, canary.header_pattern, "RegularExpression"), other)
        else:
            yield _with(rule, _header(canary.header, "always"), other)
            yield _with(rule, _header(canary.header, "never"), main)
    if canary.cookie:
        for word, backend in (("always", other), ("never", main)):
            # Whole-value and searching implementations agree on it.
            looked_for = rf"^(.*;\s*)?{re.escape(canary.cookie)}={word}(\s*;.*)?$"
            yield _with(rule, _header("Cookie", looked_for, "RegularExpression"), backend)
    if canary.weight:
        shared: list[JSONObject] = [
            {**main, "weight": canary.total - canary.weight},
            {**other, "weight": canary.weight},
        ]
        yield {**rule, "backendRefs": [*shared]}
    else:
        yield {**rule, "backendRefs": [main]}


def _header(name: str, value: str, type: str = "Exact") -> JSONObject:
    return {"name": name, "type": type, "value": value}


def _with(rule: JSONObject, header: JSONObject, backend: JSONObject) -> JSONObject:
    matches = rule.get("matches")
    assert isinstance(matches, list)
    narrowed: list[JSON] = [{**each, "headers": [header]} for each in matches if isinstance(each, dict)]
    return {**rule, "matches": narrowed, "backendRefs": [backend]}
