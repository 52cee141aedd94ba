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
    if isinstance(found, dict):
        return found
    said = f"json: cannot unmarshal {go_name_of(found)} into Go value of type {_HEAD}"
    raise _unrecognized(kind_name, said, body)


def parsed_yaml(body: bytes, kind_name: str) -> Object:
    """Raises 400 also for what is no object."""
    try:
        found = yaml.load(body, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if not isinstance(found, dict):
        raise _unrecognized(kind_name, "yaml: the document is no object", body)
    return found


def _unrecognized(kind_name: str, said: str, body: bytes) -> Exception:
    text = body.decode("utf-8", "replace")
    if not body:
        shown = "<empty>"
    elif text.startswith("{"):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    else:
        shown = body.hex() if len(body) <= _SHOWN else f"{body[:_SHOWN].hex()} ..."
    return bad_request(
        f"the object provided is unrecognized (must be of type {kind_name}): "
        f"couldn't get version/kind; json parse error: {said} ({shown})"
    )


def what_is_wrong(error: str, body: bytes) -> str:
    """What Go's reader says of a body, by what msgspec says of it."""
    if "truncated" in error or not body:
        return "unexpected end of JSON input"
    found = re.search(r"\(byte (\d+)\)", error)
    if not found:
        return error
    wrong = body[int(found[1]) : int(found[1]) + 1].decode("utf-8", "replace")
    words = next(go for ours, go in _WORDS if ours in error)
    return f"invalid character '{wrong}' {words}"


def duplicates(body: bytes) -> list[str]:
    """The paths of keys that an object has twice."""
    doubled: dict[int, list[str]] = {}
    kept: list[Object] = []  # so that no two have one id

    def paired(pairs: list[tuple[str, Any]]) -> Object:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            doubled[id(found)] = [name for n, name in enumerate(names) if name in names[:n]]
            kept.append(found)
        return found

    whole = json.loads(body, object_pairs_hook=paired)
    return list(_doubled_at(whole, "", doubled)) if doubled else []


def _doubled_at(value: Any, path: str, doubled: dict[int, list[str]]) -> list[str]:
    if isinstance(value, dict):
        at = [f"{path}.{name}".lstrip(".") for name in doubled.get(id(value), ())]
        return at + [one for name, child in value.items() for one in _doubled_at(child, f"{path}.{name}", doubled)]
    if isinstance(value, list):
        return [one for n, child in enumerate(value) for one in _doubled_at(child, f"{path}[{n}]", doubled)]
    return []
