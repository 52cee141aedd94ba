"""Plans changes to an Ingress, whoever made it: hosts and paths, Services, class, certificates, annotations.

Only the fields that change are written, as edits that hold what stood there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.changes import (
    fields,
    ingress_annotations,
    ingress_conflicts,
    ingress_overlaps,
    ingress_spec,
    ingress_tls,
)
from bot.domain.changes.change import Change, Edit, FieldValue, Premise
from bot.domain.changes.ingress import check_port, expressions, idle, nobody_behind
from bot.domain.changes.ingress_class import Chosen, chosen
from bot.domain.changes.ingress_edited import Editing
from bot.domain.changes.ingress_proof import Led, fresh, only, proof
from bot.domain.changes.ingress_wanted import Surroundings
from bot.domain.changes.owning import keeper
from bot.domain.network import nginx_paths
from bot.domain.network.ingresses import LEGACY_CLASS, Route, class_of, port_called, routes, tls_of
from bot.domain.network.references import JSON
from bot.domain.network.snapshot import IngressSpec
from bot.errors import Refused


def plan(wanted: Editing, around: Surroundings) -> Change:
    """The plan; no steps when all stands so already. Raises NotFound, Refused, Conflict with what to do next."""
    premises = list(_vetted(wanted, around))
    class_ = _class(wanted, around)
    written = list(_written(wanted))
    prior = tuple(fields.at(wanted.there, each.path) for each in written)
    changes = [(new, old) for new, old in zip(written, prior, strict=True) if new != old]
    if not changes:
        return Change(cluster=wanted.cluster, request=wanted.line, summary=f"{wanted.ref} stands so already", steps=())
    if not wanted.new_rules and wanted.after.default_backend is None:
        raise Refused(
            f"{wanted.ref} would lead nowhere",
            cause="that takes its last rule away, and it has no default backend",
            next_step=f"delete it: `ingress delete {wanted.ref.name} -n {wanted.ref.namespace}`",
        )
    regex = expressions(wanted.changed, class_, around) if _matches_otherwise(wanted, class_) else None
    others = _others(wanted, class_, around, regex.hosts if regex else frozenset())
    ingress_conflicts.check_own_namespace(others)
    edit = Edit(ref=wanted.ref, fields=tuple(new for new, _ in changes), prior=tuple(old for _, old in changes))
    return Change(
        cluster=wanted.cluster,
        request=wanted.line,
        summary=f"change {wanted.ref}: {', '.join(_summary(wanted, edit))}",
        steps=(edit, *proof(Led(wanted.ref, _proven(wanted), around.services, class_.controller, idle(around)))),
        premises=(*premises, Premise("the Ingress class", class_.name), Premise("its controller", class_.controller)),
        warnings=(*_warnings(wanted, class_, others, around), *(regex.warnings() if regex else ())),
        doubts=tuple(
            doubt
            for doubt in (
                ingress_conflicts.elsewhere(others),
                ingress_overlaps.same_path(others),
                ingress_annotations.doubt(wanted.new_annotations),
                regex.doubt() if regex else None,
            )
            if doubt is not None and doubt.code not in wanted.accepted
        ),
    )


def _vetted(wanted: Editing, around: Surroundings) -> Iterator[Premise]:
    """What the plan rests on of Services. Raises NotFound, Refused or Conflict for what cannot be."""
    for backend in wanted.changed_backends:
        service = around.services[backend.service]
        check_port(service, backend)
        port = port_called(service, backend.port)
        found: JSON = {"port": port.port, "name": port.name} if port else None
        yield Premise(f"the port of {service.ref} that is called {backend.port}", found)
    ingress_tls.check(wanted.changed_secrets, wanted.certificates.issuing, around.vetting)
    ingress_annotations.check(wanted.new_annotations)


def _class(wanted: Editing, around: Surroundings) -> Chosen:
    """The class that serves it afterwards. Only one that is said now has to be there."""
    name = wanted.ingress_class or class_of(wanted.before)
    if wanted.ingress_class:
        return chosen(name, around.classes, wanted.line)
    known = next((each for each in around.classes or () if each.name == name), None)
    return Chosen(name, known.spec.controller if known else "")


def _written(wanted: Editing) -> Iterator[FieldValue]:
    """Each field that may change, as it is to stand."""
    rules: Any = wanted.new_rules
    yield FieldValue(("spec", "rules"), rules or None, present=bool(rules))
    tls: Any = wanted.new_tls
    yield FieldValue(("spec", "tls"), tls or None, present=bool(tls))
    if wanted.default is not None:
        yield FieldValue(("spec", "defaultBackend"), ingress_spec.backend(wanted.default))
    elif wanted.without_default:
        yield FieldValue(("spec", "defaultBackend"), None, present=False)
    removed = set(wanted.removed_annotations)
    if wanted.ingress_class:
        yield FieldValue(("spec", "ingressClassName"), wanted.ingress_class)
        removed.add(LEGACY_CLASS)  # two words for the class would not agree any more
    for key, value in wanted.new_annotations.items():
        yield FieldValue(("metadata", "annotations", key), value)
    for key in sorted(removed - set(wanted.new_annotations)):
        yield FieldValue(("metadata", "annotations", key), None, present=False)


def _others(
    wanted: Editing, class_: Chosen, around: Surroundings, expressions: frozenset[str]
) -> ingress_conflicts.Others:
    """Who may stand in the way of what is new: of everything, when it goes to another controller."""
    had = {route.key for route in routes(wanted.before.spec)}
    moved = bool(wanted.ingress_class) and wanted.ingress_class != class_of(wanted.before)
    new = [route for route in routes(wanted.after) if moved or route.key not in had]
    return ingress_conflicts.Others(
        wanted.ref,
        only(wanted.after, new),
        class_.name,
        class_.controller,
        around.ingresses,
        wanted.before.annotations,
        expressions,
    )


def _matches_otherwise(wanted: Editing, class_: Chosen) -> bool:
    """Whether paths, their meaning or who serves them change: only then is it time to speak of expressions."""
    had, will = wanted.before.annotations, wanted.changed.annotations
    named = {key for key in {*had, *will} if key.startswith(nginx_paths.PREFIX) and had.get(key) != will.get(key)}
    return bool(fresh(wanted.before.spec, wanted.after) or named or class_.name != class_of(wanted.before))


def _proven(wanted: Editing) -> IngressSpec:
    """What is asked for afterwards: what leads elsewhere now, or all of it where that has not changed."""
    elsewhere = fresh(wanted.before.spec, wanted.after)
    return only(wanted.after, elsewhere) if elsewhere else wanted.after


def _summary(wanted: Editing, edit: Edit) -> Iterator[str]:
    for rule, _ in wanted.rules:
        yield f"{rule} to {rule.backend}"
    for host, path in wanted.removed:
        yield f"no more {host or '*'}{path}"
    rest = {
        ("spec", "tls"): "certificates",
        ("spec", "ingressClassName"): f"class {wanted.ingress_class}",
        ("spec", "defaultBackend"): f"default backend {wanted.default or 'none'}",
    }
    for each in edit.fields:
        if each.path in rest:
            yield rest[each.path]
        elif each.path[0] == "metadata":
            yield f"annotation {each.path[-1]}"


def _warnings(wanted: Editing, class_: Chosen, others: ingress_conflicts.Others, around: Surroundings) -> Iterator[str]:
    if owner := keeper(wanted.there):
        yield f"{owner} keeps it: what is changed here will probably be put back."
    if class_.remark:
        yield class_.remark
    if class_.name != class_of(wanted.before):
        yield (
            f"Class {class_of(wanted.before) or 'none'} does not serve it any more: until {class_.name} has given it "
            "an address, and names point there, nobody reaches it."
        )
    yield from _losses(wanted)
    yield from nobody_behind(wanted.changed_backends, around)
    yield from ingress_tls.warnings(wanted.changed_secrets, wanted.certificates.issuing, around.vetting)
    yield from ingress_conflicts.warnings(others)
    yield from ingress_overlaps.taken_out(others)
    for each in around.unread:
        yield f"{each}: what leads to the same hosts there is not known."


def _losses(wanted: Editing) -> Iterator[str]:
    """Addresses that lead nowhere any more, and hosts that lose or lack a certificate."""
    yield from _gone(wanted)
    hosts = list(dict.fromkeys(route.host for route in routes(wanted.after)))
    had = {route.host for route in routes(wanted.before.spec)}
    bare = [host or "*" for host in hosts if tls_of(wanted.after, host) is None]
    lost = [host or "*" for host in hosts if host in had and tls_of(wanted.before.spec, host) is not None]
    if lost := [host for host in lost if host in bare]:
        yield f"{_told(lost)} will be served without TLS."
    new = [host for host in bare if host not in had and host != "*"]
    if new and len(bare) < len(hosts):
        yield f"{_told(new)} has no certificate, unlike the others: say one by `--tls`.".replace("`", "")


def _gone(wanted: Editing) -> Iterator[str]:
    """What becomes of the requests of each address that is not led by a path of its own any more."""
    left = {route.key for route in routes(wanted.after)}
    nowhere: list[str] = []
    for route in routes(wanted.before.spec):
        if route.key in left:
            continue
        taken = _instead(route, wanted.after)
        if taken is None:
            nowhere.append(str(route))
        elif taken.path_type == "Exact":
            yield f"Only {route} itself is led from then on: what is below it is not led by this path any more."
        elif taken.backend != route.backend:
            service = taken.backend.service
            yield f"{route} goes to {f'Service {service.name}' if service else 'no Service'} then, by {taken.path}."
    if nowhere:
        yield f"{_told(nowhere)} does not lead anywhere by it any more."


def _instead(gone: Route, spec: IngressSpec) -> Route | None:
    """The path of the same host that takes its requests: the exact one, else the longest beginning. Where paths are no
    prefixes (regular expressions), nobody is named."""
    same = [each for each in routes(spec) if each.host.lower() == gone.host.lower()]
    path = gone.path.rstrip("/")
    exact = [each for each in same if each.path_type == "Exact" and each.path.rstrip("/") == path]
    below = [each for each in same if each.path_type == "Prefix" and f"{path}/".startswith(f"{each.path.rstrip('/')}/")]
    return next(iter(exact), None) or max(below, key=lambda each: len(each.path), default=None)


def _told(words: Sequence[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more
