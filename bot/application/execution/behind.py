"""What stands behind a host and path of an Ingress or a route: the Service that should answer, asked to compare with.

An edge that does not know a host answers 404, and so do many programs for `/`: only both answers tell which it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.application.execution.working import Work
from bot.application.execution.writing import look
from bot.domain.changes import fields
from bot.domain.changes.change import Reach
from bot.domain.network.probing import ByAPIServer, HTTPProbe
from bot.domain.network.references import HTTP_ROUTE, INGRESS, SERVICE, JSONObject, Ref, ref_to
from bot.errors import BotError

_REWRITING = ("nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/app-root")


async def status_behind(work: Work, step: Reach) -> int | None:
    """The status with which the Service itself answers for the same path, or the route, when it redirects; None: it
    cannot be told."""
    try:
        object = await look(work, step.ref)
        if object is None:
            return None
        if step.ref.kind == HTTP_ROUTE.name and (redirect := _redirect(step.path, object)):
            return redirect
        if not (found := _backend(step, object)):
            return None
        name, namespace, port = found
        service = await look(work, ref_to(SERVICE, namespace, name))
        number = _number(service, port)
        if not number:
            return None
        tls = step.scheme == "https" if step.ref.kind == SERVICE.name else _wants_tls(service, number)
        probe = HTTPProbe(target=ref_to(SERVICE, namespace, name), port=number, path=step.path, tls=tls)
        return (await work.call(work.prober.ask(probe, ByAPIServer()))).status
    except BotError:
        return None


def _backend(step: Reach, object: JSONObject) -> tuple[str, str, Any] | None:
    """Name, namespace and port of the Service that the path leads to unchanged."""
    if step.ref.kind == SERVICE.name:
        return step.ref.name, step.ref.namespace, step.port
    if step.ref.kind == INGRESS.name:
        return _of_ingress(step, object)
    if step.ref.kind == HTTP_ROUTE.name:
        return _of_route(step.ref, step.path, object)
    return None


def _of_ingress(step: Reach, ingress: JSONObject) -> tuple[str, str, Any] | None:
    annotations: Any = fields.metadata(ingress).get("annotations") or {}
    if any(each in annotations for each in _REWRITING):
        return None
    best = max(_paths(ingress, step), key=lambda pair: pair[0], default=None)
    spec: Any = ingress.get("spec") or {}
    backend = best[1] if best else spec.get("defaultBackend") or {}
    service = backend.get("service") or {}
    port = service.get("port") or {}
    if not service.get("name"):
        return None
    return str(service["name"]), step.ref.namespace, port.get("number") or port.get("name")


def _paths(ingress: JSONObject, step: Reach) -> Iterator[tuple[tuple[bool, int, bool], Any]]:
    """Those that take the path, with how well: a host of its own, then the longest, then the exact one
    (https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches)."""
    rules: Any = fields.at(ingress, ("spec", "rules")).value or []
    for rule in rules:
        if rule.get("host") not in (None, "", step.host) and not _wild(str(rule["host"]), step.host):
            continue
        for path in (rule.get("http") or {}).get("paths") or ():
            said, exact = str(path.get("path") or "/"), path.get("pathType") == "Exact"
            if said == step.path or (not exact and _below(said, step.path)):
                yield (rule.get("host") == step.host, len(said), exact), path.get("backend") or {}


def _wild(host: str, wanted: str) -> bool:
    return host.startswith("*.") and wanted.partition(".")[2] == host[2:]


def _below(prefix: str, path: str) -> bool:
    return path.startswith(prefix.rstrip("/") + "/") or prefix == "/"


def _redirect(path: str, route: JSONObject) -> int | None:
    """The status of the redirect that a route answers with; None: it leads on."""
    rule = _rule(path, route) or {}
    redirects = [each.get("requestRedirect") or {} for each in rule.get("filters") or () if each.get("requestRedirect")]
    return int(redirects[0].get("statusCode") or 302) if redirects else None


def _rule(path: str, route: JSONObject) -> Any:
    """The one that takes the path, of those whose matches are about paths alone; None: there is none."""
    rules: Any = fields.at(route, ("spec", "rules")).value or []
    fitting = []
    for rule in rules:
        for match in rule.get("matches") or [{}]:
            said = match.get("path") or {}
            value, exact = str(said.get("value") or "/"), said.get("type") == "Exact"
            plain = set(match) <= {"path"} and said.get("type") != "RegularExpression"
            if plain and (value == path or (not exact and _below(value, path))):
                fitting.append((exact, len(value), rule))
    return max(fitting, key=lambda each: each[:2])[2] if fitting else None


def _of_route(ref: Ref, path: str, route: JSONObject) -> tuple[str, str, Any] | None:
    """Of that rule, when it changes nothing on the way."""
    if (rule := _rule(path, route)) is None:
        return None
    backends = [each for each in rule.get("backendRefs") or () if each.get("weight", 1)]
    if rule.get("filters") or len(backends) != 1 or backends[0].get("kind", SERVICE.name) != SERVICE.name:
        return None
    backend = backends[0]
    return str(backend.get("name")), str(backend.get("namespace") or ref.namespace), backend.get("port")


def _wants_tls(service: JSONObject | None, number: int) -> bool:
    """Whether the pods behind a port probably want TLS, by its protocol, its name or a usual number."""
    ports: Any = fields.at(service, ("spec", "ports")).value or [] if service else []
    port: Any = next((each for each in ports if each.get("port") == number), {})
    return number in (443, 8443) or "https" in str(port.get("appProtocol") or port.get("name") or "")


def _number(service: JSONObject | None, port: Any) -> int:
    """The number of a Service's port that is said by number or name; 0: it has none such."""
    ports: Any = fields.at(service, ("spec", "ports")).value or [] if service else []
    return next((int(each["port"]) for each in ports if port in (each.get("port"), each.get("name"))), 0)
