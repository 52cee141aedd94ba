"""Hosts that two Ingresses of NGINX's own controller have: the oldest gets the host, the others nothing of it
(https://docs.nginx.com/nginx-ingress-controller/configuration/host-and-listener-collisions/)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.domain.network.ingresses import Route, class_of, default_classes, routes
from bot.domain.network.snapshot import Ingress, IngressClass

CONTROLLER = "nginx.org/ingress-controller"
_MERGED = "nginx.org/mergeable-ingress-type"


def taken_hosts(
    ingresses: Iterable[Ingress], classes: Iterable[IngressClass]
) -> Iterator[tuple[Ingress, Route, Ingress]]:
    """The first path of each host that an Ingress does not get, with the one that has it."""
    there = list(classes)
    served, default = {each.name for each in there if each.spec.controller == CONTROLLER}, default_classes(there)
    holders: dict[tuple[str, str], Ingress] = {}
    for ingress in sorted(ingresses, key=_age):
        name = class_of(ingress) or (default[0] if len(default) == 1 else "")
        if name not in served or ingress.annotations.get(_MERGED) in ("master", "minion"):
            continue
        told: set[str] = set()
        for route in routes(ingress.spec):
            holder = holders.setdefault((name, route.host.lower()), ingress)
            if holder.ref != ingress.ref and route.host not in told:
                told.add(route.host)
                yield ingress, route, holder


def _age(ingress: Ingress) -> tuple[str, str, str]:
    made = ingress.metadata.creation_timestamp
    return made.isoformat() if made else "", ingress.namespace, ingress.name
