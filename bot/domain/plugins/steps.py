"""The order of things: definitions before what they define, the operator before what tells it what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from bot.domain.changes import fields
from bot.domain.changes.change import Apply, Settle, Step, TryAddresses, Until, Wait
from bot.domain.network.references import JSONObject, Ref
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.parameters import Parameters
from bot.domain.plugins.ranges import some
from bot.domain.plugins.surroundings import Surroundings

ESTABLISHED_SECONDS = 60.0
OPERATOR_SECONDS = 300.0
NODES_SECONDS = 600.0
READY_SECONDS = 300.0
ADDRESS_SECONDS = 90.0
TRIAL_NAMESPACE = "kube-system"
"""Where new pods are tried: it is there in every cluster, and seldom has quotas or policies."""
_DEFINITION = "CustomResourceDefinition"
_BEFORE_OTHERS = ("Namespace",)
_NEEDED_BY_PODS = (
    "ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding", "ConfigMap", "Secret",
    "PriorityClass",
)  # fmt: skip
_WORKLOADS = "workloads"
TOLD = "what it is told"


def applied(
    objects: Objects,
    existing: Mapping[Ref, JSONObject],
    sources: Sequence[str],
    *,
    writers: tuple[str, ...] = (),
    operator: Ref | None = None,
    forced: frozenset[Ref] = frozenset(),
    patience: float = 0.0,
) -> list[Step]:
    """Steps that apply all objects: definitions, namespaces, what pods need, all others, custom resources, each in the
    files' order; what stands there as wanted already is left out. `sources` says for each object where it comes from;
    `writers` are its own programs, `operator` is one that has to run before custom resources tell it what to do;
    `patience` is how many seconds what takes long is waited for, 0: the usual ones."""
    defined = dict(definitions(objects))
    made = {ref(each) for each in objects}
    steps: list[Step] = []
    later: list[Step] = []
    waits: list[Step] = []
    for object, source in sorted(zip(objects, sources, strict=True), key=lambda pair: _rank(pair[0])):
        own = ref(object)
        custom = (own.api_version.partition("/")[0], own.kind) in defined
        step = apply_step(object, existing, source, part_of(object, custom), forced, writers)
        if step is None:
            continue
        if _is_definition(object):
            waits.append(
                Wait(ref=own, until=Until.ESTABLISHED, timeout_seconds=ESTABLISHED_SECONDS, part="definitions served")
            )
        elif waits and not custom:
            steps += waits
            waits = []
        needs = custom or Ref("Namespace", own.namespace, "", "v1") in made - set(existing)
        step = replace(step, needs_earlier_step=needs and step.creates)
        (later if custom else steps).append(step)
    steps += waits
    if operator is not None:
        steps.append(
            Wait(
                ref=operator,
                until=Until.ROLLED_OUT,
                timeout_seconds=patience or OPERATOR_SECONDS,
                part="the operator runs",
            )
        )
    return [*steps, *later]


def _rank(object: JSONObject) -> int:
    """A pod whose account, rights or settings come after it fails until it is tried again."""
    first = ((_DEFINITION,), _BEFORE_OTHERS, _NEEDED_BY_PODS)
    return next((rank for rank, kinds in enumerate(first) if object.get("kind") in kinds), len(first))


def apply_step(
    object: JSONObject,
    existing: Mapping[Ref, JSONObject],
    source: str,
    part: str,
    forced: frozenset[Ref],
    writers: tuple[str, ...],
) -> Apply | None:
    """None when it stands there just so. `writers` are the plugin's own programs: they write into what tells them what
    to do, and make objects of their definitions and in their namespaces."""
    own = ref(object)
    manifest = without_status(object, own)
    there = existing.get(own)
    # Of what is but a name nothing is to be written, whoever made it.
    ours = there is not None and (fields.applied_by_us(there) or not any(fields.leaves(manifest)))
    if there is not None and ours and covers_all(there, manifest):
        return None
    return Apply(
        ref=own,
        manifest=manifest,
        creates=there is None,
        prior=fields.standing(there, manifest) if there is not None else (),
        force=own in forced,
        part=part,
        source=source,
        expects=writers if part in ("definitions", TOLD) or own.kind == "Namespace" else (),
        rests_on_earlier=part in (TOLD, _WORKLOADS),
    )


def covers_all(there: JSONObject, manifest: JSONObject) -> bool:
    """Whether every field that the manifest writes stands so."""
    return all(
        fields.covers(fields.at(there, field.path).value, field.value) and fields.at(there, field.path).present
        for field in fields.leaves(manifest)
    )


def without_status(object: JSONObject, own: Ref) -> JSONObject:
    """What we mean to own: no status, and no namespace on what is in none."""
    metadata: Any = object.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key not in ("creationTimestamp",) and value is not None}
    if not own.namespace:
        kept.pop("namespace", None)
    return {key: value for key, value in object.items() if key not in ("status", "metadata")} | {"metadata": kept}


def part_of(object: JSONObject, custom: bool) -> str:
    """What it is told as a part of."""
    kind = str(object.get("kind"))
    if kind == _DEFINITION:
        return "definitions"
    if custom:
        return TOLD
    if kind in ("DaemonSet", "Deployment", "StatefulSet"):
        return _WORKLOADS
    return "namespace, rights and configuration"


def definitions(objects: Iterable[JSONObject]) -> Iterator[tuple[tuple[str, str], JSONObject]]:
    """Each definition by the group and kind that it defines."""
    for object in objects:
        if _is_definition(object):
            spec: Any = object["spec"]
            yield (str(spec["group"]), str(spec["names"]["kind"])), object


def _is_definition(object: JSONObject) -> bool:
    return object.get("kind") == _DEFINITION


def verified(
    installation: Installation,
    parameters: Parameters,
    around: Surroundings,
    version: str = "",
    patience: float = 0.0,
    without: tuple[str, ...] = (),
) -> list[Step]:
    """What proves that the network stands: the agent on every node, the plugin's own word, an address for a new pod.
    `version` is what the agents have to be of, where others may be there still; `without` are nodes of which nothing is
    asked. An operator counts them all the same, so that its word is told then, and decides nothing."""
    nodes = Settle(
        ref=installation.agent,
        timeout_seconds=patience or NODES_SECONDS,
        tells_network=installation.tells_network,
        version=version,
        without=without,
        part="every node is served" if not without else f"every node but {some(without)} is served",
    )
    own_words = [(each, Until.AVAILABLE, not without) for each in installation.ready(parameters)]
    own_words += [(each, Until.ROLLED_OUT, True) for each in installation.controllers]
    seconds = patience or READY_SECONDS
    ready = [
        Wait(
            ref=each,
            until=until,
            timeout_seconds=seconds,
            required=required,
            behind=installation.behind.get(each.name) if until is Until.AVAILABLE else None,
            part="the plugin is ready",
        )
        for each, until, required in own_words
    ]
    trial = TryAddresses(
        namespace=TRIAL_NAMESPACE,
        ranges=address_ranges(installation, parameters, around),
        of_node=installation.uses_node_cidrs,
        blocks=installation.blocks,
        timeout_seconds=patience or ADDRESS_SECONDS,
    )
    return [nodes, *ready, trial]


def address_ranges(installation: Installation, parameters: Parameters, around: Surroundings) -> tuple[str, ...]:
    """Where pods' addresses must lie: the pod CIDRs, where the plugin was told any."""
    if parameters.pod_cidrs:
        return parameters.pod_cidrs
    return tuple(each.cidr for each in around.cluster_pod_cidrs())
