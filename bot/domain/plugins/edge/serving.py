"""Who serves what: Ingresses by their class, routes by the Gateways that they are attached to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.edge.kinds import LEGACY_CLASS
from bot.domain.plugins.edge.surroundings import Edge, name_of, part


def class_of(ingress: Ingress) -> str:
    """The class that it names, in the field or in the annotation of old; empty: none."""
    return ingress.spec.ingress_class_name or ingress.annotations.get(LEGACY_CLASS, "")


def of_classes(ingresses: Iterable[Ingress], names: Iterable[str]) -> tuple[Ingress, ...]:
    """Those that name one of these classes."""
    wanted = set(names)
    return tuple(each for each in ingresses if class_of(each) in wanted)


def without_class(ingresses: Iterable[Ingress]) -> tuple[Ingress, ...]:
    """Those that name no class: it is up to each controller whether it serves them."""
    return tuple(each for each in ingresses if not class_of(each))


def gateways_of(edge: Edge, classes: Iterable[str]) -> tuple[JSONObject, ...]:
    """The Gateways of these GatewayClasses."""
    wanted = set(classes)
    return tuple(each for each in edge.gateways if part(each, "spec", "gatewayClassName") in wanted)


def routes_of(edge: Edge, gateways: Sequence[JSONObject]) -> tuple[JSONObject, ...]:
    """The routes that name one of these Gateways as a parent."""
    wanted = {name_of(each) for each in gateways}
    return tuple(each for each in edge.routes if wanted & set(_parents(each)))


def _parents(route: JSONObject) -> Iterable[str]:
    parents: Any = part(route, "spec", "parentRefs") or ()
    for parent in parents:
        if parent.get("kind", "Gateway") == "Gateway":
            yield f"{parent.get('namespace') or part(route, 'metadata', 'namespace')}/{parent.get('name')}"


def without_address(ingresses: Iterable[Ingress]) -> tuple[Ingress, ...]:
    """Those that no controller has given an address."""
    return tuple(each for each in ingresses if not each.status.addresses)
