"""The garbage collector: what belongs to something that is gone goes too, or is let go where that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change

Object = dict[str, Any]
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
_WRITING = Writing("kube-controller-manager")


class Garbage(Controller):
    """Keys are uids of owners."""

    account = "generic-garbage-collector"

    def concerns(self, change: Change) -> Iterable[Key]:
        metadata = change.obj["metadata"]
        keys = []
        if change.type == "DELETED" or metadata.get("deletionTimestamp"):
            keys.append(("", metadata["uid"]))
        if change.type == "ADDED":  # an owner may never have been there
            store = self.registry.store
            keys += [("", o["uid"]) for o in metadata.get("ownerReferences") or () if not store.of_uid(o["uid"])]
        if change.type == "DELETED":
            keys += [("", owner["uid"]) for owner in metadata.get("ownerReferences") or ()]
        return keys

    def reconcile(self, key: Key) -> Pause:
        uid = key[1]
        found = self.registry.store.of_uid(uid)
        owner = found.obj if found else None
        finalizers = (owner["metadata"].get("finalizers") or []) if owner else []
        if owner is None:
            for kind, dependent in self._dependents(uid):
                self._delete(kind, dependent, uid)
        elif ORPHAN in finalizers:
            for kind, dependent in self._dependents(uid):
                self._let_go(kind, dependent, uid)
            self._finalize(owner, ORPHAN)
        elif FOREGROUND in finalizers:
            for kind, dependent in self._dependents(uid):
                self._delete(kind, dependent, uid)
            if not any(self._blocking(uid)):
                self._finalize(owner, FOREGROUND)
        return None

    def _dependents(self, uid: str) -> Iterator[tuple[Kind, Object]]:
        for stored in self.registry.store.owned_by(uid):
            kind = self.registry.kinds.of(stored.obj["apiVersion"], stored.obj["kind"])
            if kind is not None:
                yield kind, stored.obj

    def _blocking(self, uid: str) -> Iterator[Object]:
        for _, dependent in self._dependents(uid):
            if any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in dependent["metadata"]["ownerReferences"]):
                yield dependent

    def _delete(self, kind: Kind, dependent: Object, uid: str) -> None:
        """Those that have another owner are only let go."""
        metadata = dependent["metadata"]
        if len(metadata["ownerReferences"]) > 1:
            self._let_go(kind, dependent, uid)
        elif not metadata.get("deletionTimestamp"):
            self.registry.delete(kind, metadata.get("namespace", ""), metadata["name"], Deleting())

    def _let_go(self, kind: Kind, dependent: Object, uid: str) -> None:
        metadata = dict(dependent["metadata"])
        metadata["ownerReferences"] = [owner for owner in metadata["ownerReferences"] if owner["uid"] != uid]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        self.registry.update(kind, namespace, name, dependent | {"metadata": metadata}, _WRITING)

    def _finalize(self, owner: Object, finalizer: str) -> None:
        metadata = dict(owner["metadata"])
        metadata["finalizers"] = [name for name in metadata["finalizers"] if name != finalizer]
        kind = self.registry.kinds.named(owner["apiVersion"], owner["kind"])
        self.registry.update(
            kind, metadata.get("namespace", ""), metadata["name"], owner | {"metadata": metadata}, _WRITING
        )
