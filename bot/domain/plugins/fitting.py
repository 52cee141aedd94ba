"""Fits published manifests to a cluster: images, ConfigMaps, environment. Everything works on copies."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bot.domain.network.references import JSON, JSONObject, Ref
from bot.errors import BotError

Objects = tuple[JSONObject, ...]

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "GatewayClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    }
)
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet", "Job")


class Misshapen(BotError):
    """A manifest does not hold what this plugin's file holds: it is not the file that it is taken for."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "The manifest is not what it is taken for",
            cause=f"it has no {what}",
            next_step="put the plugin's published file into the mirror",
        )


def copied(objects: Iterable[JSONObject]) -> Objects:
    """Copies that may be altered."""
    return tuple(copy.deepcopy(object) for object in objects)


def ref(object: JSONObject) -> Ref:
    """Which object it is. A namespace in what is in none, as some manifests have it, does not count."""
    metadata: Any = object.get("metadata") or {}
    kind = str(object.get("kind"))
    namespace = "" if kind in CLUSTER_SCOPED else str(metadata.get("namespace") or "")
    return Ref(kind, str(metadata.get("name")), namespace, str(object.get("apiVersion")))


def bare(own: Ref) -> JSONObject:
    """An object of which nothing but its name is known."""
    place: dict[str, JSON] = {"namespace": own.namespace} if own.namespace else {}
    return {"apiVersion": own.api_version, "kind": own.kind, "metadata": {"name": own.name, **place}}


def named(objects: Sequence[JSONObject], kind: str, name: str) -> dict[str, Any]:
    """The object of that kind and name. Raises Misshapen."""
    for object in objects:
        if object.get("kind") == kind and ref(object).name == name:
            return object
    raise Misshapen(f"{kind} {name}")


def pod_specs(objects: Iterable[JSONObject]) -> Iterator[tuple[Ref, dict[str, Any]]]:
    """The pod template of each workload."""
    for object in objects:
        if object.get("kind") in _WORKLOADS:
            spec: Any = object["spec"]
            yield ref(object), spec["template"]["spec"]


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """All containers of a pod template, those that run first before the others."""
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def container(objects: Sequence[JSONObject], workload: tuple[str, str], name: str) -> dict[str, Any]:
    """A container of a workload, by kind and name, and its own name. Raises Misshapen."""
    spec: Any = named(objects, *workload).get("spec")
    for each in containers(spec["template"]["spec"]):
        if each.get("name") == name:
            return each
    raise Misshapen(f"container {name} in {workload[0]} {workload[1]}")


def set_variable(container: dict[str, Any], name: str, value: str) -> None:
    """Sets a variable of a container's environment; one that is not there is added."""
    variables: list[dict[str, Any]] = container.setdefault("env", [])
    for variable in variables:
        if variable.get("name") == name:
            variable.clear()
            variable.update(name=name, value=value)
            return
    variables.append({"name": name, "value": value})


def change_json(config_map: dict[str, Any], key: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the JSON text that stands in a ConfigMap under `key`. Raises Misshapen."""
    try:
        value = json.loads(config_map["data"][key])
        change(value)
    except (KeyError, TypeError, ValueError) as error:
        raise Misshapen(f"JSON under data.{key} in ConfigMap {ref(config_map).short}") from error
    config_map["data"][key] = json.dumps(value, indent=2) + "\n"


def change_images(objects: Sequence[JSONObject], change: Callable[[str], str]) -> None:
    """Changes the image of every container. One that changes is pinned: then it need not be pulled anew every time."""
    for _, spec in pod_specs(objects):
        for each in containers(spec):
            image = str(each.get("image") or "")
            changed = change(image)
            if changed != image:
                each["image"] = changed
                if each.get("imagePullPolicy") == "Always":
                    each["imagePullPolicy"] = "IfNotPresent"


def pinned(image: str, tag: str) -> str:
    """The image with that tag when its own is missing or floats (`latest`)."""
    if "@" in image:
        return image
    head, slash, last = image.rpartition("/")
    name, _, now = last.partition(":")
    return f"{head}{slash}{name}:{tag}" if now in ("", "latest") else image


def from_registry(image: str, registry: str) -> str:
    """The image as a mirror has it: the registry in place of its own, the rest of the path as it was."""
    first, slash, path = image.partition("/")
    if not slash:
        return f"{registry}/{image}"
    has_registry = "." in first or ":" in first or first == "localhost"
    return f"{registry}/{path if has_registry else image}"


def differences(old: JSON, new: JSON, at: str = "") -> Iterator[str]:
    """Each place where they differ, a line each: `spec.containers[0].image: a → b`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            where = f"{at}.{key}" if at else key
            if key not in new:
                yield f"{where}: {_shown(old[key])} → removed"
            elif key not in old:
                yield f"{where}: nothing → {_shown(new[key])}"
            else:
                yield from differences(old[key], new[key], where)
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            where = f"{at}[{number}]"
            if number >= len(new):
                yield f"{where}: {_shown(old[number])} → removed"
            elif number >= len(old):
                yield f"{where}: nothing → {_shown(new[number])}"
            else:
                yield from differences(old[number], new[number], where)
    elif old != new:
        yield from _of_text(old, new, at)


def _of_text(old: JSON, new: JSON, at: str) -> Iterator[str]:
    """Of JSON what it holds, however it is set; of other texts of several lines only the lines that differ."""
    one, other = _object_in(old), _object_in(new)
    if one is not None and other is not None:
        yield from differences(one, other, at)
    elif isinstance(old, str) and isinstance(new, str) and "\n" in old:
        gone = [line.strip() for line in old.splitlines() if line not in new.splitlines()]
        come = [line.strip() for line in new.splitlines() if line not in old.splitlines()]
        yield f"{at}: {_shown(' '.join(gone))} → {_shown(' '.join(come))}"
    else:
        yield f"{at}: {_shown(old)} → {_shown(new)}"


def _object_in(text: JSON) -> JSONObject | None:
    """What a text of several lines holds as JSON; None when it is something else."""
    try:
        value = json.loads(text) if isinstance(text, str) and "\n" in text else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _shown(value: JSON) -> str:
    words = value if isinstance(value, str) else json.dumps(value)
    words = words or "nothing"
    return words if len(words) <= 120 else words[:119] + "…"
