"""What proves that something which undoing brings back, or puts back, is reachable again: the planners' own proofs, of
the object as it will stand.

What somebody else put there meanwhile is not what undoing is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.domain.changes import asking, fields, gateway_proof, ingress_proof, proof, route_proof
from bot.domain.changes.change import Apply, ChangeRecord, Edit, FieldValue, Restore, Step
from bot.domain.changes.inverse import prior
from bot.domain.changes.route_conflicts import Rivals
from bot.domain.changes.service_fitting import ports
from bot.domain.network.claims import takers
from bot.domain.network.ingresses import class_of, routes
from bot.domain.network.references import GATEWAY, GRPC_ROUTE, HTTP_ROUTE, INGRESS, SERVICE, TLS_ROUTE, JSONObject, Ref
from bot.domain.network.selected import Selected, selected
from bot.domain.network.services import PodIndex, only_idle
from bot.domain.network.snapshot import Ingress, IngressSpec, Service, Snapshot

ROUTES = (HTTP_ROUTE.name, GRPC_ROUTE.name, TLS_ROUTE.name)


@dataclass(frozen=True, slots=True)
class Returning:
    """An object that undoing writes."""

    object: JSONObject
    """As it will stand."""
    now: JSONObject | None = None
    """None: it is not there, and all of it comes back."""
    before: tuple[FieldValue, ...] = ()
    """What stood in the fields of the change before it."""

    @property
    def ref(self) -> Ref:
        return fields.ref_of(self.object)

    def stood(self, *path: str) -> Any:
        """What stood in a field before the change; None: nothing, or the change had nothing to do with it."""
        return next((each.value for each in self.before if each.path == path), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the proof rests on, as far as it could be read."""

    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    """By namespace: Services, pods and what makes pods."""
    controllers: Mapping[str, str] = field(default_factory=dict)
    """Of Ingress classes, by their names."""
    services: Mapping[Ref, JSONObject] = field(default_factory=dict)
    """Those that routes lead to."""
    gateways: Mapping[Ref, JSONObject] = field(default_factory=dict)
    """Those that routes name."""
    routes: Sequence[JSONObject] = ()
    """Of all namespaces."""


def returning(record: ChangeRecord, steps: Sequence[Step], current: Mapping[Ref, JSONObject | None]) -> list[Returning]:
    """What these steps bring back or put back of a change. `current` has the objects as they are now."""
    stood: dict[Ref, list[FieldValue]] = {}
    for step, done in zip(record.change.steps, record.steps, strict=True):
        if isinstance(step, Apply | Edit | Restore):
            stood.setdefault(step.ref, []).extend(prior(step, done))
    found = []
    for step in steps:
        if isinstance(step, Apply) and step.creates:
            found.append(Returning(step.manifest))
        elif isinstance(step, Restore) and (now := current.get(step.ref)) is not None:
            found.append(Returning(fields.with_fields(now, step.fields), now, tuple(stood.get(step.ref, ()))))
    return found


def steps(objects: Sequence[Returning], around: Around) -> Iterator[Step]:
    """None of them is required."""
    for each in objects:
        if each.ref.kind == SERVICE.name:
            yield from _service(each, around)
        elif each.ref.kind == INGRESS.name:
            yield from _ingress(each, objects, around)
        elif each.ref.kind == GATEWAY.name:
            yield from gateway_proof.steps(each.object)
        elif each.ref.kind in ROUTES:
            yield from _route(each.object, objects, around)


def _service(back: Returning, around: Around) -> Iterator[Step]:
    spec, now = _spec(back.object), _spec(back.now)
    if (stood := back.stood("spec", "ports")) is not None:
        theirs = [each for each in ports(now) if each["port"] not in {port["port"] for port in stood}]
        spec = spec | {"ports": [each for each in ports(spec) if each not in theirs]}
    changed = proof.changed_ports(now, spec) if back.now is not None else None
    yield from proof.of_service(back.ref, spec, _selected(back.ref, spec, around), changed)


def _selected(service: Ref, spec: JSONObject, around: Around) -> Selected:
    snapshot, selector = around.snapshots.get(service.namespace), spec.get("selector")
    if snapshot is None or not isinstance(selector, dict) or not selector:
        return Selected((), (), known=False)
    return selected(snapshot, service.namespace, {key: str(value) for key, value in selector.items()})


def _ingress(back: Returning, objects: Sequence[Returning], around: Around) -> Iterator[Step]:
    ingress = msgspec.convert(back.object, Ingress)
    spec = _asked_of(back, ingress.spec)
    if not spec.rules and not spec.default_backend:
        yield asking.address(back.ref)
        return
    snapshot = around.snapshots.get(back.ref.namespace)
    services = {each.name: each for each in (snapshot.services if snapshot else ())}
    services |= {
        each.ref.name: msgspec.convert(each.object, Service)
        for each in objects
        if (each.ref.kind, each.ref.namespace) == (SERVICE.name, back.ref.namespace)
    }
    pods = PodIndex(snapshot) if snapshot else None
    idle = [name for name, service in services.items() if pods and only_idle(service, pods)]
    controller = around.controllers.get(class_of(ingress), "")
    yield from ingress_proof.proof(ingress_proof.Led(back.ref, spec, services, controller, idle))


def _asked_of(back: Returning, spec: IngressSpec) -> IngressSpec:
    """What is put back of it; where that is none of its paths, those that were there before the change."""
    if back.now is None:
        return spec
    if elsewhere := ingress_proof.fresh(msgspec.convert(_spec(back.now), IngressSpec), spec):
        return ingress_proof.only(spec, elsewhere)
    if (stood := back.stood("spec", "rules")) is None:
        return spec
    own = {route.key for route in routes(msgspec.convert({"rules": stood}, IngressSpec))}
    return ingress_proof.only(spec, [route for route in routes(spec) if route.key in own])


def _route(route: JSONObject, objects: Sequence[Returning], around: Around) -> Iterator[Step]:
    """By the first Gateway that takes it, which may come back along with it."""
    gateways = {**around.gateways, **{each.ref: each.object for each in objects if each.ref.kind == GATEWAY.name}}
    services = {**around.services, **{each.ref: each.object for each in objects if each.ref.kind == SERVICE.name}}
    asked: list[route_proof.Asked] = []
    for ref, gateway in gateways.items():
        if served := list(takers(gateway, ref, route)):
            asked = route_proof.asked(route, served, Rivals(route, ref, served, around.routes))
            break
    yield from route_proof.steps(route, asked, services)


def _spec(object: JSONObject | None) -> JSONObject:
    found = (object or {}).get("spec")
    return found if isinstance(found, dict) else {}
