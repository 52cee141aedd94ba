"""TLS that a Gateway passes on unread: by the name that the client asks for, to the backends of a TLSRoute."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.edges.attaching import Attaching, hosts_meet
from bot.playground.cluster_server.edges.gateway_rules import listener_has, nearest
from bot.playground.cluster_server.edges.recognising import Entry
from bot.playground.cluster_server.fabric.backends import Backends
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
Listeners = list[tuple[Object, Object]]
"""Gateways with those of their listeners that pass TLS on."""


class Passing:
    """Looks at the registry; keeps nothing."""

    def __init__(self, registry: Registry, backends: Backends) -> None:
        self._attaching = Attaching(registry)
        self._backends = backends

    def listeners(self, entry: Entry) -> Listeners:
        """Those at this port."""
        found = self._attaching.listeners(entry.running, entry.ports)
        return [(gateway, said) for gateway, said in found if said["protocol"] == "TLS" and _passes(said)]

    @staticmethod
    def is_for(listeners: Listeners, name: str) -> bool:
        return any(listener_has(listener, name) for _, listener in listeners)

    async def dial(self, listeners: Listeners, name: str) -> int | None:
        """The port on 127.0.0.1 of a backend; None: the connection is ended, which TLS has no status for."""
        best = nearest([listener for _, listener in listeners], name)
        for gateway, listener in listeners:
            for route in self._attaching.attached(gateway, listener, "TLSRoute") if listener in best else ():
                hosts = dig(route, "spec", "hostnames", default=()) or ("",)
                if any(not host or hosts_meet(host, name) for host in hosts):
                    for number, rule in enumerate(dig(route, "spec", "rules", default=())):
                        return (await self._backends.of_rule(route, rule, number))[0] or None
        return None


def _passes(listener: Object) -> bool:
    return bool(dig(listener, "tls", "mode", default="Terminate") == "Passthrough")
