"""What is written under a definition: pruned, filled with defaults, validated, in the words of a real 1.36.

Validation follows the OpenAPI subset that structural schemas may have. Where the real server says several things of one
value, so does this, in its order: by field, depth first.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.statuses import Cause, shown
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]

_BITS = {"int32": 31, "int64": 63}
_OWN = ("apiVersion", "kind", "metadata")


def pruned(obj: Object, schema: Object) -> tuple[Object, list[str]]:
    """A copy without the fields that the schema does not know, and the paths of those."""
    unknown: list[str] = []
    body = _pruned(obj, schema, "", unknown, whole=True)
    return body, unknown


def _pruned(value: Any, schema: Object, path: str, unknown: list[str], *, whole: bool = False) -> Any:
    if isinstance(value, list):
        items = schema.get("items")
        if not isinstance(items, dict):
            return copied(value)
        return [_pruned(item, items, f"{path}[{n}]", unknown) for n, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    keeps = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    own = _OWN if whole or schema.get("x-kubernetes-embedded-resource") else ()
    found = {}
    for name, child in value.items():
        at = f"{path}.{name}" if path else name
        if name in own:
            found[name] = copied(child)
        elif name in properties:
            found[name] = _pruned(child, properties[name], at, unknown)
        elif isinstance(more, dict):
            found[name] = _pruned(child, more, at, unknown)
        elif more is True or keeps or (not properties and "type" not in schema):
            found[name] = copied(child)
        else:
            unknown.append(at)
    return found


def fill(value: Any, schema: Object) -> None:
    """Puts defaults where nothing is said, in place; null stands for nothing unless the schema takes it."""
    if isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for item in value:
                fill(item, items)
        return
    if not isinstance(value, dict):
        return
    properties = schema.get("properties") or {}
    for name, said in properties.items():
        if name in value and value[name] is None and not said.get("nullable"):
            del value[name]
        if name not in value and "default" in said:
            value[name] = copied(said["default"])
        if name in value:
            fill(value[name], said)
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        for name, child in value.items():
            if name not in properties:
                fill(child, more)


def causes(value: Any, schema: Object, path: str = "") -> Iterator[Cause]:
    """What is wrong with a value, each with its path."""
    if value is None:
        if not schema.get("nullable"):
            kind = schema.get("type", "object")
            yield _wrong_type(path, None, kind)
        return
    if (wrong := _type_cause(value, schema, path)) is not None:
        yield wrong
        if schema.get("type") == "integer" and isinstance(value, float):
            said = f"Checked value must be of type integer ({schema.get('format') or 'default format'}) in {path}"
            yield Cause("<nil>", f'Invalid value: "": {said}')
        return
    bits = _BITS.get(schema.get("format", "")) if schema.get("type") == "integer" else None
    if bits and not -(2**bits) <= value < 2**bits:
        said = f"Checked value must be of type integer with format {schema['format']} in {path}"
        yield Cause("<nil>", f'Invalid value: "": {said}')
    yield from _plain(value, schema, path)
    for each in schema.get("allOf") or ():
        yield from causes(value, each, path)
    yield from _choices(value, schema, path)
    if isinstance(value, dict):
        yield from _of_object(value, schema, path)
    elif isinstance(value, list):
        yield from _of_list(value, schema, path)


def _type_cause(value: Any, schema: Object, path: str) -> Cause | None:
    if schema.get("x-kubernetes-int-or-string"):
        good = isinstance(value, str) or _is_integer(value)
        return None if good else _wrong_type(path, value, "integer,string")
    kind = schema.get("type")
    good = {
        None: True, "object": isinstance(value, dict), "array": isinstance(value, list),
        "string": isinstance(value, str), "boolean": isinstance(value, bool), "integer": _is_integer(value),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
    }.get(kind, True)  # fmt: skip
    return None if good else _wrong_type(path, value, str(kind))


def _is_integer(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _wrong_type(path: str, value: Any, kind: str) -> Cause:
    found = {bool: "boolean", str: "string", list: "array", dict: "object", type(None): "null"}.get(type(value))
    name = found or ("integer" if isinstance(value, int) else "number")
    message = f'Invalid value: "{name}": {path} in body must be of type {kind}: "{name}"'
    return Cause(path or "<nil>", message, "FieldValueTypeInvalid")


def _invalid(path: str, value: Any, message: str, reason: str = "FieldValueInvalid") -> Cause:
    return Cause(path, f"Invalid value: {shown(value)}: {path} in body {message}", reason)


def _plain(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    """Enums, ranges, lengths and patterns."""
    if "enum" in schema and value not in schema["enum"]:
        choices = ", ".join(shown(choice) for choice in schema["enum"])
        message = f"Unsupported value: {shown(value)}: supported values: {choices}"
        yield Cause(path, message, "FieldValueNotSupported")
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(value, schema, path)
    if isinstance(value, str):
        yield from _string(value, schema, path)


def _number(value: float, schema: Object, path: str) -> Iterator[Cause]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None and (value > most or (schema.get("exclusiveMaximum") and value == most)):
        word = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _invalid(path, value, f"should be {word} {most}")
    if least is not None and (value < least or (schema.get("exclusiveMinimum") and value == least)):
        word = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _invalid(path, value, f"should be {word} {least}")
    multiple = schema.get("multipleOf")
    if multiple and value % multiple:
        yield _invalid(path, value, f"should be a multiple of {multiple}")


def _string(value: str, schema: Object, path: str) -> Iterator[Cause]:
    if "maxLength" in schema and len(value) > schema["maxLength"]:  # which ends the look at a text
        yield Cause(path, f"Too long: may not be more than {schema['maxLength']} bytes", "FieldValueTooLong")
        return
    if "minLength" in schema and len(value) < schema["minLength"]:
        yield _invalid(path, value, f"should be at least {schema['minLength']} chars long")
    if "pattern" in schema and not _matches(schema["pattern"], value):
        yield _invalid(path, value, f"should match '{schema['pattern']}'")
    if (kind := schema.get("format")) and not _formatted(kind, value):
        yield _invalid(path, value, f"must be of type {kind}: {shown(value)}", "FieldValueTypeInvalid")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(_in_python(pattern), value) is not None
    except re.error:
        return True  # Go's dialect has a few things that Python's lacks: then nothing is known


def _in_python(pattern: str) -> str:
    pattern = re.sub(r"(\\[wds])-(?=[^\]])", r"\1\\-", pattern)
    return re.sub(r"\$(?=$|\)|\|)", r"\\Z", pattern).replace("[:alnum:]", "A-Za-z0-9")


_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "ipv4": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
}


def _formatted(kind: str, value: str) -> bool:
    if kind == "ipv6":
        return _is_ipv6(value)
    pattern = _FORMATS.get(kind)
    return pattern is None or pattern.fullmatch(value) is not None


def _is_ipv6(value: str) -> bool:
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def _choices(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    """anyOf, oneOf and not, which say nothing of a value's type in a structural schema."""
    name = f'"{path}"' if path else '""'

    def fits(choice: Object) -> bool:
        return next(causes(value, choice, path), None) is None

    if (some := schema.get("anyOf")) and not any(map(fits, some)):
        yield from causes(value, some[0], path)
        yield Cause(path or "<nil>", f'Invalid value: "": {name} must validate at least one schema (anyOf)')
    if one := schema.get("oneOf"):
        count = sum(map(fits, one))
        if count != 1:
            found = "Found none valid" if not count else f"Found {count} valid alternatives"
            yield Cause("<nil>", f'Invalid value: "": {name} must validate one and only one schema (oneOf). {found}')
    if "not" in schema and fits(schema["not"]):
        yield Cause(path or "<nil>", f'Invalid value: "": {name} must not validate the schema (not)')


def _of_object(value: Object, schema: Object, path: str) -> Iterator[Cause]:
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    if "maxProperties" in schema and len(value) > schema["maxProperties"]:
        most = schema["maxProperties"]
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} items", "FieldValueTooMany")
    if "minProperties" in schema and len(value) < schema["minProperties"]:
        yield _invalid(path, value, f"should have at least {schema['minProperties']} properties")
    for name in schema.get("required") or ():
        if name not in value:
            yield Cause(_below(path, name), "Required value", "FieldValueRequired")
    for name in sorted(value):
        if name in properties:
            if not (not path and name in _OWN):
                yield from causes(value[name], properties[name], _below(path, name))
        elif isinstance(more, dict):
            yield from causes(value[name], more, _below(path, name))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _of_list(value: list[Any], schema: Object, path: str) -> Iterator[Cause]:
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        most = schema["maxItems"]
        yield Cause(path, f"Too many: {len(value)}: must have at most {most} item{'' if most == 1 else 's'}",
                    "FieldValueTooMany")  # fmt: skip
    if "minItems" in schema and len(value) < schema["minItems"]:
        yield _invalid(path, len(value), f"should have at least {schema['minItems']} items")
    items = schema.get("items")
    if isinstance(items, dict):
        for number, item in enumerate(value):
            yield from causes(item, items, f"{path}[{number}]")
    yield from _twice(value, schema, path)


def _twice(value: list[Any], schema: Object, path: str) -> Iterator[Cause]:
    how = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    seen: set[str] = set()
    for number, item in enumerate(value):
        if how == "map" and isinstance(item, dict):
            sort = {key: item[key] for key in keys if key in item}
        elif how == "set":
            sort = item
        else:
            return
        if (text := shown(sort)) in seen:
            yield Cause(f"{path}[{number}]", f"Duplicate value: {text}", "FieldValueDuplicate")
        seen.add(text)
