"""What a pod that runs may ask for anew, through its subresource `resize`.

See https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import Object
from bot.playground.cluster_server.rules.pods import all_containers, judge, quality
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid
from bot.playground.cluster_server.values import copied

_RESIZABLE = ("cpu", "memory")
_OTHERS = "only cpu and memory resources are mutable"


def resized(pod: Object, sized: Object) -> Object:
    """A pod with the resources of the containers of the same name in another one: all that a resize takes over."""
    given = {container["name"]: container.get("resources") or {} for container in all_containers(sized["spec"])}
    spec = copied(pod["spec"])
    for container in all_containers(spec):
        container["resources"] = copied(given.get(container["name"], container.get("resources") or {}))
    return pod | {"spec": spec}


def judge_resize(pod: Object, before: Object) -> Iterator[Cause]:
    yield from judge(pod, resized(before, pod))
    if quality(pod["spec"]) != quality(before["spec"]):
        said = "Pod QOS Class may not change as a result of resizing"
        yield invalid("spec", (before.get("status") or {}).get("qosClass", ""), said)
    for group in ("initContainers", "containers"):
        yield from _judge_group(pod["spec"].get(group) or [], before["spec"].get(group) or [], group)


def _judge_group(containers: list[Object], before: list[Object], group: str) -> Iterator[Cause]:
    for number, (container, was) in enumerate(zip(containers, before, strict=True)):
        now, then = container.get("resources") or {}, was.get("resources") or {}
        at = f"spec.{group}[{number}]"
        for which in ("requests", "limits"):
            if set(then.get(which) or ()) - set(now.get(which) or ()):
                yield forbidden_field(f"{at}.resources.{which}", f"resource {which} cannot be removed")
        if _fixed(now) != _fixed(then):
            said = "only cpu and memory resources for init or sidecar containers are mutable"
            yield forbidden_field("spec", _OTHERS) if group == "containers" else forbidden_field(at, said)


def _fixed(resources: Object) -> Object:
    """What a container asks for beside what can be resized."""
    return {
        which: {name: value for name, value in (resources.get(which) or {}).items() if name not in _RESIZABLE}
        for which in ("requests", "limits")
    }
