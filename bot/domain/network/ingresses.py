"""What Ingresses lead to: their routes, their class, and which of two routes stand in each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.network.snapshot import (
    Ingress,
    IngressBackend,
    IngressClass,
    IngressSpec,
    Service,
    ServiceBackend,
    ServiceBackendPort,
    ServicePort,
)

LEGACY_CLASS = "kubernetes.io/ingress.class"
"""What named the class before `spec.ingressClassName`:
https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation"""
RETIRED = "k8s.io/ingress-nginx"
"""Its controller gets no more fixes, of security neither, since March 2026:
https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/"""
_CANARY = "nginx.ingress.kubernetes.io/canary"
"""Marks one that shares the traffic of another with the same host and path:
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary"""


@dataclass(frozen=True, slots=True)
class Route:
    """One path of an Ingress."""

    host: str
    """Empty: every host; `*.example.com`: one label before it."""
    path: str
    path_type: str
    backend: IngressBackend
    field: str
    """Where it stands: `spec.rules[0].http.paths[1]`."""

    @property
    def key(self) -> tuple[str, str, bool]:
        """What two routes have in common that a controller cannot tell apart: host, path, and whether the path is
        exact. A slash at the end of a prefix means nothing
        (https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types)."""
        exact = self.path_type == "Exact"
        return self.host.lower(), self.path if exact else self.path.rstrip("/") or "/", exact

    def __str__(self) -> str:
        return f"{self.host or '*'}{self.path}"


def routes(spec: IngressSpec) -> Iterator[Route]:
    """Its paths in order; the default backend is none of them."""
    for i, rule in enumerate(spec.rules or ()):
        for j, path in enumerate((rule.http.paths if rule.http else None) or ()):
            yield Route(
                rule.host or "",
                path.path or "/",
                path.path_type or "ImplementationSpecific",
                path.backend,
                f"spec.rules[{i}].http.paths[{j}]",
            )


def backends(spec: IngressSpec) -> Iterator[tuple[str, ServiceBackend, str]]:
    """Each Service that it leads to, with where that stands in the object, and the address that leads there."""
    if spec.default_backend and spec.default_backend.service:
        yield "spec.defaultBackend", spec.default_backend.service, "everything else"
    for route in routes(spec):
        if route.backend.service is not None:
            yield f"{route.field}.backend", route.backend.service, str(route)


def hosts(spec: IngressSpec) -> tuple[str, ...]:
    """Its host names in order, each once; empty where it serves every host."""
    return tuple(dict.fromkeys(route.host for route in routes(spec)))


def secrets(spec: IngressSpec) -> dict[str, str]:
    """The TLS Secret of each host that has TLS; empty: the controller's own certificate."""
    return {host: each.secret_name or "" for each in reversed(spec.tls or ()) for host in each.hosts or ()}


def tls_of(spec: IngressSpec, host: str) -> str | None:
    """The TLS Secret that serves a host, by its own name, by a wildcard, or as an entry without hosts; empty: the
    controller's own certificate. None: it is served without TLS."""
    known = secrets(spec)
    if host in known:
        return known[host]
    wildcard = f"*.{host.partition('.')[2]}"
    if wildcard in known:
        return known[wildcard]
    return next((each.secret_name or "" for each in spec.tls or () if not each.hosts), None)


def class_of(ingress: Ingress) -> str:
    """The name of its class, by its field or by the old annotation; empty: it names none."""
    return ingress.spec.ingress_class_name or ingress.annotations.get(LEGACY_CLASS, "")


def is_canary(annotations: Mapping[str, str]) -> bool:
    """Whether it is meant to have the same host and path as another one."""
    return annotations.get(_CANARY, "").lower() == "true"


def default_classes(classes: Iterable[IngressClass]) -> tuple[str, ...]:
    """The names of those that are marked as the default one, sorted."""
    return tuple(sorted(each.name for each in classes if each.default))


def port_called(service: Service, wanted: str) -> ServicePort | None:
    """The port of a Service by its number or name, as text; a name that looks like a number is none."""
    for port in service.spec.ports or ():
        if wanted in (str(port.port), port.name):
            return port
    return None


def port_meant(service: Service, wanted: ServiceBackendPort) -> ServicePort | None:
    """The port of a Service that a backend names."""
    ports = service.spec.ports or ()
    return next(
        (each for each in ports if (each.name == wanted.name if wanted.name else each.port == wanted.number)), None
    )
