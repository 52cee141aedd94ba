"""Which Service an Ingress or a route leads a plain GET to, of those that `leading` tells of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.domain.network.claims import Claim, claims
from bot.domain.network.leading import Lead, leads
from bot.domain.network.references import HTTP_ROUTE, INGRESS, JSONObject

_REWRITING = ("nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/app-root")


def led(object: JSONObject, host: str, path: str) -> Lead | None:
    """Where it is led unchanged; None: nowhere, to several, or to another path."""
    field = ""
    if object.get("kind") == INGRESS.name:
        field = _of_ingress(object, host, path)
    elif object.get("kind") == HTTP_ROUTE.name:
        field = _of_route(object, path)
    return next((lead for lead in leads(object) if lead.field == field), None)


def rule_for(route: JSONObject, path: str) -> tuple[Claim, dict[str, Any]] | None:
    """The rule of an HTTPRoute that gets a plain GET of that path, whatever the host, by which of its claims."""
    fitting = [each for each in claims(route) if each.gets(each.host, path)]
    if not fitting:
        return None
    first = next(each for each in fitting if not any(other.before(each) for other in fitting))
    spec: Any = route.get("spec") or {}
    return first, (spec.get("rules") or [{}])[first.rule]


def _of_route(route: JSONObject, path: str) -> str:
    found = rule_for(route, path)
    if found is None or found[1].get("filters"):
        return ""
    used = [index for index, each in enumerate(found[1].get("backendRefs") or ()) if each.get("weight", 1)]
    return f"spec.rules[{found[0].rule}].backendRefs[{used[0]}]" if len(used) == 1 else ""


def _of_ingress(ingress: JSONObject, host: str, path: str) -> str:
    metadata: Any = ingress.get("metadata") or {}
    if any(each in (metadata.get("annotations") or {}) for each in _REWRITING):
        return ""
    best = max(_paths(ingress, host, path), key=lambda pair: pair[0], default=None)
    return best[1] if best else "spec.defaultBackend"


def _paths(ingress: JSONObject, host: str, path: str) -> Iterator[tuple[tuple[bool, int, bool], str]]:
    """The fields of those that take the path, with how well: a host of its own, then the longest, then the exact one
    (https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches)."""
    spec: Any = ingress.get("spec") or {}
    for number, rule in enumerate(spec.get("rules") or ()):
        if rule.get("host") not in (None, "", host) and not _wild(str(rule["host"]), host):
            continue
        for index, each in enumerate((rule.get("http") or {}).get("paths") or ()):
            said, exact = str(each.get("path") or "/"), each.get("pathType") == "Exact"
            if said == path or (not exact and (said == "/" or path.startswith(said.rstrip("/") + "/"))):
                field = f"spec.rules[{number}].http.paths[{index}].backend"
                yield (rule.get("host") == host, len(said), exact), field


def _wild(host: str, wanted: str) -> bool:
    return host.startswith("*.") and wanted.partition(".")[2] == host[2:]
