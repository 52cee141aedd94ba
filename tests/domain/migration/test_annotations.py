"""Every annotation that ingress-nginx has had: what it becomes, or what its loss concerns."""

import re

import pytest

from bot.domain.migration.nginx.losses import LOSSES
from bot.domain.migration.outcome import Concern
from tests import annotations_page
from tests.migrations import any_path, carried, ingress, lost, path, routes, rules, translated

SECURITY, TRAFFIC, TUNING = Concern.SECURITY, Concern.TRAFFIC, Concern.TUNING

# docs/user-guide/nginx-configuration/annotations-risk.md of https://github.com/kubernetes/ingress-nginx, the list that
# the controller's own build writes, and (after the gap) names that are in its source or were in older ones.
CONTROLLERS_LIST = """
server-alias allowlist-source-range backend-protocol auth-realm auth-secret auth-secret-type auth-type canary
canary-by-cookie canary-by-header canary-by-header-pattern canary-by-header-value canary-weight canary-weight-total
auth-tls-error-page auth-tls-match-cn auth-tls-pass-certificate-to-upstream auth-tls-secret auth-tls-verify-client
auth-tls-verify-depth client-body-buffer-size configuration-snippet connection-proxy-header cors-allow-credentials
cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max-age enable-cors custom-http-errors
custom-headers default-backend denylist-source-range disable-proxy-intercept-errors enable-global-auth
auth-always-set-cookie auth-cache-duration auth-cache-key auth-keepalive auth-keepalive-requests
auth-keepalive-share-vars auth-keepalive-timeout auth-method auth-proxy-set-headers auth-request-redirect
auth-response-headers auth-signin auth-signin-redirect-param auth-snippet auth-url fastcgi-index
fastcgi-params-configmap http2-push-preload load-balance enable-access-log enable-rewrite-log mirror-host
mirror-request-body mirror-target enable-modsecurity enable-owasp-core-rules modsecurity-snippet
modsecurity-transaction-id enable-opentelemetry opentelemetry-operation-name opentelemetry-trust-incoming-span
proxy-body-size proxy-buffer-size proxy-buffering proxy-buffers-number proxy-connect-timeout proxy-cookie-domain
proxy-cookie-path proxy-http-version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout
proxy-next-upstream-tries proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering
proxy-send-timeout proxy-ssl-ciphers proxy-ssl-name proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name
proxy-ssl-verify proxy-ssl-verify-depth limit-allowlist limit-burst-multiplier limit-connections limit-rate
limit-rate-after limit-rpm limit-rps from-to-www-redirect permanent-redirect permanent-redirect-code temporal-redirect
temporal-redirect-code app-root force-ssl-redirect preserve-trailing-slash rewrite-target ssl-redirect use-regex
ssl-ciphers ssl-prefer-server-ciphers ssl-passthrough satisfy server-snippet service-upstream affinity
affinity-canary-behavior affinity-mode session-cookie-change-on-failure session-cookie-conditional-samesite-none
session-cookie-domain session-cookie-expires session-cookie-max-age session-cookie-name session-cookie-partitioned
session-cookie-path session-cookie-samesite session-cookie-secure stream-snippet upstream-hash-by
upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost use-port-in-redirects x-forwarded-prefix
relative-redirects proxy-busy-buffers-size whitelist-source-range limit-whitelist enable-opentracing
opentracing-trust-incoming-span enable-influxdb influxdb-measurement influxdb-port influxdb-host influxdb-server-name
global-rate-limit global-rate-limit-window global-rate-limit-key global-rate-limit-ignored-cidrs secure-backends
add-base-url base-url-scheme session-cookie-hash lua-resty-waf
"""

LOST = {
    "allowlist-source-range": ("10.0.0.0/8", SECURITY),
    "whitelist-source-range": ("10.0.0.0/8", SECURITY),
    "denylist-source-range": ("192.0.2.0/24", SECURITY),
    "auth-type": ("basic", SECURITY),
    "satisfy": ("any", SECURITY),
    "auth-url": ("https://login.example.com/check", SECURITY),
    "enable-global-auth": ("true", SECURITY),
    "auth-tls-secret": ("shop/clients", SECURITY),
    "enable-modsecurity": ("true", SECURITY),
    "enable-owasp-core-rules": ("true", SECURITY),
    "modsecurity-snippet": ("SecRuleEngine On", SECURITY),
    "modsecurity-transaction-id": ("$request_id", TUNING),
    "lua-resty-waf": ("active", SECURITY),
    "limit-rps": ("5", SECURITY),
    "limit-rpm": ("50", SECURITY),
    "limit-connections": ("5", SECURITY),
    "limit-burst-multiplier": ("3", SECURITY),
    "limit-allowlist": ("10.0.0.0/8", SECURITY),
    "limit-whitelist": ("10.0.0.0/8", SECURITY),
    "limit-rate": ("100", TUNING),
    "limit-rate-after": ("1000", TUNING),
    "global-rate-limit": ("100", SECURITY),
    "global-rate-limit-window": ("1m", SECURITY),
    "global-rate-limit-key": ("$remote_addr", SECURITY),
    "global-rate-limit-ignored-cidrs": ("10.0.0.0/8", SECURITY),
    "configuration-snippet": ("deny all;", SECURITY),
    "server-snippet": ("deny all;", SECURITY),
    "stream-snippet": ("server {}", TRAFFIC),
    "ssl-ciphers": ("ALL:!aNULL", SECURITY),
    "ssl-prefer-server-ciphers": ("true", TUNING),
    "proxy-ssl-ciphers": ("HIGH", TUNING),
    "proxy-ssl-protocols": ("TLSv1.3", TUNING),
    "proxy-ssl-verify-depth": ("2", TUNING),
    "affinity": ("cookie", TRAFFIC),
    "load-balance": ("ewma", TUNING),
    "upstream-hash-by": ("$request_uri", TRAFFIC),
    "service-upstream": ("true", TUNING),
    "proxy-body-size": ("8m", TRAFFIC),
    "custom-http-errors": ("404,503", TRAFFIC),
    "default-backend": ("docs", TRAFFIC),
    "disable-proxy-intercept-errors": ("true", TUNING),
    "proxy-cookie-domain": ("a.example.com b.example.com", TRAFFIC),
    "proxy-cookie-path": ("/one/ /", TRAFFIC),
    "proxy-redirect-from": ("http://a.example.com/", TRAFFIC),
    "connection-proxy-header": ("keep-alive", TUNING),
    "proxy-http-version": ("1.0", TUNING),
    "fastcgi-index": ("index.php", TRAFFIC),
    "fastcgi-params-configmap": ("php", TRAFFIC),
    "http2-push-preload": ("true", TUNING),
    "use-port-in-redirects": ("true", TUNING),
    "relative-redirects": ("true", TUNING),
    "client-body-buffer-size": ("1m", TUNING),
    "proxy-buffer-size": ("16k", TUNING),
    "proxy-buffers-number": ("8", TUNING),
    "proxy-busy-buffers-size": ("16k", TUNING),
    "proxy-max-temp-file-size": ("1024m", TUNING),
    "proxy-buffering": ("on", TUNING),
    "proxy-request-buffering": ("off", TUNING),
    "proxy-connect-timeout": ("5", TUNING),
    "proxy-next-upstream": ("error", TUNING),
    "proxy-next-upstream-timeout": ("10", TUNING),
    "proxy-next-upstream-tries": ("3", TUNING),
    "enable-access-log": ("false", TUNING),
    "enable-rewrite-log": ("true", TUNING),
    "enable-opentelemetry": ("true", TUNING),
    "opentelemetry-trust-incoming-span": ("true", TUNING),
    "opentelemetry-operation-name": ("shop", TUNING),
    "enable-opentracing": ("true", TUNING),
    "opentracing-trust-incoming-span": ("true", TUNING),
    "enable-influxdb": ("true", TUNING),
    "influxdb-measurement": ("a", TUNING),
    "influxdb-port": ("8089", TUNING),
    "influxdb-host": ("127.0.0.1", TUNING),
    "influxdb-server-name": ("a", TUNING),
    "session-cookie-hash": ("sha1", TUNING),
    "secure-backends": ("true", TRAFFIC),
    "add-base-url": ("true", TRAFFIC),
    "base-url-scheme": ("https", TRAFFIC),
    "custom-headers": ("shop/headers", SECURITY),
}
"""A value of each that does not carry over, and what the loss concerns."""

BESIDE = {
    **{
        f"session-cookie-{each}": "affinity"
        for each in (
            "change-on-failure", "conditional-samesite-none", "domain", "expires", "max-age", "name", "partitioned",
            "path", "samesite", "secure",
        )
    },
    "affinity-mode": "affinity",
    "affinity-canary-behavior": "affinity",
    "upstream-hash-by-subset": "upstream-hash-by",
    "upstream-hash-by-subset-size": "upstream-hash-by",
    "proxy-redirect-to": "proxy-redirect-from",
    "auth-always-set-cookie": "auth-url",
    "auth-cache-duration": "auth-url",
    "auth-cache-key": "auth-url",
    "auth-keepalive": "auth-url",
    "auth-keepalive-requests": "auth-url",
    "auth-keepalive-share-vars": "auth-url",
    "auth-keepalive-timeout": "auth-url",
    "auth-method": "auth-url",
    "auth-proxy-set-headers": "auth-url",
    "auth-realm": "auth-type",
    "auth-request-redirect": "auth-url",
    "auth-response-headers": "auth-url",
    "auth-secret": "auth-type",
    "auth-secret-type": "auth-type",
    "auth-signin": "auth-url",
    "auth-signin-redirect-param": "auth-url",
    "auth-snippet": "auth-url",
    "auth-tls-error-page": "auth-tls-secret",
    "auth-tls-match-cn": "auth-tls-secret",
    "auth-tls-pass-certificate-to-upstream": "auth-tls-secret",
    "auth-tls-verify-client": "auth-tls-secret",
    "auth-tls-verify-depth": "auth-tls-secret",
}  # fmt: skip
"""Lost as well, where this other annotation is there."""

CARRIED = {
    "server-alias": ("b.example.com", "b.example.com among the hostnames"),
    "backend-protocol": ("GRPC", "a GRPCRoute"),
    "canary": ("false", "nothing: false is what it is without"),
    **{
        f"canary-{each}": ("1", "nothing: it means something only with `canary: true`")
        for each in ("weight", "weight-total", "by-header", "by-header-value", "by-header-pattern", "by-cookie")
    },
    "enable-cors": ("true", "a CORS filter"),
    **{
        f"cors-{each}": ("1", "nothing: CORS is not switched on by enable-cors")
        for each in ("allow-origin", "allow-methods", "allow-headers", "expose-headers", "allow-credentials", "max-age")
    },
    "mirror-target": ("http://api.shop.svc.cluster.local$request_uri", "a RequestMirror filter to Service shop/api:80"),
    "mirror-request-body": ("off", "nothing: it means something only with mirror-target"),
    "mirror-host": ("mirror.example.com", "nothing: it means something only with mirror-target"),
    "proxy-read-timeout": ("120", "timeouts.request 120s"),
    "proxy-send-timeout": ("90", "timeouts.request 90s"),
    "proxy-ssl-name": ("a.example.com", "nothing: the Service is not spoken to over TLS"),
    "proxy-ssl-secret": ("shop/a", "nothing: the Service is not spoken to over TLS"),
    "proxy-ssl-server-name": ("on", "nothing: the Service is not spoken to over TLS"),
    "proxy-ssl-verify": ("on", "nothing: the Service is not spoken to over TLS"),
    "from-to-www-redirect": ("true", "a route that redirects www.web.example.com to web.example.com"),
    "permanent-redirect": ("https://b.example.com", "a RequestRedirect to b.example.com/ with 301"),
    "permanent-redirect-code": ("308", "nothing: there is no permanent-redirect"),
    "temporal-redirect": ("https://b.example.com/x", "a RequestRedirect to b.example.com/x with 302"),
    "temporal-redirect-code": ("307", "nothing: there is no temporal-redirect"),
    "app-root": ("/app", "a rule for / alone that redirects to /app with 302"),
    "force-ssl-redirect": ("true", "a rule for X-Forwarded-Proto: http that redirects to HTTPS"),
    "ssl-redirect": ("true", "nothing: there is no TLS here"),
    "preserve-trailing-slash": ("true", "nothing: a redirect keeps the path as it is"),
    "rewrite-target": ("/app", "URLRewrite filters, as is said of each path"),
    "use-regex": ("true", "nothing: no path is a regular expression"),
    "ssl-passthrough": ("true", "a TLSRoute for web.example.com at a listener that passes TLS through"),
    "upstream-vhost": ("b.example.com", "a URLRewrite filter with hostname b.example.com"),
    "x-forwarded-prefix": ("/x", "nothing: without rewrite-target the controller sets no such header"),
}
"""A value of each that carries over when it stands alone, and what it becomes."""


def test_every_annotation_of_the_controller_is_in_one_of_these_tables() -> None:
    assert {*LOST, *BESIDE, *CARRIED} == set(CONTROLLERS_LIST.split())
    assert set(LOSSES) <= set(CONTROLLERS_LIST.split())


def test_the_page_has_all_of_them() -> None:
    assert annotations_page.PAGE.read_text() == annotations_page.page(), "run `make docs`"
    told = set(re.findall(r"`([a-z0-9-]+)`", annotations_page.PAGE.read_text()))
    assert set(CONTROLLERS_LIST.split()) <= told


@pytest.mark.parametrize("name", sorted(LOST))
def test_what_does_not_carry_over_is_lost(name: str) -> None:
    value, concern = LOST[name]
    found = translated(ingress(annotations={name: value}))
    assert lost(found) == {name: concern}
    (loss,) = found.lost
    assert loss.why
    assert loss.instead


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_details_are_lost_with_what_they_are_details_of(name: str) -> None:
    alone = translated(ingress(annotations={name: "true"}))
    assert not alone.lost
    assert carried(alone)[name] == f"nothing: it means something only with {BESIDE[name]}"
    both = translated(ingress(annotations={name: "true", BESIDE[name]: "cookie"}))
    assert set(lost(both)) == {name, BESIDE[name]}


@pytest.mark.parametrize("name", sorted(CARRIED))
def test_what_carries_over_is_told(name: str) -> None:
    value, becomes = CARRIED[name]
    found = translated(ingress(annotations={name: value}))
    assert not found.lost
    assert carried(found)[name] == becomes


@pytest.mark.parametrize("name", sorted({*LOST, *BESIDE, *CARRIED}))
@pytest.mark.parametrize("value", ["", "§", "$(rm -rf /)", "x" * 5000])
def test_no_value_goes_unsaid_or_does_harm(name: str, value: str) -> None:
    found = translated(ingress(annotations={name: value}, tls=["web.example.com"]))
    told = {each.source for each in (*found.carried, *found.lost)}
    assert name in told
    assert "rm -rf" not in str(found.manifests)


@pytest.mark.parametrize(
    "name", [each for each, loss in LOSSES.items() if "false" in loss.off and loss.concern is SECURITY]
)
def test_what_is_switched_off_is_no_loss(name: str) -> None:
    assert not translated(ingress(annotations={name: "false"})).lost


def test_a_misspelt_name_is_told() -> None:
    assert lost(translated(ingress(annotations={"proxy-send-timout": "5"}))) == {"proxy-send-timout": TUNING}


def test_a_boolean_is_read_as_go_does() -> None:
    assert "cors" in str(rules(translated(ingress(annotations={"enable-cors": "T"}))))
    found = translated(ingress(annotations={"enable-cors": "yes"}))
    assert lost(found) == {"enable-cors": TUNING}
    assert "cors" not in str(rules(found))


class TestFilters:
    def test_cors_has_the_controllers_defaults(self) -> None:
        (rule,) = rules(translated(ingress(annotations={"enable-cors": "true"})))
        (filter,) = rule["filters"]
        assert filter["cors"] == {
            "allowOrigins": ["*"],
            "allowMethods": ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"],
            "allowHeaders": [
                "DNT", "Keep-Alive", "User-Agent", "X-Requested-With", "If-Modified-Since", "Cache-Control",
                "Content-Type", "Range", "Authorization",
            ],
            "maxAge": 1728000,
            "allowCredentials": True,
        }  # fmt: skip

    def test_origins_that_a_route_cannot_allow_are_told(self) -> None:
        annotations = {"enable-cors": "true", "cors-allow-origin": "https://a.example.com, capacitor://localhost"}
        found = translated(ingress(annotations=annotations))
        assert lost(found) == {"cors-allow-origin": TRAFFIC}
        assert rules(found)[0]["filters"][0]["cors"]["allowOrigins"] == ["https://a.example.com"]

    def test_custom_headers_are_set_when_their_config_map_could_be_read(self) -> None:
        headers = {"X-Frame-Options": "DENY", "X-Request-Id": "$req_id"}
        found = translated(
            ingress(annotations={"custom-headers": "shop/headers"}), config_maps={"shop/headers": headers}
        )
        (filter,) = rules(found)[0]["filters"]
        assert filter["responseHeaderModifier"]["set"] == [{"name": "X-Frame-Options", "value": "DENY"}]
        assert lost(found) == {"custom-headers": TRAFFIC}

    def test_the_longer_of_two_timeouts_counts(self) -> None:
        found = translated(ingress(annotations={"proxy-read-timeout": "30", "proxy-send-timeout": "3600"}))
        assert rules(found)[0]["timeouts"] == {"request": "3600s"}
        assert any("whole request" in each.differs for each in found.carried)

    @pytest.mark.parametrize(
        ("said", "written"), [("99999", "99999s"), ("360000", "100h0s"), ("2147483647", "99999h847s")]
    )
    def test_a_long_timeout_is_written_as_the_gateway_api_takes_it(self, said: str, written: str) -> None:
        assert rules(translated(ingress(annotations={"proxy-read-timeout": said})))[0]["timeouts"]["request"] == written

    def test_a_timeout_with_a_unit_is_none(self) -> None:
        found = translated(ingress(annotations={"proxy-read-timeout": "60s"}))
        assert lost(found) == {"proxy-read-timeout": TUNING}

    def test_the_prefix_header_is_set_beside_a_rewrite(self) -> None:
        annotations = {"x-forwarded-prefix": "/api", "rewrite-target": "/$2"}
        (rule,) = rules(translated(ingress(any_path("/api(/|$)(.*)"), annotations=annotations)))
        header, rewrite = rule["filters"]
        assert header["requestHeaderModifier"]["set"] == [{"name": "X-Forwarded-Prefix", "value": "/api"}]
        assert rewrite["urlRewrite"]["path"] == {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}

    def test_host_and_path_are_rewritten_by_one_filter(self) -> None:
        annotations = {"upstream-vhost": "b.example.com", "rewrite-target": "/$1"}
        (rule,) = rules(translated(ingress(any_path("/x/(.*)"), annotations=annotations)))
        (filter,) = rule["filters"]
        assert set(filter["urlRewrite"]) == {"hostname", "path"}

    def test_a_mirror_in_another_namespace_is_granted_there(self) -> None:
        found = translated(
            ingress(annotations={"mirror-target": "http://tap.watch.svc.cluster.local:8080/$request_uri"})
        )
        (grant,) = [each for each in found.manifests if each["kind"] == "ReferenceGrant"]
        assert grant["metadata"]["namespace"] == "watch"
        assert grant["spec"]["from"][0] == {
            "group": "gateway.networking.k8s.io",
            "kind": "HTTPRoute",
            "namespace": "shop",
        }
        assert grant["spec"]["to"] == [{"group": "", "kind": "Service", "name": "tap"}]

    @pytest.mark.parametrize(
        "target", ["https://tap.watch.svc$request_uri", "http://elsewhere.example.com$request_uri", "/x"]
    )
    def test_a_mirror_that_is_no_service_is_lost(self, target: str) -> None:
        assert lost(translated(ingress(annotations={"mirror-target": target}))) == {"mirror-target": TUNING}


class TestRedirects:
    @pytest.mark.parametrize(
        ("url", "to"),
        [
            ("https://b.example.com", {"scheme": "https", "hostname": "b.example.com", "path": "/"}),
            ("https://b.example.com$request_uri", {"scheme": "https", "hostname": "b.example.com"}),
            (
                "http://b.example.com:8080/x/y",
                {"scheme": "http", "hostname": "b.example.com", "port": 8080, "path": "/x/y"},
            ),
            ("$scheme://b.example.com$request_uri", {"hostname": "b.example.com"}),
            ("https://$host$request_uri", {"scheme": "https"}),
        ],
    )
    def test_an_address_becomes_fields(self, url: str, to: dict[str, object]) -> None:
        (rule,) = rules(translated(ingress(annotations={"permanent-redirect": url})))
        redirect = dict(rule["filters"][0]["requestRedirect"])
        assert redirect.pop("statusCode") == 301
        if "path" in redirect:
            redirect["path"] = redirect["path"]["replaceFullPath"]
        assert redirect == to
        assert "backendRefs" not in rule

    @pytest.mark.parametrize(
        "url", ["/elsewhere", "ftp://b.example.com", "https://b.example.com/x$request_uri", "https://$arg_to/"]
    )
    def test_what_is_no_plain_address_is_lost_and_the_service_asked(self, url: str) -> None:
        found = translated(ingress(annotations={"temporal-redirect": url}))
        assert lost(found) == {"temporal-redirect": TRAFFIC}
        assert rules(found)[0]["backendRefs"]

    def test_a_query_is_lost(self) -> None:
        found = translated(ingress(annotations={"permanent-redirect": "https://b.example.com/x?y=1"}))
        assert lost(found) == {"permanent-redirect": TRAFFIC}

    @pytest.mark.parametrize(("code", "becomes"), [("308", 308), ("303", 303), ("404", 301), ("200", 301)])
    def test_codes(self, code: str, becomes: int) -> None:
        annotations = {"permanent-redirect": "https://b.example.com", "permanent-redirect-code": code}
        (rule,) = rules(translated(ingress(annotations=annotations)))
        assert rule["filters"][0]["requestRedirect"]["statusCode"] == becomes

    def test_a_code_that_routes_do_not_have_is_told(self) -> None:
        annotations = {"permanent-redirect": "https://b.example.com", "permanent-redirect-code": "305"}
        assert lost(translated(ingress(annotations=annotations))) == {"permanent-redirect-code": TRAFFIC}

    def test_the_temporal_one_comes_before_the_permanent_one(self) -> None:
        annotations = {"permanent-redirect": "https://b.example.com", "temporal-redirect": "https://c.example.com"}
        (rule,) = rules(translated(ingress(annotations=annotations)))
        assert rule["filters"][0]["requestRedirect"]["hostname"] == "c.example.com"

    def test_the_root_alone_is_sent_to_the_application(self) -> None:
        first, second = rules(translated(ingress(path("/"), annotations={"app-root": "/app"})))
        assert first["matches"] == [{"path": {"type": "Exact", "value": "/"}}]
        assert first["filters"][0]["requestRedirect"] == {
            "path": {"type": "ReplaceFullPath", "replaceFullPath": "/app"},
            "statusCode": 302,
        }
        assert second["backendRefs"]

    def test_behind_a_proxy_that_ends_tls_the_proxys_header_decides(self) -> None:
        found = translated(ingress(annotations={"force-ssl-redirect": "true"}))
        first, second = rules(found)
        assert first["matches"][0]["headers"] == [{"name": "X-Forwarded-Proto", "type": "Exact", "value": "http"}]
        assert first["filters"][0]["requestRedirect"]["scheme"] == "https"
        assert second["backendRefs"]
        assert set(routes(found)) == {"web"}
