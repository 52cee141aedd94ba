"""The logs of containers, read with a bound on what is kept and on what is read."""

from __future__ import annotations

import math
from typing import Any

import aiohttp

from bot.adapters.cluster.failures import no_answer, refusal
from bot.adapters.cluster.session import Call, Session, object_path
from bot.application.ports.cluster import LogLines, LogRequest
from bot.domain.network.references import POD, JSONObject, Ref
from bot.errors import BotError

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
MAXIMUM_READ = 64_000_000
"""Bytes of a log that are read at the most to find its end. Kubelets begin a new file after 10 MB by default."""
LOG_TIMEOUT_SECONDS = 60.0


async def logs(session: Session, pod: Ref, pod_object: JSONObject | None, request: LogRequest) -> LogLines:
    """The end of a container's log. `pod_object` may be None when the request names the container."""
    container = request.container or default_container(pod_object or {})
    doing = f"read the log of {pod}" + (f", container {container}" if container else "")
    call = Call(
        doing=doing,
        path=object_path(POD, pod.namespace, pod.name) + "/log",
        query=_query(container, request),
        headers={"Accept": "*/*"},
        timeout_seconds=LOG_TIMEOUT_SECONDS,
    )
    try:
        async with session.streaming(call) as response:
            if response.status != 200:
                raise refusal(response.status, await response.content.read(65_536), doing)
            kept, read = await _end_of(response, request.limit_bytes)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise no_answer(error, session.host, doing) from error
    if read >= MAXIMUM_READ:
        raise BotError(
            f"Cannot {doing}",
            cause=f"it is longer than {MAXIMUM_READ // 1_000_000} MB, so that its end was not reached",
            next_step="ask for less with `--tail 500` or `--since 10m`",
        )
    return LogLines(container, kept.decode("utf-8", "replace"), cut=read > request.limit_bytes)


def default_container(pod: JSONObject) -> str:
    """The container that kubectl would take; empty when the pod has none to choose from."""
    metadata, spec = _mapping(pod.get("metadata")), _mapping(pod.get("spec"))
    names = [str(c["name"]) for c in spec.get("containers") or [] if isinstance(c, dict) and "name" in c]
    preferred = str(_mapping(metadata.get("annotations")).get(DEFAULT_CONTAINER, ""))
    return preferred if preferred in names else next(iter(names), "")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _query(container: str, request: LogRequest) -> dict[str, str]:
    # The server's limitBytes keeps the oldest lines and drops the newest; it only stands guard here.
    query = {"limitBytes": str(MAXIMUM_READ)}
    if container:
        query["container"] = container
    if request.tail is not None:
        query["tailLines"] = str(max(0, request.tail))
    if request.since is not None:
        query["sinceSeconds"] = str(max(1, math.ceil(request.since.total_seconds())))
    if request.previous:
        query["previous"] = "true"
    return query


async def _end_of(response: aiohttp.ClientResponse, limit_bytes: int) -> tuple[bytes, int]:
    """The last `limit_bytes` of a stream, beginning with a whole line, and how many bytes there were."""
    kept, read = bytearray(), 0
    async for part in response.content.iter_any():
        kept += part
        read += len(part)
        if len(kept) > 2 * limit_bytes + 65_536:
            del kept[:-limit_bytes]
        if read >= MAXIMUM_READ:
            break
    if read > limit_bytes:
        del kept[: len(kept) - limit_bytes]
        line_break = kept.find(b"\n")
        del kept[: line_break + 1]
    return bytes(kept), read
