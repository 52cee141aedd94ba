"""What exists, in which version, and what happened lately: the place of etcd. Nothing here knows HTTP or rules.

Objects are never changed in place, so whoever got one may keep it. Everything happens on one event loop, and each
change is told to its subscribers before the call that made it returns.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from bot.playground.cluster_server.objects.kinds import Kind

Object = dict[str, Any]
Resource = tuple[str, str]
Name = tuple[str, str]

HISTORY = 20_000
"""Changes that a watch may go back: older ones are compacted, and asking for them is answered by 410."""

_encoder = msgspec.json.Encoder()


@dataclass(eq=False)
class Stored:
    """An object as it stands, with its bytes once somebody needed them."""

    obj: Object
    revision: int

    @cached_property
    def encoded(self) -> bytes:
        return _encoder.encode(self.obj)

    @cached_property
    def encoded_in_list(self) -> bytes:
        """Lists name kind and version once, not in each element."""
        return _encoder.encode({key: value for key, value in self.obj.items() if key not in ("kind", "apiVersion")})


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Something happened to an object: ADDED, MODIFIED or DELETED."""

    type: str
    resource: Resource
    stored: Stored
    previous: Stored | None

    @property
    def obj(self) -> Object:
        return self.stored.obj

    @property
    def revision(self) -> int:
        return self.stored.revision


class Store:
    """Objects by resource and name."""

    def __init__(self) -> None:
        self.revision = 1000
        self.compacted = 1000
        """Changes up to this revision can no longer be told."""
        self._objects: dict[Resource, dict[Name, Stored]] = {}
        self._order: dict[Resource, list[Name]] = {}
        """The names in their order, so that a list need not sort."""
        self._owned: dict[str, dict[tuple[Resource, Name], None]] = {}
        """By the uid of an owner: what it owns."""
        self._by_uid: dict[str, tuple[Resource, Name]] = {}
        self._history: deque[Change] = deque()
        self._subscribers: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """The listener hears of every change from now on; the result ends that."""
        self._subscribers.append(listener)
        return lambda: self._subscribers.remove(listener)

    def get(self, kind: Kind, namespace: str, name: str) -> Stored | None:
        return self._objects.get(kind.resource, {}).get((namespace, name))

    def list(self, kind: Kind, namespace: str = "") -> Iterator[Stored]:
        """In the order of namespace and name; of all namespaces when none is given."""
        return self.at(kind, namespace, self.revision)

    def at(self, kind: Kind, namespace: str, revision: int, *, after: Name = ("", "")) -> Iterator[Stored]:
        """As it was at a revision that is not compacted: what happened since is taken back."""
        entries, order = self._objects.get(kind.resource, {}), self._order.get(kind.resource, [])
        if revision < self.revision:
            changed = tuple(self.since(kind, revision))
            if changed:
                entries = dict(entries)
                for change in reversed(changed):
                    if change.previous is None:
                        entries.pop(_name_of(change.obj), None)
                    else:
                        entries[_name_of(change.obj)] = change.previous
                order = sorted(entries)
        first = bisect.bisect_right(order, after) if after != ("", "") else 0
        if namespace:
            first = max(first, bisect.bisect_left(order, (namespace, "")))
        for name in order[first:]:
            if namespace and name[0] != namespace:
                return
            yield entries[name]

    def count(self, kind: Kind) -> int:
        return len(self._objects.get(kind.resource, {}))

    def everything(self) -> Iterator[Stored]:
        for entries in self._objects.values():
            yield from list(entries.values())

    def put(self, kind: Kind, obj: Object) -> Object:
        """Stores a copy that bears the next resourceVersion, and returns it."""
        metadata = obj["metadata"]
        key = (metadata.get("namespace", ""), metadata["name"])
        entries = self._objects.setdefault(kind.resource, {})
        previous = entries.get(key)
        if previous is None:
            bisect.insort(self._order.setdefault(kind.resource, []), key)
        stored = entries[key] = self._stamped(obj)
        self._tell(Change("MODIFIED" if previous else "ADDED", kind.resource, stored, previous))
        return stored.obj

    def _stamped(self, obj: Object) -> Stored:
        self.revision += 1
        metadata = obj["metadata"] | {"resourceVersion": str(self.revision)}
        return Stored(obj | {"metadata": metadata}, self.revision)

    def remove(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Its last state, bearing the revision of its end; None when there is none."""
        previous = self._objects.get(kind.resource, {}).pop((namespace, name), None)
        if previous is None:
            return None
        order = self._order[kind.resource]
        del order[bisect.bisect_left(order, (namespace, name))]
        stored = self._stamped(previous.obj)
        self._tell(Change("DELETED", kind.resource, stored, previous))
        return stored.obj

    def owned_by(self, uid: str) -> tuple[Stored, ...]:
        """The objects that name this owner."""
        found = (self._objects[resource].get(name) for resource, name in self._owned.get(uid, ()))
        return tuple(entry for entry in found if entry)

    def since(self, kind: Kind, revision: int) -> Iterator[Change]:
        """What happened to one kind of object after a revision that is not compacted."""
        return (
            change for change in list(self._history) if change.revision > revision and change.resource == kind.resource
        )

    def compact(self) -> None:
        """Forgets what happened: watches from before start anew."""
        self._history.clear()
        self.compacted = self.revision

    def of_uid(self, uid: str) -> Stored | None:
        key = self._by_uid.get(uid)
        return self._objects[key[0]].get(key[1]) if key else None

    def _index(self, change: Change) -> None:
        key, uid = (change.resource, _name_of(change.obj)), change.obj["metadata"].get("uid", "")
        was = _owners(change.previous.obj) if change.previous else set()
        now = _owners(change.obj) if change.type != "DELETED" else set()
        for owner in was - now:
            self._owned[owner].pop(key, None)
            if not self._owned[owner]:
                del self._owned[owner]
        for owner in now - was:
            self._owned.setdefault(owner, {})[key] = None
        if change.type == "DELETED":
            self._by_uid.pop(uid, None)
        else:
            self._by_uid[uid] = key

    def _tell(self, change: Change) -> None:
        self._index(change)
        self._history.append(change)
        if len(self._history) > HISTORY:
            self.compacted = self._history.popleft().revision
        for listener in list(self._subscribers):
            listener(change)


def _owners(obj: Object) -> set[str]:
    return {owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()}


def _name_of(obj: Object) -> Name:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
