"""What the tigera operator says of a component from the workloads that it made: the three conditions of a TigeraStatus,
worded as in its pkg/controller/status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
Said = tuple[str, str, str]
"""Status, reason and message of a condition."""
_UNKNOWN = ("False", "Unknown", "")
_PULLING = ("ImagePullBackOff", "ErrImagePull")


def told(workloads: Iterable[Object], pods: Iterable[Object]) -> dict[str, Said]:
    """By type of condition. `pods` are those of the workloads' namespace."""
    listed = list(pods)
    waiting: list[str] = []
    failing: list[str] = []
    for workload in workloads:
        waiting += _unready(workload)
        failing += _failing(workload, listed)
    if not waiting and not failing:
        good = ("False", "AllObjectsAvailable", "All Objects Available")
        return {"Available": ("True", "AllObjectsAvailable", "All objects available"), "Progressing": good,
                "Degraded": good}  # fmt: skip
    going = ("True", "ResourceNotReady", "\n".join(waiting))
    failed = ("True", "PodFailure", "\n".join(failing))
    return {"Available": _UNKNOWN, "Progressing": _UNKNOWN if failing else going,
            "Degraded": failed if failing else _UNKNOWN}  # fmt: skip


def told_wrong(reason: str, message: str, before: Iterable[str]) -> dict[str, Said]:
    """When the operator cannot even begin: only that, unless it has said more before."""
    said = {"Degraded": ("True", reason, message)}
    return said | {name: _UNKNOWN for name in before if name != "Degraded"}


def dated(said: Mapping[str, Said], before: Iterable[Object], now: str, generation: int) -> list[Object]:
    """As conditions are written: the time is that of the last change of the status."""
    known = {condition["type"]: condition for condition in before}
    found = []
    for name, (status, reason, message) in said.items():
        was = known.get(name, {})
        since = was["lastTransitionTime"] if was.get("status") == status else now
        found.append({"type": name, "status": status, "reason": reason, "message": message,
                      "lastTransitionTime": since, "observedGeneration": generation})  # fmt: skip
    return found


def mirrored(said: Mapping[str, Said]) -> dict[str, Said]:
    """On the component's own object, `Available` is called `Ready`."""
    return {"Ready" if name == "Available" else name: words for name, words in said.items()}


def _unready(workload: Object) -> Iterator[str]:
    status, metadata = workload.get("status") or {}, workload["metadata"]
    what = f'{workload["kind"]} "{metadata["namespace"]}/{metadata["name"]}"'
    seen, generation = status.get("observedGeneration", 0), metadata["generation"]
    if workload["kind"] == "DaemonSet":
        wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
        if updated < wanted:
            yield f"{what} update is rolling out ({updated} out of {wanted} updated)"
        elif status.get("numberUnavailable"):
            yield f"{what} is not available (awaiting {status['numberUnavailable']} nodes)"
        elif seen < generation:
            yield f"{what} update is being processed (generation {generation}, observed generation {seen})"
    elif status.get("unavailableReplicas"):
        yield f"{what} is not available (awaiting {status['unavailableReplicas']} replicas)"
    elif not status.get("availableReplicas"):
        yield f"{what} is not yet scheduled on any nodes"
    elif seen < generation:
        yield f"{what} update is being processed (generation {generation}, observed generation {seen})"


def _failing(workload: Object, pods: list[Object]) -> list[str]:
    """The first failing pod of a workload."""
    selector = workload["spec"]["selector"]["matchLabels"].items()
    ours = [pod for pod in pods if selector <= (pod["metadata"].get("labels") or {}).items()]
    return [said for pod in ours for said in _failure(pod)][:1] if list(_unready(workload)) else []


def _failure(pod: Object) -> Iterator[str]:
    who = f"Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
    for group in ("initContainerStatuses", "containerStatuses"):
        for container in dig(pod, "status", group, default=()):
            reason = dig(container, "state", "waiting", "reason")
            if reason == "CrashLoopBackOff":
                yield f"{who} has crash looping container: {container['name']}"
            elif reason in _PULLING:
                yield f"{who} failed to pull container image for: {container['name']}"
            elif dig(container, "state", "terminated", "reason") == "Error":
                yield f"{who} has terminated container: {container['name']}"
