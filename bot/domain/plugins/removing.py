"""Plans the removal of a network plugin: what tells it what to do first, then what does it, then what it is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.changes.change import Brief, Change, Checked, Delete, Premise, Step, Until, Wait
from bot.domain.changes.fields import reborn, uid
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import Pod
from bot.domain.plugins.briefing import Source, doubts, refuse_conflicts
from bot.domain.plugins.cni import NetworkPlugin, clearing
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.installation import ALONE, Installation
from bot.domain.plugins.ranges import some
from bot.domain.plugins.steps import definitions
from bot.domain.plugins.surroundings import Surroundings

FINALIZED_SECONDS = 300.0
GONE_SECONDS = 120.0
_NAMED = 10
_SERVED = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService")
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")
_PARTS = (
    "what the plugin was told",
    "what calls the plugin",
    "workloads",
    "rights and configuration",
    "definitions",
    "namespace",
)

CODES = ("namespace-not-empty", "objects-lost", "version-not-pinned")
"""Of all doubts that a removal can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is to be removed."""

    name: str
    plugin: NetworkPlugin
    installation: Installation
    version: str
    """Empty: it is not known."""
    objects: Objects
    """Of the release that is there, or of the nearest one."""
    exact: bool
    """Whether they are of the very release that is there."""
    gone: bool = False
    """Whether its agent is gone already: what is left goes."""
    custom: Sequence[JSONObject]
    """Custom resources that tell it what to do, as they are: all of the kinds that the files have objects of."""
    held: Mapping[Ref, Sequence[Ref]]
    """What goes along with each definition or namespace, besides what is deleted before it."""
    lost: Sequence[Ref]
    """What people made of what goes along with definitions."""
    pods: Sequence[Pod]
    """Pods with an address of the plugin's."""


def plan(
    removal: Removal, around: Surroundings, sources: Sequence[Source], *, line: str, accepted: frozenset[str]
) -> Change:
    """Raises Refused for a conflict, with all the evidence."""
    checks = _checks(removal, around)
    title = f"{removal.plugin.title} {removal.version}".strip()
    told = afterwards(removal)
    refuse_conflicts(f"{title} cannot be removed", checks)
    return Change(
        cluster=around.snapshot.cluster.uid,
        request=line,
        alone=ALONE,
        summary=f"uninstall {title}",
        steps=tuple(_steps(removal, around)),
        premises=(Premise("the plugin's version", removal.version),),
        warnings=(
            "From then on nobody keeps the network of new pods and nodes, and policies that it enforced are enforced "
            "no more. Pods that run keep their addresses until they are made anew.",
            *told,
        ),
        doubts=doubts(checks, accepted),
        brief=Brief(checks=tuple(checks), sources=tuple(map(str, sources)), afterwards=told),
    )


def _checks(removal: Removal, around: Surroundings) -> list[Checked]:
    found = []
    if removal.gone:
        evidence = (
            "its agent is gone, so nothing says which version it was: objects are taken from the newest one that is "
            "pinned here, and others may stay"
        )
        found.append(Checked("version", "doubt", evidence, "version-not-pinned"))
    elif not removal.exact:
        evidence = (
            f"the version that is there ({removal.version or 'its image has no tag'}) is not pinned here: objects are "
            "taken from the nearest one that is, and others of it may stay"
        )
        found.append(Checked("version", "doubt", evidence, "version-not-pinned"))
    else:
        found.append(Checked("version", "ok", removal.version))
    if removal.lost:
        evidence = f"go along with their definitions: {some(list(map(str, sorted(removal.lost))), _NAMED)}"
        found.append(Checked("its objects", "doubt", evidence, "objects-lost"))
    elif any(own.kind != "Namespace" for own in removal.held):
        evidence = "nothing that people made goes along with its definitions, only what its own programs did"
        found.append(Checked("its objects", "ok", evidence))
    strangers = [each for own, refs in removal.held.items() if own.kind == "Namespace" for each in refs]
    if strangers:
        told = ", ".join(map(str, sorted(strangers)[:5]))
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        evidence = f"hold what the plugin's files do not have, and that would go along: {told}{more}"
        found.append(Checked("its namespaces", "doubt", evidence, "namespace-not-empty"))
    missing = around.missing_rights
    if missing:
        found.append(Checked("rights", "conflict", f"Patchbay may not {'; '.join(missing[:4])}"))
    elif missing is None:
        found.append(Checked("rights", "unknown", "the cluster was not asked"))
    return found


def _steps(removal: Removal, around: Surroundings) -> list[Step]:
    by_part: dict[str, list[JSONObject]] = {part: [] for part in _PARTS}
    by_part[_PARTS[0]] += removal.custom
    custom = {key for key, _ in definitions(removal.objects)}
    for object in removal.objects:
        own = ref(object)
        live = around.existing.get(own)
        if live is None or (own.api_version.partition("/")[0], own.kind) in custom:
            continue
        by_part[_part(own)].append(live)
    steps: list[Step] = []
    for part, objects in by_part.items():
        deletions = [_delete(live, part, removal) for live in reversed(objects)]
        steps += deletions
        steps += [wait for each in deletions if (wait := _wait(each, part))]
        if part == _PARTS[0] and removal.installation.operator is not None:
            agent = removal.installation.agent
            steps.append(Wait(ref=agent, until=Until.GONE, timeout_seconds=FINALIZED_SECONDS, part="the agents go"))
    return steps


def _part(own: Ref) -> str:
    if own.kind == "CustomResourceDefinition":
        return "definitions"
    if own.kind == "Namespace":
        return "namespace"
    if own.kind in _SERVED:
        return "what calls the plugin"
    return "workloads" if own.kind in _WORKLOADS else "rights and configuration"


def _delete(live: JSONObject, part: str, removal: Removal) -> Delete:
    own = ref(live)
    return Delete(ref=own, uid=uid(live), prior=reborn(live), part=part, holds=len(removal.held.get(own, ())))


def _wait(step: Delete, part: str) -> Wait | None:
    """For what is gone only some time after it was deleted: finalizers, pods, contents."""
    if part == "rights and configuration":
        return None
    seconds = FINALIZED_SECONDS if part in (_PARTS[0], "namespace") else GONE_SECONDS
    return Wait(ref=step.ref, until=Until.GONE, timeout_seconds=seconds, part=f"gone: {part}")


def afterwards(removal: Removal) -> tuple[str, ...]:
    """What stays on the hosts, how to clear it, and which pods have to be made anew."""
    lines = [*removal.plugin.leftovers.told("On every host")]
    if reason := removal.plugin.leftovers.shutdown_reason:
        lines += [
            f"Nodes keep NetworkUnavailable ({reason}), and no pod is put there, until another plugin takes that back, "
            "or somebody does:",
            f"  {clearing('NODE')}",
        ]
    pods = [pod for pod in removal.pods if not _goes(pod, removal)]
    owners = Counter(_owner(pod) for pod in pods)
    if owners:
        told = ", ".join(f"{owner} ({count})" for owner, count in sorted(owners.items())[:10])
        more = f" and {len(owners) - 10} more owners" if len(owners) > 10 else ""
        lines.append(f"{len(pods)} pods keep addresses of it until they are made anew: {told}{more}")
    return tuple(lines)


def _goes(pod: Pod, removal: Removal) -> bool:
    """Whether it is the plugin's own, and goes with it."""
    workloads = {own.short for own in map(ref, removal.objects) if own.kind in _WORKLOADS}
    namespaces = {removal.installation.agent.namespace, *(ref(each).namespace for each in removal.objects)}
    if pod.namespace in namespaces - {"kube-system"}:
        return True
    return _owner(pod).partition(" ")[2] in workloads


def _owner(pod: Pod) -> str:
    """Whom to restart: `Deployment shop/web` for a pod of one of its ReplicaSets."""
    owners = pod.metadata.owner_references or ()
    if not owners:
        return str(pod.ref)
    owner = owners[0]
    if owner.kind == "ReplicaSet":
        return f"Deployment {pod.namespace}/{owner.name.rpartition('-')[0]}"
    return f"{owner.kind} {pod.namespace}/{owner.name}"
