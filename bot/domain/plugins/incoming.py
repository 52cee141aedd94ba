"""What comes into a cluster with a plan: images, privileges, host paths. What people look for before they approve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.network.references import JSONObject
from bot.domain.plugins.fitting import Objects, containers, pod_specs, ref

_HOST = {"hostNetwork": "the host's network", "hostPID": "the host's processes", "hostIPC": "the host's memory"}
_GRANTING = {"escalate", "bind", "impersonate"}
"""Verbs by which one may have all others."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """All that comes in, in lines for people."""

    images: tuple[str, ...] = ()
    privileges: tuple[str, ...] = ()
    host_paths: tuple[str, ...] = ()

    def __add__(self, other: Incoming) -> Incoming:
        """Both; a folder that both are given is one line."""
        who: dict[str, set[str]] = {}
        for line in (*self.host_paths, *other.host_paths):
            path, _, whose = line.partition(": ")
            who.setdefault(path, set()).update(whose.split("; "))
        return Incoming(
            images=tuple(sorted({*self.images, *other.images})),
            privileges=(*self.privileges, *other.privileges),
            host_paths=tuple(f"{path}: {'; '.join(sorted(whose))}" for path, whose in sorted(who.items())),
        )


def incoming(objects: Objects) -> Incoming:
    """What objects bring along themselves."""
    return Incoming(images(objects), privileges(objects), host_paths(objects))


def images(objects: Iterable[JSONObject]) -> tuple[str, ...]:
    """Each image once, sorted."""
    return tuple(sorted({str(each.get("image")) for _, spec in pod_specs(objects) for each in containers(spec)}))


def privileges(objects: Iterable[JSONObject]) -> tuple[str, ...]:
    """A line for each workload that has more than an ordinary pod, and for each role that is granted."""
    lines = [line for workload, spec in pod_specs(objects) if (line := _of_pods(workload.kind, workload.short, spec))]
    return (*lines, *(line for object in objects for line in _of_role(object)))


def _of_pods(kind: str, name: str, spec: dict[str, Any]) -> str:
    said = [words for field, words in _HOST.items() if spec.get(field)]
    privileged, capabilities, ports = [], set(), set()
    for each in containers(spec):
        ports |= {int(port["hostPort"]) for port in each.get("ports") or () if port.get("hostPort")}
        context = each.get("securityContext") or {}
        if context.get("privileged"):
            privileged.append(str(each.get("name")))
        capabilities |= set((context.get("capabilities") or {}).get("add") or ())
    if privileged:
        said.append(f"privileged containers {', '.join(privileged)}")
    if ports and not spec.get("hostNetwork"):
        said.append(f"ports {', '.join(map(str, sorted(ports)))} of the host")
    if capabilities:
        said.append(f"capabilities {', '.join(sorted(capabilities))}")
    return f"{kind} {name}: {'; '.join(said)}" if said else ""


def _of_role(object: JSONObject) -> Iterator[str]:
    if object.get("kind") not in ("ClusterRole", "Role"):
        return
    rules: Any = object.get("rules") or ()
    writes: dict[str, set[str]] = {}
    reads = 0
    for rule in rules:
        changing = [verb for verb in rule.get("verbs") or () if verb not in ("get", "list", "watch")]
        names = [*(rule.get("resources") or ()), *(rule.get("nonResourceURLs") or ())]
        reads += len(names) if not changing else 0
        for name in names if changing else ():
            writes.setdefault(name, set()).update(changing)
    ranked = sorted(writes.items(), key=lambda pair: (not pair[1] & _GRANTING, pair[0]))
    told = [f"{name} ({', '.join(sorted(verbs))})" for name, verbs in ranked]
    shown = ", ".join(told[:8]) + (f" and {len(told) - 8} more" if len(told) > 8 else "")
    yield f"{object.get('kind')} {ref(object).short}: " + (
        f"changes {shown}" if told else f"only reads, {reads} kinds of resource"
    )


def host_paths(objects: Iterable[JSONObject]) -> tuple[str, ...]:
    """A line for each folder of the hosts that a workload is given, with who may write there."""
    found: dict[str, set[str]] = {}
    for workload, spec in pod_specs(objects):
        by_name = {v.get("name"): v["hostPath"].get("path") for v in spec.get("volumes") or () if v.get("hostPath")}
        for name, path in by_name.items():
            mounts = [m for each in containers(spec) for m in each.get("volumeMounts") or () if m.get("name") == name]
            how = "read only" if mounts and all(mount.get("readOnly") for mount in mounts) else "writes"
            found.setdefault(str(path), set()).add(f"{workload.kind} {workload.name}, {how}")
    return tuple(f"{path}: {'; '.join(sorted(who))}" for path, who in sorted(found.items()))
