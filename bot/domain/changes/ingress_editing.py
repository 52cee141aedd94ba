"""The lists of an Ingress with something of them changed, and all else as it stands: rules, paths, certificates.

Whole objects go in and out as they are, so that fields which nobody here knows of stay.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from bot.domain.changes import ingress_spec
from bot.domain.changes.ingress_spec import Rule
from bot.domain.network.references import JSON
from bot.errors import NotFound, Refused

Rules = list[dict[str, Any]]


def with_rule(rules: Rules, wanted: Rule, *, any_type: bool) -> Rules:
    """The rules with this one: its path leads there from now on, or is added to its host's. `any_type`: nobody said how
    the path is to match, so that one which is there keeps its type. Raises Refused when two of them are meant."""
    found: Rules = copy.deepcopy(rules)
    same = [path for path in _paths(found, wanted.host) if _same_path(path, wanted.path)]
    meant = same if any_type else [each for each in same if each.get("pathType") == wanted.path_type] or same[:1]
    if len(meant) > 1:
        raise Refused(
            f"{wanted} is there more than once",
            cause=f"as {' and as '.join(str(each.get('pathType')) for each in meant)}",
            next_step="say which one by `--path-type`",
        )
    if meant:
        meant[0]["backend"] = ingress_spec.backend(wanted.backend)
        if not any_type:
            meant[0]["pathType"] = wanted.path_type
        return found
    path: Any = ingress_spec.path(wanted)
    for rule in found:
        if str(rule.get("host") or "") == wanted.host and (rule.get("http") or {}).get("paths"):
            rule["http"]["paths"].append(path)
            return found
    return [*found, *_fresh(wanted)]


def _fresh(wanted: Rule) -> Rules:
    made: Any = ingress_spec.grouped([wanted])
    return list(made)


def without(rules: Rules, host: str, path: str) -> Rules:
    """The rules without this path of the host, or with `path` empty without the host. Raises NotFound, with what is
    there."""
    kept: Rules = []
    for rule in copy.deepcopy(rules):
        if str(rule.get("host") or "") != host:
            kept.append(rule)
            continue
        paths = (rule.get("http") or {}).get("paths") or []
        left = [each for each in paths if path and not _same_path(each, path)]
        if left:
            rule["http"]["paths"] = left
            kept.append(rule)
    if kept == rules:
        there = ", ".join(_addresses(rules)[:8]) or "no rules"
        raise NotFound(f"It does not lead {host or '*'}{path} anywhere", cause=f"it has {there}")
    return kept


def with_tls(entries: Rules, secret: str, hosts: Iterable[str], every: Iterable[str]) -> Rules:
    """The entries with these hosts under that Secret, and under no other. `every` host of the Ingress among `hosts`
    means that one entry is left."""
    named, everything = list(hosts), list(every)
    if set(everything) <= set(named):
        return [_entry(secret, [host for host in everything if host])]
    found = without_tls(entries, named)
    plain = [host for host in named if host]
    for entry in found:
        if str(entry.get("secretName") or "") == secret:
            entry["hosts"] = [*(entry.get("hosts") or []), *plain]
            return found
    return [*found, _entry(secret, plain)]


def without_tls(entries: Rules, hosts: Iterable[str]) -> Rules:
    """The entries without these hosts; one that has none left goes."""
    gone = set(hosts)
    found: Rules = []
    for entry in copy.deepcopy(entries):
        had = entry.get("hosts") or []
        entry["hosts"] = [host for host in had if host not in gone]
        if entry["hosts"] or (not had and "" not in gone):
            found.append(entry if had else {key: value for key, value in entry.items() if key != "hosts"})
    return found


def _entry(secret: str, hosts: list[str]) -> dict[str, Any]:
    named: list[JSON] = [*hosts]
    return ingress_spec.tls_entry(secret, named)


def _paths(rules: Rules, host: str) -> list[dict[str, Any]]:
    return [
        path
        for rule in rules
        if str(rule.get("host") or "") == host
        for path in (rule.get("http") or {}).get("paths") or []
    ]


def _same_path(path: dict[str, Any], wanted: str) -> bool:
    own = str(path.get("path") or "/")
    if "Exact" in (path.get("pathType"),):
        return own == wanted
    return (own.rstrip("/") or "/") == (wanted.rstrip("/") or "/")


def _addresses(rules: Rules) -> list[str]:
    return [
        f"{rule.get('host') or '*'}{path.get('path') or '/'}"
        for rule in rules
        for path in (rule.get("http") or {}).get("paths") or [{"path": ""}]
    ]
