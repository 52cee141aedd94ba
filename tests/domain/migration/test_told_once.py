"""What is told of each annotation of ingress-nginx is true of the objects: carried over or lost and never both, there
where it is told to be carried over, and not there where it is told to be lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from bot.domain.migration.features import Features
from bot.domain.migration.outcome import Translation
from tests.domain.migration.test_annotations import CONTROLLERS_LIST
from tests.migrations import HOST, any_path, ingress, path, translated

VALUES: dict[str, tuple[str, ...]] = {
    "server-alias": ("b.example.com", "b.example.com, ~^www[0-9]+$", "www.example.com,*.example.org"),
    "backend-protocol": ("HTTP", "HTTPS", "GRPC", "GRPCS", "FCGI", "AUTO_HTTP", "H2C"),
    "canary-weight": ("10",),
    "canary-weight-total": ("1000",),
    "canary-by-header": ("X-Canary",),
    "canary-by-header-value": ("yes",),
    "canary-by-header-pattern": ("^(a|b)$",),
    "canary-by-cookie": ("canary",),
    "enable-cors": ("true", "false", "yes"),
    "cors-allow-origin": ("*", "https://app.example.com, https://*.example.org", "capacitor://localhost", "null, *"),
    "cors-allow-methods": ("GET, POST, OPTIONS", "GET,PURGE", "PURGE"),
    "cors-allow-headers": ("X-Requested-With, Authorization", "*", "§"),
    "cors-expose-headers": ("Content-Length,X-Total", "§"),
    "cors-allow-credentials": ("true", "false", "maybe"),
    "cors-max-age": ("600", "-1", "1h"),
    "custom-headers": ("shop/headers", "shop/nowhere"),
    "mirror-target": ("http://api.shop.svc.cluster.local$request_uri", "https://test.env.com$request_uri"),
    "mirror-request-body": ("on", "off"),
    "mirror-host": ("test.env.com",),
    "proxy-read-timeout": ("3600", "30", "7200", "60s"),
    "proxy-send-timeout": ("3600", "60", "1m"),
    "proxy-ssl-name": ("web.internal", "~^any$"),
    "proxy-ssl-secret": ("shop/backend-tls",),
    "proxy-ssl-server-name": ("on", "off"),
    "proxy-ssl-verify": ("on", "off"),
    "proxy-ssl-verify-depth": ("2",),
    "proxy-ssl-protocols": ("TLSv1.2 TLSv1.3",),
    "proxy-ssl-ciphers": ("HIGH:!aNULL",),
    "from-to-www-redirect": ("true", "false"),
    "permanent-redirect": ("https://new.example.com$request_uri", "https://new.example.com/x?y=1", "/elsewhere"),
    "permanent-redirect-code": ("308", "301", "302", "305", "404"),
    "temporal-redirect": ("https://other.example.com/maintenance", "$scheme://$arg_to/"),
    "temporal-redirect-code": ("307", "301", "302", "200"),
    "app-root": ("/store", "/store?from=root"),
    "force-ssl-redirect": ("true", "false", "on"),
    "ssl-redirect": ("true", "false", "on"),
    "preserve-trailing-slash": ("true", "false"),
    "rewrite-target": ("/", "/$1", "/$2", "/app", "/api/$2", "/$2/$1"),
    "use-regex": ("true", "false"),
    "ssl-passthrough": ("true", "false"),
    "upstream-vhost": ("internal.example.com", "$service_name.svc"),
    "x-forwarded-prefix": ("/api", "/$1"),
    "affinity": ("cookie",),
    "affinity-mode": ("persistent", "balanced"),
    "session-cookie-name": ("route", "INGRESSCOOKIE", "sticky session"),
    "session-cookie-max-age": ("172800", "0", "2d"),
    "session-cookie-expires": ("172800", "2d"),
    "session-cookie-path": ("/", "/app"),
    "session-cookie-secure": ("true",),
    "session-cookie-samesite": ("Lax", "None"),
    "session-cookie-change-on-failure": ("true", "false"),
    "upstream-hash-by": ("$request_uri",),
    "upstream-hash-by-subset": ("true", "false"),
    "upstream-hash-by-subset-size": ("3",),
    "auth-type": ("basic", "digest"),
    "auth-secret": ("users",),
    "auth-secret-type": ("auth-map",),
    "auth-realm": ("Staff only",),
    "satisfy": ("any", "all"),
    "auth-url": (
        "http://oauth2-proxy.auth.svc.cluster.local:4180/oauth2/auth", "http://api.shop.svc/check",
        "https://login.example.com/check", "http://api.shop.svc/check?rd=$request_uri",
    ),
    "auth-signin": ("https://$host/oauth2/start?rd=$escaped_request_uri",),
    "auth-method": ("GET", "POST"),
    "auth-response-headers": ("X-Auth-Request-User, X-Auth-Request-Email",),
    "auth-tls-secret": ("shop/clients",),
    "auth-tls-verify-client": ("on", "off", "optional"),
    "auth-tls-verify-depth": ("1",),
    "auth-tls-match-cn": ("CN=ann",),
    "auth-tls-pass-certificate-to-upstream": ("true", "false"),
    "whitelist-source-range": ("10.0.0.0/8,192.0.2.7/32",),
    "limit-rps": ("10", "0"),
    "limit-burst-multiplier": ("5",),
    "limit-whitelist": ("10.0.0.0/8",),
    "proxy-body-size": ("50m", "0"),
    "proxy-redirect-from": ("off", "http://a.example.com/"),
    "proxy-redirect-to": ("https://b.example.com/",),
    "proxy-next-upstream": ("error timeout http_502", "off", "error timeout non_idempotent"),
    "proxy-next-upstream-tries": ("3", "0", "three"),
    "proxy-next-upstream-timeout": ("10", "0"),
    "enable-modsecurity": ("true", "false"),
    "modsecurity-snippet": ("SecRuleEngine On",),
    "configuration-snippet": ("more_set_headers 'X-Frame-Options: DENY';",),
    "lua-resty-waf": ("active", "inactive"),
}  # fmt: skip
"""As people write them; some are wrong, as people also write them. Those that are not here get true, false and 10."""

TOGETHER = (
    ("rewrite-target", "use-regex", "x-forwarded-prefix", "app-root", "upstream-vhost", "permanent-redirect"),
    ("permanent-redirect", "permanent-redirect-code", "temporal-redirect", "temporal-redirect-code", "app-root"),
    ("ssl-redirect", "force-ssl-redirect", "from-to-www-redirect", "permanent-redirect", "server-alias", "use-regex"),
    ("enable-cors", "cors-allow-origin", "cors-allow-methods", "cors-allow-headers", "cors-expose-headers"),
    ("enable-cors", "cors-allow-credentials", "cors-max-age", "permanent-redirect", "backend-protocol"),
    ("backend-protocol", "proxy-ssl-name", "proxy-ssl-secret", "proxy-ssl-server-name", "proxy-ssl-verify"),
    ("backend-protocol", "proxy-ssl-verify-depth", "proxy-ssl-protocols", "proxy-ssl-ciphers"),
    ("backend-protocol", "permanent-redirect", "app-root", "force-ssl-redirect", "upstream-vhost", "rewrite-target"),
    ("backend-protocol", "proxy-read-timeout", "proxy-send-timeout", "custom-headers", "mirror-target"),
    ("mirror-target", "mirror-request-body", "mirror-host", "temporal-redirect"),
    ("ssl-passthrough", "backend-protocol", "force-ssl-redirect", "whitelist-source-range", "rewrite-target"),
    ("affinity", "affinity-mode", "session-cookie-name", "session-cookie-max-age", "session-cookie-expires"),
    ("affinity", "session-cookie-path", "session-cookie-secure", "session-cookie-samesite", "permanent-redirect"),
    ("affinity", "session-cookie-change-on-failure", "backend-protocol", "upstream-hash-by"),
    ("upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size"),
    ("auth-type", "auth-secret", "auth-secret-type", "auth-realm", "satisfy", "whitelist-source-range"),
    ("auth-url", "auth-signin", "auth-method", "auth-response-headers", "backend-protocol", "permanent-redirect"),
    ("auth-tls-secret", "auth-tls-verify-client", "auth-tls-verify-depth", "auth-tls-match-cn"),
    ("auth-tls-secret", "auth-tls-pass-certificate-to-upstream"),
    ("limit-rps", "limit-burst-multiplier", "limit-whitelist"),
    ("proxy-redirect-from", "proxy-redirect-to"),
    ("proxy-next-upstream", "proxy-next-upstream-tries", "proxy-next-upstream-timeout", "backend-protocol"),
    ("canary-weight", "canary-weight-total", "canary-by-header", "canary-by-header-value", "canary-by-header-pattern"),
)


def values(name: str) -> tuple[str, ...]:
    return VALUES.get(name, ("true", "false", "10"))


@dataclass(frozen=True)
class Setting:
    """An Ingress that gets the annotations, and the Gateway API around it."""

    paths: tuple[Any, ...]
    more: Mapping[str, Any] = field(default_factory=dict)
    features: Features = Features(version="v1.6.1")


SETTINGS = {
    "plain": Setting((path(),)),
    "tls": Setting((path("/app"), path("/", service="docs")), {"tls": [HOST]}),
    "some-tls": Setting((path(),), {"hosts": (HOST, "www.other.example.com"), "tls": [HOST]}),
    "patterns": Setting((any_path("/api(/|$)(.*)"), any_path("/[a-z]+/x", "api")), {"tls": [HOST]}),
    "grpc": Setting((path("/shop.v1.Cart", port="grpc"),), {"tls": [HOST]}),
    "older": Setting(
        (path(),),
        {"tls": [HOST]},
        Features(
            version="v1.2.0",
            cors=False,
            redirect_codes=frozenset({301, 302}),
            kinds=frozenset({"HTTPRoute", "GRPCRoute", "ReferenceGrant"}),
        ),
    ),
    "leading-nowhere": Setting((path(port="nope"),), {"tls": [HOST]}),
    "any-host": Setting((path(),), {"host": ""}),
}


@cache
def _found(setting: str, annotations: tuple[tuple[str, str], ...]) -> Translation:
    said = SETTINGS[setting]
    return translated(
        ingress(*said.paths, annotations=dict(annotations), **said.more),
        features=said.features,
        config_maps={"shop/headers": {"X-Frame-Options": "DENY", "X-Id": "$req_id"}},
    )


def found(setting: str, annotations: dict[str, str]) -> Translation:
    return _found(setting, tuple(sorted(annotations.items())))


def untrue(setting: str, annotations: dict[str, str]) -> Iterator[str]:
    """What is told and is not so."""
    said = found(setting, annotations)
    carried = {each.source: each for each in said.carried}
    kept = {each.source: False for each in said.lost} | {each.source: True for each in said.lost if each.kept}
    for name in annotations:
        if name in carried and name in kept:
            yield f"{name} is told as carried over and as lost"
        elif name not in carried and name not in kept:
            yield f"{name} is not told"
        else:
            shows = _shows(setting, annotations, name)
            told = carried[name].written if name in carried else kept[name]
            if shows is not told and not (name in kept and name in _NARROWING):
                where = "shows in the objects" if shows else "does not show in the objects"
                yield f"{name}: {where}, but: {[each for each in (*said.carried, *said.lost) if each.source == name]}"


def _shows(setting: str, annotations: dict[str, str], name: str) -> bool:
    """Whether the objects are others without it; where it says what is so by default, with another value of it."""
    among = {key: value for key, value in annotations.items() if key not in _WITHOUT.get(name, ())}
    among |= _UNLESS.get(name, {})
    own = found(setting, among).manifests
    rest = {key: value for key, value in among.items() if key != name}
    if found(setting, rest).manifests != own:
        return True
    by_default = annotations[name] in _DEFAULTS.get(name, ())
    return by_default and any(found(setting, {**rest, name: each}).manifests != own for each in values(name))


_DEFAULTS = {
    "ssl-redirect": ("true",),
    "cors-allow-origin": ("*", "null, *"),
    "cors-allow-credentials": ("true",),
    "permanent-redirect-code": ("301",),
    "temporal-redirect-code": ("302",),
    "session-cookie-name": ("INGRESSCOOKIE",),
    "proxy-read-timeout": ("3600",),
}
"""Values that say what is so without them."""
_UNLESS = {"force-ssl-redirect": {"ssl-redirect": "false"}}
"""Other annotations without which it says what is so without it."""
_WITHOUT = {
    "temporal-redirect": ("permanent-redirect", "permanent-redirect-code"),
    "rewrite-target": ("x-forwarded-prefix",),
    "use-regex": ("rewrite-target",),
}
"""What it keeps from counting, what counts only beside it, or says a part of the same."""
_NARROWING = frozenset({"cors-allow-origin", "ssl-passthrough", "backend-protocol"})
"""Where these cannot be said, more is left away than them: no origin at all, no route but for TLS, no redirect in a
GRPCRoute."""


@pytest.mark.parametrize("setting", sorted(SETTINGS))
@pytest.mark.parametrize("name", sorted(set(CONTROLLERS_LIST.split()) - {"canary"}))
def test_what_is_told_of_each_alone_is_so(setting: str, name: str) -> None:
    for value in (*values(name), "", "§"):
        assert not list(untrue(setting, {name: value})), value


@pytest.mark.parametrize("setting", sorted(SETTINGS))
@pytest.mark.parametrize("group", TOGETHER, ids=lambda each: "+".join(each[:2]))
def test_what_is_told_of_those_that_belong_together_is_so(setting: str, group: tuple[str, ...]) -> None:
    for one, other in combinations(group, 2):
        for first, second in product(values(one), values(other)):
            said = {one: first, other: second}
            assert not list(untrue(setting, said)), said


@pytest.mark.parametrize("setting", sorted(SETTINGS))
@pytest.mark.parametrize("group", TOGETHER, ids=lambda each: "+".join(each[:2]))
def test_what_is_told_of_all_of_a_group_is_so(setting: str, group: tuple[str, ...]) -> None:
    for number in range(3):
        said = {each: values(each)[number % len(values(each))] for each in group}
        assert not list(untrue(setting, said)), said


def test_what_is_not_so_is_seen() -> None:
    """That the tests above can fail: the shorter of two times is not in the objects, the longer one is."""
    both = {"proxy-read-timeout": "30", "proxy-send-timeout": "60"}
    assert not _shows("plain", both, "proxy-read-timeout")
    assert _shows("plain", both, "proxy-send-timeout")
