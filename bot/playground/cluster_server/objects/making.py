"""What a new object is before anybody decides on it: its name, its place, and what only the server knows of it."""

from __future__ import annotations

import random
import uuid
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.naming import name_causes
from bot.playground.cluster_server.objects.admitting import SUFFIX
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]

SYSTEM_UID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "kube-system.playground.patchbay"))
"""The uid of kube-system is what a cluster is known by: the playground is the same one after a restart."""


class Making:
    def __init__(self, store: Store, kinds: Kinds, chance: random.Random) -> None:
        self._store = store
        self._namespaces = kinds.named("v1", "Namespace")
        self._random = chance

    def fresh(self, kind: Kind, namespace: str, asked: Object, rules: Rules, now: str) -> Object:
        body = {key: copied(value) for key, value in asked.items() if key not in ("kind", "apiVersion", "metadata")}
        if kind.has_status and kind.name != "Node":
            body.pop("status", None)
        given = asked.get("metadata") or {}
        prefix = given.get("generateName", "")
        name = given.get("name") or self._generated(prefix)
        if prefix and not given.get("name"):
            _check_prefix(kind, prefix, name, rules)
        if not name and rules.names_itself:
            name = self._uid()
        if not name:
            cause = statuses.required("metadata.name", "name or generateName is required")
            raise statuses.unprocessable(kind.name, kind.group, "", [cause])
        metadata: Object = {"name": name}
        if given.get("generateName"):
            metadata["generateName"] = given["generateName"]
        if kind.namespaced:
            self.check_namespace(kind, namespace, name)
            metadata["namespace"] = namespace
        metadata["uid"] = SYSTEM_UID if (kind.name, name) == ("Namespace", "kube-system") else self._uid()
        if kind.counts_generations:
            metadata["generation"] = 1
        elif given.get("generation"):
            metadata["generation"] = given["generation"]
        metadata["creationTimestamp"] = now
        for key in ("labels", "annotations", "ownerReferences", "finalizers"):
            if given.get(key):
                metadata[key] = copied(given[key])
        return {"kind": kind.name, "apiVersion": kind.stored_as, "metadata": metadata} | body

    def _generated(self, prefix: str) -> str:
        return prefix + "".join(self._random.choices(SUFFIX, k=5)) if prefix else ""

    def _uid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        found = self._store.get(self._namespaces, "", namespace)
        if found is None:
            raise statuses.not_found("namespaces", "", namespace)
        if found.obj["metadata"].get("deletionTimestamp"):
            said = f"unable to create new content in namespace {namespace} because it is being terminated"
            refusal = statuses.forbidden(kind.plural, kind.group, name, said)
            ending = {"reason": statuses.NAMESPACE_TERMINATING, "message": f"namespace {namespace} is being terminated"}
            refusal.status["details"]["causes"] = [ending | {"field": "metadata.namespace"}]
            raise refusal


def _check_prefix(kind: Kind, prefix: str, name: str, rules: Rules) -> None:
    naming = rules.naming
    causes = list(name_causes("metadata.generateName", prefix.rstrip("-") or prefix, naming))
    if causes:
        causes += name_causes("metadata.name", name, naming)
        raise statuses.unprocessable(kind.name, kind.group, name, causes)
