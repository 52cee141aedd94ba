"""Keys of the controller's ConfigMap that change what becomes of requests, and what becomes of them with routes.

They hold for all Ingresses; an annotation, where there is one, comes before. Facts are of
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/, controller v1.15.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.migration.nginx.losses import LOSSES
from bot.domain.migration.outcome import Concern

_OFF = frozenset({"", "false", "off"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said of a key that does not carry over."""

    why: str
    instead: str
    concern: Concern
    usual: frozenset[str] = _OFF
    """Values with which it does nothing, or what the controller does without it."""
    annotations: tuple[str, ...] = ()
    """Any of which says it for one Ingress, so that the key does not count there."""


def _as_annotation(name: str, *others: str, usual: frozenset[str] = _OFF, concern: Concern | None = None) -> Setting:
    """A key that means for all what an annotation means for one."""
    loss = LOSSES[name]
    return Setting(loss.why, loss.instead, concern or loss.concern, usual | loss.off, (name, *others))


_ADDRESSES = LOSSES["allowlist-source-range"].instead
_BLOCKED = "requests that the controller shut out get in again"
_FIREWALL = LOSSES["enable-modsecurity"].instead
_SNIPPET = LOSSES["server-snippet"].why
_READ_IT = LOSSES["server-snippet"].instead
_CLIENTS = "where the client's address comes from is left to the implementation: lists of addresses and logs rest on it"
_TRUST = "ClientTrafficPolicy `clientIPDetection`, `proxyProtocol` (Envoy Gateway), `forwardedHeaders` (Traefik)"
_COMPRESSION = "`compressor` of BackendTrafficPolicy (Envoy Gateway), `compress` middleware (Traefik)"
_TLS = LOSSES["ssl-ciphers"].instead
_TIMES = "a route bounds whole requests: `timeouts.request` of the rules, where it matters"

SETTINGS: dict[str, Setting] = {
    # Who may come in.
    "whitelist-source-range": _as_annotation("allowlist-source-range", "whitelist-source-range"),
    "denylist-source-range": _as_annotation("denylist-source-range"),
    "block-cidrs": Setting(_BLOCKED, _ADDRESSES, Concern.SECURITY),
    "block-user-agents": Setting(_BLOCKED, _FIREWALL, Concern.SECURITY),
    "block-referers": Setting(_BLOCKED, _FIREWALL, Concern.SECURITY),
    "global-auth-url": Setting(
        "every Ingress asked another service who may come in: with the routes alone everybody gets in unasked",
        LOSSES["auth-url"].instead,
        Concern.SECURITY,
        annotations=("auth-url",),
    ),
    "enable-modsecurity": _as_annotation("enable-modsecurity"),
    "enable-owasp-modsecurity-crs": _as_annotation("enable-owasp-core-rules"),
    "modsecurity-snippet": _as_annotation("modsecurity-snippet"),
    # Raw configuration.
    **dict.fromkeys(
        ("main-snippet", "http-snippet", "server-snippet", "location-snippet"),
        Setting(_SNIPPET, _READ_IT, Concern.SECURITY),
    ),
    "stream-snippet": _as_annotation("stream-snippet"),
    # TLS.
    "ssl-ciphers": _as_annotation("ssl-ciphers"),
    "ssl-protocols": Setting(
        "TLS versions are not a field of a listener: the implementation's defaults count",
        _TLS,
        Concern.SECURITY,
        _OFF | {"TLSv1.2 TLSv1.3"},
    ),
    # Whose requests they are.
    "use-forwarded-headers": Setting(_CLIENTS, _TRUST, Concern.TRAFFIC),
    "use-proxy-protocol": Setting(
        "a listener does not speak the PROXY protocol unless told, and refuses what speaks it", _TRUST, Concern.TRAFFIC
    ),
    "enable-real-ip": Setting(_CLIENTS, _TRUST, Concern.TRAFFIC),
    "proxy-real-ip-cidr": Setting(_CLIENTS, _TRUST, Concern.TRAFFIC, _OFF | {"0.0.0.0/0"}),
    "forwarded-for-header": Setting(_CLIENTS, _TRUST, Concern.TRAFFIC, _OFF | {"X-Forwarded-For"}),
    "compute-full-forwarded-for": Setting(_CLIENTS, _TRUST, Concern.TUNING),
    # What requests and answers are.
    "add-headers": Setting(
        "headers that every answer got stand in the ConfigMap that it names; those that guard browsers may be among "
        "them",
        "`set` of a ResponseHeaderModifier filter in each route",
        Concern.SECURITY,
    ),
    "proxy-set-headers": Setting(
        "headers that every request got stand in the ConfigMap that it names",
        "`set` of a RequestHeaderModifier filter in each route",
        Concern.TRAFFIC,
    ),
    "hide-headers": Setting(
        "headers of answers that were kept back are shown again",
        "`remove` of a ResponseHeaderModifier filter in each route",
        Concern.SECURITY,
    ),
    "custom-http-errors": _as_annotation("custom-http-errors"),
    "proxy-body-size": _as_annotation("proxy-body-size", usual=frozenset({"1m"})),
    "proxy-cookie-domain": _as_annotation("proxy-cookie-domain"),
    "proxy-cookie-path": _as_annotation("proxy-cookie-path"),
    "proxy-redirect-from": _as_annotation("proxy-redirect-from"),
    "large-client-header-buffers": Setting(
        "how long headers of requests may be is left to the implementation: long cookies may be refused",
        "ClientTrafficPolicy `headers` (Envoy Gateway), `http.maxHeaderBytes` of the entry point (Traefik)",
        Concern.TRAFFIC,
        _OFF | {"4 8k"},
    ),
    # Times and speed.
    "proxy-connect-timeout": _as_annotation("proxy-connect-timeout", usual=frozenset({"5"})),
    "proxy-read-timeout": Setting(
        "how long a Service may be silent is left to the implementation", _TIMES, Concern.TUNING, _OFF | {"60"},
        ("proxy-read-timeout",),
    ),
    "proxy-send-timeout": Setting(
        "how long a Service may take nothing is left to the implementation", _TIMES, Concern.TUNING, _OFF | {"60"},
        ("proxy-send-timeout",),
    ),
    "proxy-next-upstream": _as_annotation("proxy-next-upstream", usual=frozenset({"error timeout"})),
    "proxy-buffer-size": _as_annotation("proxy-buffer-size", usual=frozenset({"4k"})),
    "proxy-buffering": _as_annotation("proxy-buffering"),
    "client-body-buffer-size": _as_annotation("client-body-buffer-size", usual=frozenset({"8k"})),
    "upstream-keepalive-connections": Setting(
        "connections to Services are kept as the implementation likes", "nothing, usually", Concern.TUNING
    ),
    "load-balance": _as_annotation("load-balance", usual=frozenset({"round_robin"})),
    "use-gzip": Setting("a route does not compress answers", _COMPRESSION, Concern.TUNING),
    "enable-brotli": Setting("a route does not compress answers", _COMPRESSION, Concern.TUNING),
    "service-upstream": _as_annotation("service-upstream"),
    # Who watches.
    "disable-access-log": _as_annotation("enable-access-log"),
    "log-format-upstream": Setting(LOSSES["enable-access-log"].why, "the same", Concern.TUNING),
    "enable-opentelemetry": _as_annotation("enable-opentelemetry"),
}  # fmt: skip
"""By key. What else stands there is named, and judged by people."""

HEEDED = frozenset({
    "ssl-redirect", "force-ssl-redirect", "http-redirect-code", "hsts", "hsts-max-age", "hsts-include-subdomains",
    "hsts-preload", "allow-snippet-annotations", "annotations-risk-level", "no-tls-redirect-locations",
})  # fmt: skip
"""Keys that are looked at elsewhere, or say nothing by themselves."""
SHOWN = frozenset({
    "whitelist-source-range", "denylist-source-range", "block-cidrs", "proxy-body-size", "proxy-connect-timeout",
    "proxy-read-timeout", "proxy-send-timeout", "custom-http-errors", "ssl-protocols", "proxy-real-ip-cidr",
    "forwarded-for-header", "hide-headers", "large-client-header-buffers", "load-balance", "proxy-buffer-size",
    "hsts-max-age",
})  # fmt: skip
"""Keys whose values are no secret of anybody, and help whoever reads the answer."""
