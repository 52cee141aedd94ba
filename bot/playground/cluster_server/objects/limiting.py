"""LimitRanges, enforced: what a pod's containers get when they say nothing, and what is too little or too much.

See https://kubernetes.io/docs/concepts/policy/limit-range/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.objects.canonical import amount
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.objects.usage import Amounts, asked_of

Object = dict[str, Any]

_ANNOTATION = "kubernetes.io/limit-ranger"


class Limits:
    """Looks at the ranges of a namespace at each write; keeps nothing."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self._store = store
        self._ranges = kinds.named("v1", "LimitRange")

    def fill(self, pod: Object) -> None:
        """Gives a new pod's containers what the ranges have for them, in place."""
        for limits in self._limits(pod["metadata"]["namespace"]):
            _give(pod, limits)

    def check(self, kind: Kind, obj: Object, before: Object | None, subresource: str = "") -> None:
        """Raises 403. Pods that are there are judged only at a resize: nothing else changes what they ask for."""
        if (kind.group, kind.name) not in _JUDGES:
            return
        if kind.name == "Pod" and before is not None and subresource != "resize":
            return
        if before is not None and before["metadata"].get("deletionTimestamp"):
            return
        metadata = obj["metadata"]
        for limits in self._limits(metadata["namespace"]):
            wrong = list(dict.fromkeys(said for limit in limits for said in _JUDGES[kind.group, kind.name](limit, obj)))
            if wrong:
                said = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
                raise statuses.forbidden(kind.plural, kind.group, metadata["name"], said)

    def _limits(self, namespace: str) -> Iterator[list[Object]]:
        if self._store.count(self._ranges):
            for stored in self._store.list(self._ranges, namespace):
                yield (stored.obj.get("spec") or {}).get("limits") or []


def _give(pod: Object, limits: list[Object]) -> None:
    given: dict[str, Amounts] = {"requests": {}, "limits": {}}
    for limit in limits:
        if limit["type"] == "Container":
            given["requests"] |= limit.get("defaultRequest") or {}
            given["limits"] |= limit.get("default") or {}
    said = []
    for which, called in (("containers", "container"), ("initContainers", "init container")):
        for container in pod["spec"].get(which) or ():
            for group, one in (("requests", "request"), ("limits", "limit")):
                own = container.setdefault("resources", {}).get(group) or {}
                if missing := {name: value for name, value in given[group].items() if name not in own}:
                    container["resources"][group] = own | missing
                    said.append(f"{', '.join(sorted(missing))} {one} for {called} {container['name']}")
    if said:
        annotations = pod["metadata"].get("annotations") or {}
        pod["metadata"]["annotations"] = annotations | {_ANNOTATION: f"LimitRanger plugin set: {'; '.join(said)}"}


def _judge_pod(limit: Object, pod: Object) -> Iterator[str]:
    spec = pod["spec"]
    if limit["type"] == "Container":
        for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
            said = container.get("resources") or {}
            yield from _judge(limit, said.get("requests") or {}, said.get("limits") or {})
    elif limit["type"] == "Pod":
        yield from _judge(limit, asked_of(pod, "requests"), asked_of(pod, "limits"))


def _judge(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    of = limit["type"]
    yield from _too_little(limit, requests, limits)
    yield from _too_much(limit, ("limit", limits), ("request", requests))
    for name, most in sorted((limit.get("maxLimitRequestRatio") or {}).items()):
        said = f"{name} max limit to request ratio per {of} is {most}"
        request, ceiling = requests.get(name), limits.get(name)
        if request is None or not amount(request):
            yield f"{said}, but no request is specified or request is 0"
        elif ceiling is None or not amount(ceiling):
            yield f"{said}, but no limit is specified or limit is 0"
        elif amount(ceiling) / amount(request) > amount(most):
            yield f"{said}, but provided ratio is {amount(ceiling) / amount(request):.6f}"


def _too_little(limit: Object, requests: Amounts, limits: Amounts) -> Iterator[str]:
    for name, least in sorted((limit.get("min") or {}).items()):
        said = f"minimum {name} usage per {limit['type']} is {least}"
        if name not in requests:
            yield f"{said}.  No request is specified"
        elif amount(requests[name]) < amount(least):
            yield f"{said}, but request is {requests[name]}"
        elif name in limits and amount(limits[name]) < amount(least):
            yield f"{said}, but limit is {limits[name]}"


def _too_much(limit: Object, *asked: tuple[str, Amounts]) -> Iterator[str]:
    """The first of what is asked has to be said; each may not be more than the most."""
    for name, most in sorted((limit.get("max") or {}).items()):
        said = f"maximum {name} usage per {limit['type']} is {most}"
        over = [(what, found[name]) for what, found in asked if name in found and amount(found[name]) > amount(most)]
        if name not in asked[0][1]:
            yield f"{said}.  No {asked[0][0]} is specified"
        elif over:
            yield f"{said}, but {over[0][0]} is {over[0][1]}"


def _judge_claim(limit: Object, claim: Object) -> Iterator[str]:
    if limit["type"] != "PersistentVolumeClaim":
        return
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    yield from _too_little(limit, requests, {})
    yield from _too_much(limit, ("request", requests))


_JUDGES = {("", "Pod"): _judge_pod, ("", "PersistentVolumeClaim"): _judge_claim}
