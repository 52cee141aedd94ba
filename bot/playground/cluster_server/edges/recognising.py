"""Which controllers are in the cluster: by the images of Deployments and DaemonSets, and by what a scenario says.

Everything is looked up when it is asked for, so what somebody installs or removes counts at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.playground.cluster_server.edges import ALL
from bot.playground.cluster_server.edges.attaching import Attaching
from bot.playground.cluster_server.edges.contract import (
    DEFAULT_CLASS,
    LEGACY_CLASS,
    Addresses,
    Class,
    Edge,
    Running,
)
from bot.playground.cluster_server.edges.declared import DECLARED
from bot.playground.cluster_server.networks.contract import repository
from bot.playground.cluster_server.networks.hosts import probed_ports
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.pods.programs import Program, Reply
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WORKLOADS = ("Deployment", "DaemonSet")


class Said(Protocol):
    """What a scenario says of controllers: by name, the Deployment (`namespace/name`) and its addresses."""

    ingress_controllers: dict[str, tuple[str, tuple[str, ...]]]
    gateway_controllers: dict[str, tuple[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Entry:
    """A port at which a controller takes connections."""

    running: Running
    ports: frozenset[int]
    """Those that a Gateway's listener may mean: the pod's, and that of the Service which led there."""
    speaks: str


class Edges:
    """Looks at the registry; keeps nothing."""

    def __init__(self, registry: Registry, said: Said) -> None:
        self.registry = registry
        self._said = said

    def all(self) -> list[Running]:
        """Those that are installed, working or not, and those of the scenario whose Deployment is there."""
        found = {running.name: running for running in self._recognised()}
        for controller, (workload, addresses) in self._said.ingress_controllers.items():
            if running := found.get(workload) or self._declared(workload):
                found[workload] = dataclasses.replace(running, given=addresses, ingress_name=controller)
        for controller, (workload, addresses) in self._said.gateway_controllers.items():
            if running := found.get(workload) or self._declared(workload):
                given = running.given or addresses
                found[workload] = dataclasses.replace(running, given=given, gateway_name=controller)
        return list(found.values())

    def named(self, name: str) -> Running | None:
        """By the `namespace/name` of its workload."""
        return next((running for running in self.all() if running.name == name), None)

    def of_gateway_class(self, controller: str) -> list[Running]:
        """Those that answer to a name in GatewayClasses, and work."""
        return [running for running in self.all() if controller == running.gateway_controller and running.works]

    def of_ingress(self, ingress: Object) -> Running | None:
        """The first that takes it, and works."""
        of = self.class_of(ingress)
        return next((running for running in self.all() if running.works and running.takes(of)), None)

    def ingresses(self, running: Running) -> list[Object]:
        """Those that it takes, oldest first."""
        kind = self.registry.kinds.named("networking.k8s.io/v1", "Ingress")
        taken = [each for each in self.registry.list(kind) if running.takes(self.class_of(each))]
        return sorted(taken, key=lambda each: each["metadata"].get("creationTimestamp") or "")

    def class_of(self, ingress: Object) -> Class:
        """The default class counts for one that says nothing: the API server would have written it there."""
        annotated = (ingress["metadata"].get("annotations") or {}).get(LEGACY_CLASS, "")
        name = ingress["spec"].get("ingressClassName") or ""
        for found in self.registry.list(self.registry.kinds.named("networking.k8s.io/v1", "IngressClass")):
            metadata = found["metadata"]
            is_default = (metadata.get("annotations") or {}).get(DEFAULT_CLASS) == "true"
            if metadata["name"] == (name or annotated) or (is_default and not name and not annotated):
                controller = dig(found, "spec", "controller", default="")
                return Class(name or ("" if annotated else metadata["name"]), annotated, controller)
        return Class(name, annotated)

    def addresses(self, running: Running) -> Addresses:
        """What it writes into the status of Ingresses."""
        if running.given:
            return [{"ip": address} for address in running.given]
        return running.edge.addresses(running, self.registry)

    def gateway_addresses(self, running: Running) -> Addresses:
        """What it writes into the status of Gateways."""
        if running.given:
            return [{"ip": address} for address in running.given]
        return (running.edge.gateway_addresses or running.edge.addresses)(running, self.registry)

    def entry(self, pod: Object, port: int, service_port: int) -> Entry | None:
        """The controller that takes connections at this port of a pod; None: it is a port like any other."""
        for running in self.all():
            speaks = running.edge.entries(running).get(port)
            if speaks and _carries(running, pod):
                ports = {port} if running.edge.listens else {port, service_port}
                return Entry(running, frozenset(ports), speaks)
        return None

    def entry_outside(self, name: str, port: int) -> Entry | None:
        """The same at an address that a scenario gives it; listeners of Gateways have their own ports."""
        running = self.named(name)
        if running is None or not running.works:
            return None
        speaks = DECLARED.entries(running).get(port) or self._listens(running, port)
        return Entry(running, frozenset({port}), speaks) if speaks else None

    def _listens(self, running: Running, port: int) -> str:
        return Attaching(self.registry).speaks(running, port)

    def outside(self, address: str) -> str:
        """To which controller a scenario gives an address; empty: to none."""
        for said in (self._said.ingress_controllers, self._said.gateway_controllers):
            for workload, addresses in said.values():
                if address in addresses:
                    return workload
        return ""

    def program(self, container: Object, program: Program) -> Program:
        """What a container of a controller does: one that works beforehand ends well, others answer their probes."""
        image = repository(container.get("image", ""))
        words = {*(container.get("command") or ()), *(container.get("args") or ())}
        for edge in ALL:
            if _ends(image, edge.helpers) or (_ends(image, edge.images) and words & set(edge.ends)):
                return dataclasses.replace(program, exit_code=0) if program.exit_code is None else program
            if _ends(image, (*edge.images, *edge.carriers)):
                http = {port: {"": Reply("ok\n")} for port in probed_ports(container)} | program.http
                return dataclasses.replace(program, http=http)
        return program

    def _recognised(self) -> Iterator[Running]:
        for kind in _WORKLOADS:
            for workload in self.registry.list(self.registry.kinds.named("apps/v1", kind)):
                for container in dig(workload, "spec", "template", "spec", "containers", default=()):
                    image = repository(container.get("image", ""))
                    edge = next((edge for edge in ALL if _ends(image, edge.images)), None)
                    if edge and not _is_beside(container, workload, edge):
                        yield Running(edge, workload, _options(container, workload), _ports(container))
                        break

    def _declared(self, workload: str) -> Running | None:
        namespace, _, name = workload.partition("/")
        for kind in _WORKLOADS:
            if found := self.registry.find(self.registry.kinds.named("apps/v1", kind), namespace, name):
                return Running(DECLARED, found)
        return None


def _ends(image: str, ends: Iterable[str]) -> bool:
    return any(image == end or image.endswith(f"/{end}") for end in ends)


def _is_beside(container: Object, workload: Object, edge: Edge) -> bool:
    """Whether it only stands beside what carries the traffic: Contour's Envoys have such a one."""
    images = [repository(c.get("image", "")) for c in workload["spec"]["template"]["spec"]["containers"]]
    return any(_ends(image, edge.carriers) for image in images)


def _carries(running: Running, pod: Object) -> bool:
    if pod["metadata"].get("namespace", "") != running.namespace:
        return False
    if running.edge.carriers:
        return any(_ends(repository(c.get("image", "")), running.edge.carriers) for c in pod["spec"]["containers"])
    return selector_matches(running.workload["spec"]["selector"], pod["metadata"].get("labels") or {})


def _options(container: Object, workload: Object) -> Mapping[str, str]:
    """`--Name=value`, `-name value` and `--name`, in small letters; of several the last. Variables are those of the
    pod's namespace and of plain values."""
    variables = {}
    for said in container.get("env") or ():
        if dig(said, "valueFrom", "fieldRef", "fieldPath") == "metadata.namespace":
            variables[said["name"]] = workload["metadata"].get("namespace", "")
        elif "value" in said:
            variables[said["name"]] = str(said["value"])
    found: dict[str, str] = {}
    last = ""
    for word in (*(container.get("command") or ()), *(container.get("args") or ())):
        for name, value in variables.items():
            word = word.replace(f"$({name})", value)
        if word.startswith("-"):
            last, equals, value = word.lstrip("-").partition("=")
            last = last.lower()
            found[last] = value if equals else "true"
            last = "" if equals else last
        elif last:
            found[last], last = word, ""
    return found


def _ports(container: Object) -> Mapping[str, int]:
    return {said["name"]: said["containerPort"] for said in container.get("ports") or () if said.get("name")}
