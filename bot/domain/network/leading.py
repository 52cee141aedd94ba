"""Who leads to a Service: Ingresses, routes of the Gateway API, and StatefulSets that take their pods' names from it.

From whole objects, so that it holds for routes of any version, and names the field that does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.domain.network.references import INGRESS, SERVICE, STATEFUL_SET, JSONObject, Ref, ref_to

MOST_TOLD = 5


class Lead(msgspec.Struct, frozen=True):
    """One field of an object that leads to a Service."""

    by: Ref
    field: str
    """Path: `spec.rules[0].http.paths[1].backend`."""
    service: Ref
    port: str = ""
    """Number or name, as it stands there; empty: none is named."""
    what: str = ""
    """What is led there, as people ask for it: `shop.example.com/api`."""

    def __str__(self) -> str:
        return f"{self.by}" + (f" ({self.what})" if self.what else "")


def leads(object: JSONObject) -> Iterator[Lead]:
    """All that an object leads to Services."""
    own: Any = object.get("metadata") or {}
    by = Ref(str(object["kind"]), str(own["name"]), str(own.get("namespace") or ""), str(object["apiVersion"]))
    spec: Any = object.get("spec") or {}
    if by.kind == INGRESS.name:
        yield from _of_ingress(by, spec)
    elif by.kind == STATEFUL_SET.name:
        if name := spec.get("serviceName"):
            service = ref_to(SERVICE, by.namespace, str(name))
            yield Lead(by, "spec.serviceName", service, what="the names of its pods")
    else:
        yield from _of_route(by, spec)


def backends(object: JSONObject) -> list[Ref]:
    """The Services that an object leads to, each once."""
    return list(dict.fromkeys(lead.service for lead in leads(object)))


def _of_ingress(by: Ref, spec: dict[str, Any]) -> Iterator[Lead]:
    if found := _backend(by, "spec.defaultBackend", spec.get("defaultBackend"), "all that no rule is for"):
        yield found
    for number, rule in enumerate(spec.get("rules") or ()):
        for index, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            what = f"{rule.get('host') or '*'}{path.get('path') or '/'}"
            if found := _backend(by, f"spec.rules[{number}].http.paths[{index}].backend", path.get("backend"), what):
                yield found


def _backend(by: Ref, field: str, backend: Any, what: str) -> Lead | None:
    service = (backend or {}).get("service") or {}
    if not service.get("name"):
        return None
    port = service.get("port") or {}
    said = str(port.get("number") or port.get("name") or "")
    return Lead(by, field, ref_to(SERVICE, by.namespace, str(service["name"])), said, what)


def _of_route(by: Ref, spec: dict[str, Any]) -> Iterator[Lead]:
    """Mirrored requests lead there, too (https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter)."""
    what = ", ".join(str(host) for host in (spec.get("hostnames") or ())[:3])
    for number, rule in enumerate(spec.get("rules") or ()):
        at = f"spec.rules[{number}]"
        found = [(f"{at}.backendRefs[{index}]", each) for index, each in enumerate(rule.get("backendRefs") or ())]
        for index, each in enumerate(rule.get("filters") or ()):
            if mirrored := (each.get("requestMirror") or {}).get("backendRef"):
                found.append((f"{at}.filters[{index}].requestMirror.backendRef", mirrored))
        for field, backend in found:
            if backend.get("kind", SERVICE.name) == SERVICE.name and backend.get("group", "") == "":
                service = ref_to(SERVICE, str(backend.get("namespace") or by.namespace), str(backend.get("name")))
                yield Lead(by, field, service, str(backend.get("port") or ""), what)


def told(found: list[Lead]) -> str:
    """Each object once, with what it leads there: `Ingress shop/web (shop.example.com/) and 2 more`."""
    whats: dict[Ref, list[str]] = {}
    for each in found:
        whats.setdefault(each.by, []).append(each.what)
    words = [f"{by} ({', '.join(dict.fromkeys(filter(None, what)))})" for by, what in whats.items()]
    shown = [word.removesuffix(" ()") for word in words[:MOST_TOLD]]
    more = f" and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
    return "; ".join(shown) + more
