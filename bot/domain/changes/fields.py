"""The fields of whole objects: which ones a manifest writes, whether they still hold, and putting them back.

A path is keys from the top; lists are leaves. Who wrote a field is known from `metadata.managedFields`
(https://kubernetes.io/docs/reference/using-api/server-side-apply/).
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from bot.domain.changes.change import Apply, Edit, FieldValue, Restore, StepRecord
from bot.domain.network.references import JSON, JSONObject, Ref

MANAGER = "patchbay"
_NUMBERED: Any = ({"f:deployment.kubernetes.io/revision": {}}, {".": {}, "f:deployment.kubernetes.io/revision": {}})
_IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
_SERVER_METADATA = {
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
}


def leaves(manifest: JSONObject) -> Iterator[FieldValue]:
    """Every field that applying the manifest writes; not what only says which object it is."""
    for path, value in _leaves(manifest, ()):
        if path not in _IDENTITY:
            yield FieldValue(path, value)


def _leaves(value: JSON, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JSON]]:
    if isinstance(value, dict) and (value or not at):
        for key, inner in value.items():
            yield from _leaves(inner, (*at, key))
    else:
        yield at, value


def at(object: JSON, path: tuple[str, ...]) -> FieldValue:
    """What stands in a field."""
    value = object
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return FieldValue(path, None, present=False)
        value = value[key]
    return FieldValue(path, value)


def standing(object: JSONObject, manifest: JSONObject) -> tuple[FieldValue, ...]:
    """What stands in each of the fields that the manifest writes."""
    return tuple(at(object, field.path) for field in leaves(manifest))


def beyond(object: JSONObject, manifest: JSONObject) -> tuple[FieldValue, ...]:
    """Those fields of the manifest that stand otherwise than it says: what a server filled in, mostly."""
    return tuple(there for field in leaves(manifest) if (there := at(object, field.path)) != field)


def written_by(step: Apply | Edit | Restore, done: StepRecord) -> tuple[FieldValue, ...]:
    """All fields as a step that was done left them."""
    if isinstance(step, Edit | Restore):
        return done.written
    sent = {field.path: field for field in leaves(step.manifest)}
    return tuple((sent | {field.path: field for field in done.written}).values())


def covers(have: JSON, wanted: JSON, *, but_empty: bool = False) -> bool:
    """Whether everything that is wanted is there; what the server filled in besides does not matter. `but_empty`: what
    says nothing (null, false, 0, an empty text, list or object) may be missing, as a server leaves most such out."""
    if isinstance(wanted, dict):
        return isinstance(have, dict) and all(
            covers(have[key], inner, but_empty=but_empty) if key in have else but_empty and not inner
            for key, inner in wanted.items()
        )
    if isinstance(wanted, list):
        if not isinstance(have, list) or len(have) != len(wanted):
            return False
        return all(covers(there, inner, but_empty=but_empty) for there, inner in zip(have, wanted, strict=True))
    return have == wanted


def stand(object: JSONObject, fields: Iterable[FieldValue], before: Iterable[FieldValue]) -> bool:
    """Whether each field stands as it was written, but for what the server fills in: what was taken away may stand
    there as its default. As it was `before` it does not: what is there besides may be the very thing that has to go,
    a port's name for example."""
    was = {field.path: field for field in before}
    return all(_stands(at(object, field.path), field, was.get(field.path, field)) for field in fields)


def _stands(there: FieldValue, wanted: FieldValue, before: FieldValue) -> bool:
    if there == wanted:
        return True
    if there == before:
        return False
    if not wanted.present:
        return before.present
    return there.present and covers(there.value, wanted.value, but_empty=True)


def changed(before: JSONObject, after: JSONObject) -> tuple[tuple[FieldValue, ...], tuple[FieldValue, ...]]:
    """The fields in which two readings of an object differ, as they were and as they are, in the same order; not the
    status, nor what the server keeps for itself."""
    paths = sorted({field.path for object in (before, after) for field in leaves(reborn(object))})
    differing = [path for path in paths if at(before, path) != at(after, path)]
    return tuple(at(before, path) for path in differing), tuple(at(after, path) for path in differing)


def hold(object: JSONObject, fields: Iterable[FieldValue]) -> bool:
    """Whether each field still stands as recorded."""
    return all(at(object, field.path) == field for field in fields)


def lost(object: JSONObject, fields: Iterable[FieldValue]) -> list[str]:
    """The fields that stand otherwise than recorded, as people write them: `spec.type`."""
    return [".".join(field.path) for field in fields if at(object, field.path) != field]


def with_fields(object: JSONObject, fields: Iterable[FieldValue]) -> JSONObject:
    """A copy of the object in which these fields stand so. Objects that become empty by it go too."""
    whole: JSONObject = copy.deepcopy(object)
    for field in fields:
        if field.present:
            _put(whole, field.path, field.value)
        else:
            _drop(whole, field.path)
    return whole


def _put(whole: JSONObject, path: tuple[str, ...], value: JSON) -> None:
    for key in path[:-1]:
        inner = whole.get(key)
        if not isinstance(inner, dict):
            inner = whole[key] = {}
        whole = inner
    whole[path[-1]] = copy.deepcopy(value)


def _drop(whole: JSONObject, path: tuple[str, ...]) -> None:
    parents: list[JSONObject] = [whole]
    for key in path[:-1]:
        inner = parents[-1].get(key)
        if not isinstance(inner, dict):
            return
        parents.append(inner)
    parents[-1].pop(path[-1], None)
    for depth in range(len(parents) - 1, 0, -1):
        if parents[depth]:
            return
        parents[depth - 1].pop(path[depth - 1], None)


def metadata(object: JSONObject) -> dict[str, Any]:
    found = object.get("metadata")
    return found if isinstance(found, dict) else {}


def uid(object: JSONObject) -> str:
    return str(metadata(object).get("uid") or "")


def writers(object: JSONObject) -> tuple[str, ...]:
    """Who wrote fields of the object, sorted; those that only write its status do not count."""
    return tuple(sorted({str(entry.get("manager") or "") for entry in _entries(object)}))


def applied_by_us(object: JSONObject) -> bool:
    """Whether Patchbay has applied fields of it."""
    return any(entry.get("manager") == MANAGER and entry.get("operation") == "Apply" for entry in _entries(object))


def _entries(object: JSONObject) -> Iterator[dict[str, Any]]:
    for entry in metadata(object).get("managedFields") or ():
        if entry.get("subresource") != "status" and not _only_counts(entry.get("fieldsV1") or {}):
            yield entry


def _only_counts(written: dict[str, Any]) -> bool:
    """Whether these fields are but the status, and the number of its revision that every Deployment is given."""
    rest = {name: value for name, value in written.items() if name != "f:status"}
    return bool(written) and rest in ({}, *({"f:metadata": {"f:annotations": each}} for each in _NUMBERED))


def created_at(object: JSONObject) -> datetime.datetime | None:
    """When the server made it; None when it does not say."""
    text = metadata(object).get("creationTimestamp")
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) if isinstance(text, str) else None


def reborn(object: JSONObject) -> JSONObject:
    """What to apply to have the object again: without status and all that the server keeps for itself."""
    kept: JSONObject = {key: value for key, value in object.items() if key not in ("status", "metadata")}
    kept["metadata"] = {key: value for key, value in metadata(object).items() if key not in _SERVER_METADATA}
    return kept


def ref_of(object: JSONObject) -> Ref:
    own = metadata(object)
    return Ref(str(object["kind"]), str(own["name"]), str(own.get("namespace") or ""), str(object["apiVersion"]))
