"""What the filters of a route do to a request and its answer: https://gateway-api.sigs.k8s.io/reference/spec/."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from bot.playground.cluster_server.edges.gateway_rules import Met
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_KNOWN = ("RequestRedirect", "URLRewrite", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror")
_WELL_KNOWN = {"http": 80, "https": 443}


def unknown(rule: Object) -> str:
    """A filter that nothing here understands, which must not be skipped; empty: none."""
    kinds = (str(each.get("type", "")) for each in rule.get("filters") or ())
    return next((kind for kind in kinds if kind not in _KNOWN), "")


def redirect(met: Met, scheme: str, host: str, path: str, query: str) -> tuple[int, str] | None:
    """Status and Location; None: the rule sends nobody elsewhere."""
    said = _of(met.rule, "RequestRedirect", "requestRedirect")
    if said is None:
        return None
    to = said.get("scheme") or scheme
    port = said.get("port") or (_WELL_KNOWN[to] if said.get("scheme") else met.listener["port"])
    name = said.get("hostname") or host
    if port != _WELL_KNOWN.get(to):
        name = f"{name}:{port}"
    location = f"{to}://{name}{_path(said.get('path'), met.prefix, path)}"
    return said.get("statusCode", 302), location + (f"?{query}" if query else "")


def rewritten(met: Met, host: str, path: str) -> tuple[str, str]:
    """Host and path as the backend is asked for them."""
    said = _of(met.rule, "URLRewrite", "urlRewrite") or {}
    return said.get("hostname") or host, _path(said.get("path"), met.prefix, path)


def change_request_headers(rule: Object, headers: MutableMapping[str, str]) -> None:
    _change(_of(rule, "RequestHeaderModifier", "requestHeaderModifier"), headers)


def change_response_headers(rule: Object, headers: MutableMapping[str, str]) -> None:
    _change(_of(rule, "ResponseHeaderModifier", "responseHeaderModifier"), headers)


def _of(rule: Object, kind: str, field: str) -> Object | None:
    found = (each.get(field) or {} for each in rule.get("filters") or () if each.get("type") == kind)
    return next(found, None)


def _path(said: Object | None, prefix: str, path: str) -> str:
    match dig(said, "type"):
        case "ReplaceFullPath":
            return str(dig(said, "replaceFullPath", default="/")) or "/"
        case "ReplacePrefixMatch":
            stem = str(dig(said, "replacePrefixMatch", default="/")).rstrip("/")
            return stem + path[len(prefix.rstrip("/")) :] or "/"
        case _:
            return path


def _change(said: Object | None, headers: MutableMapping[str, str]) -> None:
    for each in _each(said, "set"):
        headers[each["name"]] = each["value"]
    for each in _each(said, "add"):
        before = headers.get(each["name"])
        headers[each["name"]] = f"{before}, {each['value']}" if before else each["value"]
    for name in dig(said, "remove", default=()):
        headers.pop(name, None)


def _each(said: Object | None, name: str) -> Iterable[Object]:
    found: list[Object] = dig(said, name, default=[])
    return found
