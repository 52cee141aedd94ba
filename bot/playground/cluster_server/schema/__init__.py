"""What Kubernetes 1.36 says about its own kinds: one recorded table, read once, types compiled as they are needed.

`kubernetes-1.36.json` is made by `record.py` from a real server. A field is `[type]` or `[type, special]`: type is
string, integer, number, boolean, `object`, `any`, `list`, `map` or `@Name` of another type; `special` has `of`
(elements), `list` (atomic, set or map) with `keys`, `map` (atomic), `merge_key` and `strategy` (strategic merge patch),
`enum`, `default`, `required`, `format`, `shows` (`always` or `kept`, see `gotypes`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

RECORD = Path(__file__).with_name("kubernetes-1.36.json")
BEGINNINGS = Path(__file__).with_name("beginnings-1.36.json")
"""What a server makes for itself, see `record_beginnings`."""

WIRE = Path(__file__).with_name("wire-1.36.json")
"""The numbers of fields in protobuf, see `record_wire`."""

STRUCT, MAP, LIST, ANY, OBJECT = "struct", "map", "list", "any", "object"


@dataclass(slots=True, eq=False)
class Node:
    """The type of one value."""

    kind: str
    """struct, map, list, string, integer, number, boolean, object (no known fields) or any."""
    fields: dict[str, Node] = field(default_factory=dict)
    """Of a struct, by name."""
    of: Node | None = None
    """Of a list or a map: its elements."""
    atomic: bool = True
    """Owned, and replaced by an apply, as one value."""
    keys: tuple[str, ...] = ()
    """Of a list whose elements are told apart: the fields that do it; `set` lists have none."""
    is_set: bool = False
    merge_key: str = ""
    """For strategic merge patches; lists with `merge` and without a key are sets."""
    strategy: tuple[str, ...] = ()
    enum: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    format: str = ""
    type_name: str = ""
    shows: str = ""
    """What an empty value is: left out, `kept` where somebody wrote it, or there `always`."""

    @property
    def starts_empty(self) -> bool:
        """Whether a fresh object in Go holds this already, so that nobody is said to have added it."""
        return self.shows == "always"


UNKNOWN = Node(ANY)


@cache
def recorded() -> dict[str, Any]:
    """The whole table, as recorded."""
    table: dict[str, Any] = msgspec.json.decode(RECORD.read_bytes())
    return table


class Types:
    """Types by name, compiled when first asked for; they refer to one another, also in circles."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table
        self._compiled: dict[str, Node] = {}

    def named(self, name: str) -> Node:
        if name in self._compiled:
            return self._compiled[name]
        said = self._table.get(name)
        if said is None:
            return UNKNOWN
        if isinstance(said, list):
            node = self._compiled[name] = self._field(said)
            node.type_name = name
            return node
        node = self._compiled[name] = Node(STRUCT, atomic="*" in said, type_name=name)
        node.fields.update((key, self._field(value)) for key, value in said.items() if key != "*")
        return node

    def _field(self, said: list[Any]) -> Node:
        kind, special = said[0], said[1] if len(said) > 1 else {}
        node = _copied(self.named(kind[1:])) if kind.startswith("@") else Node(kind)
        if "of" in special:
            node.of = self._field(special["of"])
        if kind == LIST:
            node.keys, node.is_set = tuple(special.get("keys", ())), special.get("list") == "set"
            node.atomic = not node.keys and not node.is_set
        elif kind == MAP:
            node.atomic = special.get("map") == "atomic"
        elif special.get("map") == "atomic":
            node.atomic = True
        node.merge_key, node.strategy = special.get("merge_key", ""), tuple(special.get("strategy", "").split(","))
        node.enum, node.default = tuple(special.get("enum", ())), special.get("default")
        node.shows = special.get("shows", "")
        node.required, node.format = special.get("required", False), special.get("format", node.format)
        return node


def _copied(node: Node) -> Node:
    """The same type at another place: what is said of the place must not be said of the type.

    The dictionary of fields is shared, as it may still be filled.
    """
    return Node(node.kind, node.fields, node.of, node.atomic, format=node.format, type_name=node.type_name)


@cache
def types() -> Types:
    return Types(recorded()["types"])
