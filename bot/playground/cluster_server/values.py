"""Small things done to JSON values: copying, and reading a path that may be absent."""

from __future__ import annotations

from typing import Any


def copied(value: Any) -> Any:
    """Objects in the store are never changed in place: who wants another one changes a copy."""
    if type(value) is dict:
        return {key: copied(child) for key, child in value.items()}
    if type(value) is list:
        return [copied(child) for child in value]
    return value


def dig(value: Any, *path: str | int, default: Any = None) -> Any:
    """What stands at a path, or the default when the path ends early or with null."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return default
    return default if value is None else value


def as_go(value: Any) -> str:
    """As Go prints a map."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{as_go(child)}" for key, child in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(as_go, value)) + "]"
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "<nil>"}[value]
    return str(value)


_NAMES = {dict: "object", list: "array", str: "string", int: "number", float: "number", bool: "bool"}


def go_name_of(value: Any) -> str:
    """What Go calls the type of a JSON value."""
    return _NAMES.get(type(value), "null")
