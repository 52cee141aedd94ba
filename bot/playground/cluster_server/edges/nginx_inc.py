"""NGINX Ingress Controller of NGINX Inc (F5): https://docs.nginx.com/nginx-ingress-controller/configuration/.

It takes Ingresses of the class that `-ingress-class` names, `nginx` unless told otherwise, whose IngressClass it must
find with its own controller name; never those without a class. Addresses come from `-external-service`, when
`-report-ingress-status` is there. Hosts with TLS are sent to HTTPS by 301; a handshake for others is ended.
"""

from __future__ import annotations

from bot.playground.cluster_server.edges.contract import (
    PLAIN,
    TLS,
    Addresses,
    Class,
    Edge,
    Object,
    Running,
    flag,
    of_service,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

_CONTROLLER = "nginx.org/ingress-controller"
_REDIRECT = "nginx.org/ssl-redirect"


def _takes(running: Running, of: Class) -> bool:
    wanted = running.options.get("ingress-class", "nginx")
    asked = of.annotated or of.name
    return asked == wanted and (bool(of.annotated) or of.controller == _CONTROLLER)


def _addresses(running: Running, registry: Registry) -> Addresses:
    if not flag(running, "report-ingress-status"):
        return []
    return of_service(registry, running.options.get("external-service", ""), running.namespace)


def _serves_tls(_: Running, ingress: Object, host: str) -> bool:
    return any(host in (said.get("hosts") or ()) for said in ingress["spec"].get("tls") or ())


def _redirect(_: Running, ingress: Object) -> int:
    annotations = dig(ingress, "metadata", "annotations", default={})
    return 0 if annotations.get(_REDIRECT, annotations.get("ingress.kubernetes.io/ssl-redirect")) == "false" else 301


NGINX_INC = Edge(
    "NGINX Ingress Controller (NGINX Inc)", ("nginx/nginx-ingress", "nginx-ic/nginx-plus-ingress"),
    entries=lambda _: {80: PLAIN, 443: TLS}, ingress_controller=lambda _: _CONTROLLER, takes=_takes,
    addresses=_addresses, checks_certificates=False, serves_tls=_serves_tls, redirect=_redirect,
)  # fmt: skip
