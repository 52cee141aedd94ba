"""What goes when Patchbay applies another manifest to an object that it applied before: server-side apply takes away
each field that only its own last manifest wrote, and that the new one does not.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.domain.changes import fields
from bot.domain.changes.change import FieldValue
from bot.domain.network.references import JSONObject

LOSS = "loss"
"""The doubt about what goes by it."""
_Path = tuple[str, ...]


def released(object: JSONObject, manifest: JSONObject) -> tuple[FieldValue, ...]:
    """The fields that Patchbay alone wrote and this manifest does not, as they stand; lists are leaves, and those with
    keys (a Service's ports) are left to `released_items`."""
    written = {field.path for field in fields.leaves(manifest)}
    kept = {path for entry in _entries(object, ours=False) for path in _owned(entry)}
    gone = {path for entry in _entries(object, ours=True) for path in _owned(entry)} - written - kept
    # A leaf of ours may be an object in the new manifest: then it is written, not given up.
    return tuple(
        there
        for path in sorted(gone)
        if not any(other[: len(path)] == path for other in written) and (there := fields.at(object, path)).present
    )


def released_items(object: JSONObject, path: _Path, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The keys of a list's items that go, sorted: those that Patchbay alone has there and that are not `wanted`, which
    hold at least these keys."""
    ours = list(_keys(object, path, ours=True))
    theirs = list(_keys(object, path, ours=False))
    gone = [key for key in ours if key not in theirs and not any(key.items() <= item.items() for item in wanted)]
    return sorted(gone, key=lambda key: [str(value) for value in key.values()])


def _entries(object: JSONObject, *, ours: bool) -> Iterator[dict[str, Any]]:
    for entry in fields.metadata(object).get("managedFields") or ():
        applied = entry.get("manager") == fields.MANAGER and entry.get("operation") == "Apply"
        if applied == ours and not entry.get("subresource"):
            yield entry.get("fieldsV1") or {}


def _owned(tree: dict[str, Any], at: _Path = ()) -> Iterator[_Path]:
    """The leaves of `fieldsV1`: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/"""
    for name, inner in tree.items():
        if not name.startswith("f:"):
            continue
        path = (*at, name.removeprefix("f:"))
        below = [each for each in inner if each != "."]
        if not below:
            yield path
        elif all(each.startswith("f:") for each in below):
            yield from _owned(inner, path)


def _keys(object: JSONObject, path: _Path, *, ours: bool) -> Iterator[dict[str, Any]]:
    for tree in _entries(object, ours=ours):
        for name in path:
            tree = tree.get(f"f:{name}") or {}
        for name, inner in tree.items():
            # Without the dot somebody only wrote a field of it, and it goes all the same.
            if name.startswith("k:") and "." in inner:
                yield msgspec.json.decode(name.removeprefix("k:").encode())
