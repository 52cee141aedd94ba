"""Bodies of requests: JSON and YAML, what is wrong with one in the words of Go's reader, and keys given twice."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import yaml

from bot.playground.cluster_server.statuses import bad_request
from bot.playground.cluster_server.values import go_name_of

Object = dict[str, Any]

_SHOWN = 30
_HEAD = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_WORDS = (
    ("object keys must be strings", "looking for beginning of object key string"),
    ("trailing characters", "after top-level value"),
    ("expected ':'", "after object key"),
    ("expected ',' or '}'", "after object key:value pair"),
    ("expected ',' or ']'", "after array element"),
    ("trailing comma in object", "looking for beginning of object key string"),
    ("", "looking for beginning of value"),
)
"""What msgspec calls a mistake, and what Go does."""


def parsed(body: bytes, kind_name: str) -> Any:
    """Raises 400."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unrecognized(kind_name, what_is_wrong(str(error), body), body) from error


def parsed_patch(body: bytes, *, strategic: bool) -> Any:
    """Raises 400, in other words than for an object."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        said = what_is_wrong(str(error), body)
        raise bad_request(said if strategic else f"error decoding patch: {said}") from error


def parsed_object(body: bytes, kind_name: str) -> Object:
    found = parsed(body, kind_name)
    if found is None:
        return {}
    if isinstance(found, dict):
        for field in ("apiVersion", "kind"):
            if not isinstance(found.get(field, ""), str | None):
                wrong = f"cannot unmarshal {go_name_of(found[field])} into Go struct field .{field} of type string"
                raise _unrecognized(kind_name, f"json: {wrong}", body)
        if str(found.get("apiVersion")).count("/") > 1:
            said = f"unexpected GroupVersion string: {found['apiVersion']}"
            raise _unrecognized(kind_name, said, body, step="")
        return found
    said = f"json: cannot unmarshal {go_name_of(found)} into Go value of type {_HEAD}"
    raise _unrecognized(kind_name, said, body)


def parsed_yaml(body: bytes, kind_name: str) -> Object:
    """Raises 400 also for what is no object."""
    try:
        found = yaml.load(body, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{go_name_of(found)} into Go value of type map[string]interface {{}}"
        )
    return found


def yaml_duplicates(body: bytes) -> list[str]:
    """Keys that a mapping has twice, with the line where they stand again. JSON is not looked at."""
    if body.lstrip().startswith(b"{"):
        return []
    found: list[str] = []
    ahead: list[Any] = [yaml.compose(body, Loader=yaml.CSafeLoader)]
    while ahead:
        node = ahead.pop(0)
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, child in node.value:
                if key.value in names:
                    found.append(f'line {key.start_mark.line + 1}: key "{key.value}" already set in map')
                names.add(key.value)
                ahead.append(child)
        elif isinstance(node, yaml.SequenceNode):
            ahead += node.value
    return found


_HEADLESS = "couldn't get version/kind; json parse error: "


def _unrecognized(kind_name: str, said: str, body: bytes, *, step: str = _HEADLESS) -> Exception:
    text = body.decode("utf-8", "replace")
    if not body:
        shown = "<empty>"
    elif text.startswith("{"):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    else:
        shown = body.hex() if len(body) <= _SHOWN else f"{body[:_SHOWN].hex()} ..."
    return bad_request(f"the object provided is unrecognized (must be of type {kind_name}): {step}{said} ({shown})")


def what_is_wrong(error: str, body: bytes) -> str:
    """What Go's reader says of a body, by what msgspec says of it."""
    if "truncated" in error or not body:
        return "unexpected end of JSON input"
    found = re.search(r"\(byte (\d+)\)", error)
    if not found:
        return error
    place = int(found[1]) - ("trailing characters" in error)  # which are counted from behind the first of them
    wrong = body[place : place + 1].decode("utf-8", "replace")
    words = next(go for ours, go in _WORDS if ours in error)
    return f"invalid character '{wrong}' {words}"


def duplicates(body: bytes) -> list[str]:
    """The paths of keys that an object has twice, in the order in which a reader meets them."""
    found: list[str] = []
    whole = json.loads(body, object_pairs_hook=_Pairs)
    _look_for_doubles(whole, "", found)
    return found


class _Pairs(list[tuple[str, Any]]):
    """An object with all that it says."""


def _look_for_doubles(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, _Pairs):
        names: set[str] = set()
        for name, child in value:
            at = f"{path}.{name}".lstrip(".")
            if name in names:
                found.append(at)
            names.add(name)
            _look_for_doubles(child, at, found)
    elif isinstance(value, list):
        for number, child in enumerate(value):
            _look_for_doubles(child, f"{path}[{number}]", found)
