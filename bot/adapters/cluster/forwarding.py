"""Whether a port of a pod accepts connections, asked through the API server's port-forward.

The kubelet dials the port on the pod's own loopback. Each port has two channels, data and errors, whose first frames
only repeat the port's number. A closed port is told on the error channel at once; an open one by nothing coming.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp

from bot.adapters.cluster.failures import plain
from bot.adapters.cluster.session import Call, Session, object_path
from bot.domain.network.probing import Observation, Outcome, TCPProbe, Vantage
from bot.domain.network.references import POD

_PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERRORS = 0, 1
_MINIMUM_SILENCE_SECONDS = 0.3
_MAXIMUM_SILENCE_SECONDS = 2.0


async def dial(session: Session, probe: TCPProbe, vantage: Vantage) -> Observation:
    """Opens and closes one connection. Raises what aiohttp raises when the API server itself does not answer."""
    call = Call(
        doing=str(probe),
        path=object_path(POD, probe.target.namespace, probe.target.name) + "/portforward",
        query={"ports": str(probe.port)},
    )
    began = time.monotonic()
    try:
        # Longer than reaching the API server may take: that it cannot be reached is no word about the target.
        async with (
            asyncio.timeout(session.connect_seconds + probe.timeout_seconds),
            session.websocket(call, (_PROTOCOL,)) as socket,
            asyncio.timeout(probe.timeout_seconds),
        ):
            # The wait follows the way's own pace: several times what the API server needed to answer.
            silence = min(_MAXIMUM_SILENCE_SECONDS, max(_MINIMUM_SILENCE_SECONDS, 5 * (time.monotonic() - began)))
            outcome, evidence = await _listen(socket, probe, silence)
    except aiohttp.WSServerHandshakeError as error:
        return Observation(probe, vantage, *_refused_to_forward(error.status, probe))
    latency = None if outcome is Outcome.ANSWERED else time.monotonic() - began
    return Observation(probe, vantage, outcome, latency, evidence)


async def _listen(socket: aiohttp.ClientWebSocketResponse, probe: TCPProbe, silence: float) -> tuple[Outcome, str]:
    greeted: set[int] = set()
    while True:
        try:
            message = await socket.receive(timeout=silence)
        except TimeoutError:
            if len(greeted) == 2:
                return Outcome.ANSWERED, f"port {probe.port} of {probe.target.short} accepts connections"
            continue  # not even the greeting came: the probe's own timeout ends this
        if message.type is not aiohttp.WSMsgType.BINARY:
            return Outcome.UNREACHABLE, "the port-forward ended before anything was known"
        channel, data = frame(message.data)
        if channel in (_DATA, _ERRORS) and channel not in greeted:
            greeted.add(channel)
        elif channel == _DATA:
            return Outcome.ANSWERED, f"port {probe.port} of {probe.target.short} accepts connections and speaks first"
        elif channel == _ERRORS and data:
            return judged(data.decode("utf-8", "replace"), probe)


def frame(data: bytes) -> tuple[int, bytes]:
    """Channel and content of one message; channel -1 when it is empty."""
    return (data[0], data[1:]) if data else (-1, b"")


def judged(said: str, probe: TCPProbe) -> tuple[Outcome, str]:
    """What an error of the kubelet means."""
    where = f"port {probe.port} of {probe.target.short}"
    if "connection refused" in said:
        return Outcome.REFUSED, f"connection refused by {where}"
    if "timeout" in said or "timed out" in said:
        return Outcome.TIMED_OUT, f"{where} did not answer the kubelet in time"
    return Outcome.UNREACHABLE, f"the kubelet cannot reach {where}: {plain(said, 200)}"


def _refused_to_forward(status: int, probe: TCPProbe) -> tuple[Outcome, None, str]:
    reasons = {
        401: "the API server does not accept the bot's credentials",
        403: f"the bot's account may not use pods/portforward in {probe.target.namespace}",
        404: f"there is no {probe.target}",
    }
    reason = reasons.get(status, f"the API server refused to forward a port (HTTP status {status})")
    return Outcome.NOT_ASKED, None, reason
