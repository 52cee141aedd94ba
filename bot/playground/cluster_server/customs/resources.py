"""The rules of one custom resource, as those of the built-in kinds are: what its schema says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from bot.playground.cluster_server.customs import expressions, reading
from bot.playground.cluster_server.http.decoding import metadata_of
from bot.playground.cluster_server.objects.kinds import Custom, Kind
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.statuses import Cause, bad_request, invalid, unprocessable

Object = dict[str, Any]

_BLOCKING = (
    "FieldValueRequired",
    "FieldValueTypeInvalid",
    "FieldValueNotSupported",
    "FieldValueTooLong",
    "FieldValueTooMany",
)
_UNCHECKED = Cause(
    "<nil>",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


def decoded(body: Object, kind: Kind, said: str) -> tuple[Object, list[str]]:
    """A body as this kind takes it, pruned, and the paths of what it has too many. `said` is the body as it came, for
    the words of an error. Raises 400 and 422."""
    custom = kind.custom
    assert custom is not None
    for field, name in (("kind", "Kind"), ("apiVersion", "apiVersion")):
        if not body.get(field):
            short = said if len(said) <= 30 else said[:30] + " ..."
            raise bad_request(
                f"the object provided is unrecognized (must be of type {kind.name}): "
                f"Object '{name}' is missing in '{said}' ({short})"
            )
    if body["apiVersion"] != kind.api_version:
        refused = bad_request(
            f"the API version in the data ({body['apiVersion']}) does not match the expected API version "
            f"({kind.api_version})"
        )
        # Nothing is known of that version, so that every field of it is one too many.
        refused.warnings = [
            f'unknown field "{name}"' for name in body if name not in ("apiVersion", "kind", "metadata")
        ]
        raise refused
    if body["kind"] != kind.name:
        name = (body.get("metadata") or {}).get("name", "")
        cause = invalid("kind", body["kind"], f"must be {kind.name}")
        raise unprocessable(body["kind"], kind.group, name, [cause])
    obj, unknown = reading.pruned(body, custom.schema)
    obj["metadata"] = metadata_of(obj.get("metadata") or {}, kind, unknown)
    return obj, unknown


def rules(kind: Kind) -> Rules:
    custom = kind.custom
    assert custom is not None
    return Rules(fill=partial(reading.fill, schema=custom.schema), judge=partial(_judge, custom=custom))


def _judge(obj: Object, before: Object | None, *, custom: Custom) -> Iterator[Cause]:
    causes = list(reading.causes(obj, custom.schema))
    yield from causes
    if custom.scale:
        yield from _judge_scale(obj, custom.scale)
    if not custom.has_rules:
        return
    if any(cause.reason in _BLOCKING for cause in causes):
        yield _UNCHECKED
    else:
        yield from expressions.causes(obj, expressions.unset() if before is None else before, custom.schema)


def _judge_scale(obj: Object, scale: Object) -> Iterator[Cause]:
    path = scale["specReplicasPath"]
    at: Any = obj
    *above, last = path.strip(".").split(".")
    for name in above:
        at = at.get(name, {})
        if not isinstance(at, dict):
            said = f"{path} accessor error: {at} is of the type {_go(at)}, expected map[string]interface{{}}"
            yield invalid(path, 0, said)
            return
    value = at.get(last, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        yield invalid(path, 0, f"{path} accessor error: {value} is of the type {_go(value)}, expected int64")
    elif value < 0:
        yield invalid(path, value, "should be a non-negative integer")


def _go(value: Any) -> str:
    """The type that Go's decoder gives a JSON value."""
    types = {str: "string", bool: "bool", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}
    return types.get(type(value), "int64")
