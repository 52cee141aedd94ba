"""What exists, in which version, and what happened lately: the place of etcd. Nothing here knows HTTP or rules.

Objects are never changed in place, so whoever got one may keep it. Everything happens on one event loop, and each
change is told to its subscribers before the call that made it returns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from bot.playground.cluster_server.kinds import Kind

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
        entries = self._objects.get(kind.resource, {})
        for key in sorted(entries):
            if not namespace or key[0] == namespace:
                yield entries[key]

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
        stored = self._stamped(previous.obj)
        self._tell(Change("DELETED", kind.resource, stored, previous))
        return stored.obj

    def since(self, kind: Kind, revision: int) -> Iterator[Change]:
        """What happened to one kind of object after a revision that is not compacted."""
        return (
            change for change in list(self._history) if change.revision > revision and change.resource == kind.resource
        )

    def compact(self) -> None:
        """Forgets what happened: watches from before start anew."""
        self._history.clear()
        self.compacted = self.revision

    def _tell(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > HISTORY:
            self.compacted = self._history.popleft().revision
        for listener in list(self._subscribers):
            listener(change)
