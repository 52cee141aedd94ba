"""Events about objects: the same one again only counts up."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

from bot.playground.cluster_server.objects.registry import Postponed, Registry, Writing

Object = dict[str, Any]


T = TypeVar("T")


def told(write: Callable[[], T], tell: Callable[[T], None]) -> T:
    """What a write gives, when somebody has been told of it. Raises what the write does: Postponed tells later."""
    try:
        written = write()
    except Postponed as postponed:
        postponed.then(tell)
        raise
    tell(written)
    return written


def record(
    registry: Registry, obj: Object, kind: str, reason: str, message: str, *,
    component: str, host: str = "", field_path: str = "",
) -> None:  # fmt: skip
    """Says that something happened to an object; kind is Normal or Warning."""
    metadata, events, now = obj["metadata"], registry.kinds.named("v1", "Event"), registry.now()
    namespace = metadata.get("namespace") or "default"
    fingerprint = zlib.crc32(f"{metadata['uid']} {reason} {message} {field_path}".encode())
    name = f"{metadata['name']}.{fingerprint:016x}"
    writing = Writing(component)
    before = registry.find(events, namespace, name)
    if before is not None:
        again = before | {"count": before.get("count", 1) + 1, "lastTimestamp": now}
        with contextlib.suppress(Postponed):  # nobody waits for an event
            registry.update(events, namespace, name, again, writing)
        return
    involved = {
        "kind": obj["kind"],
        "namespace": metadata.get("namespace"),
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    involved |= {
        "apiVersion": obj["apiVersion"],
        "resourceVersion": metadata.get("resourceVersion"),
        "fieldPath": field_path,
    }
    source = {"component": component} | ({"host": host} if host else {})
    event = {
        "metadata": {"name": name}, "involvedObject": {key: value for key, value in involved.items() if value},
        "reason": reason, "message": message, "source": source, "firstTimestamp": now, "lastTimestamp": now,
        "count": 1, "type": kind, "eventTime": None, "reportingComponent": component, "reportingInstance": host,
    }  # fmt: skip
    with contextlib.suppress(Postponed):
        registry.create(events, namespace, event, writing)
