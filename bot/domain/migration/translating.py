"""An Ingress, with what stands around it, becomes Gateway API objects and an account of what carried over."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from bot.domain.migration import governing, passing, redirecting, routes, ruling, standing, supporting, telling
from bot.domain.migration.gateway_api import grant
from bot.domain.migration.nginx import backend_tls
from bot.domain.migration.nginx.values import HOST, Annotations
from bot.domain.migration.outcome import Concern, Journal, Translation
from bot.domain.migration.reading import Around, Reading, read
from bot.domain.network.references import GRPC_ROUTE, HTTP_ROUTE, JSONObject
from bot.domain.network.snapshot import Ingress


def translate(ingress: Ingress, around: Around) -> Translation:
    """All that becomes of it. A canary is told to be a part of its main Ingress. Never raises for what it holds."""
    journal = Journal()
    served = around.neighbours.served(ingress)
    annotations = Annotations(ingress.annotations if served.nginx else {}, journal)
    if annotations.flag("canary", False):
        return _as_part(ingress, around, journal)
    _tell_no_canary(annotations, journal)
    controller, why_not = governing.governing(served, ingress.namespace, around.controllers)
    reading = read(ingress, around, journal, annotations, controller)
    made = tuple(passing.passed_through(reading) if reading.passthrough else _routes(reading))
    made = standing.beside(made, around.routes, journal)
    supporting.tell_unsupported(made, around.features, journal)
    policies = tuple(_policies(reading)) if made else ()
    telling.tell_unused(reading, bool(made))
    if not reading.passthrough:
        backend_tls.tell_details(annotations, reading.protocol, bool(policies), journal)
    if controller and not reading.passthrough:
        governing.tell_settings(controller, annotations, journal)
    telling.tell_rest(reading)
    if not reading.passthrough:
        reading.attachment.tell()
    if served.nginx:
        telling.tell_habits(reading)
        governing.tell_controller(controller, why_not, journal)
    gateway = reading.attachment.gateway(reading.kept.gateway)
    telling.tell_gateway(reading, gateway)
    grants = (*reading.attachment.grants(), *_mirror_grants(reading)) if made else ()
    manifests = (*gateway, *grants, *made, *policies)
    return _result(ingress, journal, manifests, reading.attachment.missing())


def _result(
    ingress: Ingress, journal: Journal, manifests: Sequence[JSONObject], listeners: Sequence[JSONObject] = ()
) -> Translation:
    return Translation(
        ingress=ingress.ref,
        manifests=tuple(manifests),
        carried=journal.carried,
        lost=journal.worst_first(),
        notes=journal.notes,
        listeners=tuple(listeners),
    )


def _as_part(ingress: Ingress, around: Around, journal: Journal) -> Translation:
    mains = around.neighbours.mains(ingress)
    if mains:
        names = " and ".join(each.ref.short for each in mains)
        journal.carry("canary", f"a part of the routes of {names}: translate that one")
    else:
        why = "it is a canary without a main Ingress of the same host and path, which the controller leaves out"
        journal.lose("canary", why, "take it away", Concern.TUNING)
    return dataclasses.replace(_result(ingress, journal, ()), part_of=tuple(each.ref for each in mains))


def _tell_no_canary(annotations: Annotations, journal: Journal) -> None:
    if annotations.has("canary"):
        journal.carry("canary", "nothing: false is what it is without")
    for each in [each for each in annotations.unread if each.startswith("canary-")]:
        annotations.text(each)
        journal.carry(each, "nothing: it means something only with `canary: true`")


def _routes(reading: Reading) -> Iterator[JSONObject]:
    rules = {host: routes.merged(ruling.rules(reading, host)) for host in reading.paths}
    rules = {host: own for host, own in rules.items() if own}
    _add_aliases(reading, rules)
    telling.tell_rewriting(reading)
    kind = GRPC_ROUTE if reading.grpc else HTTP_ROUTE
    for hosts, own in routes.grouped(rules):
        for secure, protocols in ((True, _protocols(reading)), (False, ("HTTP",))):
            some = [host for host in hosts if reading.secure(host) is secure]
            parents = reading.attachment.parents(some, protocols)
            for part in routes.parted(own) if parents else ():
                name = reading.names.next()
                yield routes.route(kind, reading.ingress.namespace, name, parents, some, part, reading.kept.route)
    yield from redirecting.to_https(reading, list(rules))
    yield from redirecting.between_www(reading)


def _protocols(reading: Reading) -> tuple[str, ...]:
    """Of listeners for hosts with TLS."""
    return ("HTTPS",) if reading.to_https else ("HTTP", "HTTPS")


def _add_aliases(reading: Reading, rules: dict[str, tuple[JSONObject, ...]]) -> None:
    """`server-alias`: more names for the first host; a name that an Ingress has as its host stays that one's."""
    said, journal = reading.annotations.text("server-alias"), reading.journal
    first = next((host for host in rules if host), "")
    for alias in [each.strip().lower() for each in said.split(",") if each.strip()]:
        if not HOST.fullmatch(alias.removeprefix("*.")):
            journal.lose("server-alias", "a route takes names and *.names, no patterns", "name each one")
        elif reading.around.neighbours.has_host(alias):
            journal.carry("server-alias", f"nothing for {alias}: an Ingress has it as its host, which comes first")
        elif not first:
            journal.carry("server-alias", f"nothing for {alias}: the rules are for any host")
        else:
            alone = ""
            if reading.secure(first) and not reading.secure(alias):
                alone = "over HTTP alone: spec.tls names no certificate for it"
            rules[alias] = rules[first]
            journal.carry("server-alias", f"{alias} among the hostnames", alone)


def _policies(reading: Reading) -> Iterator[JSONObject]:
    for service in reading.spoken_to:
        made = backend_tls.policy(
            reading.protocol, reading.ingress.namespace, service, reading.around.features, reading.journal
        )
        if made:
            yield made


def _mirror_grants(reading: Reading) -> Iterator[JSONObject]:
    """That a route may mirror to a Service of another namespace."""
    if reading.filters.mirror is None or reading.filters.mirror[0] == reading.ingress.namespace:
        return
    namespace, service = reading.filters.mirror
    kind = GRPC_ROUTE if reading.grpc else HTTP_ROUTE
    name = f"{reading.ingress.namespace}-{reading.ingress.name}-mirror"[:253].rstrip("-.")
    yield grant(namespace, name, kind, reading.ingress.namespace, "Service", service)
