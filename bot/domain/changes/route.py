"""Plans a route of the Gateway API that leads requests from a Gateway to ports of Services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import fields, granting, route_proof
from bot.domain.changes.change import Apply, Change, Premise
from bot.domain.changes.gateway_same import says_the_same
from bot.domain.changes.granting import Reference
from bot.domain.changes.proof import spoken
from bot.domain.changes.route_conflicts import Rivals, escaped
from bot.domain.changes.route_gateway import Attachment
from bot.domain.changes.route_manifest import manifest
from bot.domain.changes.route_wanted import REGULAR_EXPRESSION, Backend, Wanted
from bot.domain.network.claims import requests
from bot.domain.network.references import JSON, TLS_ROUTE, JSONObject
from bot.errors import Conflict, NotFound, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The full current objects that the plan rests on."""

    attachment: Attachment
    services: Mapping[Backend, JSONObject]
    routes: Sequence[JSONObject]
    """HTTPRoutes, GRPCRoutes and TLSRoutes of all namespaces that may be read."""
    grants: Sequence[JSONObject] = ()
    """ReferenceGrants of the backends' namespaces."""
    remarks: tuple[str, ...] = ()
    """What people should know of the Gateway, of its certificates, and of what could not be read, in sentences."""


def plan(wanted: Wanted, around: Surroundings) -> Change:
    """The plan; no steps when it is all there already. Raises NotFound, Refused, Conflict with what to do next."""
    ports = {each: _port(each, around.services[each]) for each in wanted.backends}
    numbers = {each: int(port["port"]) for each, port in ports.items()}
    attached = around.attachment
    object = manifest(wanted, attached.gateway, attached.sections, numbers)
    there = next((each for each in around.routes if fields.ref_of(each) == wanted.ref), None)
    rivals = Rivals(_aged(object, there), attached.gateway, attached.served, around.routes)
    rivals.check()
    done = there is not None and says_the_same(there.get("spec"), object["spec"])
    if there is not None and not done:
        _check_taken(wanted, object, there)
    needed = [each for each in granting.references(object) if not granting.granted(each, around.grants)]
    if done and not needed:
        return Change(cluster=wanted.cluster, request=wanted.line, summary=f"{wanted.ref} does that already", steps=())
    asked = route_proof.asked(object, attached.served, rivals)
    apply = Apply(
        ref=wanted.ref,
        manifest=object,
        creates=there is None,
        prior=fields.standing(there, object) if there is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=_summary(wanted, attached),
        steps=(
            *(granting.grant(each, around.grants) for each in needed),
            *(() if done else (apply,)),
            *route_proof.steps(object, asked, {each.ref: service for each, service in around.services.items()}),
        ),
        premises=_premises(wanted, attached, ports),
        warnings=(
            *around.remarks,
            *rivals.overtaken(),
            *_circles(wanted, rivals),
            *route_proof.unasked(wanted, asked),
            *_warnings(wanted, around, ports, needed),
        ),
    )


def _circles(wanted: Wanted, rivals: Rivals) -> Iterator[str]:
    """A redirect for a wildcard or every host that catches what it leads to as well."""
    if wanted.redirect and not wanted.to_https and rivals.catches(wanted.redirect, "/"):
        yield (
            f"It catches {wanted.redirect} itself, too, and goes round in circles there until another route names "
            "that host."
        )


def _aged(object: JSONObject, there: JSONObject | None) -> JSONObject:
    """With the age of the one that is there, as which it is served."""
    if there is None:
        return object
    born = fields.metadata(there).get("creationTimestamp")
    return {**object, "metadata": {**fields.metadata(object), "creationTimestamp": born}}


def _summary(wanted: Wanted, attached: Attachment) -> str:
    to = " and ".join(map(str, wanted.backends))
    does = f"lead {wanted.what()} to {to}"
    if wanted.redirect:
        does = f"redirect {wanted.what()} to {'https' if wanted.to_https else wanted.redirect}"
    where = f" listener {' and '.join(attached.sections)}" if attached.sections else ""
    return f"{does} by {wanted.ref} at {attached.gateway}{where}"


def _port(backend: Backend, service: JSONObject) -> dict[str, Any]:
    """The Service's port; routes know ports by number alone. Raises NotFound, Refused."""
    spec: Any = service.get("spec") or {}
    ports: list[dict[str, Any]] = spec.get("ports") or []
    said = [each for each in ports if backend.port in (str(each.get("port")), each.get("name"))]
    if not said:
        there = ", ".join(f"{p.get('port')}" + (f" ({p['name']})" if p.get("name") else "") for p in ports)
        raise NotFound(
            f"{backend.ref} has no port {backend.port}",
            cause=f"it has {there}" if there else "it has no ports at all",
            next_step=f"say one of them, as in `--service {backend.service}:{ports[0].get('port')}`" if ports else "",
        )
    # A number may be there twice, for TCP and for UDP: https://kubernetes.io/docs/concepts/services-networking/service/
    tcp = next((each for each in said if (each.get("protocol") or "TCP") == "TCP"), None)
    if tcp is None:
        raise Refused(
            f"Port {backend.port} of {backend.ref} is {said[0].get('protocol')}",
            cause="HTTP, gRPC and TLS come by TCP",
            next_step="name a port of protocol TCP",
        )
    return tcp


def _check_taken(wanted: Wanted, object: JSONObject, there: JSONObject) -> None:
    """A route of that name may be changed when Patchbay made it for these very requests. Raises Conflict."""
    same = requests(there) == requests(object)
    if same and fields.applied_by_us(there):
        return
    raise Conflict(
        f"There is a {wanted.ref} already",
        cause="it was not made by Patchbay" if same else "it is for other hosts or paths",
        next_step=f"choose another name, as in `--name {wanted.name[:58]}-new`",
    )


def _premises(wanted: Wanted, attached: Attachment, ports: Mapping[Backend, dict[str, Any]]) -> tuple[Premise, ...]:
    listeners: JSON = [
        {"name": each.listener, "protocol": each.protocol, "port": each.port, "hostname": each.hostname}
        for each in attached.served
    ]
    return (
        *(
            Premise(f"the port of {each.ref}", {"port": port.get("port"), "name": port.get("name")})
            for each, port in ports.items()
        ),
        Premise(f"the listeners of {attached.gateway} that take it", listeners),
    )


def _warnings(
    wanted: Wanted, around: Surroundings, ports: Mapping[Backend, dict[str, Any]], needed: Sequence[Reference]
) -> Iterator[str]:
    yield from escaped(wanted, around.attachment.gateway, around.attachment.served, around.routes)
    for reference in needed:
        yield granting.told(reference)
    for backend, service in around.services.items():
        if fields.at(service, ("spec", "type")).value == "ExternalName":
            yield f"{backend.ref} is of type ExternalName: many controllers do not lead there."
    for backend, port in ports.items():
        said = spoken(port)
        if wanted.kind == TLS_ROUTE and said.http and not said.tls:
            yield (
                f"Port {port.get('port')} of {backend.ref} probably speaks plain HTTP: a TLSRoute passes TLS "
                "through to it and ends it nowhere, as an HTTPRoute at a listener of protocol HTTPS does."
            )
        if wanted.kind != TLS_ROUTE and said.tls:
            yield (
                f"Port {port.get('port')} of {backend.ref} probably wants TLS: a Gateway speaks it there only when a "
                "BackendTLSPolicy says so, or when the controller goes by the port's appProtocol."
            )
    if wanted.path_type == REGULAR_EXPRESSION:
        yield "What a regular expression may hold, and whether one is taken at all, depends on the controller."
    if wanted.backends and not wanted.asked_by_get and route_proof.by_http(wanted):
        yield "It is not asked by address afterwards: a plain GET is not what this route is for."
