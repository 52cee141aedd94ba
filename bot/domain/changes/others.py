"""What others have written into an object since a step of ours, into whichever fields: by the API server's own book,
metadata.managedFields (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bot.domain.changes import fields
from bot.domain.network.references import JSONObject

_MOST = 6
_OURSELVES, _FIELD, _ITEM, _VALUE = ".", "f:", "k:", "v:"


def written_by_others(object: JSONObject, known: Iterable[str]) -> list[str]:
    """`metadata.labels.team (kubectl-label)`: the fields of those field managers that are neither ours nor `known`, at
    most six. Who wrote before and writes again under the same name cannot be told by it."""
    strangers = set(fields.writers(object)) - {*known, fields.MANAGER}
    found = []
    for entry in fields.metadata(object).get("managedFields") or ():
        manager = str(entry.get("manager") or "")
        if manager in strangers and entry.get("subresource") != "status":
            found += [f"{path} ({manager})" for path in _paths(entry.get("fieldsV1") or {}, "")]
    found = list(dict.fromkeys(found))
    return [*found[:_MOST], f"and {len(found) - _MOST} more"] if len(found) > _MOST else found


def _paths(tree: dict[str, Any], where: str) -> Iterator[str]:
    """The leaves of `fieldsV1`; the status is nobody's wish."""
    inner = {key: value for key, value in tree.items() if key != _OURSELVES}
    if not inner:
        yield where
    for key, value in inner.items():
        path = where + _named(key)
        if path != ".status":
            yield from (each.removeprefix(".") for each in _paths(value, path))


def _named(key: str) -> str:
    kind, name = key[:2], key[2:]
    if kind == _FIELD:
        return f".{name}"
    if kind not in (_ITEM, _VALUE):
        return f"[{name}]"
    said = msgspec.json.decode(name)
    return "[" + (",".join(f"{k}={v}" for k, v in said.items()) if isinstance(said, dict) else str(said)) + "]"
