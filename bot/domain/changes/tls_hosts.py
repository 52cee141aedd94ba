"""The TLS entries of an Ingress as what they say of each host: which entry a host is in means nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.network.references import JSON, JSONObject

Secrets = dict[str, JSON]
"""What each host is served with: an entry without its hosts. The host is empty for an entry that has none."""


def by_host(entries: Sequence[JSON]) -> Secrets | None:
    """None for one host in two entries: what it is served with is up to the controller."""
    found: Secrets = {}
    for entry in entries:
        for host in _hosts(entry) or [""]:
            if host in found:
                return None
            found[host] = _without_hosts(entry)
    return found


def regrouped(entries: Sequence[JSON], wanted: Mapping[str, JSON]) -> list[JSON]:
    """The entries with the wanted hosts alone, each with what it is served with; those that fit stay where they are."""
    found: list[tuple[JSON, list[str]]] = []
    for entry in entries:
        secret = _without_hosts(entry)
        if fitting := [host for host in _hosts(entry) or [""] if host in wanted and wanted[host] == secret]:
            found.append((secret, fitting))
    placed = {host for _, hosts in found for host in hosts}
    for host, secret in wanted.items():
        if host in placed:
            continue
        beside = next((hosts for other, hosts in found if host and other == secret and "" not in hosts), None)
        if beside is None:
            found.append((secret, beside := []))
        beside.append(host)
    return [_entry(secret, hosts) for secret, hosts in found]


def _entry(secret: JSON, hosts: Sequence[str]) -> JSON:
    named: list[JSON] = [host for host in hosts if host]
    rest: JSONObject = secret if isinstance(secret, dict) else {}
    return ({"hosts": named} if named else {}) | rest


def _hosts(entry: JSON) -> list[str]:
    hosts = entry.get("hosts") if isinstance(entry, dict) else None
    return list(map(str, hosts)) if isinstance(hosts, list) else []


def _without_hosts(entry: JSON) -> JSON:
    return {key: value for key, value in entry.items() if key != "hosts"} if isinstance(entry, dict) else {}
