"""The proof that an Ingress leads somewhere: who stands behind it answers, it is given an address, and its hosts answer
there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from bot.domain.changes import asking
from bot.domain.changes.change import Ask, Reach, Step
from bot.domain.network.ingresses import Route, backends, port_meant, routes
from bot.domain.network.probing import HTTPProbe, TCPProbe
from bot.domain.network.questions import speech_of
from bot.domain.network.references import Ref
from bot.domain.network.snapshot import IngressBackend, IngressSpec, Service, ServiceBackend, ServicePort

_MOST_PATHS = 5
"""Of those that bring a host or a Service that others do not, asked by address."""


@dataclass(frozen=True, slots=True)
class Led:
    """An Ingress as it is to stand, and whom it leads to."""

    ref: Ref
    spec: IngressSpec
    services: Mapping[str, Service]
    controller: str
    """Of its class; empty: not known."""
    idle: Collection[str] = ()
    """Services whose pods are scaled to zero: of these nobody is asked, since nobody would answer."""


def proof(led: Led) -> Iterator[Step]:
    """None of it is required: what does not answer is told, and undoes nothing."""
    yield from _behind(led)
    yield asking.address(led.ref, led.controller)
    yield from _from_outside(led)


def unasked(spec: IngressSpec) -> Iterator[str]:
    """What of it is not asked, for the plan to say."""
    paths, telling = list(routes(spec)), _telling(routes(spec))
    if len(telling) > _MOST_PATHS:
        yield f"Of its {len(paths)} paths {_MOST_PATHS} are asked by address afterwards, not each host and Service."
    elif len(paths) > len(telling):
        yield f"Of its {len(paths)} paths the first of each host and of each Service are asked by address afterwards."


def fresh(before: IngressSpec, after: IngressSpec) -> list[Route]:
    """Routes that it had not before, or that lead elsewhere from now on."""
    had = {(route.key, route.path_type): route.backend for route in routes(before)}
    return [route for route in routes(after) if had.get((route.key, route.path_type)) != route.backend]


def only(spec: IngressSpec, kept: Iterable[Route]) -> IngressSpec:
    """The Ingress with these of its routes alone."""
    there = {route.field for route in kept}
    rules = []
    for i, rule in enumerate(spec.rules or ()):
        paths = rule.http.paths if rule.http else ()
        left = [path for j, path in enumerate(paths or ()) if f"spec.rules[{i}].http.paths[{j}]" in there]
        if rule.http and left:
            http = msgspec.structs.replace(rule.http, paths=left)
            rules.append(msgspec.structs.replace(rule, http=http))
    return msgspec.structs.replace(spec, rules=rules)


def _behind(led: Led) -> Iterator[Step]:
    asked: list[tuple[Service, ServicePort, str]] = []
    for _, backend, address in backends(led.spec):
        service = led.services.get(backend.name)
        port = _port(service, backend)
        known = [(each.ref, number.port) for each, number, _ in asked]
        if service is None or port is None or backend.name in led.idle or (service.ref, port.port) in known:
            continue
        asked.append((service, port, address))
    for ref in dict.fromkeys(service.ref for service, *_ in asked[: asking.MOST]):
        yield asking.endpoints(ref)
    for service, port, address in asked[: asking.MOST]:
        path = askable(address[address.index("/") :]) if "/" in address else "/"
        yield _ask(service.ref, port, path)


def _ask(service: Ref, port: ServicePort, path: str) -> Ask:
    """An Ingress speaks HTTP to whom it leads to: only a port that says it is something else (gRPC) is asked by TCP."""
    said = speech_of(port)
    if said.sure and not said.http:
        return Ask(probe=TCPProbe(target=service, port=port.port))
    return Ask(probe=HTTPProbe(target=service, port=port.port, path=path, tls=said.tls), sure=True)


def _port(service: Service | None, backend: ServiceBackend) -> ServicePort | None:
    """None as well for a name outside of the cluster, which the API server cannot ask."""
    if service is None or service.spec.type == "ExternalName" or backend.port is None:
        return None
    return port_meant(service, backend.port)


def _from_outside(led: Led) -> Iterator[Step]:
    """The first path of each host, and of each Service."""
    paths = list(routes(led.spec))
    if not paths and not _is_idle(led, led.spec.default_backend):
        yield Reach(ref=led.ref, scheme=asking.scheme_of_host(led.spec, ""))
    for route in _telling(each for each in paths if not _is_idle(led, each.backend))[:_MOST_PATHS]:
        yield Reach(
            ref=led.ref, scheme=asking.scheme_of_host(led.spec, route.host), host=route.host, path=askable(route.path)
        )


def _telling(paths: Iterable[Route]) -> list[Route]:
    """Those that lead a host for the first time, or to a Service to which no path before them leads."""
    found: list[Route] = []
    for route in paths:
        hosts, services = {each.host for each in found}, {_service(each) for each in found}
        if route.host not in hosts or _service(route) not in services:
            found.append(route)
    return found


def _service(route: Route) -> str:
    return route.backend.service.name if route.backend.service else ""


def _is_idle(led: Led, backend: IngressBackend | None) -> bool:
    return backend is not None and backend.service is not None and backend.service.name in led.idle


def askable(path: str) -> str:
    """The path, or what stands before the first sign of a regular expression, up to a slash."""
    plain = re.match(r"[\w/.~%-]*", path)
    found = plain.group() if plain else ""
    return path if found == path else found.rpartition("/")[0] or "/"
