"""What a write makes of an object: which parts of it are the writer's, and what it is when it says no more."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects import canonical
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.rules.resizing import resized
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]

SYSTEM_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")


def laid_over(kind: Kind, before: Object, asked: Object, subresource: str) -> Object:
    """What a write through this door makes of the object: the other side stays as it is."""
    if subresource == "status":
        given = asked.get("metadata") or {}
        obj = before | {"status": asked.get("status") or {}}
        obj["metadata"] = before["metadata"] | {key: given[key] for key in ("managedFields",) if key in given}
        return copied(obj)  # type: ignore[no-any-return]
    if subresource == "ephemeralcontainers":
        wanted = (asked.get("spec") or {}).get("ephemeralContainers") or []
        metadata = before["metadata"] | {"generation": before["metadata"].get("generation", 1)}
        added: Object = copied(before | {"metadata": metadata})
        added["spec"]["ephemeralContainers"] = copied(wanted)
        return added
    if subresource == "resize":
        return copied(resized(before, asked))  # type: ignore[no-any-return]
    obj = {"kind": kind.name, "apiVersion": kind.stored_as, "metadata": copied(asked.get("metadata") or {})}
    obj |= {key: copied(value) for key, value in asked.items() if key not in obj}
    if kind.name == "Namespace" and not subresource:  # what holds it is changed through a door of its own
        obj["spec"] = before.get("spec", {})
    if kind.has_status:
        obj.pop("status", None)
        if "status" in before:
            obj["status"] = before["status"]
    metadata = obj["metadata"]
    metadata["name"] = before["metadata"]["name"]
    ends = metadata.get("deletionTimestamp")
    for key in (*SYSTEM_KEPT, "namespace"):
        metadata.pop(key, None)
        if key in before["metadata"]:
            metadata[key] = before["metadata"][key]
    if ends:
        metadata["deletionTimestamp"] = ends  # judged: it may only be what it was
    if "managedFields" not in metadata and "managedFields" in before["metadata"]:
        metadata["managedFields"] = before["metadata"]["managedFields"]
    for key in ("labels", "annotations", "finalizers", "ownerReferences"):
        if not metadata.get(key):
            metadata.pop(key, None)
    return obj


def filled(kind: Kind, obj: Object, rules: Rules) -> Object:
    """Gives an object, in place, all that it does not say. The result is what its writer meant, before anybody else
    decides on it."""
    if not kind.custom:
        kept = canonical.without_empties(obj, kind.type)
        obj.clear()
        obj.update(kept)
    try:
        rules.fill(obj)
    except KeyError:
        causes = [statuses.required("spec")]
        raise statuses.unprocessable(kind.name, kind.group, obj["metadata"]["name"], causes) from None
    if not kind.custom:
        canonical.with_what_shows(obj, kind.type)
    return copied(obj)  # type: ignore[no-any-return]


def ephemeral(pod: Object) -> Any:
    """What is added to a pod through a door of its own."""
    return dig(pod, "spec", "ephemeralContainers", default=[])


def without_status(kind: Kind, obj: Object) -> Object:
    """A new object without its status: nobody owns that yet."""
    return {key: value for key, value in obj.items() if key != "status"} if kind.has_status else obj


def specified(kind: Kind, obj: Object) -> Object:
    if kind.name == "Pod" and not kind.group:  # going to a node is not a change of what was wanted
        return {name: value for name, value in obj["spec"].items() if name != "nodeName"}
    if kind.name == "EndpointSlice":  # what it is found by counts too
        return obj | {"metadata": obj["metadata"].get("labels") or {}}
    left_out = ("metadata", "status") if kind.has_status or not kind.custom else ("metadata",)
    return {key: value for key, value in obj.items() if key not in left_out}


def without_times(obj: Object) -> Object:
    entries = [entry | {"time": ""} for entry in obj["metadata"].get("managedFields") or ()]
    return obj | {"metadata": obj["metadata"] | {"managedFields": entries, "generation": 0}}
