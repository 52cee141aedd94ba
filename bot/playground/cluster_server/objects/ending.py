"""How objects end: what may keep them, what they are asked before, and what has to be done by others first."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.policing import Policies
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.objects.writes import Deleting
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.values import copied, dig
from bot.playground.cluster_server.webhooks.asking import DELETE, Asking
from bot.playground.cluster_server.webhooks.dispatching import Webhooks

Object = dict[str, Any]

_PROTECTED = ("default", "kube-system", "kube-public", "kube-node-lease")


class Ending:
    def __init__(
        self, store: Store, clock: Callable[[], datetime.datetime], policies: Policies, webhooks: Webhooks
    ) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._webhooks = webhooks

    async def delete(
        self, kind: Kind, namespace: str, name: str, deleting: Deleting, rules: Rules, asking: Asking | None
    ) -> tuple[Object, bool]:  # fmt: skip
        """The object as it was last, and whether it is gone already: finalizers and pods take their time."""
        obj = self._get(kind, namespace, name)
        _check_preconditions(kind, obj, deleting)
        if kind.name == "Namespace" and name in _PROTECTED:
            raise statuses.forbidden(kind.plural, kind.group, name, "this namespace may not be deleted")
        obj = await self._let_go(kind, obj, deleting, asking)
        metadata = obj["metadata"]
        finalizers = list(metadata.get("finalizers") or ())
        finalizers += [name for name in rules.finalizers if name not in finalizers]
        extra = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(deleting.propagation)
        if extra and extra not in finalizers:
            finalizers.append(extra)
        grace = _grace_seconds(kind, obj, deleting)
        stays = bool(finalizers) or grace > 0 or (kind.name == "Namespace" and dig(obj, "spec", "finalizers"))
        if not stays and kind.name == "Pod" and not kind.group:
            obj = obj | {"metadata": metadata | {"deletionTimestamp": self._now(), "deletionGracePeriodSeconds": 0}}
        if deleting.dry_run and not stays:
            return obj, True
        if not stays:
            removed = self._store.remove(kind, namespace, name)
            assert removed is not None
            last = {"resourceVersion": removed["metadata"]["resourceVersion"]}
            return obj | {"metadata": obj["metadata"] | last}, True
        if metadata.get("deletionTimestamp"):
            return obj, False
        ends = (self._clock() + datetime.timedelta(seconds=grace)).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = metadata | {"deletionTimestamp": ends, "deletionGracePeriodSeconds": grace}
        if finalizers:
            metadata["finalizers"] = finalizers
        if kind.counts_generations:
            metadata["generation"] = metadata.get("generation", 0) + 1
        obj = obj | {"metadata": metadata}
        if kind.name == "Namespace":
            obj["status"] = obj.get("status", {}) | {"phase": "Terminating"}
        return (obj if deleting.dry_run else self._store.put(kind, obj)), False

    async def _let_go(self, kind: Kind, obj: Object, deleting: Deleting, asking: Asking | None) -> Object:
        """Asks what may refuse that an object is deleted. The object as it is then."""
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        if asking is None:
            self._policies.check(kind, DELETE, None, obj, deleting.warnings)
            return obj
        asker = asking.asker
        if kind.resource == ("", "pods"):
            asker = replace(asker, options=asker.options | {"gracePeriodSeconds": _grace_seconds(kind, obj, deleting)})
        elif kind.resource == ("", "namespaces"):
            asker = replace(asker, options=asker.options | {"preconditions": {"uid": obj["metadata"]["uid"]}})
        asking = replace(asking, asker=asker, name="" if deleting.is_one_of_many else name)
        await self._webhooks.mutate(asking, None, obj, copied, copied)
        self._policies.check(kind, DELETE, None, obj, deleting.warnings)
        await self._webhooks.validate(asking, None, obj)
        obj = self._get(kind, namespace, name)
        _check_preconditions(kind, obj, deleting)
        return obj

    def _get(self, kind: Kind, namespace: str, name: str) -> Object:
        stored = self._store.get(kind, namespace, name)
        if stored is None:
            raise statuses.not_found(kind.plural, kind.group, name)
        return stored.obj

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_preconditions(kind: Kind, obj: Object, deleting: Deleting) -> None:
    metadata = obj["metadata"]
    said = ""
    if deleting.uid and deleting.uid != metadata["uid"]:
        said = (
            f"the UID in the precondition ({deleting.uid}) does not match the UID in record ({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
    elif deleting.revision and deleting.revision != metadata["resourceVersion"]:
        said = (
            f"the ResourceVersion in the precondition ({deleting.revision}) does not match the ResourceVersion in "
            f"record ({metadata['resourceVersion']}). The object might have been modified"
        )
    if said:  # the real server names the kind here, where it names the resource elsewhere
        raise statuses.conflict(kind.name, kind.group, metadata["name"], said)


def _grace_seconds(kind: Kind, obj: Object, deleting: Deleting) -> int:
    """Only pods that a kubelet runs take their time."""
    if kind.name != "Pod" or not dig(obj, "spec", "nodeName"):
        return 0
    if deleting.grace_seconds is not None:
        return max(0, deleting.grace_seconds)
    return int(dig(obj, "spec", "terminationGracePeriodSeconds", default=30))


def may_end(kind: Kind, obj: Object) -> bool:
    if obj["metadata"].get("finalizers") or (kind.name == "Namespace" and dig(obj, "spec", "finalizers")):
        return False
    return not (kind.name == "Pod" and obj["metadata"].get("deletionGracePeriodSeconds"))
