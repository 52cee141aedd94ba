"""What holds for the metadata of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import finalizer_causes, labels, qualified_name
from bot.playground.cluster_server.rules.contract import Object
from bot.playground.cluster_server.statuses import Cause, invalid, shown

_ANNOTATIONS_BYTES = 256 * 1024
_NO_OWNERS = (("v1", "Event"),)


_TOLD_FOUR_TIMES = frozenset(
    ("Pod", "ConfigMap", "Secret", "Endpoints", "Ingress", "Job", "Role", "RoleBinding", "ClusterRole",
     "ClusterRoleBinding", "Namespace", "ServiceAccount", "IngressClass", "PersistentVolumeClaim", "StorageClass")
)  # fmt: skip
_TOLD_TWICE = frozenset(("PodDisruptionBudget", "Event"))


def judge_metadata(metadata: Object, kind: str, *, is_new: bool) -> Iterator[Cause]:
    """The real server looks at the metadata of a change several times, by kind (seen in 1.36), and tells it each time:
    twice for every kind, then as a new object's, which alone is where finalizers are looked at."""
    times = 1 if is_new else 2 if kind in _TOLD_TWICE else 4 if kind in _TOLD_FOUR_TIMES else 3
    for _ in range(times):
        yield from labels("metadata.labels", metadata.get("labels"))
        yield from judge_annotations(metadata.get("annotations") or {}, "metadata.annotations")
        yield from _judge_owners(metadata.get("ownerReferences") or ())
    for _ in range(times if is_new else times - 2):
        yield from _judge_finalizers(metadata)


def _judge_finalizers(metadata: Object) -> Iterator[Cause]:
    for number, name in enumerate(metadata.get("finalizers") or ()):
        yield from finalizer_causes(f"metadata.finalizers[{number}]", name)


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
