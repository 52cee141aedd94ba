"""Whether a body has the types that its kind says, in the words of Go's decoder, and which fields it has too many."""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import Any

import msgspec

from bot.playground.cluster_server.objects import canonical
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.schema import ANY, LIST, MAP, OBJECT, STRUCT, WIRE, Node, types
from bot.playground.cluster_server.statuses import APIError

Object = dict[str, Any]

_GO_TYPES = {"integer": "int32", "boolean": "bool", "number": "float64"}
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), OBJECT: (dict,),
}  # fmt: skip
_INT_OR_STRING = "apimachinery.pkg.util.intstr.IntOrString"
_BITS = {"int32": 31, "int64": 63}
Path = tuple[str | int, ...]
"""Where a value is in its object: fields, keys of maps and places in lists."""


class Unreadable(APIError):
    """A value of a wrong type. `said` is what Go's decoder says of it."""

    def __init__(self, kind: Kind, said: str) -> None:
        self.said = said
        about = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}'
        super().__init__(400, "BadRequest", f"{about}: {said}")


def decoded(obj: Object, kind: Kind, *, keep_nulls: bool = False) -> tuple[Object, list[str]]:
    """The object without nulls and unknown fields, and the paths of those. Raises Unreadable.

    Who applies a null owns the field all the same: then nulls are kept.
    """
    reader = _Reader(kind, kind.type, keep_nulls)
    return reader.read(obj, kind.type, ()), reader.unknown


def restored(obj: Object, kind: Kind, *, keep_nulls: bool = False) -> tuple[Object, list[str]]:
    """As `decoded`, of an object that a patch has put together: told in other words."""
    reader = _Restorer(kind, kind.type, keep_nulls)
    return reader.read(obj, kind.type, ()), reader.unknown


def metadata_of(metadata: Object, kind: Kind, unknown: list[str]) -> Object:
    """The metadata of a custom resource, the one part of it that Go's decoder reads. Raises 400."""
    node = types().named("apimachinery.pkg.apis.meta.v1.ObjectMeta")
    reader = _Reader(kind, node)
    read = reader.read(metadata, node, ())
    unknown += [f"metadata.{path}" for path in reader.unknown]
    return dict(read)


class _Reader:
    def __init__(self, kind: Kind, root: Node, keep_nulls: bool = False) -> None:
        self._kind = kind
        self._root = root
        self._keep_nulls = keep_nulls
        self.unknown: list[str] = []

    def read(self, value: Any, node: Node, path: Path) -> Any:
        if node.type_name == canonical.QUANTITY or node.type_name == _INT_OR_STRING:
            return self._written(value, node, path)
        if value is None or node.kind == ANY:
            return value
        if node.kind == STRUCT:
            return self._struct(self._must(value, dict, path), node, path)
        if node.kind == MAP and node.of is not None:
            of = node.of
            entries = self._must(value, dict, path).items()
            return {name: self._element(child, of, (*path, name)) for name, child in entries}
        if node.kind == LIST and node.of is not None:
            of, items = node.of, self._must(value, list, path)
            return [self._element(item, of, (*path, n)) for n, item in enumerate(items)]
        if node.format == "byte" and isinstance(value, list):  # Go reads them as numbers, one by one
            return base64.b64encode(bytes(self._byte(item, path) for item in value)).decode()
        accepted = _ACCEPTED.get(node.kind)
        if accepted and (not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted)):
            raise self._wrong(value, path)
        if node.kind == "integer" and not -(2 ** _bits(node)) <= value < 2 ** _bits(node):
            raise self._wrong(value, path)
        return self._written(value, node, path)

    def _struct(self, value: Object, node: Node, path: Path) -> Object:
        result = {}
        for name, child in value.items():
            below = node.fields.get(name)
            if below is None:
                if node.fields:
                    self.unknown.append(_shown((*path, name)))
                    continue
                result[name] = child
            elif child is not None or self._keep_nulls:
                result[name] = self.read(child, below, (*path, name))
        return result

    def _element(self, value: Any, node: Node, path: Path) -> Any:
        """Nothing, in a list or a map, is the empty value of its type."""
        if value is None and not (self._keep_nulls and isinstance(path[-1], str)):
            return "0" if node.type_name == canonical.QUANTITY else _EMPTY.get(node.kind, dict)()
        return self.read(value, node, path)

    def _byte(self, value: Any, path: Path) -> int:
        if type(value) is not int or not 0 <= value < 256:
            raise self._wrong(value, path, "uint8")
        return value

    def _written(self, value: Any, node: Node, path: Path) -> Any:
        """A value that Go reads by a reader of its own."""
        if value is None:
            return value
        if node.type_name == _INT_OR_STRING and not isinstance(value, str):
            if type(value) is not int or not -(2**31) <= value < 2**31:
                raise self._wrong(value, path, "int32")
            return value
        if said := _form_error(value, node):
            raise self._unreadable(said)
        return value

    def _must(self, value: Any, wanted: type, path: Path) -> Any:
        if not isinstance(value, wanted):
            raise self._wrong(value, path)
        return value

    def _wrong(self, value: Any, path: Path, wanted: str = "") -> Exception:
        struct, field, go_type = _in_go(self._root, path)
        found = _found(value, wanted or go_type)
        place = f"Go struct field {struct}.{field}" if struct else "Go value"
        return self._unreadable(f"json: cannot unmarshal {found} into {place} of type {wanted or go_type}")

    def _unreadable(self, said: str) -> Exception:
        return Unreadable(self._kind, said)


class _Restorer(_Reader):
    def read(self, value: Any, node: Node, path: Path) -> Any:
        if node.kind == "integer" and type(value) is int and -(2**63) <= value < 2**63:  # Go cuts off what is too much
            half = 2 ** _bits(node)
            value = (value + half) % (2 * half) - half
        return super().read(value, node, path)

    def _wrong(self, value: Any, path: Path, wanted: str = "") -> Exception:
        node = _node_at(self._root, path)
        found = _RESTORED.get(type(value), "int64")
        if wanted:  # by a reader of its own, which knows no place
            return self._unreadable(f"json: cannot unmarshal {_found(value, wanted)} into Go value of type {wanted}")
        if node.kind == STRUCT:
            return self._unreadable(f"cannot restore struct from: {found}")
        if node.kind in (MAP, LIST) or node.format == "byte":
            return self._unreadable(f"cannot restore {'map' if node.kind == MAP else 'slice'} from {found}")
        _, _, go_type = _in_go(self._root, path)
        if (found == "int64" and node.kind == "string") or (found == "float64" and node.kind in ("string", "integer")):
            return self._unreadable(f"cannot convert {found} to {go_type}")
        return self._unreadable(f"unrecognized type: {_go_type(node)}")

    def _byte(self, value: Any, path: Path) -> int:
        if type(value) is not int:
            raise self._unreadable("unrecognized type: uint8")
        return value & 255

    def _written(self, value: Any, node: Node, path: Path) -> Any:
        if node.format == "byte" and (said := _form_error(value, node)):
            raise self._unreadable(f"error decoding from json: {said}")
        return super()._written(value, node, path)


_RESTORED = {bool: "bool", str: "string", list: "slice", dict: "map", float: "float64"}


def _node_at(node: Node, path: Path) -> Node:
    for part in path:
        node = node.fields[str(part)] if node.kind == STRUCT else node.of or node
    return node


_EMPTY: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool, LIST: list}


def _bits(node: Node) -> int:
    return _BITS.get(node.format, 63)


def _found(value: Any, wanted: str) -> str:
    """A value of a wrong type, as Go's decoder calls it: numbers by themselves where a number was wanted."""
    name = {bool: "bool", str: "string", list: "array", dict: "object", type(None): "null"}.get(type(value), "number")
    return f"number {value}" if name == "number" and re.match(r"u?int|float", wanted) else name


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = msgspec.json.decode(WIRE.read_bytes())["words"]
    return found


def _in_go(node: Node, path: Path) -> tuple[str, str, str]:
    """The struct that has the field at a path, the fields on the way to it, and its type: in the words of Go's errors.

    Places in lists and keys of maps are not told; structs that JSON has inline are.
    """
    struct, fields, go_type = "", [], ""
    for part in path:
        if node.kind == STRUCT:
            go_type, *inline = _words().get(node.type_name, {}).get(str(part), [""])
            struct = node.type_name.rpartition(".")[2]
            fields += [*inline, str(part)]
            node = node.fields[str(part)]
        elif node.of is not None:
            node, go_type = node.of, _of_elements(go_type)
        go_type = go_type or _go_type(node)
    return struct, ".".join(fields), go_type or _go_type(node)


def _of_elements(go_type: str) -> str:
    """The type of what is in a list or a map; empty: its name does not tell."""
    return re.sub(r"^(\[\]|map\[[^\]]*\])", "", go_type) if go_type.startswith(("[]", "map[")) else ""


_TIMES = {"v1.Time": "2006-01-02T15:04:05Z07:00", "v1.MicroTime": "2006-01-02T15:04:05.000000Z07:00"}
_TIME_PARTS = (
    (r"\d{4}", "2006"), ("-", "-"), (r"\d\d", "01"), ("-", "-"), (r"\d\d", "02"), ("T", "T"), (r"\d\d", "15"),
    (":", ":"), (r"\d\d", "04"), (":", ":"), (r"\d\d", "05"), (r"\.\d{6}(?!\d)", ".000000"),
    (r"Z|[+-]\d\d:\d\d", "Z07:00"),
)  # fmt: skip
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
    elif node.format == "date-time" and isinstance(value, str):
        return _time_error(value, "v1.MicroTime" if node.type_name.endswith("MicroTime") else "v1.Time")
    return ""


def _time_error(value: str, go_type: str) -> str:
    """Go reads a time from left to right, by its layout: what does not fit is told with what should be there."""
    layout, rest = _TIMES[go_type], value
    for shape, part in _TIME_PARTS:
        if part == ".000000" and go_type == "v1.Time":
            rest = re.sub(r"^\.\d+", "", rest)
            continue
        found = re.match(shape, rest)
        if not found:
            return f'parsing time "{value}" as "{layout}": cannot parse "{rest}" as "{part}"'
        rest = rest[found.end() :]
    return f'parsing time "{value}": extra text: "{rest}"' if rest else ""


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
