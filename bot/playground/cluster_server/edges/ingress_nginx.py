"""ingress-nginx, retired in March 2026: https://kubernetes.github.io/ingress-nginx/user-guide/cli-arguments/.

It takes classes whose controller is its `--controller-class`, what is annotated with `--ingress-class`, and Ingresses
without a class with `--watch-ingress-without-class`. Addresses are those of `--publish-service`, or
`--publish-status-address`, or else of the nodes on which it runs (internal/ingress/status/status.go). Hosts with TLS
are sent to HTTPS by 308; every host is served by HTTPS, with a certificate that names nobody where none fits.
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
    service_named,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

_PREFIX = "nginx.ingress.kubernetes.io/"


def _controller(running: Running) -> str:
    return running.options.get("controller-class", "k8s.io/ingress-nginx")


def _takes(running: Running, of: Class) -> bool:
    wanted = running.options.get("ingress-class", "nginx")
    if of.name and of.controller == _controller(running):
        return True
    if of.name:
        return flag(running, "ingress-class-by-name") and of.name == wanted
    if of.annotated:
        return of.annotated == wanted
    return flag(running, "watch-ingress-without-class")


def _addresses(running: Running, registry: Registry) -> Addresses:
    if said := running.options.get("publish-status-address"):
        return [{"ip": address.strip()} for address in said.split(",")]
    if service := running.options.get("publish-service"):
        return _of_published(registry, service)
    return [{"ip": address} for address in sorted(_hosts(running, registry))]


def _of_published(registry: Registry, name: str) -> Addresses:
    """A node port's Service has nothing but its address in the cluster to tell."""
    service = service_named(registry, name)
    if service is None:
        return []
    outside = [{"ip": address} for address in service["spec"].get("externalIPs") or ()]
    if service["spec"]["type"] == "LoadBalancer":
        return [*of_service(registry, name), *outside]
    return outside or [{"ip": service["spec"]["clusterIP"]}]


def _hosts(running: Running, registry: Registry) -> set[str]:
    """Addresses of the nodes on which its pods are."""
    pods = registry.list(registry.kinds.named("v1", "Pod"), running.namespace)
    selector = running.workload["spec"]["selector"]
    mine = [pod for pod in pods if selector_matches(selector, pod["metadata"].get("labels") or {})]
    return {pod["status"]["hostIP"] for pod in mine if dig(pod, "status", "hostIP")}


def _redirect(_: Running, ingress: Object) -> int:
    return 0 if dig(ingress, "metadata", "annotations", f"{_PREFIX}ssl-redirect") == "false" else 308


_NOBODY = "Kubernetes Ingress Controller Fake Certificate"
INGRESS_NGINX = Edge(
    "ingress-nginx", ("ingress-nginx/controller",), entries=lambda _: {80: PLAIN, 443: TLS},
    ingress_controller=_controller, takes=_takes, addresses=_addresses, redirect=_redirect,
    helpers=("ingress-nginx/kube-webhook-certgen",), default_certificate=_NOBODY, annotated=True,
)  # fmt: skip
