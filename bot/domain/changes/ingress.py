"""Plans an Ingress that leads host names and paths to ports of Services, as `kubectl create ingress` makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bot.domain.changes import (
    fields,
    ingress_again,
    ingress_annotations,
    ingress_conflicts,
    ingress_overlaps,
    ingress_regex,
    ingress_spec,
    ingress_tls,
)
from bot.domain.changes.change import Apply, Change, Doubt, Premise
from bot.domain.changes.ingress_class import Chosen, chosen
from bot.domain.changes.ingress_proof import Led, proof, unasked
from bot.domain.changes.ingress_spec import Backend, Rule
from bot.domain.changes.ingress_tls import Issuing, Vetting
from bot.domain.changes.releasing import LOSS
from bot.domain.diagnosis.unready import Unready
from bot.domain.network.ingresses import RETIRED, port_called, routes
from bot.domain.network.nginx_paths import is_served
from bot.domain.network.references import INGRESS, JSON, JSONObject, Ref, ref_to
from bot.domain.network.services import PodIndex, only_idle
from bot.domain.network.snapshot import Ingress, IngressClass, IngressSpec, Service, Snapshot
from bot.domain.network.tls_secrets import TLSSecret
from bot.errors import Conflict, NotFound, Refused

CODES = (ingress_conflicts.ELSEWHERE, ingress_overlaps.OVERLAP, ingress_annotations.SNIPPET, ingress_regex.REGEX, LOSS)
"""All doubts that a plan of an Ingress may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted."""

    line: str
    """The canonical request."""
    cluster: str
    namespace: str
    name: str
    rules: tuple[Rule, ...]
    default: Backend | None = None
    """Who answers what no rule leads anywhere."""
    default_tls: str = ""
    """The Secret where there is no rule to have one."""
    ingress_class: str = ""
    """Empty: the default one."""
    annotations: Mapping[str, str]
    issuing: Issuing | None = None
    """cert-manager makes the Secrets."""
    accepted: frozenset[str] = frozenset()

    @property
    def ref(self) -> Ref:
        return ref_to(INGRESS, self.namespace, self.name)

    @property
    def secrets(self) -> dict[str, list[str]]:
        """The hosts of each TLS Secret."""
        return ingress_tls.hosts_of(self.rules, self.default_tls if not self.rules else "")

    @property
    def backends(self) -> tuple[Backend, ...]:
        named = [*(rule.backend for rule in self.rules), *([self.default] if self.default else [])]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the plan rests on, as it is now."""

    services: Mapping[str, Service]
    """By name, those that are to be led to."""
    there: JSONObject | None
    """The whole object of the wanted name."""
    ingresses: Sequence[Ingress]
    """Those of all namespaces that may be read."""
    classes: Sequence[IngressClass] | None
    """None: they may not be read."""
    vetting: Vetting
    """What is known of certificates."""
    behind: Snapshot
    """Endpoints of the namespace, its pods and what makes them: who stands behind the Services."""
    unread: tuple[str, ...] = ()
    """What could not be read, in plain words."""


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
    others = ingress_conflicts.Others(wanted.ref, meant, class_.name, class_.controller, around.ingresses, annotations)
    ingress_conflicts.check_own_namespace(others)
    if around.there is not None and _stands(wanted, manifest, around.there):
        summary = f"{wanted.ref} does that already"
        return Change(cluster=wanted.cluster, request=wanted.line, summary=summary, steps=())
    regex = expressions(msgspec.convert(manifest, Ingress), class_, around)
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


def _stands(wanted: Wanted, manifest: JSONObject, there: JSONObject) -> bool:
    """Whether it is all there already. One that Patchbay made for these very routes may be changed, another one not:
    raises Conflict."""
    have = fields.at(there, ("metadata", "annotations")).value or {}
    asked = fields.at(manifest, ("metadata", "annotations")).value or {}
    if fields.covers(there.get("spec"), manifest["spec"]) and fields.covers(have, asked):
        return True
    mine, theirs = (
        {route.key for route in routes(msgspec.convert(each.get("spec") or {}, IngressSpec))}
        for each in (manifest, there)
    )
    if mine == theirs and fields.applied_by_us(there):
        return False
    raise Conflict(
        f"There is an {wanted.ref} already",
        cause="it leads other hosts or paths" if mine != theirs else "it was not made by Patchbay",
        next_step=f"choose another name, as in `--name {wanted.name[:58]}-new`, or change that one: "
        f"`ingress edit {wanted.name} -n {wanted.namespace}`",
    )


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
