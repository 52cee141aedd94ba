"""Ingress controllers and gateways, one a file, declaring CONTROLLER. Here: what one is, and which ones are there.

To add one, write `<name>.py` with `CONTROLLER = IngressController(...)`. Without `install` it is recognised and
explained, and its makers' own ways install it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.network.listening import Listening
from bot.domain.network.references import JSONObject
from bot.domain.network.selectors import matches
from bot.domain.network.snapshot import DaemonSet, Deployment, IngressClass, Service
from bot.domain.plugins.cni import repository, tag_of
from bot.domain.plugins.edge.encrypting import Unencrypted
from bot.domain.plugins.edge.installation import EdgeInstallation
from bot.domain.plugins.edge.surroundings import Edge, name_of, part


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressController:
    """One controller."""

    title: str
    """As its makers write it: `Traefik`."""
    images: tuple[str, ...] = ()
    """Ends of image repositories, without registry and tag, any of which its workloads run; the tag is its version."""
    ingress_classes: tuple[str, ...] = ()
    """What IngressClasses name as their `spec.controller`, perhaps with a `/` and more behind it."""
    gateway_classes: tuple[str, ...] = ()
    """What GatewayClasses name as their `spec.controllerName`, likewise."""
    legacy_class: str = ""
    """The annotation `kubernetes.io/ingress.class` that it obeys without any IngressClass."""
    one_gateway: str = ""
    """Where it serves one Gateway alone, whatever others name its class: how that one is said, for people."""
    listening: Callable[[Sequence[JSONObject], Sequence[JSONObject]], Listening | None] | None = None
    """At which ports it listens for Gateways, from all Deployments and DaemonSets of its images, and the Services
    beside them; None: it makes what listens for each Gateway, or nobody knows."""
    unencrypted: Callable[[JSONObject, Sequence[JSONObject]], Unencrypted | None] | None = None
    """Why an Ingress with a certificate is not served by TLS, from the Ingress and the Deployments and DaemonSets that
    serve it. None: a certificate is enough, or nobody knows."""
    hosted: bool = False
    """Whether a cloud runs it where the API shows no workload."""
    retired: str = ""
    """Why nobody should use it any more, and what to do, for people."""
    install: EdgeInstallation | None = None
    why_not: str = ""
    """Why it is not installed here, and how it is, for people."""


Workload = Deployment | DaemonSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A controller that was found in a cluster: in one namespace, or by its classes alone."""

    name: str
    """As it is typed: `nginx-inc`; empty for one that no file knows."""
    title: str
    controller: IngressController | None
    namespace: str = ""
    """Where its workloads are; empty: none are seen."""
    workloads: tuple[Workload, ...] = ()
    version: str = ""
    """From the image's tag; empty when there is none that says a version."""
    classes: tuple[IngressClass, ...] = ()
    gateway_classes: tuple[JSONObject, ...] = ()
    services: tuple[Service, ...] = ()
    """Those that lead to its pods from outside, else all that lead to them."""

    @property
    def called(self) -> str:
        """`Traefik v3.7.9`."""
        return f"{self.title} {self.version}".strip()

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of its IngressClasses; without any, what it obeys by the annotation of old, unless it was told otherwise."""
        legacy = self.controller.legacy_class if self.controller and self.workloads else ""
        return tuple(each.name for each in self.classes) or ((legacy,) if legacy else ())

    @property
    def gateway_class_names(self) -> tuple[str, ...]:
        return tuple(map(name_of, self.gateway_classes))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where load balancers were given to it."""
        return tuple(address for service in self.services for address in service.status.addresses if address)


def recognise(edge: Edge, known: Mapping[str, IngressController]) -> tuple[Found, ...]:
    """What is there, by name and namespace: by its workloads; else by its classes, which nobody serves then."""
    by_place: dict[tuple[str, str], list[Workload]] = {}
    workloads: list[Workload] = [*edge.snapshot.deployments, *edge.snapshot.daemon_sets]
    for workload in workloads:
        for name, controller in known.items():
            if image_of(workload, controller):
                by_place.setdefault((name, workload.namespace), []).append(workload)
                break
    found = [
        _found(edge, name, known[name], namespace, tuple(its)) for (name, namespace), its in sorted(by_place.items())
    ]
    seen = {each.name for each in found}
    for name, controller in known.items():
        if name not in seen:
            alone = _with_classes(edge, Found(name=name, title=controller.title, controller=controller))
            if alone.classes or alone.gateway_classes:
                found.append(alone)
    return (*found, *_unknown(edge, known.values()))


def _found(edge: Edge, name: str, controller: IngressController, namespace: str, its: tuple[Workload, ...]) -> Found:
    version = next((version for each in its if (version := _version(image_of(each, controller)))), "")
    labels = [(each.spec.template.metadata.labels if each.spec.template.metadata else None) or {} for each in its]
    leading = [
        service
        for service in edge.snapshot.services
        if service.namespace == namespace
        and service.spec.selector
        and any(matches(service.spec.selector, own) for own in labels)
    ]
    outside = [each for each in leading if each.spec.type in ("LoadBalancer", "NodePort")]
    return _with_classes(
        edge,
        Found(
            name=name,
            title=controller.title,
            controller=controller,
            namespace=namespace,
            workloads=its,
            version=version,
            services=tuple(outside or leading),
        ),
    )


def _with_classes(edge: Edge, found: Found) -> Found:
    assert found.controller is not None
    of_ingresses, of_gateways = found.controller.ingress_classes, found.controller.gateway_classes
    return replace(
        found,
        classes=tuple(each for each in edge.snapshot.ingress_classes if names(each.spec.controller, of_ingresses)),
        gateway_classes=tuple(
            each for each in edge.gateway_classes if names(str(part(each, "spec", "controllerName")), of_gateways)
        ),
    )


def _unknown(edge: Edge, known: Iterable[IngressController]) -> Iterator[Found]:
    """Controllers that only classes tell of, and no file knows."""
    all_known = tuple(known)
    ingresses = tuple(name for each in all_known for name in each.ingress_classes)
    gateways = tuple(name for each in all_known for name in each.gateway_classes)
    classes: dict[str, list[IngressClass]] = {}
    gateway_classes: dict[str, list[JSONObject]] = {}
    for each in edge.snapshot.ingress_classes:
        if not names(each.spec.controller, ingresses):
            classes.setdefault(each.spec.controller, []).append(each)
    for object in edge.gateway_classes:
        if not names(said := str(part(object, "spec", "controllerName")), gateways):
            gateway_classes.setdefault(said, []).append(object)
    for title in sorted({*classes, *gateway_classes}):
        yield Found(
            name="",
            title=title or "a class without a controller",
            controller=None,
            classes=tuple(classes.get(title, ())),
            gateway_classes=tuple(gateway_classes.get(title, ())),
        )


def names(said: str, controllers: Iterable[str]) -> bool:
    """Whether what a class says names one of these controllers."""
    return any(said == each or said.startswith(each + "/") for each in controllers)


def ready(workload: Workload) -> tuple[int, int]:
    """How many of its pods are ready, and how many are wanted."""
    if isinstance(workload, DaemonSet):
        return workload.status.number_ready or 0, workload.status.desired_number_scheduled or 0
    wanted = 1 if workload.spec.replicas is None else workload.spec.replicas
    return workload.status.ready_replicas or 0, wanted


def runs(workload: JSONObject, controller: IngressController) -> bool:
    """Whether a Deployment or DaemonSet, as the API has it, runs one of its images."""
    containers: Any = part(workload, "spec", "template", "spec", "containers") or ()
    return any(_ends(str(each.get("image") or ""), end) for each in containers for end in controller.images)


def _ends(image: str, end: str) -> bool:
    own = repository(image)
    return own == end or own.endswith("/" + end)


def image_of(workload: Workload, controller: IngressController) -> str:
    """The image by which it is recognised; empty: it is another's. Earlier ends of repositories count first."""
    images = [each.image for each in workload.spec.template.spec.containers]
    for end in controller.images:
        for image in images:
            if _ends(image, end):
                return image
    return ""


def _version(image: str) -> str:
    tag = tag_of(image)
    return tag if any(character.isdigit() for character in tag) else ""
