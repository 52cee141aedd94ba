"""Traefik v3: https://doc.traefik.io/traefik/v3.7/reference/install-configuration/providers/kubernetes/kubernetes-ingress/.

Without `ingressclass` it takes Ingresses of any class whose controller it is, those annotated `traefik`, and those
without a class; it writes addresses only when `ingressendpoint` tells it which. An entry point speaks TLS with whoever
begins with it, but a router answers there only when it has TLS by the entry point or by annotation: `spec.tls` alone
loads a certificate (pkg/provider/kubernetes/ingress/kubernetes.go). A Gateway's listener must have the port of an entry
point (pkg/provider/kubernetes/gateway/kubernetes.go).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.playground.cluster_server.edges.contract import (
    EITHER,
    Addresses,
    Class,
    Edge,
    Object,
    Running,
    flag,
    named_ports,
    of_service,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

_INGRESS, _GATEWAY = "providers.kubernetesingress", "providers.kubernetesgateway"
_ADDRESS = re.compile(r"entrypoints\.([^.]+)\.address")
_ROUTER_TLS, _ROUTER_ENTRIES = "traefik.ingress.kubernetes.io/router.tls", (
    "traefik.ingress.kubernetes.io/router.entrypoints"
)  # fmt: skip
_INTERNAL = ("traefik", "metrics")
"""Entry points of Traefik's own: nothing of Ingresses is served there."""


def _points(running: Running) -> dict[str, int]:
    """Entry points by name. Where none is said, as in excerpts, the container's ports of the usual names."""
    found = {}
    for option, value in running.options.items():
        if said := _ADDRESS.fullmatch(option):
            number = value.rpartition(":")[2].partition("/")[0]
            if number.isdecimal() and not value.endswith("/udp"):
                found[said.group(1)] = int(number)
    usual = {name: number for name, number in running.ports.items() if name in ("web", "websecure")}
    return {name: number for name, number in (found or usual).items() if name not in _INTERNAL}


def _entries(running: Running) -> Mapping[int, str]:
    return dict.fromkeys(_points(running).values(), EITHER) or named_ports(running, {"http": EITHER, "https": EITHER})


def _says(running: Running, provider: str) -> bool:
    return any(option == provider or option.startswith(f"{provider}.") for option in running.options)


def _ingress_controller(running: Running) -> str:
    return "traefik.io/ingress-controller" if _says(running, _INGRESS) and flag(running, _INGRESS, default=True) else ""


def _gateway_controller(running: Running) -> str:
    return "traefik.io/gateway-controller" if _says(running, _GATEWAY) and flag(running, _GATEWAY, default=True) else ""


def _takes(running: Running, of: Class) -> bool:
    wanted = running.options.get(f"{_INGRESS}.ingressclass", "")
    if of.name:
        return of.controller == running.ingress_controller and wanted in ("", of.name)
    return of.annotated == wanted or (not wanted and of.annotated == "traefik")


def _addresses(running: Running, registry: Registry) -> Addresses:
    endpoint = f"{_INGRESS}.ingressendpoint"
    if service := running.options.get(f"{endpoint}.publishedservice"):
        return of_service(registry, service)
    said = {key: running.options.get(f"{endpoint}.{key}", "") for key in ("ip", "hostname")}
    return [{key: value for key, value in said.items() if value}] if any(said.values()) else []


def _gateway_addresses(running: Running, registry: Registry) -> Addresses:
    status = f"{_GATEWAY}.statusaddress"
    if name := running.options.get(f"{status}.service.name"):
        return of_service(registry, f"{running.options.get(f'{status}.service.namespace', '')}/{name}")
    said = {key: running.options.get(f"{status}.{key}", "") for key in ("ip", "hostname")}
    return [{key: value for key, value in said.items() if value}] if any(said.values()) else []


def _has_tls(running: Running, ingress: Object) -> bool:
    """By its annotation, or because one of its entry points has TLS for all."""
    annotations = dig(ingress, "metadata", "annotations", default={})
    if annotations.get(_ROUTER_TLS) == "true":
        return True
    said = annotations.get(_ROUTER_ENTRIES, "")
    names = [name.strip() for name in said.split(",")] if said else list(_points(running))
    return any(_point_has_tls(running, name.lower()) for name in names)


def _point_has_tls(running: Running, name: str) -> bool:
    tls = f"entrypoints.{name}.http.tls"
    return flag(running, tls) or any(option.startswith(f"{tls}.") for option in running.options)


def _serves_plain(running: Running, ingress: Object) -> bool:
    annotations = dig(ingress, "metadata", "annotations", default={})
    return bool(annotations.get(_ROUTER_TLS) != "true")


TRAEFIK = Edge(
    "Traefik", ("traefik",), entries=_entries, ingress_controller=_ingress_controller, takes=_takes,
    addresses=_addresses, gateway_controller=_gateway_controller, gateway_addresses=_gateway_addresses,
    listens=lambda running: _entries(running).keys(), needs_address=False,
    default_certificate="TRAEFIK DEFAULT CERT", serves_tls=lambda running, ingress, _: _has_tls(running, ingress),
    serves_plain=_serves_plain, looks_further=True, without_service=404,
)  # fmt: skip
