"""Ingresses to be translated, and real ones: annotations in the combinations in which people have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.domain.migration.attaching import Choice
from bot.domain.migration.features import Features
from bot.domain.migration.gateway_api import Gateway
from bot.domain.migration.governing import with_usual_names
from bot.domain.migration.neighbours import Neighbours
from bot.domain.migration.nginx import CONTROLLER, PREFIX
from bot.domain.migration.nginx.controller import Controller
from bot.domain.migration.outcome import Concern, Translation, Verdict
from bot.domain.migration.reading import Around
from bot.domain.migration.translating import translate
from bot.domain.network.references import JSONObject, Kind
from bot.domain.network.snapshot import Ingress, IngressClass, Service

HOST = "web.example.com"


def path(value: str = "/", type: str = "Prefix", service: str = "web", port: int | str | None = 80) -> dict[str, Any]:
    named = {"name": port} if isinstance(port, str) else {"number": port}
    return {"path": value, "pathType": type, "backend": {"service": {"name": service, "port": named}}}


def any_path(value: str, service: str = "web", port: int | str = 80) -> dict[str, Any]:
    return path(value, "ImplementationSpecific", service, port)


def manifest(
    *paths: Any,
    name: str = "web",
    host: str = HOST,
    hosts: Iterable[str] = (),
    tls: Any = (),
    annotations: Mapping[str, str] | None = None,
    class_name: str = "nginx",
    **spec: Any,
) -> dict[str, Any]:
    """As Kubernetes has it. `annotations` are short names of ingress-nginx, or whole ones with a slash; `tls` has hosts
    that have Secret `web-tls`, or entries as they are."""
    entries = [each if isinstance(each, dict) else {"hosts": [each], "secretName": "web-tls"} for each in tls]
    rules = [
        {**({"host": each} if each else {}), "http": {"paths": list(paths or (path(),))}} for each in hosts or (host,)
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "annotations": {key if "/" in key else PREFIX + key: value for key, value in (annotations or {}).items()},
        },
        "spec": {
            **({"ingressClassName": class_name} if class_name else {}),
            "rules": rules,
            **({"tls": entries} if entries else {}),
            **spec,
        },
    }


def ingress(*paths: Any, **more: Any) -> Ingress:
    return msgspec.convert(manifest(*paths, **more), Ingress)


def ingress_class(name: str = "nginx", controller: str = CONTROLLER, default: bool = False) -> IngressClass:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return msgspec.convert(
        {"metadata": {"name": name, "annotations": annotations}, "spec": {"controller": controller}}, IngressClass
    )


def service(name: str = "web", *ports: tuple[str, int], type: str = "ClusterIP") -> Service:
    listed = [
        {"name": each, "port": number} for each, number in ports or (("http", 80), ("grpc", 9000), ("https", 443))
    ]
    return msgspec.convert(
        {"metadata": {"name": name, "namespace": "shop"}, "spec": {"type": type, "ports": listed}}, Service
    )


CLASSES = (
    ingress_class(),
    ingress_class("traefik", "traefik.io/ingress-controller"),
    ingress_class("contour", "projectcontour.io/ingress-controller"),
    ingress_class("haproxy", "haproxy.org/ingress-controller/haproxy"),
    ingress_class("nginx-inc", "nginx.org/ingress-controller"),
)
SERVICES = tuple(service(name) for name in ("web", "api", "admin", "web-next", "docs"))


def minimal_definition(kind: Kind, bundle: str = "v1.6.1") -> dict[str, Any]:
    """A CustomResourceDefinition of the Gateway API without any schema, for machines without the real ones."""
    group, _, version = kind.api_version.partition("/")
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    annotations = {
        "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/4530",
        f"{group}/bundle-version": bundle,
        f"{group}/channel": "standard",
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{group}", "annotations": annotations},
        "spec": {
            "group": group,
            "names": {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower()},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }


def gateway(*listeners: Any, name: str = "edge", namespace: str = "infra") -> Gateway:
    spec = {"gatewayClassName": "some", "listeners": list(listeners)}
    return msgspec.convert({"metadata": {"name": name, "namespace": namespace}, "spec": spec}, Gateway)


def translated(
    wanted: Ingress,
    *others: Ingress,
    services: Iterable[Service] | None = SERVICES,
    classes: Iterable[IngressClass] = CLASSES,
    choice: Choice | None = None,
    features: Features | None = None,
    config_maps: Mapping[str, Mapping[str, str]] | None = None,
    routes: Sequence[JSONObject] = (),
    controllers: Sequence[Controller] | None = (),
) -> Translation:
    by_name = None if services is None else {"shop": {each.name: each for each in services}}
    neighbours = Neighbours([wanted, *others], classes)
    wanted, *others = with_usual_names([wanted, *others], neighbours, controllers)
    around = Around(
        neighbours=neighbours.of([wanted, *others]),
        services=by_name,
        features=features or Features(version="v1.6.1"),
        choice=choice or Choice(None, "some"),
        config_maps=config_maps or {},
        routes=routes,
        controllers=controllers,
    )
    return translate(wanted, around)


def of_kind(found: Translation, kind: str) -> list[Any]:
    return [each for each in found.manifests if each["kind"] == kind]


def routes(found: Translation) -> dict[str, Any]:
    """The spec of each HTTPRoute, by name."""
    return {each["metadata"]["name"]: each["spec"] for each in of_kind(found, "HTTPRoute")}


def rules(found: Translation, name: str = "web") -> list[Any]:
    return list(routes(found)[name]["rules"])


def lost(found: Translation) -> dict[str, Concern]:
    return {each.source: each.concern for each in found.lost}


def carried(found: Translation) -> dict[str, str]:
    return {each.source: each.becomes for each in found.carried}


@dataclass(frozen=True)
class Real:
    """An Ingress as people have it, and what is expected of it."""

    title: str
    manifest: dict[str, Any]
    verdict: Verdict
    lost: frozenset[str] = frozenset()
    others: tuple[dict[str, Any], ...] = field(default=())
    expects: tuple[str, ...] = ()
    """Kinds of the manifests, in order."""


REAL = (
    Real(
        "an application behind cert-manager with TLS, as most charts write it",
        manifest(
            tls=[HOST],
            annotations={"cert-manager.io/cluster-issuer": "letsencrypt", "kubernetes.io/ingress.class": "nginx"},
            class_name="",
        ),
        Verdict.WHOLLY,
        expects=("Gateway", "HTTPRoute", "HTTPRoute"),
    ),
    Real(
        "microservices by prefix, each stripped of it",
        manifest(
            any_path("/catalog(/|$)(.*)", "web"),
            any_path("/order(/|$)(.*)", "api", 9000),
            tls=[HOST],
            annotations={"use-regex": "true", "rewrite-target": "/$2", "proxy-body-size": "50m"},
        ),
        Verdict.PARTLY,
        frozenset({"proxy-body-size"}),
        expects=("Gateway", "HTTPRoute", "HTTPRoute"),
    ),
    Real(
        "an admin page with a password, for the office alone",
        manifest(
            path(service="admin"),
            tls=[HOST],
            annotations={
                "auth-type": "basic",
                "auth-secret": "admin-users",
                "auth-realm": "Authentication required",
                "whitelist-source-range": "10.0.0.0/8,192.0.2.7/32",
            },
        ),
        Verdict.PARTLY,
        frozenset({"auth-type", "auth-secret", "auth-realm", "whitelist-source-range"}),
    ),
    Real(
        "a dashboard behind oauth2-proxy",
        manifest(
            tls=[HOST],
            annotations={
                "auth-url": "http://oauth2-proxy.auth.svc.cluster.local/oauth2/auth",
                "auth-signin": "https://$host/oauth2/start?rd=$escaped_request_uri",
                "auth-response-headers": "X-Auth-Request-User,X-Auth-Request-Email",
                "auth-snippet": "proxy_set_header X-Forwarded-Host $http_host;",
                "proxy-buffer-size": "16k",
            },
        ),
        Verdict.PARTLY,
        frozenset({"auth-url", "auth-signin", "auth-response-headers", "auth-snippet", "proxy-buffer-size"}),
    ),
    Real(
        "sticky sessions with long reads and an HTTP that is not redirected",
        manifest(
            any_path("/nodefiles/?(.*)"),
            tls=[{"hosts": [HOST, f"*.{HOST}"], "secretName": "web-tls"}],
            annotations={
                "proxy-connect-timeout": "360",
                "proxy-send-timeout": "360",
                "proxy-read-timeout": "360",
                "affinity": "cookie",
                "session-cookie-name": "sticky",
                "session-cookie-expires": "172800",
                "session-cookie-max-age": "172800",
                "force-ssl-redirect": "false",
                "ssl-redirect": "false",
                "backend-protocol": "HTTP",
                "rewrite-target": "/nodefiles/$1",
            },
        ),
        Verdict.PARTLY,
        frozenset(
            {
                "proxy-connect-timeout",
                "affinity",
                "session-cookie-name",
                "session-cookie-expires",
                "session-cookie-max-age",
            }
        ),
        expects=("Gateway", "HTTPRoute"),
    ),
    Real(
        "gRPC services by name",
        manifest(
            any_path("/shop.catalog.v1.Catalog(/|$)(.*)", "api", "grpc"),
            path("/shop.order.v1.Orders", service="api", port="grpc"),
            tls=[HOST],
            annotations={"backend-protocol": "GRPC", "ssl-redirect": "true", "cert-manager.io/issuer": "own"},
        ),
        Verdict.WHOLLY,
        expects=("Gateway", "GRPCRoute", "HTTPRoute"),
    ),
    Real(
        "Argo CD's own server, by TLS that is passed through",
        manifest(
            path(port=443),
            annotations={"ssl-passthrough": "true", "force-ssl-redirect": "true", "backend-protocol": "HTTPS"},
        ),
        Verdict.WHOLLY,
        expects=("Gateway", "TLSRoute"),
    ),
    Real(
        "a dashboard that speaks HTTPS itself",
        manifest(path(port="https"), tls=[HOST], annotations={"backend-protocol": "HTTPS", "proxy-ssl-verify": "off"}),
        Verdict.PARTLY,
        frozenset({"backend-protocol", "proxy-ssl-verify"}),
        expects=("Gateway", "HTTPRoute", "HTTPRoute", "BackendTLSPolicy"),
    ),
    Real(
        "an API for other sites, with limits",
        manifest(
            path("/api", service="api", port="http"),
            hosts=("api.example.com", "api.example.org"),
            tls=[{"hosts": ["api.example.com", "api.example.org"], "secretName": "api-tls"}],
            annotations={
                "enable-cors": "true",
                "cors-allow-origin": "https://app.example.com, https://*.example.org",
                "cors-allow-methods": "GET, POST, OPTIONS",
                "cors-allow-headers": "Authorization, Content-Type",
                "limit-rps": "10",
                "limit-connections": "5",
                "limit-whitelist": "10.0.0.0/8",
            },
        ),
        Verdict.PARTLY,
        frozenset({"limit-rps", "limit-connections", "limit-whitelist"}),
        expects=("Gateway", "HTTPRoute", "HTTPRoute"),
    ),
    Real(
        "a canary by weight beside its main Ingress",
        manifest(tls=[HOST]),
        Verdict.WHOLLY,
        others=(
            manifest(
                path(service="web-next"),
                name="web-canary",
                annotations={"canary": "true", "canary-weight": "10", "canary-by-header": "X-Canary"},
            ),
        ),
        expects=("Gateway", "HTTPRoute", "HTTPRoute"),
    ),
    Real(
        "a moved site",
        manifest(
            hosts=("old.example.com", "www.old.example.com"),
            annotations={"permanent-redirect": "https://new.example.com$request_uri", "permanent-redirect-code": "308"},
        ),
        Verdict.WHOLLY,
        expects=("Gateway", "HTTPRoute"),
    ),
    Real(
        "a shop with www., an application root, and raw configuration",
        manifest(
            host="example.com",
            tls=[{"hosts": ["example.com", "www.example.com"], "secretName": "shop-tls"}],
            annotations={
                "from-to-www-redirect": "true",
                "app-root": "/store",
                "configuration-snippet": "more_set_headers 'X-Frame-Options: DENY';\nif ($http_user_agent ~* bot) {}",
                "server-snippet": "location ~ /\\.git { deny all; }",
            },
        ),
        Verdict.PARTLY,
        frozenset({"configuration-snippet", "server-snippet"}),
        expects=("Gateway", "HTTPRoute", "HTTPRoute", "HTTPRoute"),
    ),
    Real(
        "uploads without buffers, with names that the controller never had",
        manifest(
            annotations={
                "proxy-body-size": "0",
                "proxy-buffering": "off",
                "proxy-request-buffering": "off",
                "client-max-body-size": "0",
                "proxy-buffers": "4 256k",
                "websocket-services": "web",
            },
        ),
        Verdict.PARTLY,
        frozenset(
            {
                "proxy-body-size",
                "proxy-request-buffering",
                "client-max-body-size",
                "proxy-buffers",
                "websocket-services",
            }
        ),
    ),
    Real(
        "Traefik's, with annotations that were copied from elsewhere",
        manifest(
            tls=[HOST],
            class_name="traefik",
            annotations={
                "cert-manager.io/cluster-issuer": "letsencrypt-dns",
                "traefik.ingress.kubernetes.io/router.tls": "true",
                "traefik.ingress.kubernetes.io/router.middlewares": "shop-login@kubernetescrd",
                "ssl-passthrough": "true",
            },
        ),
        Verdict.PARTLY,
        frozenset({"traefik.ingress.kubernetes.io/router.tls", "traefik.ingress.kubernetes.io/router.middlewares"}),
        expects=("Gateway", "HTTPRoute"),
    ),
)
"""Combinations as found in public repositories (searched on 2026-11-28 for annotations such as rewrite-target,
auth-url, affinity, canary-weight, ssl-passthrough); the objects are our own."""
