"""Which listeners of a Gateway take a route, and for those that do not: which of their fields says no.

As https://gateway-api.sigs.k8s.io/reference/spec/ has it for `allowedRoutes`, `hostname` and `sectionName`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.domain.network.references import (
    GATEWAY,
    GRPC_ROUTE,
    HTTP_ROUTE,
    SECRET,
    TLS_ROUTE,
    JSONObject,
    Ref,
    ref_to,
)
from bot.domain.network.selectors import as_text, matches_selector
from bot.domain.network.snapshot import LabelSelector

_KINDS = {
    "HTTP": (HTTP_ROUTE.name, GRPC_ROUTE.name),
    "HTTPS": (HTTP_ROUTE.name, GRPC_ROUTE.name),
    "TLS": (TLS_ROUTE.name,),
}
"""What a listener takes by its protocol, as far as Patchbay makes such routes. `allowedRoutes.kinds` narrows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A route that wants to be attached."""

    kind: str
    namespace: str
    labels: Mapping[str, str] | None
    """Of its namespace; None: they could not be read."""
    hosts: tuple[str, ...]
    """Empty: every host that the listener has."""
    schemes: tuple[str, ...] = ()
    """Protocols that would do; empty: any that takes this kind."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a listener says to a route."""

    listener: str
    protocol: str
    port: int
    hostname: str
    """Empty: every host name."""
    refusal: str
    """Why not, in words that name the field; empty: it takes the route."""
    next_step: str = ""

    @property
    def takes(self) -> bool:
        return not self.refusal


def verdicts(gateway: JSONObject, applicant: Applicant, section: str = "") -> tuple[Verdict, ...]:
    """One for each listener of the Gateway, or for the one named `section` alone."""
    metadata: Any = gateway.get("metadata") or {}
    found = []
    for listener in listeners(gateway):
        name = str(listener.get("name"))
        if section and section != name:
            continue
        refusal, next_step = _refusal(listener, str(metadata.get("namespace") or ""), applicant)
        found.append(
            Verdict(
                name,
                str(listener.get("protocol")),
                int(listener.get("port") or 0),
                str(listener.get("hostname") or ""),
                refusal,
                next_step,
            )
        )
    return tuple(found)


def listeners(gateway: JSONObject) -> Sequence[Mapping[str, Any]]:
    """As they stand in its spec."""
    spec: Any = gateway.get("spec") or {}
    return [each for each in spec.get("listeners") or () if isinstance(each, Mapping)]


def certificates(gateway: JSONObject) -> list[Ref]:
    """The Secrets that its listeners name, each once."""
    metadata: Any = gateway.get("metadata") or {}
    own = str(metadata.get("namespace") or "")
    return list(dict.fromkeys(each for listener in listeners(gateway) for each in certificates_of(listener, own)))


def certificates_of(listener: Mapping[str, Any], namespace: str) -> list[Ref]:
    """The Secrets that one listener names, in its order; `namespace` is the Gateway's."""
    said = (listener.get("tls") or {}).get("certificateRefs") or ()
    return [
        ref_to(SECRET, str(each.get("namespace") or namespace), str(each.get("name")))
        for each in said
        if each.get("kind", SECRET.name) == SECRET.name and not each.get("group")
    ]


def _refusal(listener: Mapping[str, Any], own: str, applicant: Applicant) -> tuple[str, str]:
    """The first field that says no, and what to do about it."""
    field = f"spec.listeners[{listener.get('name')}]"
    protocol = str(listener.get("protocol"))
    if applicant.kind not in _KINDS.get(protocol, ()):
        return f"{field}.protocol is {protocol}, which takes no {applicant.kind}", _for_kind(applicant.kind)
    if applicant.schemes and protocol not in applicant.schemes:
        wanted = " or ".join(applicant.schemes)
        return f"{field}.protocol is {protocol}, and this needs {wanted}", f"name a listener of protocol {wanted}"
    allowed: Any = listener.get("allowedRoutes") or {}
    kinds = [str(each.get("kind")) for each in allowed.get("kinds") or ()]
    if kinds and applicant.kind not in kinds:
        return f"{field}.allowedRoutes.kinds has only {', '.join(kinds)}", f"add {applicant.kind} there"
    if said := _namespaces(allowed.get("namespaces") or {}, own, applicant):
        return f"{field}.allowedRoutes.namespaces {said}", _for_namespace(own, applicant)
    hostname = str(listener.get("hostname") or "")
    if hostname and applicant.hosts and not any(hosts_meet(hostname, host) for host in applicant.hosts):
        asked = ", ".join(applicant.hosts[:3])
        return f"{field}.hostname is {hostname}, which is not for {asked}", f"ask for a host name under {hostname}"
    return "", ""


def _namespaces(namespaces: Mapping[str, Any], own: str, applicant: Applicant) -> str:
    """Why routes of that namespace are not let in; empty: they are."""
    match namespaces.get("from") or "Same":
        case "All":
            return ""
        case "Selector":
            selector = msgspec.convert(namespaces.get("selector") or {}, LabelSelector)
            if applicant.labels is None or matches_selector(selector, applicant.labels):
                return ""
            return f"takes those labelled {as_text(selector) or 'in no way'}, and {applicant.namespace} is not"
        case "Same":
            return "" if applicant.namespace == own else f"is Same: only routes of {own}, not of {applicant.namespace}"
        case other:
            return f"is {other}: no routes at all"


def _for_kind(kind: str) -> str:
    protocol = "TLS" if kind == TLS_ROUTE.name else "HTTP or HTTPS"
    return f"{kind} needs a listener of protocol {protocol}"


def _for_namespace(own: str, applicant: Applicant) -> str:
    return f"make the route in {own}, with its Services where they are, or let {applicant.namespace} in there"


def hosts_meet(one: str, other: str) -> bool:
    """Whether some name fits both; `*.example.com` stands for any name below, of one label or more."""
    if one == other:
        return True
    for wide, narrow in ((one, other), (other, one)):
        if wide.startswith("*.") and narrow.endswith(wide[1:]) and narrow != wide[1:]:
            return True
    return False


def meeting(hostname: str, hosts: Sequence[str]) -> Iterator[str]:
    """The names under which a listener serves a route: the narrower one of each pair that meets."""
    if not hosts:
        yield hostname
    for host in hosts:
        if not hostname:
            yield host
        elif hosts_meet(hostname, host):
            yield narrower(hostname, host)


def narrower(one: str, other: str) -> str:
    """Of two names that meet: the exact one, else the longer one; empty stands for all."""
    return max(one, other, key=lambda name: (bool(name) and not name.startswith("*."), len(name)))


def takes_from(listener: Mapping[str, Any]) -> str:
    """From which namespaces a listener takes routes: `all`, `its own`, or those with such labels."""
    namespaces: Any = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
    match namespaces.get("from") or "Same":
        case "All":
            return "all"
        case "Same":
            return "its own"
        case "Selector":
            return as_text(msgspec.convert(namespaces.get("selector") or {}, LabelSelector)) or "none"
        case other:
            return str(other).lower()


def attached(route: JSONObject, gateway: Ref, verdict: Verdict) -> bool:
    """Whether a route asks for that listener of that Gateway."""
    metadata: Any = route.get("metadata") or {}
    spec: Any = route.get("spec") or {}
    return any(
        each.get("kind", GATEWAY.name) == GATEWAY.name
        and (each.get("namespace") or metadata.get("namespace"), each.get("name")) == (gateway.namespace, gateway.name)
        and each.get("sectionName", verdict.listener) == verdict.listener
        and each.get("port", verdict.port) == verdict.port
        for each in spec.get("parentRefs") or ()
    )


def refers_to(route: JSONObject, gateway: Ref, section: str = "") -> bool:
    """Whether a route names that Gateway, and that listener, as a parent; one that names no listener means all."""
    metadata: Any = route.get("metadata") or {}
    spec: Any = route.get("spec") or {}
    return any(
        each.get("kind", GATEWAY.name) == GATEWAY.name
        and (each.get("namespace") or metadata.get("namespace"), each.get("name")) == (gateway.namespace, gateway.name)
        and (not section or each.get("sectionName", section) == section)
        for each in spec.get("parentRefs") or ()
    )
