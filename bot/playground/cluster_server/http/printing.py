"""A patched object as the real server's errors print it: what a patch reached is in the order of its names, the rest in
the order of Go's structs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bot.playground.cluster_server.http.wire import fields_of
from bot.playground.cluster_server.schema import STRUCT, UNKNOWN, Node, types

Object = dict[str, Any]
Path = tuple[str, ...]

_META = "apimachinery.pkg.apis.meta.v1.ObjectMeta"


def printed(patched: Any, patch: Any, node: Node) -> str:
    """`patch` is a merge patch, or a list of operations."""
    reached = set(_operated(patch)) if isinstance(patch, list) else set(_merged(patch, ()))
    return msgspec.json.encode(_ordered(patched, node, (), reached)).decode()


def _merged(patch: Any, path: Path) -> Iterator[Path]:
    if isinstance(patch, dict):
        yield path
        for name, child in patch.items():
            yield from _merged(child, (*path, name))


def _operated(patch: list[Any]) -> Iterator[Path]:
    for operation in patch:
        steps = tuple(str(operation.get("path", "")).split("/")[1:])
        yield from (steps[:length] for length in range(len(steps)))


def _ordered(value: Any, node: Node, path: Path, reached: set[Path]) -> Any:
    if isinstance(value, list):
        of = node.of or UNKNOWN
        return [_ordered(item, of, (*path, str(number)), reached) for number, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if path == ("metadata",):
        node = types().named(_META)
    order = {name: place for place, name in enumerate(fields_of(node))} if path not in reached else {}
    below = node.fields if node.kind == STRUCT else {}
    return {
        name: _ordered(value[name], below.get(name) or node.of or UNKNOWN, (*path, name), reached)
        for name in sorted(value, key=lambda name: (order.get(name, len(order)), name))
    }
