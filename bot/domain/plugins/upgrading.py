"""Plans the way from one release of a network plugin to another: definitions first, what people changed kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Change, Checked, Delete, Step
from bot.domain.changes.fields import reborn, uid
from bot.domain.network.references import JSONObject, Ref
from bot.domain.plugins.briefing import Source, brief, doubts, origins, refuse_conflicts
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.installation import ALONE
from bot.domain.plugins.installing import premises
from bot.domain.plugins.merging import merged
from bot.domain.plugins.preflight import Wanted, all_checks, left_without
from bot.domain.plugins.present import numbers
from bot.domain.plugins.releases import Release
from bot.domain.plugins.steps import applied, definitions, verified
from bot.domain.plugins.surroundings import Surroundings

_HOLDERS = ("CustomResourceDefinition", "Namespace")
_CHECKS = ("kubernetes_version", "node_systems", "nodes_ready", "rights")

CHANGED_BY_OTHERS = "changed-by-others"
"""The code of the doubt that an upgrade has besides those of checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What is to be changed."""

    wanted: Wanted
    """The new release; its objects fitted with nothing but what the plugin itself asks for."""
    before: Release
    old: Objects
    """The old release's objects, fitted the same way."""


def plan(
    upgrade: Upgrade, around: Surroundings, sources: Sequence[Source], *, line: str, accepted: frozenset[str]
) -> Change:
    """Raises Refused for a conflict, with all the evidence."""
    wanted = upgrade.wanted
    old = {ref(each): each for each in upgrade.old}
    objects, notes = _objects(upgrade, around, old)
    checks = (*_own_checks(upgrade, around, notes), *_shared_checks(wanted, around))
    refuse_conflicts(f"{wanted.plugin.title} cannot be upgraded to {wanted.release.version}", checks)
    forced = frozenset(own for own in around.existing)
    steps = applied(
        objects,
        around.existing,
        origins(objects, sources),
        writers=wanted.installation.writers,
        operator=wanted.installation.operator,
        forced=forced,
        patience=wanted.patience,
    )
    changing = [step for step in steps if hasattr(step, "manifest")]
    steps += _deletions(_dropped(old, wanted, around), around)
    without = left_without(wanted, around, accepted)
    proof = verified(wanted.installation, wanted.parameters, around, wanted.release.image_tag, wanted.patience, without)
    besides = wanted.installation.brings(wanted.installation.standing(around), wanted.release)
    title = wanted.plugin.title
    warnings = list(wanted.installation.notes)
    if notes.kept:
        warnings.append(f"Kept as somebody changed it: {'; '.join(notes.kept[:10])}")
    if notes.dropped:
        warnings.append(
            f"The new release has no more of these, and they stay unless Patchbay installed them: "
            f"{', '.join(notes.dropped[:10])}"
        )
    if staying := [own for own in _dropped(old, wanted, around) if own.kind in _HOLDERS]:
        warnings.append(
            "These stay, although the new release has them no more, because they may hold what people made: "
            f"{', '.join(map(str, staying))}"
        )
    return Change(
        cluster=around.snapshot.cluster.uid,
        request=line,
        alone=ALONE,
        summary=f"upgrade {title} from {upgrade.before.version} to {wanted.release.version}",
        steps=(*steps, *proof) if changing else (),
        premises=premises(wanted, around),
        warnings=tuple(warnings),
        doubts=doubts(checks, accepted),
        brief=brief(objects, sources, checks, (), besides),
    )


@dataclass(frozen=True, slots=True)
class _Notes:
    kept: list[str]
    clashes: list[str]
    dropped: list[str]


def _objects(upgrade: Upgrade, around: Surroundings, old: dict[Ref, JSONObject]) -> tuple[Objects, _Notes]:
    """The new objects over what stands; custom resources say what people want, and are left alone."""
    custom = {key for key, _ in definitions(upgrade.wanted.objects)}
    notes = _Notes([], [], [])
    objects: list[JSONObject] = []
    for new in upgrade.wanted.objects:
        own = ref(new)
        if (own.api_version.partition("/")[0], own.kind) in custom:
            continue
        live = around.existing.get(own)
        if live is None or own not in old or own.kind == "CustomResourceDefinition":
            objects.append(new)
            continue
        result = merged(old[own], new, live)
        objects.append(result.object)
        notes.kept.extend(f"{own} {each}" for each in result.kept)
        notes.clashes.extend(f"{own} {each}" for each in result.clashes)
        notes.dropped.extend(f"{own} {each}" for each in result.dropped)
    return tuple(objects), notes


def _own_checks(upgrade: Upgrade, around: Surroundings, notes: _Notes) -> list[Checked]:
    wanted, now = upgrade.wanted, numbers(upgrade.before.version)
    then = numbers(wanted.release.version)
    found = []
    if now and then and then < now:
        found.append(Checked("version", "conflict", f"{upgrade.before.version} is there, which is newer"))
    minors = then[1] - now[1] if len(now) > 1 and len(then) > 1 and now[0] == then[0] else 0
    if wanted.installation.one_minor_at_a_time and minors > 1:
        evidence = (
            f"its makers allow one minor version at a time: from {upgrade.before.version} go to "
            f"v{now[0]}.{now[1] + 1} first, not to {wanted.release.version}"
        )
        found.append(Checked("version", "conflict", evidence))
    elif not found:
        found.append(Checked("version", "ok", f"from {upgrade.before.version} to {wanted.release.version}"))
    found += _selectors(upgrade, around)
    for clash in notes.clashes:
        found.append(Checked("changed by others", "doubt", clash, CHANGED_BY_OTHERS))
    if not notes.clashes:
        kept = f"{len(notes.kept)} fields that somebody changed are kept" if notes.kept else "nothing that clashes"
        found.append(Checked("changed by others", "ok", kept))
    return found


def _selectors(upgrade: Upgrade, around: Surroundings) -> list[Checked]:
    """A selector cannot be changed: flannel's raw file and its release asset have different ones."""
    found = []
    for new in upgrade.wanted.objects:
        live = around.existing.get(ref(new))
        if live is None or new.get("kind") not in ("DaemonSet", "Deployment"):
            continue
        theirs, ours = _selector(live), _selector(new)
        if theirs != ours:
            evidence = (
                f"{ref(new)} selects {theirs}, the pinned file {ours}: it was installed from another file, and a "
                "selector cannot be changed. `cni uninstall` and `cni install` would, with an interruption"
            )
            found.append(Checked("selector", "conflict", evidence))
    return found


def _selector(workload: JSONObject) -> object:
    spec = workload.get("spec")
    return spec.get("selector") if isinstance(spec, dict) else None


def _shared_checks(wanted: Wanted, around: Surroundings) -> list[Checked]:
    checks = all_checks()
    return [
        Checked(checks[name].about, said.verdict, said.evidence, said.code)
        for name in _CHECKS
        for said in checks[name].look(wanted, around)
    ]


def _dropped(old: dict[Ref, JSONObject], wanted: Wanted, around: Surroundings) -> list[Ref]:
    """What the new release has no more, and is there."""
    new = {ref(each) for each in wanted.objects}
    return [own for own in old if own not in new and own in around.existing]


def _deletions(dropped: Sequence[Ref], around: Surroundings) -> list[Step]:
    """Definitions stay: they may hold what people made."""
    return [
        Delete(ref=own, uid=uid(around.existing[own]), prior=reborn(around.existing[own]), part="no longer needed")
        for own in dropped
        if own.kind not in _HOLDERS
    ]
