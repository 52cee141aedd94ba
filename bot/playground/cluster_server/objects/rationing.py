"""ResourceQuotas, enforced: a write that would use more than a quota allows is refused, and what it uses is charged.

See https://kubernetes.io/docs/concepts/policy/resource-quotas/. The controller (`controllers/quotas.py`) counts anew
what is really there.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.objects.usage import (
    Amounts,
    grown,
    is_counted,
    is_in_scope,
    scopes_of,
    summed,
    unsaid,
    used_by,
)

Object = dict[str, Any]
_CHANGING = ("Service", "PersistentVolumeClaim")
"""Kinds of which a change may use more than before."""


class Quotas:
    """Looks at the quotas of a namespace at each write; keeps nothing."""

    def __init__(self, store: Store, kinds: Kinds, clock: Callable[[], datetime.datetime]) -> None:
        self._store = store
        self._quotas = kinds.named("v1", "ResourceQuota")
        self._clock = clock

    def check(
        self, kind: Kind, obj: Object, before: Object | None, subresource: str = ""
    ) -> list[tuple[Object, Object]]:  # fmt: skip
        """The quotas that this write is charged to, each with its new status. Raises 403."""
        if not self._store.count(self._quotas) or not _is_looked_at(kind, obj, before, subresource):
            return []
        now, metadata = self._clock(), obj["metadata"]
        concerned = [quota for quota in self._in(metadata.get("namespace", "")) if self._holds(quota, kind, obj)]
        for quota in concerned:
            self._demand(quota, kind, obj)
        used = used_by(kind, obj, now)
        charges = []
        for quota in concerned:
            more = used
            if before is not None and self._holds(quota, kind, before):
                more = grown(used, used_by(kind, before, now))
            more = {name: value for name, value in more.items() if amount(value)}
            if not more:
                continue
            charges.append((quota, self._charged(quota, kind, metadata["name"], more)))
        return charges

    def _in(self, namespace: str) -> Iterator[Object]:
        return (stored.obj for stored in self._store.list(self._quotas, namespace)) if namespace else iter(())

    @staticmethod
    def _holds(quota: Object, kind: Kind, obj: Object) -> bool:
        hard = (quota.get("status") or {}).get("hard") or {}
        return any(is_counted(kind, name) for name in hard) and all(
            is_in_scope(kind, obj, scope) for scope in scopes_of(quota)
        )

    @staticmethod
    def _demand(quota: Object, kind: Kind, obj: Object) -> None:
        status, names = quota["status"], (quota["metadata"]["name"], obj["metadata"]["name"])
        counted = sorted(name for name in status["hard"] if is_counted(kind, name))
        if kind.name == "Pod" and (missing := unsaid(obj, counted)):
            listed = "; ".join(f"{name} for: {','.join(containers)}" for name, containers in missing.items())
            said = f"failed quota: {names[0]}: must specify {listed}"
            raise statuses.forbidden(kind.plural, kind.group, names[1], said)
        if not set(counted) <= set(status.get("used") or ()):
            said = f"status unknown for quota: {names[0]}, resources: {','.join(counted)}"
            raise statuses.forbidden(kind.plural, kind.group, names[1], said)

    @staticmethod
    def _charged(quota: Object, kind: Kind, name: str, more: Amounts) -> Object:
        status = quota["status"]
        hard, used = status["hard"], status.get("used") or {}
        asked = {resource: value for resource, value in more.items() if resource in hard}
        total = summed(used, asked)
        over = [resource for resource in sorted(asked) if amount(total[resource]) > amount(hard[resource])]
        if over:
            said = (
                f"exceeded quota: {quota['metadata']['name']}, requested: {_listed(asked, over)}, "
                f"used: {_listed(used, over)}, limited: {_listed(hard, over)}"
            )
            raise statuses.forbidden(kind.plural, kind.group, name, said)
        return {**status, "used": total}


def _is_looked_at(kind: Kind, obj: Object, before: Object | None, subresource: str) -> bool:
    if (kind.group, kind.name) == ("", "Event"):
        return False
    if before is None or subresource == "resize" or (not kind.group and kind.name in _CHANGING):
        return True
    deadlines = [(found.get("spec") or {}).get("activeDeadlineSeconds") is None for found in (obj, before)]
    return (kind.group, kind.name) == ("", "Pod") and deadlines[0] != deadlines[1]


def _listed(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names if name in amounts)
