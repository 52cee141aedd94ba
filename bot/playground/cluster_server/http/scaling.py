"""The scale subresource: a count of replicas read from, and written into, whatever has one."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.customs.columns import found
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.statuses import invalid, unprocessable
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]

SCALE = Kind("autoscaling", "v1", "scales", "scale", "Scale", True, (), type_name="autoscaling.v1.Scale")
_PATHS = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def scale_of(obj: Object, kind: Kind) -> Object:
    """The Scale that stands for an object."""
    paths = (kind.custom.scale if kind.custom else _PATHS) or _PATHS
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    metadata = {name: obj["metadata"][name] for name in kept if name in obj["metadata"]}
    wanted = int(next(iter(found(obj, paths["specReplicasPath"])), 0) or 0)
    status: Object = {"replicas": int(next(iter(found(obj, paths["statusReplicasPath"])), 0) or 0)}
    if selector := _selector(obj, kind):
        status["selector"] = selector
    return {
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {"replicas": wanted} if wanted else {}, "status": status,
    }  # fmt: skip


def _selector(obj: Object, kind: Kind) -> str:
    if kind.custom:
        path = (kind.custom.scale or {}).get("labelSelectorPath", "")
        return str(next(iter(found(obj, path)), "")) if path else ""
    selector = dig(obj, "spec", "selector", default={})
    labels = selector.get("matchLabels", {}) if kind.group else selector
    words = [f"{key}={value}" for key, value in sorted(labels.items())]
    words += [_expression(each) for each in selector.get("matchExpressions") or ()] if kind.group else []
    return ",".join(words)


def _expression(said: Object) -> str:
    values = ",".join(sorted(said.get("values") or ()))
    match said["operator"]:
        case "In":
            return f"{said['key']} in ({values})"
        case "NotIn":
            return f"{said['key']} notin ({values})"
        case "Exists":
            return str(said["key"])
    return f"!{said['key']}"


def scaled(obj: Object, scale: Object, kind: Kind) -> Object:
    """The object with the count that the Scale asks for. Raises 422."""
    count = dig(scale, "spec", "replicas", default=0)
    if count < 0:
        cause = invalid("spec.replicas", count, "must be greater than or equal to 0")
        raise unprocessable("Scale", "autoscaling", obj["metadata"]["name"], [cause])
    paths = (kind.custom.scale if kind.custom else _PATHS) or _PATHS
    changed: Object = copied(obj)
    at = changed
    *above, last = paths["specReplicasPath"].strip(".").split(".")
    for name in above:
        at = at.setdefault(name, {})
    at[last] = count
    version = dig(scale, "metadata", "resourceVersion")
    if version:
        changed["metadata"]["resourceVersion"] = version
    return changed
