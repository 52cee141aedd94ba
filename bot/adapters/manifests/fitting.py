"""How a custom resource differs from the schema of its definition: what the API server would say, before it is asked.

Structural schemas are OpenAPI with words of Kubernetes (`x-kubernetes-…`, `nullable`), which jsonschema is taught here.
As on the server, unknown fields are found first, then defaults are filled in, then the rest is validated. See
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.

Not evaluated: CEL rules (`x-kubernetes-validations`), formats, and the rules for metadata. Patterns are read as Python
does, and one that it cannot read is left to the server. So a server may refuse more than is said here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import create

from bot.domain.network.references import JSONObject
from bot.errors import NotFound

_OWN = ("apiVersion", "kind", "metadata")
_SHOWN = 300
_NAMES: dict[type, str] = {
    bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null", int: "integer", float: "number"
}  # fmt: skip
Keyword = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


def misfits(object: JSONObject, definitions: Sequence[JSONObject]) -> tuple[str, ...]:
    """A line for each difference, as the port says. Raises NotFound when its kind or version is not defined."""
    schema = _schema(object, definitions)
    lines = [f'strict decoding error: unknown field "{path}"' for path in _unknown(object, schema, "", whole=True)]
    filled = copy.deepcopy(object)
    _fill(filled, schema)
    lines += [_line(error) for error in _Structural(schema).iter_errors(filled)]
    return tuple(dict.fromkeys(lines))


def _schema(object: JSONObject, definitions: Sequence[JSONObject]) -> dict[str, Any]:
    """The schema of the object's version."""
    api_version, kind = object.get("apiVersion"), object.get("kind")
    group, _, version = str(api_version).rpartition("/")
    found: list[Any] = [each.get("spec") for each in definitions if each.get("kind") == "CustomResourceDefinition"]
    specs = [spec for spec in found if isinstance(spec, dict)]
    defining = [spec for spec in specs if spec.get("group") == group and spec.get("names", {}).get("kind") == kind]
    if not defining:
        raise NotFound(f"No CustomResourceDefinition among {len(specs)} defines {kind} of {group or api_version}")
    versions = {each["name"]: each for spec in defining for each in spec.get("versions", ()) if each.get("served")}
    if version not in versions:
        raise NotFound(f"{kind} of {group} is not defined in version {version}", cause=f"there is {_words(versions)}")
    schema: dict[str, Any] = (versions[version].get("schema") or {}).get("openAPIV3Schema") or {}
    return schema or {"x-kubernetes-preserve-unknown-fields": True}


def _words(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _unknown(value: Any, schema: Mapping[str, Any], path: str, *, whole: bool = False) -> Iterator[str]:
    """The paths of fields that the server would drop."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unknown(item, schema.get("items") or {}, f"{path}[{number}]")
        return
    if not isinstance(value, dict):
        return
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    own = _OWN if whole or schema.get("x-kubernetes-embedded-resource") else ()
    free = more is True or schema.get("x-kubernetes-preserve-unknown-fields") or not schema
    for name, child in value.items():
        at = f"{path}.{name}" if path else name
        if name in own:
            continue
        if name in properties:
            yield from _unknown(child, properties[name], at)
        elif isinstance(more, dict):
            yield from _unknown(child, more, at)
        elif not free:
            yield at


def _fill(value: Any, schema: Mapping[str, Any]) -> None:
    """Puts defaults in place, also where null stands and is not meant."""
    if isinstance(value, list):
        for item in value:
            _fill(item, schema.get("items") or {})
    elif isinstance(value, dict):
        properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, said in properties.items():
            if "default" in said and (name not in value or (value[name] is None and not said.get("nullable"))):
                value[name] = copy.deepcopy(said["default"])
        for name, child in value.items():
            _fill(child, properties.get(name) or (more if isinstance(more, dict) else {}))


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    if schema.get("x-kubernetes-int-or-string"):
        return ("integer", "string")
    return (schema["type"],) if "type" in schema else ()


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, float) and kind == "integer":
        return value.is_integer()
    return _NAMES[type(value)] == kind or (isinstance(value, int) and not isinstance(value, bool) and kind == "number")


def _type(_: Any, __: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if value is None and schema.get("nullable"):
        return
    kinds = _types(schema)
    if kinds and not any(_is_a(value, kind) for kind in kinds):
        yield ValidationError(_NAMES[type(value)])


def _enum(_: Any, choices: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    # In JSON true is not 1, which Python does not see.
    if value is not None and not any(type(value) is type(each) and value == each for each in choices):
        supported = ", ".join(map(_shown, choices))
        yield ValidationError(f"Unsupported value: {_shown(value)}: supported values: {supported}")


def _required(_: Any, names: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError("Required value", path=[name])


def _pattern(_: Any, pattern: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    compiled = _compiled(pattern)
    if isinstance(value, str) and compiled and not compiled.search(value):
        yield ValidationError(f"does not match {pattern}")


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(re.sub(r"\$(?=$|\)|\|)", r"\\Z", pattern))  # Go's $ is not before a last line's end
    except re.error:
        return None


def _listed(_: Any, how: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """A set holds nothing twice, a map no two with the same keys."""
    keys, seen = schema.get("x-kubernetes-list-map-keys") or (), set()
    for number, item in enumerate(value if isinstance(value, list) and how in ("set", "map") else ()):
        of = {key: item[key] for key in keys if key in item} if how == "map" and isinstance(item, dict) else item
        if (shown := _json(of)) in seen:
            yield ValidationError(f"Duplicate value: {shown}", path=[number])
        seen.add(shown)


def _unless_null(keyword: Keyword) -> Keyword:
    """Null is judged by its type alone; and an int-or-string has been when it comes to `anyOf`."""

    def judged(validator: Any, said: Any, value: Any, schema: Any) -> Iterable[ValidationError] | None:
        if value is None or schema.get("x-kubernetes-int-or-string"):
            return None
        return keyword(validator, said, value, schema)

    return judged


def _type_first(schema: Any) -> Iterable[tuple[str, Any]]:
    return sorted(schema.items(), key=lambda said: said[0] != "type")


_AS_DRAFT_4 = (
    "items", "additionalProperties", "properties", "minimum", "maximum", "multipleOf", "minLength", "maxLength",
    "minItems", "maxItems", "minProperties", "maxProperties",
)  # fmt: skip
"""OpenAPI 3.0 took these from the draft whose `exclusiveMinimum` is a boolean. No `$ref`: nothing is ever fetched."""

_Structural = create(
    meta_schema={},
    validators={name: Draft4Validator.VALIDATORS[name] for name in _AS_DRAFT_4}
    | {name: _unless_null(Draft4Validator.VALIDATORS[name]) for name in ("allOf", "anyOf", "oneOf", "not")}
    | {"enum": _enum, "required": _required, "pattern": _pattern, "x-kubernetes-list-type": _listed}
    | {"type": _type, "x-kubernetes-int-or-string": _type},
    type_checker=Draft4Validator.TYPE_CHECKER,
    applicable_validators=_type_first,
)


def _line(error: ValidationError) -> str:
    path = _path(error.absolute_path)
    said = _SAID.get(str(error.validator))
    message = said(error, path) if said else error.message
    return f"{path}: {message}" if path else message


def _path(parts: Iterable[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _bound(word: str) -> Callable[[ValidationError, str], str]:
    def said(error: ValidationError, path: str) -> str:
        exclusive = isinstance(error.schema, Mapping) and error.schema.get(f"exclusive{str(error.validator).title()}")
        bound = f"{word} than" if exclusive else f"{word} than or equal to"
        return f"Invalid value: {_shown(error.instance)}: {path} in body should be {bound} {error.validator_value}"

    return said


def _should(words: str) -> Callable[[ValidationError, str], str]:
    def said(error: ValidationError, path: str) -> str:
        wanted = words.format(error.validator_value)
        return f"Invalid value: {_shown(error.instance)}: {path} in body should {wanted}"

    return said


def _too_many(error: ValidationError, path: str) -> str:
    most, instance = error.validator_value, error.instance
    number = len(instance) if isinstance(instance, list | dict) else 0
    return f"Too many: {number}: must have at most {most} item{'' if most == 1 else 's'}"


def _wrong_type(error: ValidationError, path: str) -> str:
    kinds = ",".join(_types(error.schema)) if isinstance(error.schema, Mapping) else ""
    return f'Invalid value: "{error.message}": {path} in body must be of type {kinds}: "{error.message}"'


def _choice(words: str) -> Callable[[ValidationError, str], str]:
    return lambda error, path: f'Invalid value: "{path}" {words}'


_SAID: dict[str, Callable[[ValidationError, str], str]] = {
    "type": _wrong_type,
    "x-kubernetes-int-or-string": _wrong_type,
    "pattern": _should("match '{}'"),
    "minimum": _bound("greater"),
    "maximum": _bound("less"),
    "multipleOf": _should("be a multiple of {}"),
    "minLength": _should("be at least {} chars long"),
    "maxLength": lambda error, path: f"Too long: may not be more than {error.validator_value} bytes",
    "minItems": _should("have at least {} items"),
    "maxItems": _too_many,
    "minProperties": _should("have at least {} properties"),
    "maxProperties": _too_many,
    "anyOf": _choice("must validate at least one schema (anyOf)"),
    "oneOf": _choice("must validate one and only one schema (oneOf)"),
    "not": _choice("must not validate the schema (not)"),
}
"""How the API server words what jsonschema found; the other keywords here word it themselves."""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _shown(value: Any) -> str:
    text = _json(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
