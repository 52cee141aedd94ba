"""What there is to say of an ingress or gateway controller, and of one that is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
PLAIN, TLS, EITHER = "http", "https", "either"
"""What a port speaks; `either` tells by the first byte."""
LEGACY_CLASS = "kubernetes.io/ingress.class"
DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class Class:
    """Of which class an Ingress is, as the API server would have it after admission."""

    name: str = ""
    """What `ingressClassName` says, or for one that says nothing the default class; empty: neither."""
    annotated: str = ""
    """What the annotation of old says."""
    controller: str = ""
    """Of the IngressClass of that name; empty: there is no such object."""


@dataclass(frozen=True)
class Running:
    """A controller that was found in the cluster."""

    edge: Edge
    workload: Object
    """The Deployment or DaemonSet that reads the API."""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Its arguments: names in small letters without dashes; one without a value is `true`."""
    ports: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """What its container declares, by name."""
    given: tuple[str, ...] = ()
    """Addresses that a scenario says it has, whatever its Services have."""
    ingress_name: str = ""
    """What a scenario says it is called in IngressClasses."""
    gateway_name: str = ""
    """The same in GatewayClasses."""

    @property
    def name(self) -> str:
        """`namespace/name` of its workload."""
        return f"{self.namespace}/{self.workload['metadata']['name']}"

    @property
    def namespace(self) -> str:
        return str(self.workload["metadata"].get("namespace", ""))

    @property
    def works(self) -> bool:
        """Whether one of its pods is ready: only then does it write any status."""
        status = self.workload.get("status") or {}
        return bool(status.get("readyReplicas") or status.get("numberReady"))

    @property
    def ingress_controller(self) -> str:
        """Its name in IngressClasses; empty: it takes no Ingress."""
        return self.ingress_name or self.edge.ingress_controller(self)

    @property
    def gateway_controller(self) -> str:
        """Its name in GatewayClasses; empty: it takes no Gateway."""
        return self.gateway_name or self.edge.gateway_controller(self)

    def takes(self, of: Class) -> bool:
        """Whether it serves Ingresses of a class."""
        return bool(self.ingress_controller) and self.edge.takes(self, of)


Addresses = list[Object]
"""As `status.loadBalancer.ingress` has them."""


def _nothing(_: Running) -> str:
    return ""


def no_redirect(_: Running, __: Object) -> int:
    return 0


def by_controller(running: Running, of: Class) -> bool:
    """As those do that go by the IngressClass alone."""
    return of.controller == running.ingress_controller and not of.annotated


@dataclass(frozen=True)
class Edge:
    """One controller, as its makers ship it."""

    title: str
    images: tuple[str, ...]
    """Ends of image repositories of the container that reads the API."""
    entries: Callable[[Running], Mapping[int, str]]
    """The ports of its pods at which it serves, and what they speak."""
    ingress_controller: Callable[[Running], str]
    takes: Callable[[Running, Class], bool]
    addresses: Callable[[Running, Registry], Addresses]
    """What it writes into the status of Ingresses; empty: nothing."""
    gateway_controller: Callable[[Running], str] = _nothing
    gateway_addresses: Callable[[Running, Registry], Addresses] | None = None
    """What it writes into the status of Gateways; None: the same as for Ingresses."""
    takes_gateway: Callable[[Running, Object, Registry], bool] = lambda *_: True
    """Whether it serves a Gateway of its class."""
    listens: Callable[[Running], Collection[int]] | None = None
    """The ports that listeners of Gateways may have; None: any."""
    needs_address: bool = True
    """Whether a Gateway is programmed only once there is an address to tell."""
    carriers: tuple[str, ...] = ()
    """Ends of image repositories of what carries its traffic in pods of their own; empty: it does so itself."""
    ends: tuple[str, ...] = ()
    """Words in the command of a container of its image that does something beforehand and ends."""
    helpers: tuple[str, ...] = ()
    """Ends of image repositories of what does nothing else."""
    default_certificate: str = ""
    """Whom the certificate names that it shows where no other fits; empty: it ends the handshake."""
    checks_certificates: bool = True
    """Whether a certificate counts only for names that stand in it; else for those that an object gives it for."""
    serves_tls: Callable[[Running, Object, str], bool] = lambda *_: True
    """Whether an Ingress (second) is served by HTTPS for a host (third)."""
    serves_plain: Callable[[Running, Object], bool] = lambda *_: True
    """Whether an Ingress is served by plain HTTP."""
    redirect: Callable[[Running, Object], int] = no_redirect
    """The status by which plain HTTP of an Ingress with TLS for this host is sent to HTTPS; 0: it is not."""
    looks_further: bool = False
    """Whether a path that no rule of a host has is looked for in rules for more hosts."""
    without_service: int = 503
    """The status where an Ingress names a Service that does not exist."""
    annotated: bool = False
    """Whether annotations of ingress-nginx count."""


def flag(running: Running, name: str, *, default: bool = False) -> bool:
    """A switch of the command line."""
    said = running.options.get(name.lower())
    return default if said is None else said.lower() not in ("false", "0", "f", "")


def named_ports(running: Running, speaks: Mapping[str, str]) -> dict[int, str]:
    """Those of its container that have one of these names."""
    return {number: speaks[name] for name, number in running.ports.items() if name in speaks}


def of_service(registry: Registry, said: str, namespace: str = "") -> Addresses:
    """Those of the load balancer of a Service `namespace/name`, as most controllers copy them; none: it has none."""
    service = service_named(registry, said, namespace)
    entries = dig(service, "status", "loadBalancer", "ingress", default=[])
    return [{key: entry[key] for key in ("ip", "hostname") if entry.get(key)} for entry in entries]


def service_named(registry: Registry, said: str, namespace: str = "") -> Object | None:
    where, slash, name = said.rpartition("/")
    return registry.find(registry.kinds.named("v1", "Service"), where if slash else namespace, name)
