"""Which rule of which Ingress a request meets.

See https://kubernetes.io/docs/concepts/services-networking/ingress/: hosts exact or with one label for `*`, path types,
the longest path first and of equals the exact one. What an implementation decides itself is told by the `Edge`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
MatchesPath = Callable[[Object, Object, str], bool]
"""Whether a path entry (second) of an Ingress (first) has the request's path."""


@dataclass(frozen=True)
class Met:
    """The rule that a request meets."""

    ingress: Object
    backend: Object
    """As `spec.rules[].http.paths[].backend` has it."""
    entry: Object
    """The path with its type; empty: a default backend."""


@dataclass(frozen=True)
class _Candidate:
    ingress: Object
    entry: Object
    host: str


def met(
    ingresses: Iterable[Object], host: str, path: str, matches: MatchesPath, *, further: bool = False
) -> Met | None:
    """The one that counts; None: no rule, and no default backend. `ingresses` come oldest first; `further`: a path that
    no rule of the nearest host has is looked for in rules for more hosts."""
    ingresses = list(ingresses)
    candidates = [each for each in _candidates(ingresses) if host_matches(each.host, host)]
    for nearest in _tiers(candidates):
        fitting = [each for each in nearest if matches(each.ingress, each.entry, path)]
        if fitting:
            best = max(fitting, key=lambda each: _rank(each.entry))
            return Met(best.ingress, best.entry["backend"], best.entry)
        if not further:
            own = (each.ingress for each in nearest if each.ingress["spec"].get("defaultBackend"))
            if (ingress := next(own, None)) is not None:
                return Met(ingress, ingress["spec"]["defaultBackend"], {})
            break
    defaults = (each for each in ingresses if each["spec"].get("defaultBackend") and not each["spec"].get("rules"))
    ingress = next(defaults, None)
    return Met(ingress, ingress["spec"]["defaultBackend"], {}) if ingress else None


def host_matches(rule: str, host: str) -> bool:
    """No host in a rule means every host; `*.example.com` has one label more."""
    if rule.startswith("*."):
        first, dot, rest = host.partition(".")
        return bool(first and dot) and rest == rule[2:]
    return rule in ("", host)


def path_matches(_: Object, entry: Object, path: str) -> bool:
    """ImplementationSpecific is a prefix of characters here, as nginx, Envoy and Traefik have it."""
    wanted = entry.get("path") or "/"
    match entry.get("pathType"):
        case "Exact":
            return path == wanted
        case "Prefix":
            pieces = [piece for piece in wanted.split("/") if piece]
            return [piece for piece in path.split("/") if piece][: len(pieces)] == pieces
        case _:
            return path.startswith(wanted)


def tls_of(ingress: Object, host: str) -> Object | None:
    """The entry of `spec.tls` that is for a host; one without hosts is for all."""
    entries = ingress["spec"].get("tls") or ()
    return next((e for e in entries if not e.get("hosts") or any(host_matches(h, host) for h in e["hosts"])), None)


def hosts_of(ingress: Object) -> set[str]:
    return {rule.get("host") or "" for rule in ingress["spec"].get("rules") or ()}


def _candidates(ingresses: Iterable[Object]) -> Iterator[_Candidate]:
    for ingress in ingresses:
        for rule in ingress["spec"].get("rules") or ():
            for entry in dig(rule, "http", "paths", default=()):
                yield _Candidate(ingress, entry, rule.get("host") or "")


def _tiers(candidates: Iterable[_Candidate]) -> Iterator[list[_Candidate]]:
    """Those for the host itself, those with `*`, those for every host; empty ones are left out."""
    found = list(candidates)
    for tier in (
        [each for each in found if each.host and not each.host.startswith("*.")],
        [each for each in found if each.host.startswith("*.")],
        [each for each in found if not each.host],
    ):
        if tier:
            yield tier


def _rank(entry: Object) -> tuple[int, bool]:
    return len((entry.get("path") or "/").rstrip("/")), entry.get("pathType") == "Exact"
