"""The rules in a schema that are CEL expressions (`x-kubernetes-validations`), by a library that is written in Rust.

See https://kubernetes.io/docs/reference/using-api/cel/. A rule that calls what the library lacks counts as kept: this
server would rather take too much than refuse what a real one takes.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from bot.playground.cluster_server.statuses import Cause, shown

Object = dict[str, Any]

_log = logging.getLogger(__name__)
_REASONS = {
    "FieldValueForbidden": "Forbidden", "FieldValueRequired": "Required value",
    "FieldValueDuplicate": "Duplicate value",
}  # fmt: skip
_ABSENT = object()


def causes(value: Any, before: Any, schema: Object, path: str = "") -> Iterator[Cause]:
    """What the rules of a value and of all below it say; `before` is the same place of the stored object, if any."""
    for rule in schema.get("x-kubernetes-validations") or ():
        try:
            kept = _kept(rule, value, before)
        except _Missing as missing:
            said = f"no such key: {missing} evaluating rule: {rule.get('message') or rule['rule']}"
            told = '"object"' if isinstance(value, dict) else shown(value)
            yield Cause(path or "<nil>", f"Invalid value: {told}: {said}")
            continue
        if not kept:
            yield _cause(rule, value, path)
    if isinstance(value, dict):
        yield from _of_object(value, before, schema, path)
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(value):
            yield from causes(item, _counterpart(item, before, schema), schema["items"], f"{path}[{number}]")


def unset() -> Any:
    """What stands for "there was nothing before"."""
    return _ABSENT


def _of_object(value: Object, before: Any, schema: Object, path: str) -> Iterator[Cause]:
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    for name in sorted(value):
        below = properties.get(name) or (more if isinstance(more, dict) else None)
        if below:
            was = before.get(name, _ABSENT) if isinstance(before, dict) else _ABSENT
            yield from causes(value[name], was, below, f"{path}.{name}" if path else name)


def _counterpart(item: Any, before: Any, schema: Object) -> Any:
    """Only elements of lists with keys can be told to be the same ones as before."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if keys and isinstance(before, list) and isinstance(item, dict):
        for was in before:
            if isinstance(was, dict) and all(was.get(key) == item.get(key) for key in keys):
                return was
    return _ABSENT


@cache
def _library() -> Any:
    """Imported when the first rule is met: it brings a terminal program along, which takes 0.2 s."""
    import cel

    return cel


_MISSING = re.compile(r"[Nn]o such key: '?(\w+)")


class _Missing(Exception):
    """A rule asked for a field that is not there."""


def _kept(rule: Object, value: Any, before: Any) -> bool:
    text = rule["rule"]
    compares = "oldSelf" in text
    if compares and before is _ABSENT:
        return True
    try:
        return evaluated(text, {"self": value, **({"oldSelf": before} if compares else {})}) is not False
    except (RuntimeError, ValueError, TypeError) as error:
        if missing := _MISSING.search(str(error)):
            raise _Missing(missing[1]) from error
        _log.debug("a rule could not be evaluated and counts as kept: %s: %s", text, error)
        return True


def evaluated(text: str, names: Object) -> Any:
    """Raises RuntimeError, ValueError or TypeError for what cannot be evaluated."""
    context = _library().Context(names)
    for name, function in _FUNCTIONS.items():
        context.add_function(name, function)
    try:
        return _compiled(text).execute(context)
    except KeyError as error:
        raise ValueError(f"no such key: {error.args[0]}") from error
    except ArithmeticError as error:
        raise ValueError(str(error)) from error


_UNKNOWN = ("Undefined", "undeclared", "not found", "UndeclaredReference", "No such overload")


def is_unknown(error: Exception) -> bool:
    """Whether an expression failed for what the library lacks, where a real server might know it."""
    return any(word in str(error) for word in _UNKNOWN)


@lru_cache(maxsize=2000)
def _compiled(text: str) -> Any:
    return _library().compile(text)


def _cause(rule: Object, value: Any, path: str) -> Cause:
    message = rule.get("message") or f"failed rule: {rule['rule'].strip()}"
    if said := rule.get("messageExpression"):
        try:
            message = str(_compiled(said).execute(_library().Context({"self": value})))
        except (RuntimeError, ValueError, TypeError):
            _log.debug("a message could not be evaluated: %s", said)
    at = (path + rule.get("fieldPath", "")).lstrip(".") or "<nil>"
    reason = rule.get("reason", "FieldValueInvalid")
    if word := _REASONS.get(reason):
        text = f"{word}: {shown(value)}" if reason == "FieldValueDuplicate" else f"{word}: {message}"
        return Cause(at, text, reason)
    # Objects and lists are not shown (apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go).
    told = "" if isinstance(value, dict | list) else f"{shown(value)}: "
    return Cause(at, f"Invalid value: {told}{message}", reason)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


_FUNCTIONS = {
    "isIP": _is_address, "isCIDR": _is_network, "lowerAscii": str.lower, "upperAscii": str.upper, "trim": str.strip,
}  # fmt: skip
