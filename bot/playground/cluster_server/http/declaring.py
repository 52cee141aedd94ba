"""Whether what somebody applies is what the schema declares: the first mistake, in the words of the real server."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.http.decoding import Unreadable, restored
from bot.playground.cluster_server.objects.canonical import QUANTITY
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.schema import LIST, MAP, STRUCT, Node
from bot.playground.cluster_server.statuses import APIError, shown
from bot.playground.cluster_server.values import as_go

Object = dict[str, Any]

_WORDS = {"string": "string", "integer": "numeric (int or float)", "number": "numeric (int or float)",
          "boolean": "boolean"}  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int, float), "number": (int, float), "boolean": (bool,),
}  # fmt: skip
_NOT_IN_SETS = {
    dict: "associative list without keys has an element that's a map type",
    list: "not supported: associative list with lists as elements",
    type(None): "associative list without keys has an element that's an explicit null",
}


def check(config: Object, kind: Kind) -> None:
    """Raises the real server's 500 without a reason."""
    if mistake := _mistake(config, kind.type, ""):
        raise APIError(500, "", f"failed to create typed patch object ({_named(config, kind)}): {mistake}")


def converted(config: Object, kind: Kind) -> tuple[Object, list[str]]:
    """As `decoding.decoded`, with its nulls. Raises the real server's 500 for a value that cannot be read."""
    try:
        return restored(config, kind, keep_nulls=True)
    except Unreadable as error:
        what = f"{kind.group}/{kind.version}, Kind={kind.name}"
        said = f"unable to convert unstructured object to {what}: {error.said}"
        message = f"failed to convert new object ({_named(config, kind)}) to proper version: {said}"
        raise APIError(500, "", message) from error


def _named(config: Object, kind: Kind) -> str:
    metadata = config.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    where = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    return f"{where}; {kind.group}/{kind.version}, Kind={kind.name}"


def _mistake(value: Any, node: Node, path: str) -> str:
    if value is None or node.of is node:  # which holds whatever there is
        return ""
    if node.type_name == QUANTITY:
        return f"{path}: expected any scalar, got {_printed(value)}" if isinstance(value, dict | list) else ""
    if node.kind == STRUCT:
        return _in_struct(value, node, path)
    if node.kind == MAP and node.of is not None:
        if not isinstance(value, dict):
            return f"{path}: expected map, got {_printed(value)}"
        return _first(_mistake(child, node.of, f"{path}.{name}") for name, child in value.items())
    if node.kind == LIST and node.of is not None:
        return _in_list(value, node, path)
    wanted = _TYPES.get(node.kind)
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
        return f"{path}: expected {_WORDS[node.kind]}, got {_printed(value, node.kind)}"
    return ""


def _in_struct(value: Any, node: Node, path: str) -> str:
    if not isinstance(value, dict):
        return f"{path}: expected map, got {_printed(value)}"
    if not node.fields:
        return ""
    for name, child in value.items():
        below = node.fields.get(name) or node.of
        if below is None:
            return f"{path}.{name}: field not declared in schema"
        if mistake := _mistake(child, below, f"{path}.{name}"):
            return mistake
    return ""


def _in_list(value: Any, node: Node, path: str) -> str:
    if not isinstance(value, list):
        return f"{path}: expected list, got {_printed(value)}"
    assert node.of is not None
    seen: set[str] = set()
    for number, item in enumerate(value):
        at = f"{path}[{number}]"
        if node.keys and not isinstance(item, dict):
            what = "a null element" if item is None else "non-map elements"
            return f"{path}: element {number}: associative list with keys may not have {what}"
        if node.keys:
            found = {
                key: item.get(key, node.of.fields[key].default if key in node.of.fields else None) for key in node.keys
            }
            key = "[" + ",".join(f"{name}={_as_key(said)}" for name, said in sorted(found.items())) + "]"
            at = f"{path}{key}"
            if key in seen:
                return f"{path}: duplicate entries for key {key}"
            seen.add(key)
        elif node.is_set:
            if item is None or isinstance(item, dict | list):
                return f"{path}: element {number}: {_NOT_IN_SETS[type(item)]}"
            key = f"[={shown(item)}]"
            if key in seen:
                return f"{path}: duplicate entries for key {key}"
            seen.add(key)
            at = f"{path}{key}"
        if mistake := _mistake(item, node.of, at):
            return mistake
    return ""


def _as_key(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"{name}={_as_key(child)}" for name, child in value.items())
    return "[" + ",".join(map(_as_key, value)) + "]" if isinstance(value, list) else shown(value)


def _first(mistakes: Any) -> str:
    return next((mistake for mistake in mistakes if mistake), "")


_GO_KINDS = {bool: "bool", str: "string", list: "[]interface {}", dict: "map[string]interface {}", int: "int64"}


def _printed(value: Any, wanted: str = "") -> str:
    """As Go prints a value that is not what it should be."""
    if wanted == "string":
        return f"&value.valueUnstructured{{Value:{_in_full(value)}}}"
    if wanted in ("integer", "number"):
        return _GO_KINDS.get(type(value), "float64")
    return f"&{{{as_go(value)}}}"


def _in_full(value: Any) -> str:
    """With the types of what it holds."""
    if isinstance(value, dict):
        return (
            "map[string]interface {}{" + ", ".join(f"{shown(k)}:{_in_full(v)}" for k, v in sorted(value.items())) + "}"
        )
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(_in_full, value)) + "}"
    return "interface {}(nil)" if value is None else shown(value)
