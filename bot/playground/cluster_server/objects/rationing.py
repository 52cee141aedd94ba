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
from bot.playground.cluster_server.objects.evaluating import Evaluator, evaluator_of, scopes_of
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.objects.usage import Amounts, grown, summed

Object = dict[str, Any]


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
        if not self._store.count(self._quotas) or (kind.group, kind.name) == ("", "Event"):
            return []
        evaluator = evaluator_of(kind)
        if before is not None and not evaluator.may_grow(obj, before, subresource):
            return []
        now, metadata = self._clock(), obj["metadata"]
        concerned = [quota for quota in self._in(metadata.get("namespace", "")) if _holds(quota, evaluator, obj)]
        for quota in concerned:
            counted = sorted(filter(evaluator.counts, quota["status"]["hard"]))
            if said := _unsaid(quota, evaluator.unsaid(obj, counted)) or _unknown(quota, counted):
                raise statuses.forbidden(kind.plural, kind.group, metadata["name"], said)
        used = evaluator.used_by(obj, now)
        charges = []
        for quota in concerned:
            more = used
            if before is not None and _holds(quota, evaluator, before):
                more = grown(used, evaluator.used_by(before, now))
            more = {name: value for name, value in more.items() if amount(value)}
            if not more:
                continue
            charges.append((quota, self._charged(quota, kind, metadata["name"], more)))
        return charges

    def _in(self, namespace: str) -> Iterator[Object]:
        return (stored.obj for stored in self._store.list(self._quotas, namespace)) if namespace else iter(())

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


def _holds(quota: Object, evaluator: Evaluator, obj: Object) -> bool:
    hard = (quota.get("status") or {}).get("hard") or {}
    return any(map(evaluator.counts, hard)) and all(evaluator.is_in_scope(obj, scope) for scope in scopes_of(quota))


def _unsaid(quota: Object, missing: dict[str, list[str]]) -> str:
    """What has to be said for a quota; empty: nothing."""
    listed = "; ".join(f"{name} for: {','.join(containers)}" for name, containers in missing.items())
    return f"failed quota: {quota['metadata']['name']}: must specify {listed}" if missing else ""


def _unknown(quota: Object, counted: list[str]) -> str:
    """What nobody has counted yet; empty: all is known."""
    if set(counted) <= set(quota["status"].get("used") or ()):
        return ""
    return f"status unknown for quota: {quota['metadata']['name']}, resources: {','.join(counted)}"


def _listed(amounts: Amounts, names: Iterable[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names if name in amounts)
