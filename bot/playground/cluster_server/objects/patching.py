"""The three patches that are not an apply: JSON patch (RFC 6902), merge patch (RFC 7396), strategic merge patch."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.schema import LIST, STRUCT, UNKNOWN, Node
from bot.playground.cluster_server.statuses import APIError, bad_request
from bot.playground.cluster_server.values import as_go, copied, go_name_of

Object = dict[str, Any]

_GO_TYPES = {str: "string", int: "int64", float: "float64", bool: "bool", dict: "map[string]interface {}",
             type(None): "nil"}  # fmt: skip


def merge_patched(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patched(result.get(name), value) if isinstance(value, dict) else _without_nulls(value)
    return result


def _without_nulls(value: Any) -> Any:
    """Go's library takes them out of the objects in a list too, which RFC 7396 does not ask for."""
    if isinstance(value, dict):
        return {name: _without_nulls(child) for name, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def json_patched(target: Any, operations: Any) -> Any:
    """RFC 6902, as Go's library takes it. Raises 400, and the real server's wordless 422 for what cannot be done."""
    _check_operations(operations)
    result = copied(target)
    try:
        for operation in operations or ():
            result = _operated(result, operation)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        message = "the server rejected our request due to an error in our request"
        raise APIError(422, "Invalid", message, {}) from error
    return result


def _check_operations(operations: Any) -> None:
    into = "error decoding patch: json: cannot unmarshal"
    if not isinstance(operations, list | None):
        raise bad_request(f"{into} {go_name_of(operations)} into Go value of type []handlers.jsonPatchOp")
    for operation in operations or ():
        if not isinstance(operation, dict):
            raise bad_request(f"{into} {go_name_of(operation)} into Go value of type handlers.jsonPatchOp")
        for name in ("op", "path", "from"):
            if not isinstance(operation.get(name, ""), str):
                found = go_name_of(operation[name])
                raise bad_request(f"{into} {found} into Go struct field jsonPatchOp.{name} of type string")


def _operated(document: Any, operation: Object) -> Any:
    path = _pointer(operation["path"])
    if not path and operation["op"] != "replace":
        raise ValueError(operation)
    match operation["op"]:
        case "add":
            return _put(document, path, copied(operation.get("value")), insert=True)
        case "replace":  # the real server's library takes one of what is not there for an addition
            return _put(document, path, copied(operation["value"]), insert=False)
        case "remove":
            return _removed(document, path)
        case "move":
            source = _pointer(operation["from"])
            value = _at(document, source)
            return _put(_removed(document, source), path, value, insert=True)
        case "copy":
            *above, last = _pointer(operation["from"])  # what is not there is copied as nothing
            source = _at(document, above)
            value = source.get(last) if isinstance(source, dict) else _at(source, [last])
            return _put(document, path, copied(value), insert=True)
        case "test":
            parent, wanted = _at(document, path[:-1]), operation.get("value")
            is_missing = isinstance(parent, dict) and path[-1] not in parent
            if wanted is not None if is_missing else _at(document, path) != wanted:
                raise ValueError(operation)
            return document
    raise ValueError(operation)


def _pointer(text: str) -> list[str]:
    """The steps of a path; what stands before its first slash does not count."""
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(document: Any, path: list[str]) -> Any:
    for step in path:
        document = document[_index(step, len(document)) if isinstance(document, list) else step]
    return document


def _index(step: str, length: int) -> int:
    place = int(step)
    if not -length <= place < length:
        raise IndexError(step)
    return place % length if place < 0 else place


def _put(document: Any, path: list[str], value: Any, *, insert: bool) -> Any:
    if not path:
        return value
    parent, last = _at(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        index = len(parent) if last == "-" else _index(last, len(parent) + insert)
        if insert:
            parent.insert(index, value)
        else:
            parent[index] = value
    else:
        parent[last] = value
    return document


def _removed(document: Any, path: list[str]) -> Any:
    parent, last = _at(document, path[:-1]), path[-1]
    del parent[_index(last, len(parent)) if isinstance(parent, list) else last]
    return document


def strategic_patched(target: Any, patch: Any, node: Node) -> Any:
    """Kubernetes' own: like a merge patch, but lists with a merge key are merged by it."""
    if not isinstance(patch, dict):
        return copied(patch)
    if (directive := patch.get("$patch", "replace")) not in ("replace", "delete", "merge"):
        raise APIError(500, "", f"unknown patch type: {directive} in map: {as_go(patch)}")
    if patch.get("$patch") == "replace":
        return _plain({name: value for name, value in patch.items() if name != "$patch"})
    if patch.get("$patch") == "delete":
        return {}
    result = dict(target) if isinstance(target, dict) else {}
    if retained := patch.get("$retainKeys"):
        result = {name: value for name, value in result.items() if name in retained}
    for name, value in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.partition("/")[2]
            result[field] = [item for item in result.get(field) or () if item not in value]
        elif name.startswith("$"):
            continue
        elif value is None:
            result.pop(name, None)
        else:
            below = node.fields.get(name, UNKNOWN) if node.kind == STRUCT else node.of or UNKNOWN
            result[name] = _patched_value(result.get(name), value, below)
    for name, order in patch.items():
        if name.startswith("$setElementOrder/"):
            field = name.partition("/")[2]
            if not isinstance(order, list):
                raise APIError(500, "", f"expected a []interface {{}}, but received a {_GO_TYPES[type(order)]}")
            if isinstance(result.get(field), list):
                key = node.fields.get(field, UNKNOWN).merge_key
                named = [item.get(key) if isinstance(item, dict) else item for item in order]
                live = (target or {}).get(field) or [] if isinstance(target, dict) else []
                result[field] = _interleaved(result[field], named, live, key)
    return result


def _patched_value(target: Any, value: Any, node: Node) -> Any:
    if not isinstance(value, list):
        return strategic_patched(target, value, node)
    if node.kind != LIST or "merge" not in node.strategy or any(_replaces(item) for item in value):
        return [_plain(item) for item in value if not _replaces(item)]
    live = target if isinstance(target, list) else []
    if len({type(item) for item in (*live, *value)}) > 1:
        raise APIError(500, "", f"list element types are not identical: [{as_go(live)} {as_go(value)}]")
    if not node.merge_key:
        return [*live, *(item for item in value if item not in live)]
    return _merged_by_key(live, value, node)


def _merged_by_key(live: list[Any], patch: list[Any], node: Node) -> list[Any]:
    key, of = node.merge_key, node.of or UNKNOWN
    result = list(live)
    named = (item.get(key) for item in patch if isinstance(item, dict) and item.get("$patch") != "delete")
    order = list(dict.fromkeys(named))
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise APIError(500, "", f"map: {as_go(item)} does not contain declared merge key: {key}")
        index = next((n for n, other in enumerate(result) if other.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [other for other in result if other.get(key) != item[key]]
        elif index is None:
            result.append(_plain(item))
        else:
            result[index] = strategic_patched(result[index], item, of)
    return _interleaved(result, order, live, key)


def _interleaved(items: list[Any], order: list[Any], live: list[Any], key: str) -> list[Any]:
    """What the patch names has the patch's order, the rest its own; between both the former order decides, and where
    there was none the patch comes first."""

    def name(item: Any) -> Any:
        return item.get(key) if isinstance(item, dict) and key else item

    places = {name(item): place for place, item in enumerate(live)}
    named = [item for wanted in order for item in items if name(item) == wanted]
    rest = [item for item in items if name(item) not in order]
    result: list[Any] = []
    for item in named:
        place = places.get(name(item), -1)
        while rest and places.get(name(rest[0]), len(live)) < place:
            result.append(rest.pop(0))
        result.append(item)
    return result + rest


def _replaces(item: Any) -> bool:
    return isinstance(item, dict) and item == {"$patch": "replace"}


def _plain(value: Any) -> Any:
    """What a patch says about something that was not there before: its directives and nulls fall away."""
    if isinstance(value, dict):
        return {name: _plain(child) for name, child in value.items() if child is not None and not name.startswith("$")}
    return [_plain(child) for child in value] if isinstance(value, list) else value
