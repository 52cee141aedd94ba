"""The object that a wanted route becomes: an HTTPRoute, a GRPCRoute or a TLSRoute."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from bot.domain.changes.route_wanted import HTTPS, PREFIX, Backend, Wanted
from bot.domain.network.references import GRPC_ROUTE, JSON, SERVICE, TLS_ROUTE, JSONObject, Ref

PERMANENT = 301


def manifest(wanted: Wanted, gateway: Ref, sections: tuple[str, ...], ports: Mapping[Backend, int]) -> JSONObject:
    """The object. `sections` are the listeners to attach to by name; empty: all that take it."""
    parent: JSONObject = {"group": _group(gateway), "kind": gateway.kind, "name": gateway.name}
    if gateway.namespace != wanted.namespace:
        parent["namespace"] = gateway.namespace
    parents: list[JSON] = [{**parent, "sectionName": section} for section in sections] or [parent]
    spec: JSONObject = {"parentRefs": parents}
    if wanted.hosts:
        spec["hostnames"] = list(wanted.hosts)
    spec["rules"] = _rules(wanted, [_backend(wanted, each, ports[each]) for each in wanted.backends])
    return {
        "apiVersion": wanted.kind.api_version,
        "kind": wanted.kind.name,
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": spec,
    }


def _group(gateway: Ref) -> str:
    return gateway.api_version.partition("/")[0]


def _backend(wanted: Wanted, backend: Backend, port: int) -> JSON:
    found: JSONObject = {"group": "", "kind": SERVICE.name, "name": backend.service, "port": port}
    if backend.namespace != wanted.namespace:
        found["namespace"] = backend.namespace
    if backend.weight is not None:
        found["weight"] = backend.weight
    return found


def _rules(wanted: Wanted, backends: list[JSON]) -> list[JSON]:
    rule: JSONObject = {"backendRefs": backends} if backends else {}
    if wanted.kind == TLS_ROUTE:
        return [rule]
    if wanted.kind == GRPC_ROUTE:
        match = _grpc_match(wanted)
        return [{"matches": [match], **rule} if match else rule]
    if filters := _filters(wanted):
        rule["filters"] = filters
    if wanted.timeout is not None:
        rule["timeouts"] = {"request": gateway_duration(wanted.timeout)}
    matches: list[JSON] = [_http_match(wanted, path) for path in wanted.paths or ("/",)]
    if wanted.rewrite:  # replacing a prefix takes exactly one match in a rule
        return [{"matches": [match], **rule} for match in matches]
    return [{"matches": matches, **rule}]


def _http_match(wanted: Wanted, path: str) -> JSON:
    type_ = wanted.path_type if wanted.paths else PREFIX
    match: JSONObject = {"path": {"type": type_, "value": path}}
    if wanted.method:
        match["method"] = wanted.method
    return match | _header_matches(wanted)


def _grpc_match(wanted: Wanted) -> JSONObject:
    match: JSONObject = {}
    if wanted.method:
        service, _, method = wanted.method.partition("/")
        match["method"] = {"type": "Exact", "service": service, **({"method": method} if method else {})}
    return match | _header_matches(wanted)


def _header_matches(wanted: Wanted) -> JSONObject:
    found: list[JSON] = [{"type": "Exact", "name": name, "value": value} for name, value in wanted.headers]
    return {"headers": found} if found else {}


def _filters(wanted: Wanted) -> list[JSON]:
    if wanted.redirect:
        to: JSONObject = {"scheme": HTTPS} if wanted.to_https else {"hostname": wanted.redirect}
        return [{"type": "RequestRedirect", "requestRedirect": {**to, "statusCode": PERMANENT}}]
    if not wanted.rewrite:
        return []
    whole = wanted.path_type != PREFIX
    path: JSONObject = (
        {"type": "ReplaceFullPath", "replaceFullPath": wanted.rewrite}
        if whole
        else {"type": "ReplacePrefixMatch", "replacePrefixMatch": wanted.rewrite}
    )
    return [{"type": "URLRewrite", "urlRewrite": {"path": path}}]


def gateway_duration(length: datetime.timedelta) -> str:
    """As the Gateway API writes lengths of time, in which there are no days (GEP-2257): `1h30m`."""
    seconds = int(length.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
