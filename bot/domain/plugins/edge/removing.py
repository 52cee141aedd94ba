"""Plans the removal of a controller: what names it, then what it is told, its pods, what it is made of.

Nothing that people made is taken along: a definition or namespace that holds such things stays, and that is told. The
definitions of the Gateway API go only when they are named themselves, and hold nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes import fields
from bot.domain.changes.change import Brief, Change, Checked, Delete, Premise, Step, Until, Wait
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import Ingress
from bot.domain.plugins.briefing import Source, doubts, refuse_conflicts
from bot.domain.plugins.controllers import IngressController, names
from bot.domain.plugins.edge.installation import ALONE, EdgeInstallation
from bot.domain.plugins.edge.kinds import DEFINITIONS, GROUP
from bot.domain.plugins.edge.preflight import named
from bot.domain.plugins.edge.surroundings import Edge, name_of, part
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.preflight.rights import grouped
from bot.domain.plugins.ranges import some

GONE_SECONDS = 120.0
FINALIZED_SECONDS = 300.0
CODES = ("serves", "not-by-patchbay", "version-not-pinned")
_SHOWN = 6
_PARTS = ("classes and what is told", "workloads", "rights and configuration", "definitions", "namespace")
_TOLD = ("GatewayClass", "Gateway", "IngressClass")
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet", "Job")
_HOLDERS = ("CustomResourceDefinition", "Namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRemoval:
    """What is to be removed."""

    name: str
    controller: IngressController
    installation: EdgeInstallation
    version: str
    """Empty: it is not known."""
    objects: Objects
    """As they would be applied, of the release that is there or of the nearest one."""
    exact: bool
    """Whether they are of the very release that is there."""
    ours: bool
    """Whether Patchbay has applied what runs it."""
    held: Mapping[Ref, Sequence[Ref]]
    """What is in each definition and namespace that this plan does not delete itself."""
    ingresses: Sequence[Ingress] = ()
    """Those that it serves."""
    gateways: Sequence[JSONObject] = ()
    routes: Sequence[JSONObject] = ()


def plan(
    removal: EdgeRemoval, around: Edge, sources: Sequence[Source], *, line: str, accepted: frozenset[str]
) -> Change:
    """Raises Refused for a conflict, with all the evidence."""
    checks = _checks(removal, around)
    title = f"{removal.controller.title} {removal.version}".strip()
    refuse_conflicts(f"{title} cannot be removed", checks)
    stays = tuple(_stays(removal, around))
    served = sorted(map(name_of, (*removal.gateways, *removal.routes)))
    return Change(
        cluster=around.snapshot.cluster.uid,
        request=line,
        alone=ALONE,
        summary=f"uninstall {title}",
        steps=tuple(_steps(removal, around)),
        premises=(
            Premise("the controller's version", removal.version),
            Premise("what it serves", [*sorted(each.ref.short for each in removal.ingresses), *served]),
        ),
        warnings=stays,
        doubts=doubts(checks, accepted),
        brief=Brief(checks=tuple(checks), sources=tuple(map(str, sources)), afterwards=stays),
    )


def _checks(removal: EdgeRemoval, around: Edge) -> list[Checked]:
    found = [_version(removal)]
    if removal.installation.class_name:
        found.append(_served(removal))
        if removal.ours:
            found.append(Checked("who installed it", "ok", "Patchbay"))
        else:
            evidence = "not Patchbay: what the files hold is deleted, and whoever installed it may bring it back"
            found.append(Checked("who installed it", "doubt", evidence, "not-by-patchbay"))
    elif held := [str(each) for refs in removal.held.values() for each in refs]:
        evidence = f"they hold {some(sorted(held), _SHOWN)}, which would be lost: delete these first"
        found.append(Checked("what they hold", "conflict", evidence))
    else:
        found.append(Checked("what they hold", "ok", "nothing"))
    missing = around.missing_rights
    if missing:
        found.append(Checked("rights", "conflict", f"Patchbay may not {grouped(missing)}"))
    elif missing is None:
        found.append(Checked("rights", "unknown", "the cluster was not asked"))
    return found


def _version(removal: EdgeRemoval) -> Checked:
    if removal.exact:
        return Checked("version", "ok", removal.version)
    evidence = (
        f"the version that is there ({removal.version or 'its image has no tag'}) is not pinned here: objects are "
        "taken from the nearest one that is, and others of it may stay"
    )
    return Checked("version", "doubt", evidence, "version-not-pinned")


def _served(removal: EdgeRemoval) -> Checked:
    """Whoever asks for these afterwards is answered by nobody."""
    told = []
    if removal.ingresses:
        told.append(named(tuple(removal.ingresses)))
    if removal.gateways:
        told.append(f"the Gateways {some(list(map(name_of, removal.gateways)), _SHOWN)}")
    if removal.routes:
        told.append(f"the routes {some(list(map(name_of, removal.routes)), _SHOWN)}")
    if told:
        evidence = f"nobody serves {' and '.join(told)} afterwards"
        return Checked("what it serves", "doubt", evidence, "serves")
    return Checked("what it serves", "ok", "no Ingress and no Gateway names its classes")


def _steps(removal: EdgeRemoval, around: Edge) -> list[Step]:
    by_part: dict[str, list[JSONObject]] = {each: [] for each in _PARTS}
    fitted = {ref(each): each for each in removal.objects}
    for own in fitted:
        live = around.existing.get(own)
        if live is not None and not _is_kept(own, live, removal):
            by_part[_part(own)].append(live)
    steps: list[Step] = []
    for name, objects in by_part.items():
        deletions = [_delete(live, name, fitted) for live in reversed(objects)]
        steps += deletions
        if name != "rights and configuration":
            seconds = FINALIZED_SECONDS if name in (_PARTS[0], "namespace") else GONE_SECONDS
            gone = f"gone: {name}"
            steps += [Wait(ref=each.ref, until=Until.GONE, timeout_seconds=seconds, part=gone) for each in deletions]
    return steps


def _is_kept(own: Ref, live: JSONObject, removal: EdgeRemoval) -> bool:
    """A definition that holds what people made stays with it; so does a namespace, and one that others made."""
    if own.kind in ("IngressClass", "GatewayClass"):
        return not _is_its_class(own, live, removal.controller)
    if own.kind not in _HOLDERS:
        return False
    # Of a namespace that is but a name no field is anybody's.
    others = set(fields.writers(live)) - {fields.MANAGER}
    return bool(removal.held.get(own)) or (own.kind == "Namespace" and bool(others))


def _is_its_class(own: Ref, live: JSONObject, controller: IngressController) -> bool:
    """Another controller's class may have the same name."""
    if own.kind == "IngressClass":
        return names(str(part(live, "spec", "controller")), controller.ingress_classes)
    return names(str(part(live, "spec", "controllerName")), controller.gateway_classes)


def _part(own: Ref) -> str:
    if own.kind == "CustomResourceDefinition":
        return "definitions"
    if own.kind == "Namespace":
        return "namespace"
    if own.kind in _TOLD:
        return _PARTS[0]
    return "workloads" if own.kind in _WORKLOADS else "rights and configuration"


def _delete(live: JSONObject, told: str, fitted: Mapping[Ref, JSONObject]) -> Delete:
    """A Job that ran cannot be made again as it stands, with the labels that it was given: it is made as published."""
    own = ref(live)
    prior = fields.reborn(live if own.kind != "Job" else fitted[own])
    together = DEFINITIONS if own.name.endswith(GROUP) else ""
    return Delete(ref=own, uid=fields.uid(live), prior=prior, part=told, together=together)


def _stays(removal: EdgeRemoval, around: Edge) -> list[str]:
    lines = []
    for own in map(ref, removal.objects):
        live = around.existing.get(own)
        if live is None or not _is_kept(own, live, removal):
            continue
        held = removal.held.get(own, ())
        why = f"it holds {some(list(map(str, sorted(held))), _SHOWN)}" if held else "somebody else made it"
        lines.append(f"{own} stays: {why}")
        if own.kind == "Namespace":
            lines += [f"In it stay {each}" for each in removal.installation.makes]
    if removal.installation.gateway_api and around.gateway_api:
        lines.append(
            "The definitions of the Gateway API stay: they are everybody's (`controller uninstall gateway-api`)"
        )
    return lines
