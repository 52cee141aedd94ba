"""The names of the world outside: each host of an Ingress, a Gateway or a route has the addresses that it is served at,
as if external-dns (https://kubernetes-sigs.github.io/external-dns/) kept them. No other name exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute")


def addresses_of(registry: Registry, host: str) -> tuple[str, ...]:
    """IP addresses, sorted; empty: there is no such name."""
    wanted = host.lower().rstrip(".")
    return tuple(sorted({address for name, address in _names(registry) if _fits(name, wanted)}))


def _names(registry: Registry) -> Iterator[tuple[str, str]]:
    for ingress in _objects(registry, "Ingress"):
        for point in dig(ingress, "status", "loadBalancer", "ingress", default=()):
            for rule in dig(ingress, "spec", "rules", default=()):
                yield rule.get("host", ""), point.get("ip", "")
    gateways = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each for each in _objects(registry, "Gateway")
    }
    for gateway in gateways.values():
        for listener in dig(gateway, "spec", "listeners", default=()):
            yield from _at(gateway, listener.get("hostname", ""))
    for kind in _ROUTES:
        for route in _objects(registry, kind):
            for parent in dig(route, "spec", "parentRefs", default=()):
                namespace = parent.get("namespace") or route["metadata"]["namespace"]
                for host in dig(route, "spec", "hostnames", default=()):
                    yield from _at(gateways.get((namespace, parent["name"]), {}), host)


def _at(gateway: Object, host: str) -> Iterator[tuple[str, str]]:
    for address in dig(gateway, "status", "addresses", default=()):
        yield host, address["value"]


def _objects(registry: Registry, name: str) -> Iterator[Object]:
    """Of whatever version they are stored in; none where nobody has defined the kind."""
    for kind in registry.kinds.rows:
        if kind.name == name and kind.stored_as == kind.api_version:
            yield from registry.list(kind)


def _fits(name: str, wanted: str) -> bool:
    return bool(name) and (name == wanted or (name.startswith("*.") and wanted.partition(".")[2] == name[2:]))
