"""Bodies in protobuf, which kubectl and other Go clients send for built-in kinds, read into what JSON would have said.

See https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding for the envelope. The numbers of the
fields are recorded, their types are those of the schema. Answers are JSON always: every client takes that too.
"""

from __future__ import annotations

import base64
import datetime
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.schema import LIST, MAP, STRUCT, WIRE, Node, types
from bot.playground.cluster_server.statuses import bad_request

Object = dict[str, Any]
Fields = dict[int, list[Any]]

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_META, _EXTENSIONS = "apimachinery.pkg.apis.meta.v1", "apiextensions-apiserver.pkg.apis.apiextensions.v1"
_DEEPEST = 64


class Malformed(Exception):
    """These bytes are no protobuf message of that type."""


@cache
def _numbers() -> dict[str, dict[str, list[int]]]:
    found: dict[str, dict[str, list[int]]] = msgspec.json.decode(WIRE.read_bytes())["types"]
    return found


def fields_of(node: Node) -> list[str]:
    """Of a struct, in Go's order, which is that of their numbers; empty for what is none."""
    numbers = _numbers().get(node.type_name, {})
    return sorted(numbers, key=lambda name: numbers[name])


def decoded(body: bytes, kind: Kind) -> Object:
    """Raises 400."""
    try:
        if not body.startswith(_MAGIC):
            raise Malformed("provided data does not appear to be a protobuf message, expected prefix k8s\\x00")
        envelope = _fields(body[len(_MAGIC) :])
        head = _fields(_last(envelope, 1, b""))
        found = _message(_last(envelope, 2, b""), _type_of(head, kind), 0)
    except (Malformed, struct.error, UnicodeDecodeError, msgspec.DecodeError, OverflowError) as error:
        raise bad_request(f"the object provided is unrecognized (must be of type {kind.name}): {error}") from error
    said = {"apiVersion": _last(head, 1, b"").decode(), "kind": _last(head, 2, b"").decode()}
    return {name: value for name, value in said.items() if value} | found


def _type_of(head: Fields, kind: Kind) -> str:
    """Of the kind that the body names: subresources take kinds of their own, and deletes their options."""
    name, version = _last(head, 2, b"").decode(), _last(head, 1, b"").decode()
    if name.endswith("Options"):
        return f"{_META}.{name}"
    for sub in kind.subresources:
        if name == sub.kind and version == (f"{sub.group}/{sub.version}" if sub.group else sub.version):
            group = sub.group.removesuffix(".k8s.io").removesuffix(".authorization") or "core"
            candidate = f"{group}.{sub.version}.{name}"
            if candidate in _numbers():
                return candidate
    return kind.type_name


def _fields(data: Any) -> Fields:
    if not isinstance(data, bytes):
        raise Malformed("proto: wrong wireType")
    found: Fields = {}
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        value: Any
        if wire == _VARINT:
            value, place = _varint(data, place)
        elif wire == _BYTES:
            length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
            if len(value) != length:
                raise Malformed("unexpected EOF")
        elif wire == _FIXED64:
            value, place = struct.unpack("<d", data[place : place + 8])[0], place + 8
        elif wire == _FIXED32:
            value, place = struct.unpack("<f", data[place : place + 4])[0], place + 4
        else:
            raise Malformed(f"proto: illegal wireType {wire}")
        found.setdefault(number, []).append(value)
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(data) or shift > 63:
            raise Malformed("unexpected EOF")
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place


def _last(fields: Fields, number: int, default: Any) -> Any:
    return fields[number][-1] if number in fields else default


def _message(data: bytes, type_name: str, depth: int) -> Object:
    if depth > _DEEPEST:
        raise Malformed("nested too deeply")
    node, fields = types().named(type_name), _fields(data)
    result: Object = {}
    inner: dict[int, Fields] = {}
    for name, path in _numbers().get(type_name, {}).items():
        found = fields
        for step in path[:-1]:
            found = inner.setdefault(step, _fields(_last(fields, step, b"")))
        values = found.get(path[-1])
        if values is not None and name in node.fields:
            result[name] = _field(values, node.fields[name], depth)
    return result


def _field(values: list[Any], node: Node, depth: int) -> Any:
    if node.kind == LIST and node.of is not None:
        return [_value(value, node.of, depth) for value in _unpacked(values, node.of)]
    if node.kind == MAP and node.of is not None:
        entries = [_fields(value) for value in values]
        return {
            _last(entry, 1, b"").decode(): _value(_last(entry, 2, _zero(node.of)), node.of, depth) for entry in entries
        }
    return _value(values[-1], node, depth)


def _zero(node: Node) -> Any:
    return 0 if node.kind in ("integer", "boolean") else b""


def _unpacked(values: list[Any], of: Node) -> list[Any]:
    if of.kind not in ("integer", "boolean"):
        return values
    found: list[Any] = []
    for value in values:
        if isinstance(value, bytes):
            place = 0
            while place < len(value):
                number, place = _varint(value, place)
                found.append(number)
        else:
            found.append(value)
    return found


def _value(value: Any, node: Node, depth: int) -> Any:
    if special := _SPECIAL.get(node.type_name):
        return special(value, depth)
    if node.kind == STRUCT:
        return _message(_of(value, bytes), node.type_name, depth + 1)
    if node.kind == LIST:  # a named list is a message with items
        return [_value(item, node.of or node, depth) for item in _fields(value).get(1, ())]
    if node.kind == "string":
        data = _of(value, bytes)
        return base64.b64encode(data).decode() if node.format == "byte" else data.decode()
    if node.kind == "boolean":
        return bool(_of(value, int))
    if node.kind == "integer":
        number = _of(value, int)
        return number - (1 << 64) if number >= 1 << 63 else number
    return value


def _of(value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted):
        raise Malformed("proto: wrong wireType")
    return value


def _time(value: Any, depth: int) -> str | None:
    return _stamp(value, "%Y-%m-%dT%H:%M:%SZ")


def _micro_time(value: Any, depth: int) -> str | None:
    return _stamp(value, "%Y-%m-%dT%H:%M:%S.%fZ")


def _stamp(value: Any, form: str) -> str | None:
    fields = _fields(value)
    if not fields:
        return None
    seconds, nanoseconds = _last(fields, 1, 0), _last(fields, 2, 0)
    seconds = seconds - (1 << 64) if seconds >= 1 << 63 else seconds
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (epoch + datetime.timedelta(seconds=seconds, microseconds=nanoseconds // 1000)).strftime(form)


def _quantity(value: Any, depth: int) -> str:
    return str(_last(_fields(value), 1, b"0").decode())


def _number_or_text(value: Any, depth: int) -> int | str:
    fields = _fields(value)
    if _last(fields, 1, 0):
        return str(_last(fields, 3, b"").decode())
    number = int(_last(fields, 2, 0))
    return number - (1 << 64) if number >= 1 << 63 else number


def _raw(value: Any, depth: int) -> Any:
    data = _last(_fields(value), 1, b"")
    return msgspec.json.decode(data) if data else None


def _schema_or_list(value: Any, depth: int) -> Any:
    fields = _fields(value)
    if 1 in fields:
        return _message(fields[1][-1], f"{_EXTENSIONS}.JSONSchemaProps", depth + 1)
    return [_message(item, f"{_EXTENSIONS}.JSONSchemaProps", depth + 1) for item in fields.get(2, ())]


def _schema_or_flag(value: Any, depth: int) -> Any:
    fields = _fields(value)
    if 2 in fields:
        return _message(fields[2][-1], f"{_EXTENSIONS}.JSONSchemaProps", depth + 1)
    return bool(_last(fields, 1, 0))


_SPECIAL: dict[str, Callable[[Any, int], Any]] = {
    f"{_META}.Time": _time, f"{_META}.MicroTime": _micro_time, f"{_META}.FieldsV1": _raw,
    "apimachinery.pkg.api.resource.Quantity": _quantity, "apimachinery.pkg.util.intstr.IntOrString": _number_or_text,
    "apimachinery.pkg.runtime.RawExtension": _raw, f"{_EXTENSIONS}.JSON": _raw,
    f"{_EXTENSIONS}.JSONSchemaPropsOrArray": _schema_or_list, f"{_EXTENSIONS}.JSONSchemaPropsOrBool": _schema_or_flag,
}  # fmt: skip
