"""What a Gateway's controller says of GatewayClasses, Gateways and routes: conditions, in plain words and with what to
do next.

Types and reasons are those of the Gateway API, version 1.6: https://gateway-api.sigs.k8s.io/reference/spec/ (constants
`…Condition…` and `…Reason…` in its `apis/v1`). Controllers may have reasons of their own: these are told as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.network.references import GATEWAY, JSONObject

_LONGEST = 300
_TRUE_IS_BAD = frozenset({"Conflicted", "PartiallyInvalid", "OverlappingTLSConfig", "InsecureFrontendValidationMode"})
"""Conditions that are trouble when they are True; of all others False is."""


@dataclass(frozen=True, slots=True)
class Told:
    """A condition in words for people."""

    type: str
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str
    words: str
    """What it means; the controller's own message after it, when it has one."""
    next_step: str
    """Empty when nothing has to be done."""
    good: bool
    outdated: bool = False
    """It speaks of an older generation of the object: its controller has not looked at the newest one yet."""

    def __str__(self) -> str:
        said = f"{self.type} is {self.status}" + (f" ({self.reason})" if self.reason else "")
        return f"{said}: {self.words}" if self.words else said


# What each reason means, and what to do about it.
_MEANINGS: dict[tuple[str, str], tuple[str, str]] = {
    # GatewayClass and Gateway
    ("Accepted", "InvalidParameters"): (
        "what parametersRef points to is missing or wrong",
        "see spec.parametersRef (of the class) or spec.infrastructure.parametersRef (of the Gateway)",
    ),
    ("Accepted", "Unsupported"): (
        "the controller does not support what the class asks for",
        "see the class's spec, and the controller's log",
    ),
    ("SupportedVersion", "UnsupportedVersion"): (
        "the controller does not know the installed version of the Gateway API",
        "see which versions its release notes name, and `controller status`",
    ),
    ("Accepted", "ListenersNotValid"): ("at least one listener is not valid", "see its listeners, one by one"),
    ("Accepted", "UnsupportedAddress"): (
        "the controller does not take the kind of address that spec.addresses asks for",
        "leave spec.addresses out, or ask for an address of a kind that it takes",
    ),
    ("Accepted", "Invalid"): ("what it asks for is not valid", "see the message: it names the field"),
    ("Accepted", "NotReconciled"): (
        "no controller has looked at it yet",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Accepted", "Pending"): (
        "its controller has not looked at it yet",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Programmed", "Pending"): (
        "its controller is still at it, or nobody is",
        "see whether the class has a controller that runs: `controller list`",
    ),
    ("Programmed", "Invalid"): ("it is not served because it is not valid", "mend what its other conditions name"),
    ("Programmed", "NoResources"): (
        "there is nothing left to serve it with",
        "see the controller's pods and events: nodes may be full, or a quota reached",
    ),
    ("Programmed", "AddressNotAssigned"): (
        "it has no address yet",
        "see the controller's Service: a LoadBalancer needs somebody to give it an address",
    ),
    ("Programmed", "AddressNotUsable"): (
        "the address that spec.addresses asks for cannot be used",
        "see whether it exists and is free, or leave spec.addresses out",
    ),
    ("ResolvedRefs", "ListenersNotResolved"): (
        "a listener refers to something that cannot be used",
        "see its listeners, one by one",
    ),
    ("ResolvedRefs", "InvalidClientCertificateRef"): (
        "the client certificate for backends is missing or wrong",
        "see spec.tls.backend.clientCertificateRef",
    ),
    # Listeners
    ("Accepted", "PortUnavailable"): (
        "its port cannot be had: something else has it, or the controller may not open it",
        "take another port",
    ),
    ("Accepted", "UnsupportedProtocol"): (
        "the controller does not serve this protocol",
        "take a protocol that it serves; its documentation lists them",
    ),
    ("Conflicted", "HostnameConflict"): (
        "another listener has the same port, protocol and host name",
        "give one of them another host name or port",
    ),
    ("Conflicted", "ProtocolConflict"): (
        "another listener has the same port with a protocol that does not go together with this one",
        "give one of them another port",
    ),
    ("ResolvedRefs", "InvalidCertificateRef"): (
        "its certificate is missing, or is no Secret of type kubernetes.io/tls with tls.crt and tls.key",
        "see tls.certificateRefs, and the Secret",
    ),
    ("ResolvedRefs", "InvalidRouteKinds"): (
        "it allows kinds of routes that its protocol or controller does not know",
        "see allowedRoutes.kinds",
    ),
    ("OverlappingTLSConfig", "OverlappingCertificates"): (
        "its certificate is for host names of another listener too: over HTTP/2 clients may come to the wrong one",
        "give each listener a certificate for its own names alone",
    ),
    ("OverlappingTLSConfig", "OverlappingHostnames"): (
        "its host name overlaps with that of another listener on this port",
        "give them host names that do not overlap",
    ),
    # Routes
    ("Accepted", "NotAllowedByListeners"): (
        "no listener of the Gateway takes routes of this namespace and kind",
        "see allowedRoutes of its listeners: `gateway show`",
    ),
    ("Accepted", "NoMatchingListenerHostname"): (
        "no listener of the Gateway is for any of the route's host names",
        "see the host names of its listeners: `gateway show`",
    ),
    ("Accepted", "NoMatchingParent"): (
        "the Gateway has no listener of the name or port that the route asks for",
        "see spec.parentRefs: sectionName and port must be those of a listener",
    ),
    ("Accepted", "UnsupportedValue"): (
        "the controller does not know a value in it",
        "see the message; a type of match or filter may be one that this controller does not have",
    ),
    ("Accepted", "IncompatibleFilters"): (
        "two of its filters do not go together",
        "leave one of them out: a redirect cannot be rewritten",
    ),
    ("PartiallyInvalid", "UnsupportedValue"): (
        "some of its rules are not valid, and are not served as they stand",
        "see the message: it names the rules",
    ),
    ("ResolvedRefs", "RefNotPermitted"): (
        "it refers to something in another namespace, and no ReferenceGrant there permits that",
        "make a ReferenceGrant in that namespace; `route create` makes the one that a route needs",
    ),
    ("ResolvedRefs", "InvalidKind"): (
        "it refers to a kind that the controller does not know",
        "lead it to a Service",
    ),
    ("ResolvedRefs", "BackendNotFound"): (
        "a Service that it leads to does not exist: those requests are answered with status 500",
        "see its backends, and `services`",
    ),
    ("ResolvedRefs", "UnsupportedProtocol"): (
        "the Service's port has an appProtocol that the controller does not know",
        "see spec.ports[].appProtocol of the Service",
    ),
}  # fmt: skip


def explain(condition: Mapping[str, Any], generation: int = 0) -> Told:
    """In plain words; `generation` is that of the object now, 0 when it does not matter. A condition that is as it
    ought to be has no words but the controller's."""
    type_, status = str(condition.get("type") or ""), str(condition.get("status") or "Unknown")
    reason, message = str(condition.get("reason") or ""), str(condition.get("message") or "").strip()
    good = status == ("False" if type_ in _TRUE_IS_BAD else "True")
    words, next_step = ("", "") if good else _MEANINGS.get((type_, reason), ("", ""))
    if not good and not words and status == "Unknown":
        words, next_step = _MEANINGS[("Accepted", "Pending")]
    said = message[:_LONGEST] + ("…" if len(message) > _LONGEST else "")
    told = "; ".join(part for part in (words, said if said != words else "") if part)
    observed = int(condition.get("observedGeneration") or 0)
    return Told(type_, status, reason, told, next_step, good, outdated=0 < observed < generation)


def conditions(object: JSONObject) -> tuple[Told, ...]:
    """Of a GatewayClass or a Gateway, as its controller told them."""
    status: Any = object.get("status") or {}
    return _all_explained(status.get("conditions"), _generation(object))


def listener_conditions(gateway: JSONObject) -> dict[str, tuple[Told, ...]]:
    """Of each listener of a Gateway that its controller speaks of, by its name."""
    status: Any = gateway.get("status") or {}
    return {
        str(each.get("name")): _all_explained(each.get("conditions"), _generation(gateway))
        for each in status.get("listeners") or ()
    }


def attached_routes(gateway: JSONObject) -> dict[str, int]:
    """How many routes are attached to each listener, as the controller counts them, by the listener's name."""
    status: Any = gateway.get("status") or {}
    return {str(each.get("name")): int(each.get("attachedRoutes") or 0) for each in status.get("listeners") or ()}


def addresses(gateway: JSONObject) -> tuple[str, ...]:
    """Where it is served, as its controller says."""
    status: Any = gateway.get("status") or {}
    return tuple(str(each.get("value")) for each in status.get("addresses") or () if each.get("value"))


@dataclass(frozen=True, slots=True)
class ParentTold:
    """What is said of a route at one of its parents."""

    parent: str
    """`Gateway infra/public`, with the listener: `Gateway infra/public, listener http`."""
    conditions: tuple[Told, ...]
    """Empty: no controller has said anything."""

    @property
    def missing(self) -> str:
        """Why the route is not served there; empty: it is."""
        return _not_all(self.conditions, ("Accepted", "ResolvedRefs"), f"at {self.parent}")


def parents(route: JSONObject) -> tuple[ParentTold, ...]:
    """Each parent that the spec names, with what a controller says of the route there."""
    spec: Any = route.get("spec") or {}
    status: Any = route.get("status") or {}
    own, found = _namespace(route), []
    for reference in spec.get("parentRefs") or ():
        said = [each for each in status.get("parents") or () if _same(each.get("parentRef") or {}, reference, own)]
        told = tuple(
            condition for each in said for condition in _all_explained(each.get("conditions"), _generation(route))
        )
        found.append(ParentTold(parent_words(reference, own), told))
    return tuple(found)


def not_accepted(route: JSONObject) -> str:
    """Why the route is not served by every Gateway that it names, at its newest generation; empty: it is."""
    told = parents(route)
    if not told:
        return "it names no Gateway"
    return "; ".join(each.missing for each in told if each.missing)


def not_programmed(gateway: JSONObject) -> str:
    """Why the Gateway is not served, at its newest generation; empty: it is. A listener that is not is told as well."""
    own = _not_all(conditions(gateway), ("Accepted", "Programmed"), "")
    bad = [
        f"listener {name}: {told}" + (f" (next: {told.next_step})" if told.next_step else "")
        for name, all_told in listener_conditions(gateway).items()
        for told in _causes(all_told)
    ]
    return "; ".join([*([own] if own else []), *bad])


def _causes(told: Iterable[Told]) -> list[Told]:
    """What is not as it ought to be; that it is not programmed goes without saying when something else is wrong."""
    bad = [each for each in told if not each.good]
    return [each for each in bad if each.type != "Programmed"] or bad


def parent_words(reference: Mapping[str, Any], namespace: str) -> str:
    """`Gateway infra/public, listener http`."""
    where = f"{reference.get('kind') or GATEWAY.name} {reference.get('namespace') or namespace}/{reference.get('name')}"
    if section := reference.get("sectionName"):
        return f"{where}, listener {section}"
    return f"{where}, port {reference['port']}" if reference.get("port") else where


def _not_all(told: Iterable[Told], wanted: Iterable[str], where: str) -> str:
    by_type = {each.type: each for each in told}
    place = f" {where}" if where else ""
    if not by_type:
        return f"no controller has said anything of it{place}"
    for type_ in wanted:
        said = by_type.get(type_)
        if said is None:
            return f"no controller has said{place} whether it is {type_}"
        if not said.good:
            return f"{said}{place}" + (f" (next: {said.next_step})" if said.next_step else "")
        if said.outdated:
            return f"its newest generation has not been seen yet{place}"
    return ""


def _same(said: Mapping[str, Any], wanted: Mapping[str, Any], namespace: str) -> bool:
    """Whether a status is about that parent: the server fills in group, kind and namespace, or does not."""

    def identity(reference: Mapping[str, Any]) -> tuple[Any, ...]:
        kind, where = reference.get("kind") or GATEWAY.name, reference.get("namespace") or namespace
        return kind, where, reference.get("name"), reference.get("sectionName"), reference.get("port")

    return identity(said) == identity(wanted)


def _all_explained(said: Any, generation: int) -> tuple[Told, ...]:
    return tuple(explain(each, generation) for each in _mappings(said))


def _mappings(said: Any) -> Iterator[Mapping[str, Any]]:
    for each in said or ():
        if isinstance(each, Mapping):
            yield each


def _generation(object: JSONObject) -> int:
    metadata: Any = object.get("metadata") or {}
    return int(metadata.get("generation") or 0)


def _namespace(object: JSONObject) -> str:
    metadata: Any = object.get("metadata") or {}
    return str(metadata.get("namespace") or "")
