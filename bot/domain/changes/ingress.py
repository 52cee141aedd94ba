"""Plans an Ingress that leads host names and paths to ports of Services, as `kubectl create ingress` makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from bot.domain.changes import (
    fields,
    ingress_again,
    ingress_annotations,
    ingress_conflicts,
    ingress_overlaps,
    ingress_regex,
    ingress_spec,
    ingress_taken,
    ingress_tls,
)
from bot.domain.changes.change import Apply, Change, Doubt, Premise
from bot.domain.changes.ingress_class import Chosen, chosen
from bot.domain.changes.ingress_proof import Led, proof, unasked
from bot.domain.changes.ingress_spec import Backend
from bot.domain.changes.ingress_wanted import Surroundings, Wanted
from bot.domain.changes.releasing import LOSS
from bot.domain.diagnosis.unready import Unready
from bot.domain.network.ingresses import RETIRED, port_called, routes
from bot.domain.network.nginx_paths import is_served
from bot.domain.network.references import JSON, JSONObject
from bot.domain.network.services import PodIndex, only_idle
from bot.domain.network.snapshot import Ingress, IngressSpec, Service
from bot.domain.network.tls_secrets import TLSSecret
from bot.errors import NotFound, Refused

CODES = (ingress_conflicts.ELSEWHERE, ingress_overlaps.OVERLAP, ingress_annotations.SNIPPET, ingress_regex.REGEX, LOSS)
"""All doubts that a plan of an Ingress may have."""


def plan(wanted: Wanted, around: Surroundings) -> Change:
    """The plan; no steps when it is all there already. Raises NotFound, Refused, Conflict, Undecided with what to do
    next."""
    _check_rules(wanted)
    vetted = _vetted(wanted, around)
    class_ = chosen(wanted.ingress_class, around.classes, wanted.line)
    annotations = {**wanted.annotations, **(wanted.issuing.annotations if wanted.issuing else {})}
    ingress_annotations.check(annotations)
    spec = ingress_spec.spec(wanted.rules, wanted.default, class_.name, _tls(wanted))
    manifest = ingress_spec.manifest(wanted.namespace, wanted.name, spec, annotations)
    meant = msgspec.convert(spec, IngressSpec)
    regex = expressions(msgspec.convert(manifest, Ingress), class_, around)
    others = ingress_conflicts.Others(
        wanted.ref,
        meant,
        class_.name,
        class_.controller,
        around.ingresses,
        annotations,
        regex.hosts if regex else frozenset(),
    )
    ingress_conflicts.check_own_namespace(others)
    if around.there is not None and ingress_taken.stands(wanted, manifest, around):
        summary = f"{wanted.ref} does that already"
        return Change(cluster=wanted.cluster, request=wanted.line, summary=summary, steps=())
    apply = Apply(
        ref=wanted.ref,
        manifest=manifest,
        creates=around.there is None,
        prior=fields.standing(around.there, manifest) if around.there is not None else (),
    )
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=f"lead {_addresses(wanted)} by Ingress {wanted.ref.short}",
        steps=(apply, *proof(Led(wanted.ref, meant, around.services, class_.controller, idle(around)))),
        premises=tuple(_premises(class_, vetted)),
        warnings=(*_warnings(wanted, class_, others, around), *(regex.warnings() if regex else ())),
        doubts=tuple(
            doubt
            for doubt in (
                ingress_conflicts.elsewhere(others),
                ingress_overlaps.same_path(others),
                ingress_annotations.doubt(annotations),
                regex.doubt() if regex else None,
                _loss(wanted, manifest, around),
            )
            if doubt is not None and doubt.code not in wanted.accepted
        ),
    )


def _check_rules(wanted: Wanted) -> None:
    seen: set[tuple[str, str, bool]] = set()
    spec = msgspec.convert({"rules": ingress_spec.grouped(wanted.rules)}, IngressSpec)
    for route in routes(spec):
        if route.key in seen:
            raise Refused(
                f"{route} is said twice",
                cause="one path of a host leads to one port of one Service",
                next_step="say it once",
            )
        seen.add(route.key)


def _vetted(wanted: Wanted, around: Surroundings) -> list[tuple[str, JSON]]:
    """What the plan rests on of Services and certificates, in words and values. Raises NotFound, Refused, Conflict."""
    found: list[tuple[str, JSON]] = []
    for backend in wanted.backends:
        service = around.services[backend.service]
        check_port(service, backend)
        port = port_called(service, backend.port)
        about = f"the port of {service.ref} that is called {backend.port}"
        found.append((about, {"port": port.port, "name": port.name} if port else None))
    ingress_tls.check(wanted.secrets, wanted.issuing, around.vetting)
    for secret in around.vetting.secrets.values():
        found.append((f"{secret.ref}", _premise(secret)))
    return found


def check_port(service: Service, backend: Backend) -> None:
    """Raises NotFound for a port that the Service has not, Refused for one that HTTP cannot go to."""
    found = port_called(service, backend.port)
    if found is not None and found.protocol == "TCP":
        return
    if found is not None:
        raise Refused(
            f"{service.ref} cannot be led to at port {backend.port}",
            cause=f"that port is for {found.protocol}; an Ingress carries HTTP, which goes over TCP",
            next_step=_other_port(service),
        )
    if service.spec.type == "ExternalName":
        return  # it is a name in DNS, and has ports only for decoration
    ports = service.spec.ports or ()
    there = ", ".join(f"{port.port}" + (f" ({port.name})" if port.name else "") for port in ports)
    raise NotFound(
        f"{service.ref} has no port {backend.port}",
        cause=f"it has {there}" if there else "it has no ports at all",
        next_step=_other_port(service),
    )


def _other_port(service: Service) -> str:
    port = next((each for each in service.spec.ports or () if each.protocol == "TCP"), None)
    return f"say one of its TCP ports, as in `{service.name}:{port.port}`" if port else ""


def _premise(secret: TLSSecret) -> JSON:
    """Not its dates: a certificate that was renewed is no other plan."""
    names: list[JSON] = [*secret.pair.certificate.names] if secret.pair else []
    return {"type": secret.type, "names": names, "missing": secret.missing}


def _tls(wanted: Wanted) -> list[JSON]:
    if not wanted.rules and wanted.default_tls:
        return [ingress_spec.tls_entry(wanted.default_tls, ())]
    return ingress_spec.tls_entries(wanted.rules)


def _addresses(wanted: Wanted) -> str:
    """`shop.example.com/ to web:80 and 2 more`."""
    led = [f"{rule} to {rule.backend}" for rule in wanted.rules]
    if wanted.default is not None:
        led.append(f"everything else to {wanted.default}" if led else f"everything to {wanted.default}")
    more = f" and {len(led) - 2} more" if len(led) > 2 else ""
    return ", ".join(led[:2]) + more


def _premises(class_: Chosen, vetted: list[tuple[str, JSON]]) -> Iterator[Premise]:
    yield from (Premise(about, value) for about, value in vetted)
    yield Premise("the Ingress class", class_.name)
    yield Premise("its controller", class_.controller)


def _warnings(wanted: Wanted, class_: Chosen, others: ingress_conflicts.Others, around: Surroundings) -> Iterator[str]:
    if class_.remark:
        yield class_.remark
    for name in dict.fromkeys(backend.service for backend in wanted.backends):
        if around.services[name].spec.type == "ExternalName":
            yield f"{around.services[name].ref} is but another name: many controllers refuse to lead there."
    yield from nobody_behind(wanted.backends, around)
    yield from ingress_tls.warnings(wanted.secrets, wanted.issuing, around.vetting)
    yield from ingress_conflicts.warnings(others)
    yield from ingress_overlaps.taken_out(others)
    yield from unasked(msgspec.convert({"rules": ingress_spec.grouped(wanted.rules)}, IngressSpec))
    for each in around.unread:
        yield f"{each}: what leads to the same hosts there is not known."


def _loss(wanted: Wanted, manifest: JSONObject, around: Surroundings) -> Doubt | None:
    if around.there is None:
        return None
    return ingress_again.doubt(wanted.ref, manifest, around.there, class_said=bool(wanted.ingress_class))


def expressions(ingress: Ingress, class_: Chosen, around: Surroundings) -> ingress_regex.Expressions | None:
    """What regular expressions do to it and by it; None where its controller is not ingress-nginx."""
    if class_.controller != RETIRED:
        return None
    served = [each for each in around.ingresses if is_served(each, around.classes or ())]
    return ingress_regex.Expressions(ingress, served)


def idle(around: Surroundings) -> frozenset[str]:
    """The Services whose pods are scaled to zero; of specs alone, since the steps of a plan may not follow a status."""
    pods = PodIndex(around.behind)
    return frozenset(name for name, service in around.services.items() if only_idle(service, pods))


def nobody_behind(backends: Iterable[Backend], around: Surroundings) -> Iterator[str]:
    """The Services that nobody can answer for now, each with the reason."""
    unready = Unready(around.behind)
    for name in dict.fromkeys(backend.service for backend in backends):
        if why := unready.why(around.services[name]):
            yield f"{around.services[name].ref} has no ready endpoint, and requests end in an error: {why}."
    if not unready.known:
        yield "Whether somebody is ready behind its Services is not known: EndpointSlices could not be read."
