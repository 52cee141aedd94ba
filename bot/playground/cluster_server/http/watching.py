"""Watches: what happened since a resourceVersion, and from then on as it happens."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.store import Change, Store
from bot.playground.cluster_server.selectors import Matches
from bot.playground.cluster_server.statuses import expired

Object = dict[str, Any]
Shape = Callable[[Object], Object]

BOOKMARK_SECONDS = 60.0
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Watched:
    """What one client watches."""

    kind: Kind
    namespace: str
    name: str
    matches: Matches
    revision: int | None
    """None: begin with everything that there is."""
    bookmarks: bool
    initial_events: bool
    """Whether the end of what there was is to be told by a bookmark."""
    timeout_seconds: float
    shape: Shape


def default_timeout() -> float:
    """Half an hour to an hour, as the real one has it, so that clients do not all come back at once."""
    return 1800 + random.random() * 1800


async def events(store: Store, watched: Watched) -> AsyncIterator[bytes]:
    """Lines of JSON; ends after the timeout."""
    pending: deque[Change] = deque()
    news = asyncio.Event()

    def hear(change: Change) -> None:
        if change.resource == watched.kind.resource:
            pending.append(change)
            news.set()

    unsubscribe = store.subscribe(hear)
    try:
        if watched.revision is not None and watched.revision < store.compacted:
            gone = expired(f"too old resource version: {watched.revision} ({store.compacted})")
            yield _encoder.encode({"type": "ERROR", "object": gone.status}) + b"\n"
            return
        for line in list(_beginning(store, watched)):
            yield line
        ends = asyncio.get_running_loop().time() + watched.timeout_seconds
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, BOOKMARK_SECONDS)):
                    await news.wait()
            news.clear()
            if not pending and watched.bookmarks:
                yield _bookmark(store, watched)
            lines = [line for change in _drained(pending) if (line := _line(change, watched))]
            if lines:
                yield b"".join(lines)
    finally:
        unsubscribe()


def _drained(pending: deque[Change]) -> list[Change]:
    changes = list(pending)
    pending.clear()
    return changes


def _beginning(store: Store, watched: Watched) -> list[bytes]:
    if watched.revision is not None:
        return [line for change in store.since(watched.kind, watched.revision) if (line := _line(change, watched))]
    found = [stored.obj for stored in store.list(watched.kind, watched.namespace) if _wanted(stored.obj, watched)]
    lines = [_encoded("ADDED", obj, watched) for obj in found]
    if watched.initial_events:
        lines.append(_bookmark(store, watched, {"k8s.io/initial-events-end": "true"}))
    return lines


def _wanted(obj: Object, watched: Watched) -> bool:
    metadata = obj["metadata"]
    if watched.namespace and metadata.get("namespace") != watched.namespace:
        return False
    return (not watched.name or metadata["name"] == watched.name) and watched.matches(obj)


def _line(change: Change, watched: Watched) -> bytes:
    """What this client is told of a change: objects that enter or leave its selection appear and disappear."""
    now = change.type != "DELETED" and _wanted(change.obj, watched)
    before = change.previous is not None and _wanted(change.previous.obj, watched)
    if now:
        return _encoded("MODIFIED" if before else "ADDED", change.obj, watched)
    if not before:
        return b""
    assert change.previous is not None
    metadata = change.previous.obj["metadata"] | {"resourceVersion": str(change.revision)}
    return _encoded("DELETED", change.previous.obj | {"metadata": metadata}, watched)


def _encoded(kind: str, obj: Object, watched: Watched) -> bytes:
    return _encoder.encode({"type": kind, "object": watched.shape(obj)}) + b"\n"


def _bookmark(store: Store, watched: Watched, annotations: Object | None = None) -> bytes:
    metadata: Object = {"resourceVersion": str(store.revision), "creationTimestamp": None}
    if annotations:
        metadata["annotations"] = annotations
    obj = {"kind": watched.kind.name, "apiVersion": watched.kind.api_version, "metadata": metadata}
    return _encoder.encode({"type": "BOOKMARK", "object": obj}) + b"\n"
