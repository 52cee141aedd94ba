"""What holds for the metadata of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import finalizer_causes, labels, qualified_name
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.rules.contract import Object
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, shown

_ANNOTATIONS_BYTES = 256 * 1024
_NO_OWNERS = (("v1", "Event"),)


_TOLD_FOUR_TIMES = frozenset(
    ("Pod", "ConfigMap", "Secret", "Endpoints", "Ingress", "Job", "Role", "RoleBinding", "ClusterRole",
     "ClusterRoleBinding", "Namespace", "ServiceAccount", "IngressClass", "PersistentVolumeClaim", "StorageClass")
)  # fmt: skip
_TOLD_TWICE = frozenset(("PodDisruptionBudget", "Event"))


_ANY_FINALIZER = frozenset(
    ("admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "coordination.k8s.io",
     "flowcontrol.apiserver.k8s.io", "policy")
)  # fmt: skip
"""Groups in which a finalizer need not say whose it is."""


def judge_metadata(metadata: Object, before: Object | None, kind: Kind) -> Iterator[Cause]:
    """The real server looks at the metadata of a change several times, by kind (seen in 1.36), and tells it each time:
    twice for every kind, then as a new object's, which alone is where most of finalizers is looked at."""
    times = 1 if before is None else 2 if kind.name in _TOLD_TWICE else 4 if kind.name in _TOLD_FOUR_TIMES else 3
    for _ in range(times):
        yield from labels("metadata.labels", metadata.get("labels"))
        yield from judge_annotations(metadata.get("annotations") or {}, "metadata.annotations")
        yield from _judge_owners(metadata.get("ownerReferences") or ())
    if before is not None:
        yield from _judge_change(metadata, before)
    finalizers = metadata.get("finalizers") or []
    whole = times if before is None else times - 2
    for number in range(max(1, whole)):
        yield from _judge_finalizers(finalizers)
        if number < whole and not kind.custom and kind.group not in _ANY_FINALIZER:
            for index, name in enumerate(finalizers):
                yield from finalizer_causes(f"metadata.finalizers[{index}]", name)


def _judge_change(metadata: Object, before: Object) -> Iterator[Cause]:
    new = [name for name in metadata.get("finalizers") or () if name not in (before.get("finalizers") or ())]
    for _ in range(2):
        if new and before.get("deletionTimestamp"):
            found = ", ".join(shown(name) for name in new)
            said = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
            yield forbidden_field("metadata.finalizers", f"{said}{{{found}}}")
        if metadata.get("deletionTimestamp") != before.get("deletionTimestamp"):
            yield invalid("metadata.deletionTimestamp", metadata.get("deletionTimestamp"), "field is immutable")


def _judge_finalizers(finalizers: list[str]) -> Iterator[Cause]:
    for name in finalizers:
        yield from qualified_name("metadata.finalizers", name)
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        said = "finalizer orphan and foregroundDeletion cannot be both set"
        yield invalid("metadata.finalizers", finalizers, said)


def without_double_owners(metadata: Object, *, is_new: bool) -> Iterator[str]:
    """Names each owner once, in place; warns of those that were named twice."""
    owners = metadata.get("ownerReferences") or []
    once = [owner for number, owner in enumerate(owners) if owner not in owners[:number]]
    if len(once) == len(owners):
        return
    metadata["ownerReferences"] = once
    listed = ", ".join(dict.fromkeys(owner["uid"] for n, owner in enumerate(owners) if owner in owners[:n]))
    when = "" if is_new else " after mutating admission happens"
    yield (
        f".metadata.ownerReferences contains duplicate entries{when}; API server dedups owner references in 1.20+, and "
        f"may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {listed}"
    )


def judge_annotations(annotations: Object, at: str) -> Iterator[Cause]:
    for key in sorted(annotations):
        for cause in qualified_name(at, key.lower()):
            yield invalid(at, key, cause.message.partition(": ")[2].partition(": ")[2])
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _ANNOTATIONS_BYTES:
        said = f"Too long: may not be more than {_ANNOTATIONS_BYTES} bytes"
        yield Cause(at, said, "FieldValueTooLong")


def _judge_owners(owners: tuple[Object, ...] | list[Object]) -> Iterator[Cause]:
    controllers = []
    for owner in owners:
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                said = "version must not be empty" if name == "apiVersion" else "must not be empty"
                yield invalid(f"metadata.ownerReferences.{name}", owner.get(name, ""), said)
        if (owner.get("apiVersion"), owner.get("kind")) in _NO_OWNERS:
            said = "/v1, Kind=Event is disallowed from being an owner"
            yield Cause("metadata.ownerReferences", f"Invalid value: {_printed(owner)}: {said}")
        if owner.get("controller"):
            controllers.append(f"{owner.get('kind')}/{owner.get('name')}")
    if len(controllers) > 1:
        said = f'Only one reference can have Controller set to true. Found "true" in references for {controllers[0]}'
        listed = ",".join(_printed(owner) for owner in owners)
        yield Cause("metadata.ownerReferences", f"Invalid value: [{listed}]: {said} and {controllers[1]}")


def _printed(owner: Object) -> str:
    order = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
    return "{" + ",".join(f'"{name}":{shown(owner[name])}' for name in order if name in owner) + "}"
