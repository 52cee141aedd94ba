"""Annotations of ingress-nginx that become filters and timeouts of a route's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.migration.features import Features
from bot.domain.migration.gateway_api import HEADERS_A_FILTER
from bot.domain.migration.nginx.values import HEADER, HOST, Annotations
from bot.domain.migration.outcome import Concern, Journal
from bot.domain.network.references import JSON, JSONObject

# Defaults of the controller: internal/ingress/annotations/cors/main.go.
_METHODS = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
_HEADERS = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"
_MAX_AGE = 1_728_000
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"})
_ORIGIN = re.compile(r"\*|https?://(\*|(\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+)(:[0-9]{1,5})?")
_CORS_DETAILS = (
    "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-expose-headers", "cors-allow-credentials",
    "cors-max-age",
)  # fmt: skip
_MIRROR = re.compile(
    r"(?P<scheme>https?)://(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local\.?)?"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<rest>/?(\$request_uri)?)"
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a rule does besides choosing a backend."""

    filters: tuple[JSONObject, ...] = ()
    """All but URLRewrite, whose path depends on the rule."""
    vhost: str = ""
    """The Host that the Service is asked by."""
    timeouts: JSONObject | None = None
    mirror: tuple[str, str] | None = None
    """Namespace and name of the Service that requests are mirrored to."""


def filters(
    annotations: Annotations, features: Features, config_maps: Mapping[str, Mapping[str, str]], journal: Journal
) -> Filters:
    """`config_maps`: data of those that could be read, by `namespace/name`."""
    made: list[JSONObject] = []
    for each in (_cors(annotations, features, journal), _headers(annotations, config_maps, journal)):
        if each:
            made.append(each)
    if prefix := _forwarded_prefix(annotations, journal):
        made.append(_setting("RequestHeaderModifier", {"X-Forwarded-Prefix": prefix}))
    mirror, mirrored = _mirror(annotations, features, journal)
    if mirror:
        made.append(mirror)
    return Filters(tuple(made), _vhost(annotations, journal), _timeouts(annotations, features, journal), mirrored)


def _setting(type: str, headers: Mapping[str, str]) -> JSONObject:
    field = type[0].lower() + type[1:]
    return {"type": type, field: {"set": [{"name": name, "value": value} for name, value in headers.items()]}}


# --- answers


def _cors(annotations: Annotations, features: Features, journal: Journal) -> JSONObject | None:
    details = [each for each in _CORS_DETAILS if annotations.text(each)]
    if not annotations.flag("enable-cors", False):
        for each in ("enable-cors", *details):
            if annotations.has(each):
                journal.carry(each, "nothing: CORS is not switched on by enable-cors")
        return None
    if why := features.lacks("HTTPRouteCORS") or ("" if features.cors else "this Gateway API has no CORS filter"):
        for each in ("enable-cors", *details):
            journal.lose(
                each,
                f"{why}: browsers refuse what other sites ask for",
                "the standard channel of v1.5, or a policy of the implementation",
            )
        return None
    methods = _methods(annotations, journal)
    cors: dict[str, JSON] = {
        "allowOrigins": [*_origins(annotations, journal)],
        "allowMethods": [*(methods or _METHODS.split(", "))],
        "allowHeaders": [*(_names(annotations.text("cors-allow-headers")) or _names(_HEADERS))],
        "maxAge": max(annotations.number("cors-max-age", _MAX_AGE, least=-1), 1),
    }
    if annotations.flag("cors-allow-credentials", True):
        cors["allowCredentials"] = True
    if exposed := _names(annotations.text("cors-expose-headers")):
        cors["exposeHeaders"] = [*exposed]
    if not cors["allowOrigins"]:
        for each in ("enable-cors", *details):
            journal.lose(each, "no origin is left that a route could allow", "see cors-allow-origin")
        return None
    unsure = "" if features.class_name else "its support is Extended: see that the implementation has it"
    journal.carry("enable-cors", "a CORS filter", unsure)
    for each in details:
        if each == "cors-allow-credentials" and "allowCredentials" not in cors:
            journal.carry(each, "no allowCredentials in the CORS filter")
        elif each in ("cors-expose-headers", "cors-allow-headers") and not _names(annotations.text(each)):
            journal.carry(each, "nothing: it holds no name of a header")
        elif each != "cors-allow-methods" or methods:
            journal.carry(each, "a field of the CORS filter")
    return {"type": "CORS", "cors": cors}


def _names(listed: str) -> tuple[str, ...]:
    found = [each.strip() for each in listed.split(",")]
    names = tuple(dict.fromkeys(each for each in found if HEADER.fullmatch(each)))[:64]
    return ("*",) if "*" in names else names


def _origins(annotations: Annotations, journal: Journal) -> tuple[str, ...]:
    said = [each.strip() for each in (annotations.text("cors-allow-origin") or "*").split(",") if each.strip()]
    taken = tuple(dict.fromkeys(each for each in said if len(each) <= 253 and _ORIGIN.fullmatch(each)))[:64]
    if len(taken) < len(set(said)):
        journal.lose(
            "cors-allow-origin",
            "a route allows origins such as https://a.example.com and https://*.example.com; others were left out",
            "a policy of the implementation, for schemes of apps such as capacitor://",
        )
    return ("*",) if "*" in taken else taken


def _methods(annotations: Annotations, journal: Journal) -> tuple[str, ...]:
    said = [each.strip().upper() for each in (annotations.text("cors-allow-methods") or _METHODS).split(",")]
    taken = tuple(dict.fromkeys(each for each in said if each in _KNOWN_METHODS))
    if len(taken) < len({each for each in said if each}):
        journal.lose(
            "cors-allow-methods", "a route allows standard methods alone; others were left out", "see if they matter"
        )
    return ("*",) if "*" in taken else taken


def _headers(
    annotations: Annotations, config_maps: Mapping[str, Mapping[str, str]], journal: Journal
) -> JSONObject | None:
    name = annotations.text("custom-headers")
    if not name:
        return None
    data = config_maps.get(name)
    if data is None:
        journal.lose(
            "custom-headers",
            "the headers stand in a ConfigMap that was not there or could not be read; those that guard browsers "
            "(Content-Security-Policy, …) may be among them",
            "write them as `set` of a ResponseHeaderModifier filter",
            Concern.SECURITY,
        )
        return None
    usable = {
        key: value.strip() for key, value in data.items() if HEADER.fullmatch(key) and 0 < len(value.strip()) <= 4096
    }
    usable = {key: value for key, value in usable.items() if "$" not in value and value.isprintable()}
    kept = dict(list(usable.items())[:HEADERS_A_FILTER])
    if left := sorted(data.keys() - kept.keys()):
        journal.lose(
            "custom-headers",
            f"{len(left)} of its headers are no fixed values or beyond {HEADERS_A_FILTER}: {', '.join(left)[:200]}",
            "have the application send them",
        )
    if not kept:
        return None
    journal.carry("custom-headers", "a ResponseHeaderModifier filter that sets " + ", ".join(kept))
    return _setting("ResponseHeaderModifier", kept)


# --- requests


def _forwarded_prefix(annotations: Annotations, journal: Journal) -> str:
    prefix = annotations.text("x-forwarded-prefix")
    if not prefix:
        return ""
    if not annotations.raw("rewrite-target"):
        journal.carry("x-forwarded-prefix", "nothing: without rewrite-target the controller sets no such header")
        return ""
    if "$" in prefix or not prefix.isprintable() or len(prefix) > 4096:
        journal.lose(
            "x-forwarded-prefix", "it depends on the request, and a route sets fixed values", "write it by hand"
        )
        return ""
    journal.carry("x-forwarded-prefix", "a RequestHeaderModifier filter that sets X-Forwarded-Prefix")
    return prefix


def _vhost(annotations: Annotations, journal: Journal) -> str:
    host = annotations.text("upstream-vhost")
    if not host:
        return ""
    if not HOST.fullmatch(host):
        journal.lose(
            "upstream-vhost",
            "a URLRewrite takes a host name alone: no port, no variable",
            "write the name in `urlRewrite.hostname`, or have the application take any Host",
        )
        return ""
    journal.carry("upstream-vhost", f"a URLRewrite filter with hostname {host}")
    return host


def _mirror(
    annotations: Annotations, features: Features, journal: Journal
) -> tuple[JSONObject | None, tuple[str, str] | None]:
    target = annotations.text("mirror-target")
    body, host = annotations.text("mirror-request-body"), annotations.text("mirror-host")
    if target and (why := features.lacks("HTTPRouteRequestMirror")):
        for each in [each for each in ("mirror-target", "mirror-request-body", "mirror-host") if annotations.has(each)]:
            journal.lose(each, why, "a mirror of the implementation's own", Concern.TUNING)
        return None, None
    if not target:
        for each in [each for each in ("mirror-request-body", "mirror-host") if annotations.has(each)]:
            journal.carry(each, "nothing: it means something only with mirror-target")
        return None, None
    if body == "off":
        journal.lose("mirror-request-body", "a mirrored request has its body", "nothing", Concern.TUNING)
    elif body:
        journal.carry("mirror-request-body", "nothing: a mirrored request has its body")
    if host:
        journal.lose(
            "mirror-host",
            "a mirrored request has the Host of the request",
            "have the mirror take any Host",
            Concern.TUNING,
        )
    match = _MIRROR.fullmatch(target)
    if match is None or match["scheme"] == "https":
        journal.lose(
            "mirror-target",
            "a route mirrors to a Service, over HTTP, with the path as it is",
            "a Service that leads there, and a RequestMirror filter",
            Concern.TUNING,
        )
        return None, None
    port = int(match["port"] or 80)
    journal.carry("mirror-target", f"a RequestMirror filter to Service {match['namespace']}/{match['service']}:{port}")
    backend: JSONObject = {"name": match["service"], "namespace": match["namespace"], "port": port}
    filter: JSONObject = {"type": "RequestMirror", "requestMirror": {"backendRef": backend}}
    return filter, (match["namespace"], match["service"])


def _timeouts(annotations: Annotations, features: Features, journal: Journal) -> JSONObject | None:
    """nginx counts the time between two reads (or writes), the Gateway API the whole request."""
    names = ("proxy-read-timeout", "proxy-send-timeout")
    said = {each: annotations.number(each, 60, least=1) for each in names}
    said = {each: number for each, number in said.items() if annotations.heeded(each)}
    seconds = max(said.values(), default=0)
    if why := features.lacks("HTTPRouteRequestTimeout"):
        for each in said:
            journal.lose(each, f"{why}: its own times count", "a timeout of the implementation's own", Concern.TUNING)
        return None
    longest = next((each for each, number in said.items() if number == seconds), "")
    for each in said:
        if each != longest:
            journal.carry(each, f"nothing: {longest}, {seconds} s, is no shorter")
            continue
        journal.carry(
            each,
            f"timeouts.request {seconds}s",
            "it bounds the whole request, not the silence between two reads: streams, uploads and WebSockets that last "
            "longer are cut; take it out for those",
        )
    return {"request": _duration(seconds)} if seconds else None


def _duration(seconds: int) -> str:
    """As the Gateway API writes it: at most five digits a unit."""
    if seconds <= 99_999:
        return f"{seconds}s"
    return f"{min(seconds // 3600, 99_999)}h{seconds % 3600}s"
