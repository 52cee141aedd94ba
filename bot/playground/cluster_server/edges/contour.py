"""Contour with its Envoys, as one file ships them: https://projectcontour.io/docs/1.33/config/ingress/.

It goes by the name of a class, `contour` unless told otherwise, and asks for no IngressClass object; told no name, it
also takes Ingresses without one (internal/ingressclass/ingressclass.go). Addresses are those of the load balancer of
the Service `envoy` beside it, or what the configuration says. Envoy knows a host by HTTPS only when its Ingress has TLS
with a Secret, and ends other handshakes. Gateways: one, which the configuration names.
"""

from __future__ import annotations

from typing import Any

import yaml

from bot.playground.cluster_server.edges.contract import (
    PLAIN,
    TLS,
    Addresses,
    Class,
    Edge,
    Object,
    Running,
    of_service,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

_FORCE = "ingress.kubernetes.io/force-ssl-redirect"
_MOST_CONFIGURATION = 65536


def _configuration(running: Running, registry: Registry) -> Object:
    """What the ConfigMap says that it mounts; empty: it cannot be read."""
    for volume in dig(running.workload, "spec", "template", "spec", "volumes", default=()):
        name = dig(volume, "configMap", "name", default="")
        found = registry.find(registry.kinds.named("v1", "ConfigMap"), running.namespace, name) if name else None
        text = dig(found, "data", "contour.yaml", default="")
        if text and len(text) <= _MOST_CONFIGURATION:
            return _read(text)
    return {}


def _read(text: str) -> Object:
    try:
        said: Any = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return {}
    return said if isinstance(said, dict) else {}


def _takes(running: Running, of: Class) -> bool:
    said = running.options.get("ingress-class-name", "")
    wanted = {name.strip() for name in said.split(",") if name.strip()}
    asked = of.annotated or of.name
    return asked in (wanted or {"contour"}) or (not asked and not wanted)


def _addresses(running: Running, registry: Registry) -> Addresses:
    fixed = running.options.get("ingress-status-address") or _configuration(running, registry).get(
        "ingress-status-address", ""
    )
    if fixed:
        return [{"ip" if str(fixed).replace(".", "").isdecimal() else "hostname": str(fixed)}]
    name = running.options.get("envoy-service-name", "envoy")
    return of_service(registry, f"{running.options.get('envoy-service-namespace', running.namespace)}/{name}")


def _takes_gateway(running: Running, gateway: Object, registry: Registry) -> bool:
    reference = dig(_configuration(running, registry), "gateway", "gatewayRef", default={})
    metadata = gateway["metadata"]
    return (reference.get("namespace"), reference.get("name")) == (metadata.get("namespace"), metadata["name"])


def _serves_tls(_: Running, ingress: Object, host: str) -> bool:
    return any(
        said.get("secretName") and host in (said.get("hosts") or ()) for said in ingress["spec"].get("tls") or ()
    )


def _redirect(_: Running, ingress: Object) -> int:
    return 301 if dig(ingress, "metadata", "annotations", _FORCE) == "true" else 0


CONTOUR = Edge(
    "Contour", ("projectcontour/contour",), entries=lambda _: {8080: PLAIN, 8443: TLS},
    ingress_controller=lambda _: "projectcontour.io/ingress-controller", takes=_takes, addresses=_addresses,
    gateway_controller=lambda _: "projectcontour.io/gateway-controller", takes_gateway=_takes_gateway,
    carriers=("envoyproxy/envoy",), ends=("certgen", "bootstrap"), checks_certificates=False,
    serves_tls=_serves_tls, redirect=_redirect, without_service=404,
)  # fmt: skip
