"""Annotations that no field of the Gateway API's standard channel (v1.5 to v1.6) stands for: why, and what to do.

Where the successor is a policy of the implementation, its usual name is told for those that Patchbay installs or knows:
Envoy Gateway (https://gateway.envoyproxy.io/docs/api/extension_types/), Traefik middlewares
(https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/), NGINX Gateway Fabric
(https://docs.nginx.com/nginx-gateway-fabric/), Istio (https://istio.io/latest/docs/reference/config/).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.migration.outcome import Concern

_OFF = frozenset({"false", "False", "FALSE", "f", "F", "0", "off", ""})


@dataclass(frozen=True, slots=True)
class Loss:
    """What is said of an annotation that does not carry over."""

    why: str
    instead: str
    concern: Concern
    off: frozenset[str] = frozenset({""})
    """Values with which it does nothing, so that nothing is lost."""
    with_: str = ""
    """It only means something beside this other annotation, which is told already."""


def _security(why: str, instead: str, *, off: frozenset[str] = frozenset({""}), with_: str = "") -> Loss:
    return Loss(why, instead, Concern.SECURITY, off, with_)


def _traffic(why: str, instead: str, *, off: frozenset[str] = frozenset({""}), with_: str = "") -> Loss:
    return Loss(why, instead, Concern.TRAFFIC, off, with_)


def _tuning(why: str, instead: str, *, off: frozenset[str] = frozenset({""}), with_: str = "") -> Loss:
    return Loss(why, instead, Concern.TUNING, off, with_)


_NO_ADDRESSES = "the Gateway API has no list of addresses that may come in: with the routes alone EVERYBODY may"
_ADDRESSES = (
    "a policy of the implementation before anything else is switched: SecurityPolicy `authorization` (Envoy Gateway), "
    "`ipAllowList` middleware (Traefik), AuthorizationPolicy (Istio); or loadBalancerSourceRanges of the Service"
)
_NO_LOGIN = "the Gateway API has no login: with the routes alone everybody gets in WITHOUT a password"
_LOGIN = (
    "SecurityPolicy `basicAuth` (Envoy Gateway), `basicAuth` middleware (Traefik), or an own proxy such as oauth2-proxy"
)
_NO_ASKING = (
    "the standard channel asks no other service who may come in: with the routes alone everybody gets in unasked"
)
_ASKING = (
    "SecurityPolicy `extAuth` or `oidc` (Envoy Gateway), `forwardAuth` middleware (Traefik), "
    "AuthorizationPolicy CUSTOM "
    "(Istio); the experimental channel has an ExternalAuth filter"
)
_PART_OF_ASKING = "it is a part of asking another service who may come in (`auth-url`), which does not carry over"
_NO_CLIENT_CERTIFICATES = (
    "a route cannot ask for client certificates: with the routes alone clients WITHOUT a certificate get in"
)
_CLIENT_CERTIFICATES = (
    "the Gateway's `spec.tls.frontend` (v1.5; for all hosts of a port, the CA as `ca.crt` in a ConfigMap), or "
    "ClientTrafficPolicy (Envoy Gateway), TLSOption (Traefik)"
)
_NO_FIREWALL = "the Gateway API has no web application firewall: requests that it stopped get through"
_FIREWALL = "a WAF of the implementation, a Coraza or ModSecurity proxy before it, or the cloud's"
_NO_LIMIT = "the Gateway API limits no rates: nothing holds back floods and guessed passwords any more"
_LIMIT = "BackendTrafficPolicy `rateLimit` (Envoy Gateway), `rateLimit` and `inFlightReq` middlewares (Traefik)"
_SNIPPET = "it is raw nginx configuration; it may guard, rewrite or redirect, which only people can tell"
_READ_SNIPPET = (
    "read it line by line, and write filters of the route or policies of the implementation for what it does"
)
_NO_STICKING = "session affinity is in the experimental channel alone (`sessionPersistence`): sessions lose their pod"
_STICKING = (
    "`sessionPersistence` of the rule where the experimental channel is installed, BackendTrafficPolicy "
    "`loadBalancer.consistentHash` (Envoy Gateway), `sticky` of the Service annotation (Traefik)"
)
_NO_BALANCING = "how pods are chosen is left to the implementation"
_BALANCING = "BackendTrafficPolicy `loadBalancer` (Envoy Gateway), DestinationRule (Istio)"
_NO_BUFFERS = "buffers are the proxy's own matter"
_BUFFERS = (
    "see first whether it is missed; BackendTrafficPolicy, ClientTrafficPolicy (Envoy Gateway), `buffering` (Traefik)"
)
_NO_RETRIES = "retries are in the experimental channel alone (`retry`)"
_RETRIES = "BackendTrafficPolicy `retry` (Envoy Gateway), `retry` middleware (Traefik)"
_NO_LOGS = "logs are set up for the whole implementation"
_NO_TRACING = "tracing is set up for the whole implementation"
_TRACING = "EnvoyProxy `telemetry` (Envoy Gateway), `tracing` (Traefik), Telemetry (Istio)"
_NO_CIPHERS = "ciphers are not a field of a listener: the implementation's defaults count"
_CIPHERS = "ClientTrafficPolicy `tls.ciphers` (Envoy Gateway), TLSOption (Traefik), `tls.options` of the listener"
_NO_COOKIES = "a route rewrites no cookies: the browser may not send them back"
_COOKIES = "have the application set the right domain and path; ResponseHeaderModifier cannot change a part of a value"
_NO_LOCATION = "a route rewrites no Location headers of answers: redirects of the application may lead astray"
_FASTCGI = "a Gateway speaks HTTP, not FastCGI"
_DROPPED = "newer controllers ignore it; where an older one heeds it, nothing stands for it"

LOSSES: dict[str, Loss] = {
    # Who may come in.
    "allowlist-source-range": _security(_NO_ADDRESSES, _ADDRESSES),
    "denylist-source-range": _security(
        "the Gateway API shuts no addresses out: those on the list get in again", _ADDRESSES
    ),
    "auth-type": _security(_NO_LOGIN, _LOGIN),
    "auth-secret": _security(_NO_LOGIN, _LOGIN, with_="auth-type"),
    "auth-secret-type": _security(_NO_LOGIN, _LOGIN, with_="auth-type"),
    "auth-realm": _security(_NO_LOGIN, _LOGIN, with_="auth-type"),
    "satisfy": _security("whether one or all of several guards must agree is no field of a route", _ADDRESSES),
    "auth-url": _security(_NO_ASKING, _ASKING),
    **dict.fromkeys(
        (
            "auth-always-set-cookie", "auth-cache-duration", "auth-cache-key", "auth-keepalive", "auth-method",
            "auth-keepalive-requests", "auth-keepalive-share-vars", "auth-keepalive-timeout", "auth-proxy-set-headers",
            "auth-request-redirect", "auth-response-headers", "auth-signin", "auth-signin-redirect-param",
        ),
        _security(_PART_OF_ASKING, _ASKING, with_="auth-url"),
    ),
    "enable-global-auth": _security(
        "the controller's `global-auth-url` guarded every Ingress; nothing of that is in this Ingress or its routes",
        _ASKING,
        off=_OFF,
    ),
    "auth-tls-secret": _security(_NO_CLIENT_CERTIFICATES, _CLIENT_CERTIFICATES),
    **dict.fromkeys(
        ("auth-tls-match-cn", "auth-tls-verify-depth", "auth-tls-error-page"),
        _security(_NO_CLIENT_CERTIFICATES, _CLIENT_CERTIFICATES, with_="auth-tls-secret"),
    ),
    "auth-tls-verify-client": _security(
        _NO_CLIENT_CERTIFICATES, _CLIENT_CERTIFICATES, off=frozenset({"", "off"}), with_="auth-tls-secret"
    ),
    "auth-tls-pass-certificate-to-upstream": _security(
        "the client's certificate is not handed on: an application that relies on it knows nobody",
        "the implementation's own header, such as `x-forwarded-client-cert` of Envoy",
        off=_OFF,
        with_="auth-tls-secret",
    ),
    # What is stopped on the way.
    "enable-modsecurity": _security(_NO_FIREWALL, _FIREWALL, off=_OFF),
    "enable-owasp-core-rules": _security(_NO_FIREWALL, _FIREWALL, off=_OFF),
    "modsecurity-snippet": _security(_NO_FIREWALL, _FIREWALL),
    "modsecurity-transaction-id": _tuning(_NO_FIREWALL, _FIREWALL),
    "lua-resty-waf": _security(_DROPPED, _FIREWALL, off=_OFF | {"inactive"}),
    **dict.fromkeys(
        ("limit-connections", "limit-rps", "limit-rpm", "limit-burst-multiplier", "limit-allowlist"),
        _security(_NO_LIMIT, _LIMIT, off=frozenset({"", "0", "-1"})),
    ),
    **dict.fromkeys(
        (
            "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key",
            "global-rate-limit-ignored-cidrs",
        ),
        _security(_NO_LIMIT, _LIMIT),
    ),
    **dict.fromkeys(
        ("limit-rate", "limit-rate-after"),
        _tuning("the Gateway API does not slow answers down", "an application or a CDN that does"),
    ),
    # Raw configuration.
    "configuration-snippet": _security(_SNIPPET, _READ_SNIPPET),
    "server-snippet": _security(_SNIPPET, _READ_SNIPPET),
    "auth-snippet": _security(_SNIPPET, _ASKING, with_="auth-url"),
    "stream-snippet": _traffic(
        "it is raw nginx configuration for TCP and UDP", "TCPRoute or UDPRoute (v1.6 of the standard channel)"
    ),
    # TLS.
    "ssl-ciphers": _security(_NO_CIPHERS, _CIPHERS),
    "ssl-prefer-server-ciphers": _tuning(_NO_CIPHERS, _CIPHERS),
    "proxy-ssl-ciphers": _tuning(
        "ciphers towards the Service are left to the implementation", "BackendTLSPolicy options"
    ),
    "proxy-ssl-protocols": _tuning(
        "TLS versions towards the Service are left to the implementation", "BackendTLSPolicy options"
    ),
    "proxy-ssl-verify-depth": _tuning(
        "a BackendTLSPolicy has no depth: the whole chain is verified", "nothing, usually"
    ),
    # How pods are chosen.
    "affinity": _traffic(_NO_STICKING, _STICKING),
    **dict.fromkeys(
        (
            "affinity-mode", "affinity-canary-behavior", "session-cookie-change-on-failure",
            "session-cookie-conditional-samesite-none", "session-cookie-domain", "session-cookie-expires",
            "session-cookie-max-age", "session-cookie-name", "session-cookie-partitioned", "session-cookie-path",
            "session-cookie-samesite", "session-cookie-secure",
        ),
        _traffic(_NO_STICKING, _STICKING, with_="affinity"),
    ),
    "session-cookie-hash": _tuning(_DROPPED, "nothing"),
    "load-balance": _tuning(_NO_BALANCING, _BALANCING),
    "upstream-hash-by": _traffic("requests of one key no longer go to one pod", _STICKING),
    "upstream-hash-by-subset": _traffic(_NO_BALANCING, _BALANCING, off=_OFF, with_="upstream-hash-by"),
    "upstream-hash-by-subset-size": _traffic(_NO_BALANCING, _BALANCING, with_="upstream-hash-by"),
    "service-upstream": _tuning(
        "whether the proxy asks pods or the Service's address is left to the implementation",
        "nothing, usually; a mesh may need its own setting",
        off=_OFF,
    ),
    # What requests and answers may be.
    "proxy-body-size": _traffic(
        "the Gateway API has no largest request: the implementation's default counts (nginx took 1 MB unless told)",
        "`body.maxSize` of ClientSettingsPolicy (NGINX Gateway Fabric), `requestBuffer` of "
        "BackendTrafficPolicy (Envoy "
        "Gateway), `buffering` middleware (Traefik); many proxies have no limit, and then none is needed for uploads",
    ),
    "custom-http-errors": _traffic(
        "a route does not replace error pages: those of the application are shown", "`errors` middleware (Traefik), "
        "`responseOverride` of BackendTrafficPolicy (Envoy Gateway)",
    ),
    "default-backend": _traffic(
        "a route has no second Service for when the first has no endpoints: 500 or 503 is answered",
        "`fallback` of a Backend (Envoy Gateway), `errors` middleware (Traefik)",
    ),
    "disable-proxy-intercept-errors": _tuning("error pages are not replaced anyway", "nothing", off=_OFF),
    "proxy-cookie-domain": _traffic(_NO_COOKIES, _COOKIES, off=frozenset({"", "off"})),
    "proxy-cookie-path": _traffic(_NO_COOKIES, _COOKIES, off=frozenset({"", "off"})),
    "proxy-redirect-from": _traffic(_NO_LOCATION, "set the application's public address", off=frozenset({"", "off"})),
    "proxy-redirect-to": _traffic(
        _NO_LOCATION, "set the application's public address", off=frozenset({"", "off"}), with_="proxy-redirect-from"
    ),
    "connection-proxy-header": _tuning(
        "Connection is a header between two hops, which a route may not set", "nothing: proxies set it themselves"
    ),
    "proxy-http-version": _tuning(
        "the implementation chooses the version; 1.1 is usual", "`appProtocol: kubernetes.io/h2c` of the "
        "Service for HTTP/2"
    ),
    "fastcgi-index": _traffic(_FASTCGI, "a web server before it that speaks HTTP"),
    "fastcgi-params-configmap": _traffic(_FASTCGI, "a web server before it that speaks HTTP"),
    "http2-push-preload": _tuning("HTTP/2 push is gone from browsers", "nothing", off=_OFF),
    "use-port-in-redirects": _tuning(
        "redirects name the listener's port where it is not the usual one", "nothing", off=_OFF
    ),
    "relative-redirects": _tuning("redirects of a route are absolute", "nothing, usually", off=_OFF),
    # Speed.
    **dict.fromkeys(
        (
            "client-body-buffer-size", "proxy-buffer-size", "proxy-buffers-number", "proxy-busy-buffers-size",
            "proxy-max-temp-file-size",
        ),
        _tuning(_NO_BUFFERS, _BUFFERS),
    ),
    "proxy-buffering": _tuning(_NO_BUFFERS, _BUFFERS, off=frozenset({"", "off"})),
    "proxy-request-buffering": _tuning(
        "whether a request is taken whole before it goes on is left to the implementation; most stream it", _BUFFERS
    ),
    "proxy-connect-timeout": _tuning(
        "a route has no time for connecting", "BackendTrafficPolicy `timeout.tcp.connectTimeout` (Envoy "
        "Gateway), DestinationRule"
    ),
    **dict.fromkeys(
        ("proxy-next-upstream", "proxy-next-upstream-timeout", "proxy-next-upstream-tries"),
        _tuning(_NO_RETRIES, _RETRIES),
    ),
    # Who watches.
    "enable-access-log": _tuning(_NO_LOGS, "the implementation's access log settings"),
    "enable-rewrite-log": _tuning(_NO_LOGS, "nothing", off=_OFF),
    **dict.fromkeys(
        (
            "enable-opentelemetry", "opentelemetry-trust-incoming-span", "opentelemetry-operation-name",
            "enable-opentracing", "opentracing-trust-incoming-span",
        ),
        _tuning(_NO_TRACING, _TRACING, off=_OFF),
    ),
    **dict.fromkeys(
        (
            "enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host", "influxdb-server-name",
        ),
        _tuning(_DROPPED, "nothing", off=_OFF),
    ),
    "secure-backends": _traffic(_DROPPED, "`backend-protocol: HTTPS` was its successor", off=_OFF),
    "add-base-url": _traffic(_DROPPED, "the application's own base address", off=_OFF),
    "base-url-scheme": _traffic(_DROPPED, "the application's own base address"),
}  # fmt: skip
"""By the short name; older names stand in `values.OLD_NAMES`."""
