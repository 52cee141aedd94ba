"""Who serves what: Ingresses by their class, routes by the Gateways that they are attached to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.network.ingresses import class_of
from bot.domain.network.references import JSONObject
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.controllers import Found, ready
from bot.domain.plugins.edge.surroundings import Edge, name_of, part


@dataclass(frozen=True, slots=True)
class Served:
    """What one controller serves, in the order in which it was read."""

    ingresses: tuple[Ingress, ...] = ()
    gateways: tuple[JSONObject, ...] = ()


def served(found: Found, all_found: Iterable[Found], edge: Edge) -> Served:
    """Of what names its classes that which it serves: nothing when it is scaled to none. Where another one has the same
    classes, the address that an object was given tells whose it is; what tells nothing counts for both."""
    if idle(found):
        return Served()
    its = set(found.addresses)
    theirs = {address for other in twins(found, all_found) for address in other.addresses} - its

    def own(addresses: Iterable[str]) -> bool:
        given = set(addresses)
        return bool(given & its) or not given & theirs

    ingresses = of_classes(edge.snapshot.ingresses, found.class_names)
    gateways = gateways_of(edge, found.gateway_class_names)
    return Served(
        tuple(each for each in ingresses if own(each.status.addresses)),
        tuple(each for each in gateways if own(str(a.get("value")) for a in part(each, "status", "addresses") or ())),
    )


def by_address(found: Sequence[Found], given: Iterable[str]) -> tuple[Found, ...]:
    """Of several with one class that whose address an object was given; all, where that tells nothing."""
    return tuple(each for each in found if set(each.addresses) & set(given)) or tuple(found)


def twins(found: Found, all_found: Iterable[Found]) -> tuple[Found, ...]:
    """Others of the same program that run, and so have the same classes."""
    same = (each for each in all_found if each.name == found.name and each.namespace != found.namespace)
    return tuple(each for each in same if each.workloads and not idle(each)) if found.workloads else ()


def idle(found: Found) -> bool:
    """Whether all that would run it is scaled to none."""
    return bool(found.workloads) and not any(wanted for _, wanted in map(ready, found.workloads))


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
