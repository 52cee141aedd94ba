"""How long to wait for what was made reachable, and by which scheme to ask it: the same wherever it is proven.

None of it is ever required: whether pods are ready, or what a controller says, is no reason to take a right object
away again, and a status may not change a digest.
"""

from __future__ import annotations

from bot.domain.changes.change import Until, Wait
from bot.domain.network.ingresses import tls_of
from bot.domain.network.questions import Speech
from bot.domain.network.references import GRPC_ROUTE, TLS_ROUTE, Ref
from bot.domain.network.snapshot import IngressSpec

MOST = 3
"""Ports, hosts, Services or listeners of one object that are asked: of twenty a few stand for all."""
_ENDPOINTS_SECONDS = 60.0
_WORD_SECONDS = 60.0
_ADDRESS_SECONDS = 60.0
"""A cloud's load balancer often takes longer: then the report says that it is still waited for."""
_CLOUD_SECONDS = 300.0
_CLOUDS = ("k8s.io/ingress-gce", "ingress.k8s.aws/alb", "azure/application-gateway")
"""Controllers of Ingresses that have a load balancer made first, which takes minutes."""


def endpoints(service: Ref) -> Wait:
    """Until somebody is ready behind a Service."""
    return _wait(service, Until.ENDPOINTS_READY, _ENDPOINTS_SECONDS)


def address(ref: Ref, controller: str = "") -> Wait:
    """Until a Service or an Ingress has an address; `controller` is that of an Ingress's class."""
    return _wait(ref, Until.ADDRESS_ASSIGNED, _CLOUD_SECONDS if controller in _CLOUDS else _ADDRESS_SECONDS)


def attached(route: Ref) -> Wait:
    """Until the Gateways of a route take it."""
    return _wait(route, Until.ATTACHED, _WORD_SECONDS)


def programmed(gateway: Ref) -> Wait:
    """Until a Gateway is served."""
    return _wait(gateway, Until.PROGRAMMED, _WORD_SECONDS)


def _wait(ref: Ref, until: Until, seconds: float) -> Wait:
    return Wait(ref=ref, until=until, timeout_seconds=seconds, required=False)


def scheme_of_port(said: Speech) -> str:
    """For what a port is thought to speak."""
    return _http(said.tls) if said.http else "tcp"


def scheme_of_host(spec: IngressSpec, host: str) -> str:
    """For a host of an Ingress."""
    return _http(tls_of(spec, host) is not None)


def scheme_of_route(kind: str, protocol: str) -> str:
    """For a route of that kind at a listener of that protocol."""
    tls = protocol != "HTTP"
    if kind == TLS_ROUTE.name or (kind == GRPC_ROUTE.name and tls):
        return "tls"
    return "tcp" if kind == GRPC_ROUTE.name else _http(tls)


def scheme_of_listener(protocol: str) -> str:
    """For a listener that perhaps no route is attached to: without one nobody ends TLS that is passed on."""
    return "tcp" if protocol not in ("HTTP", "HTTPS") else protocol.lower()


def _http(tls: bool) -> str:
    return "https" if tls else "http"
