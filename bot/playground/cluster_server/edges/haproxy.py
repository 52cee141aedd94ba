"""HAProxy Kubernetes Ingress Controller of HAProxy Technologies:
https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/controller.md.

Without `--ingress.class` it takes Ingresses without a class, unless another class is the default, and those of
a class `haproxy.org/ingress-controller`; with it, those annotated so or of a class
`haproxy.org/ingress-controller/<class>`, and those without a class when `--empty-ingress-class` is there
(pkg/ingress/ingress.go). It writes addresses only with `--publish-service`. Hosts with TLS are sent to HTTPS by 302.
"""

from __future__ import annotations

from collections.abc import Mapping

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

_CONTROLLER = "haproxy.org/ingress-controller"
_REDIRECT = "haproxy.org/ssl-redirect"


def _entries(running: Running) -> Mapping[int, str]:
    """Those of the options; the image binds 8080 and 8443 itself."""
    plain = running.options.get("http-bind-port", "") or running.ports.get("http", 8080)
    tls = running.options.get("https-bind-port", "") or running.ports.get("https", 8443)
    return {int(plain): PLAIN, int(tls): TLS}


def _class(running: Running) -> str:
    return running.options.get("ingress.class", "")


def _ingress_controller(running: Running) -> str:
    return f"{_CONTROLLER}/{_class(running)}" if _class(running) else _CONTROLLER


def _takes(running: Running, of: Class) -> bool:
    wanted = _class(running)
    if of.annotated:
        return bool(wanted) and of.annotated == wanted
    if of.controller == _ingress_controller(running):
        return True
    return not of.name and (not wanted or flag(running, "empty-ingress-class"))


def _addresses(running: Running, registry: Registry) -> Addresses:
    return of_service(registry, running.options.get("publish-service", ""))


def _redirect(_: Running, ingress: Object) -> int:
    return 0 if dig(ingress, "metadata", "annotations", _REDIRECT) == "false" else 302


HAPROXY = Edge(
    "HAProxy", ("haproxytech/kubernetes-ingress",), entries=_entries, ingress_controller=_ingress_controller,
    takes=_takes, addresses=_addresses, default_certificate="localhost", redirect=_redirect,
)  # fmt: skip
