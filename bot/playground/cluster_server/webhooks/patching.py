"""A webhook's JSON patch, applied; what cannot be done is told in the words of the real server's library."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.objects.patching import json_patched
from bot.playground.cluster_server.statuses import APIError, internal

Object = dict[str, Any]


def operated(obj: Object, operations: list[Object]) -> Object:
    """Raises 500 for the first operation that cannot be done."""
    for operation in operations:
        try:
            obj = json_patched(obj, [operation])
        except APIError as error:
            raise internal(_said(obj, operation)) from error
    return obj


def _said(obj: Object, operation: Any) -> str:
    if not isinstance(operation, dict):
        return "json: cannot unmarshal array into Go value of type jsonpatch.Operation"
    name, path = operation.get("op"), str(operation.get("path", ""))
    last = path.rpartition("/")[2]
    match name:
        case "add":
            return f'add operation does not apply: doc is missing path: "{path}": missing value'
        case "replace":
            return f"replace operation does not apply: doc is missing path: {path}: missing value"
        case "remove" if _has_parent(obj, path):
            return f"error in remove for path: '{path}': Unable to remove nonexistent key: {last}: missing value"
        case "remove":
            return f'remove operation does not apply: doc is missing path: "{path}": missing value'
        case "test":
            return f"testing value {path} failed: test failed"
        case "move":
            key = str(operation.get("from", "")).rpartition("/")[2]
            return f"error in move for path: '{key}': Unable to remove nonexistent key: {key}: missing value"
        case "copy":
            return f"copy operation does not apply: doc is missing from path: {operation.get('from')}: missing value"
    return f"Unexpected kind: {name}"


def _has_parent(obj: Any, path: str) -> bool:
    for step in path.split("/")[1:-1]:
        if not isinstance(obj, dict) or step not in obj:
            return False
        obj = obj[step]
    return True
