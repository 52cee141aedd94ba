"""Whether a body has the types that its kind says, in the words of Go's decoder, and which fields it has too many."""

from __future__ import annotations

import re
from typing import Any

from bot.playground.cluster_server.objects import canonical
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.schema import ANY, LIST, MAP, OBJECT, STRUCT, Node, types
from bot.playground.cluster_server.statuses import bad_request

Object = dict[str, Any]

_GO_TYPES = {"integer": "int32", "boolean": "bool", "number": "float64"}
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), OBJECT: (dict,),
}  # fmt: skip


def decoded(obj: Object, kind: Kind, *, keep_nulls: bool = False) -> tuple[Object, list[str]]:
    """The object without nulls and unknown fields, and the paths of those. Raises 400 for a value of a wrong type.

    Who applies a null owns the field all the same: then nulls are kept.
    """
    unknown: list[str] = []
    reader = _Reader(kind, unknown, keep_nulls)
    return reader.read(obj, kind.type, "", kind.name, ""), unknown


def metadata_of(metadata: Object, kind: Kind, unknown: list[str]) -> Object:
    """The metadata of a custom resource, the one part of it that Go's decoder reads. Raises 400."""
    node = types().named("apimachinery.pkg.apis.meta.v1.ObjectMeta")
    found: list[str] = []
    read = _Reader(kind, found).read(metadata, node, "", "ObjectMeta", "")
    unknown += [f"metadata.{path}" for path in found]
    return dict(read)


class _Reader:
    def __init__(self, kind: Kind, unknown: list[str], keep_nulls: bool = False) -> None:
        self._kind = kind
        self._keep_nulls = keep_nulls
        self._unknown = unknown

    def read(self, value: Any, node: Node, path: str, struct: str, full: str) -> Any:
        """`path` is the place as Go's errors name it; `full` has the places in lists besides."""
        if value is None or (node.kind == ANY and node.type_name != canonical.QUANTITY):
            return value
        if node.kind == STRUCT:
            return self._struct(self._must(value, dict, node, path, struct), node, path, full)
        if node.kind == MAP and node.of is not None:
            of = node.of
            entries = self._must(value, dict, node, path, struct).items()
            return {name: self.read(child, of, path, struct, f"{full}.{name}") for name, child in entries}
        if node.kind == LIST and node.of is not None:
            of, items = node.of, self._must(value, list, node, path, struct)
            return [self.read(item, of, path, struct, f"{full}[{n}]") for n, item in enumerate(items)]
        accepted = _ACCEPTED.get(node.kind)
        if accepted and (not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted)):
            raise self._wrong(value, node, path, struct)
        if (said := _form_error(value, node)) and not self._keep_nulls:
            kind, version = self._kind.name, self._kind.version
            raise bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {said}')
        return value

    def _struct(self, value: Object, node: Node, path: str, full: str) -> Object:
        name_of_type = node.type_name.rpartition(".")[2]
        result = {}
        for name, child in value.items():
            at = f"{path}.{name}" if path else name
            place = f"{full}.{name}" if full else name
            below = node.fields.get(name)
            if below is None:
                if node.fields:
                    self._unknown.append(place)
                    continue
                result[name] = child
            elif child is not None or self._keep_nulls:
                result[name] = self.read(child, below, at, name_of_type, place)
        return result

    def _must(self, value: Any, wanted: type, node: Node, path: str, struct: str) -> Any:
        if not isinstance(value, wanted):
            raise self._wrong(value, node, path, struct)
        return value

    def _wrong(self, value: Any, node: Node, path: str, struct: str) -> Exception:
        found = {bool: "bool", str: "string", list: "array", dict: "object"}.get(type(value), "number")
        kind, version = self._kind.name, self._kind.version
        wanted = _go_type(node)
        said = f"json: cannot unmarshal {found} into Go struct field {struct}.{path} of type {wanted}"
        return bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {said}')


_TIMES = {"v1.Time": "2006-01-02T15:04:05Z07:00", "v1.MicroTime": "2006-01-02T15:04:05.000000Z07:00"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_BASE64 = re.compile(r"[A-Za-z0-9+/\r\n]*={0,2}")


def _form_error(value: Any, node: Node) -> str:
    """What Go's own readers of times, bytes and quantities say; empty: nothing."""
    if node.type_name == canonical.QUANTITY:
        if not canonical.is_quantity(value):
            return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    elif node.format == "byte" and isinstance(value, str):
        bare = re.sub(r"[\r\n]", "", value)
        if not _BASE64.fullmatch(value) or len(bare) % 4:
            wrong = next(
                (n for n, c in enumerate(value) if not re.match(r"[A-Za-z0-9+/=\r\n]", c)), len(value) // 4 * 4
            )
            return f"illegal base64 data at input byte {wrong}"
    elif node.format == "date-time" and isinstance(value, str) and not _TIME.fullmatch(value):
        layout = _TIMES["v1.MicroTime" if node.type_name.endswith("MicroTime") else "v1.Time"]
        return f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"'
    return ""


def _go_type(node: Node) -> str:
    if node.kind == STRUCT:
        package, _, name = node.type_name.rpartition(".")
        return f"{package.rpartition('.')[2] or 'v1'}.{name}"
    if node.kind == LIST and node.of is not None:
        return f"[]{_go_type(node.of)}"
    if node.kind == MAP and node.of is not None:
        return f"map[string]{_go_type(node.of)}"
    if node.kind == "integer":
        return node.format or "int64"
    return _GO_TYPES.get(node.kind, node.kind)
