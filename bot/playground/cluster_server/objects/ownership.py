"""Who owns which field: managedFields, server-side apply, and the conflicts between managers.

Paths are tuples of the elements that fieldsV1 has (`f:name`, `k:{"port":80}`, `v:"x"`), so that sets of them are plain
sets. See https://kubernetes.io/docs/reference/using-api/server-side-apply/; details were read off a real 1.36.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from bot.playground.cluster_server.schema import LIST, STRUCT, UNKNOWN, Node
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]
Path = tuple[str, ...]


class _Mark:
    """What stands in place of a value at a path that has others below it."""

    def __init__(self, name: str) -> None:
        self.name = name


_GIVEN = _Mark("given")  # there before anybody wrote it, as `spec` is
_BRANCH = _Mark("branch")  # a map or list: whoever first writes below owns it, but appliers do not
_ITEM = _Mark("item")  # an element of a list with keys: owned by all who write it

_UNOWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {
    ("f:metadata", f"f:{name}")
    for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
                 "managedFields", "resourceVersion")
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manager:
    """Who writes, and how: managers of the same name are several when they write differently."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    def __str__(self) -> str:
        said = shown(self.name)
        if self.subresource:
            said += f" with subresource {shown(self.subresource)}"
        return f"{said} using {self.api_version}" if self.operation == "Update" else said


def shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@dataclass(slots=True)
class Owned:
    """What one manager owns, since when it is so."""

    paths: set[Path]
    time: str


Owners = dict[Manager, Owned]


def flatten(obj: Object, node: Node, *, fresh: bool = True) -> dict[Path, Any]:
    """Every path of an object with the value there, or a mark where there are paths below. `fresh`: what each new
    object in Go has is not told from what somebody wrote."""
    out: dict[Path, Any] = {}
    for name, child in obj.items():
        _walk(child, node.fields.get(name, UNKNOWN), (f"f:{name}",), out, fresh=fresh)
    for path in _UNOWNED:
        out.pop(path, None)
    for managed in [path for path in out if path[:2] == ("f:metadata", "f:managedFields")]:
        del out[managed]
    return out


def _walk(value: Any, node: Node, path: Path, out: dict[Path, Any], *, fresh: bool) -> None:
    given = fresh and node.starts_empty
    if not value and given and (value is None or node.kind != LIST):  # an empty list was written, a missing one not
        out[path] = _GIVEN
    elif (
        not value
        or node.atomic
        or not isinstance(value, dict | list)
        or (isinstance(value, list) and node.kind != LIST)
    ):
        out[path] = value
    elif isinstance(value, dict):
        out[path] = _GIVEN if given else _BRANCH
        for name, child in value.items():
            below = node.fields.get(name, UNKNOWN) if node.kind == STRUCT else node.of or UNKNOWN
            _walk(child, below, (*path, f"f:{name}"), out, fresh=given)
    elif node.is_set:
        out[path] = _GIVEN if given else _BRANCH
        out.update(((*path, f"v:{shown(item)}"), item) for item in value)
    else:
        out[path] = _GIVEN if given else _BRANCH
        of = node.of or UNKNOWN
        for item in value:
            at = (*path, key_of(item, node))
            if of.kind == STRUCT and of.atomic:
                out[at] = item
                continue
            out[at] = _ITEM
            if isinstance(item, dict):
                for name, child in item.items():
                    _walk(child, of.fields.get(name, UNKNOWN), (*at, f"f:{name}"), out, fresh=False)


def key_of(item: Any, node: Node) -> str:
    """How fieldsV1 tells an element of a list with keys from the others."""
    of = node.of or UNKNOWN
    keys: Object = {}
    for key in sorted(node.keys):
        value = item.get(key) if isinstance(item, dict) else None
        if value is None:
            value = of.fields.get(key, UNKNOWN).default
        if value is not None:
            keys[key] = value
    return f"k:{shown(keys)}"


def read(metadata: Object) -> Owners:
    """Raises nothing: entries that cannot be read own nothing."""
    owners: Owners = {}
    for entry in metadata.get("managedFields") or ():
        manager = Manager(
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        paths: set[Path] = set()
        _paths(entry.get("fieldsV1") or {}, (), paths)
        owners[manager] = Owned(paths, entry.get("time", ""))
    return owners


def _paths(tree: Object, path: Path, found: set[Path]) -> None:
    for name, below in tree.items():
        if name == ".":
            found.add(path)
        elif not below:
            found.add((*path, name))
        else:
            _paths(below, (*path, name), found)


def written(owners: Owners) -> list[Object]:
    """As objects carry it: appliers first, then by age."""
    entries = []
    for manager, owned in owners.items():
        if owned.paths or manager.operation == "Apply":
            entry: Object = {"manager": manager.name, "operation": manager.operation, "apiVersion": manager.api_version}
            if owned.time:
                entry["time"] = owned.time
            entry |= {"fieldsType": "FieldsV1", "fieldsV1": _tree(owned.paths)}
            if manager.subresource:
                entry["subresource"] = manager.subresource
            entries.append(entry)
    return sorted(entries, key=lambda entry: (entry["operation"], entry.get("time", ""), entry["manager"]))


def _tree(paths: set[Path]) -> Object:
    tree: Object = {}
    for path in sorted(paths):
        at = tree
        for element in path[:-1]:
            at = at.setdefault(element, {})
        at.setdefault(path[-1], {})
    for path in paths:
        at = tree
        for element in path:
            at = at[element]
        if at:
            at.setdefault(".", {})
    return _dots_first(tree)


def _dots_first(tree: Object) -> Object:
    return {name: _dots_first(tree[name]) for name in sorted(tree, key=lambda name: (name != ".", name))}


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two states of one object, as paths."""

    added: set[Path]
    changed: set[Path]
    removed: set[Path]

    @property
    def written(self) -> set[Path]:
        return self.added | self.changed


def difference(before: dict[Path, Any], after: dict[Path, Any]) -> Difference:
    def counts(value: Any) -> bool:
        return value is not _GIVEN

    added = {path for path, value in after.items() if counts(value) and not counts(before.get(path, _GIVEN))}
    removed = {path for path, value in before.items() if counts(value) and path not in after}
    changed = {
        path
        for path, value in after.items()
        if path in before
        and counts(before[path])
        and before[path] != value
        and (not isinstance(value, _Mark) or (value is _GIVEN and not isinstance(before[path], _Mark)))
    }
    return Difference(added, changed, removed)


def after_update(before: Object | None, after: Object, node: Node, manager: Manager, time: str) -> list[Object]:
    """The managedFields after a plain write: who changes a field owns it, and nobody else does."""
    owners = read((before or after).get("metadata", {}))
    found = difference(flatten(before, node) if before else {}, flatten(after, node))
    return written(_settled(owners, found, manager, found.written, time))


def _settled(owners: Owners, found: Difference, manager: Manager, gains: set[Path], time: str) -> Owners:
    for other, owned in owners.items():
        lost = found.removed if other == manager else found.removed | found.written
        owned.paths -= lost
    for other in [other for other, owned in owners.items() if not owned.paths and other != manager]:
        del owners[other]
    own = owners.get(manager)
    if own is None:
        if gains:
            owners[manager] = Owned(set(gains), time)
    elif not gains <= own.paths or found.written & gains:
        own.paths |= gains
        own.time = time
    return owners


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply makes of an object; its managedFields are those of `owners`."""

    obj: Object
    owners: Owners


def apply(live: Object | None, config: Object, node: Node, manager: Manager, time: str, *, force: bool) -> Applied:
    """Merges what one manager wants into what is. Raises 409 naming each field that others own, unless forced."""
    owners = read(live.get("metadata", {})) if live else {}
    wanted = {path for path, value in flatten(config, node, fresh=False).items() if value not in (_BRANCH, _GIVEN)}
    others = {other: owned for other, owned in owners.items() if other != manager}
    before = owners.get(manager, Owned(set(), "")).paths
    merged = merge(live or {}, config, node)
    _prune(merged, node, before - wanted, wanted.union(*(owned.paths for owned in others.values())))
    found = difference(flatten(live, node) if live else {}, flatten(merged, node))
    conflicts = {other: owned.paths & found.written for other, owned in others.items()}
    if not force and any(conflicts.values()):
        raise conflict(conflicts)
    for other, owned in others.items():
        owned.paths -= found.written | found.removed
        if not owned.paths:
            del owners[other]
    changed = bool(found.written or found.removed or live is None)
    if wanted != before or manager not in owners:
        kept = owners[manager].time if manager in owners else ""
        owners[manager] = Owned(wanted, time if changed else kept)  # who changes nothing is given no time
    return Applied(merged, owners)


def conflict(conflicts: dict[Manager, set[Path]]) -> APIError:
    found = [(manager, path) for manager, paths in conflicts.items() for path in sorted(paths, key=_leaves_first)]
    fields = [(manager, readable(path)) for manager, path in sorted(found, key=lambda one: str(one[0]))]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
        for manager, path in fields
    ]
    if len(fields) == 1:
        said = f"Apply failed with 1 conflict: conflict with {fields[0][0]}: {fields[0][1]}"
    else:
        said = f"Apply failed with {len(fields)} conflicts:"
        for manager in dict.fromkeys(manager for manager, _ in fields):
            listed = "".join(f"\n- {path}" for other, path in fields if other == manager)
            said += (" " if said.endswith(":") else "\n") + f"conflicts with {manager}:{listed}"
    return APIError(409, "Conflict", said, {"causes": causes})


def _leaves_first(path: Path) -> list[tuple[bool, str]]:
    """As the real server walks a set of paths: what ends at a level comes before what goes on below it."""
    return [(place < len(path) - 1, element) for place, element in enumerate(path)]


def readable(path: Path) -> str:
    """`.spec.ports[port=80,protocol="TCP"].nodePort`"""
    said = ""
    for element in path:
        mark, _, text = element.partition(":")
        if mark == "f":
            said += f".{text}"
        elif mark == "v":
            said += f"[={text}]"
        else:
            keys = msgspec.json.decode(text.encode())
            said += "[" + ",".join(f"{key}={shown(value)}" for key, value in keys.items()) + "]"
    return said


def merge(live: Any, config: Any, node: Node) -> Any:
    """What is, with what is wanted laid over it; neither is changed."""
    if config is None and not node.atomic and isinstance(live, dict | list):
        return live  # nothing is wanted within it
    if node.atomic or live is None or config is None or type(live) is not type(config):
        return copied(config)
    if isinstance(config, dict):
        result = dict(live)
        for name, value in config.items():
            below = node.fields.get(name, UNKNOWN) if node.kind == STRUCT else node.of or UNKNOWN
            result[name] = merge(live[name], value, below) if name in live else copied(value)
        return result
    if not isinstance(config, list):
        return config
    if node.is_set:
        return [*live, *(item for item in config if item not in live)]
    return _merged_items(live, config, node)


def _merged_items(live: list[Any], config: list[Any], node: Node) -> list[Any]:
    wanted = {key_of(item, node): item for item in config}
    result = []
    for item in live:
        key = key_of(item, node)
        result.append(merge(item, wanted.pop(key), node.of or UNKNOWN) if key in wanted else item)
    return result + [copied(item) for item in wanted.values()]


def _prune(obj: Object, node: Node, dropped: set[Path], kept: set[Path]) -> None:
    """Takes away what the manager applied before and does not any more, where nobody else wants it."""
    for path in sorted(dropped - kept, key=len):  # an element as a whole before its keys, by which it is found
        if not any(other[: len(path)] == path for other in kept):
            _take(obj, node, path)


def _take(obj: Object, node: Node, path: Path) -> None:
    """Removes one path from a tree whose branches are copied on the way, and branches that it leaves empty."""
    at: Any = obj
    trail: list[tuple[Any, Any]] = []
    for number, element in enumerate(path):
        step, below = _step(at, node, element)
        if step is None:
            return
        trail.append((at, step))
        if number < len(path) - 1:
            at[step] = dict(at[step]) if isinstance(at[step], dict) else list(at[step])
            at, node = at[step], below
    for number, (parent, step) in enumerate(reversed(trail)):
        if number and (parent[step] or isinstance(parent, list) or len(trail) - number == 1):
            return
        del parent[step]


def _step(at: Any, node: Node, element: str) -> tuple[Any, Node]:
    mark, _, text = element.partition(":")
    if mark == "f" and isinstance(at, dict) and text in at:
        return text, node.fields.get(text, UNKNOWN) if node.kind == STRUCT else node.of or UNKNOWN
    if isinstance(at, list) and node.kind == LIST:
        for index, item in enumerate(at):
            if (f"v:{shown(item)}" if mark == "v" else key_of(item, node)) == element:
                return index, node.of or UNKNOWN
    return None, UNKNOWN
