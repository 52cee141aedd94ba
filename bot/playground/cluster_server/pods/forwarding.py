"""Port-forward by both protocols: channels in a WebSocket, two for each port, and SPDY streams in pairs, tunnelled
through one, as kubectl does it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import aiohttp
from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.pods import spdy
from bot.playground.cluster_server.pods.programs import Refused, Sockets
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

CHANNELS, TUNNEL = "v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"
_READ = 65536


async def port_forward(request: web.Request, pod: Object, sockets: Sockets) -> web.StreamResponse:
    """Raises 400."""
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    if "websocket" not in request.headers.get("Upgrade", "").lower():
        raise statuses.bad_request("Upgrade request required")
    if TUNNEL not in offered and CHANNELS not in offered:
        raise web.HTTPForbidden(text="")
    if dig(pod, "status", "phase") != "Running":
        phase = dig(pod, "status", "phase", default="Pending")
        raise statuses.bad_request(f"unable to forward port because pod is not running. Current status={phase}")
    protocol = TUNNEL if TUNNEL in offered else CHANNELS
    ports = [int(port) for value in request.query.getall("ports", []) for port in value.split(",") if port.isdecimal()]
    if protocol == CHANNELS and not ports:
        raise web.HTTPBadRequest(text='query parameter "port" is required')
    socket = web.WebSocketResponse(protocols=(protocol,), max_msg_size=1 << 22)
    await socket.prepare(request)
    if protocol == TUNNEL:
        await _Tunnel(socket, pod, sockets).run()
    else:
        await _Channels(socket, pod, ports, sockets).run()
    return socket


def _refusal(pod: Object, port: int) -> str:
    uid = pod["metadata"]["uid"]
    inside = f'inside namespace "{uid}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused'
    return (
        f"error forwarding port {port} to pod {uid}, uid : failed to execute portforward in network namespace "
        f'"/var/run/netns/cni-{uid}": failed to connect to localhost:{port} {inside} '
        f"IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
    )


class _Channels:
    """One WebSocket with its ports."""

    def __init__(self, socket: web.WebSocketResponse, pod: Object, ports: list[int], sockets: Sockets) -> None:
        self._socket = socket
        self._pod = pod
        self._ports = ports
        self._sockets = sockets
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._dialled = [asyncio.Event() for _ in ports]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            readers = [tasks.create_task(self._carry_out(index, port)) for index, port in enumerate(self._ports)]
            try:
                await self._carry_in()
            finally:
                for task in readers:
                    task.cancel()
                for writer in self._writers.values():
                    writer.close()

    async def _carry_out(self, index: int, port: int) -> None:
        for channel in (2 * index, 2 * index + 1):
            await self._socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
        try:
            local = await self._sockets.dial(self._pod, port)
            reader, self._writers[index] = await asyncio.open_connection("127.0.0.1", local)
        except (Refused, OSError):
            await self._socket.send_bytes(bytes([2 * index + 1]) + _refusal(self._pod, port).encode())
            return
        finally:
            self._dialled[index].set()
        try:
            while data := await reader.read(_READ):
                await self._socket.send_bytes(bytes([2 * index]) + data)
        except ConnectionError:
            return
        await self._socket.close()

    async def _carry_in(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
                continue
            index, is_error = divmod(message.data[0], 2)
            if is_error or index >= len(self._ports):
                continue
            await self._dialled[index].wait()  # clients send as soon as the channels are there
            if writer := self._writers.get(index):
                writer.write(message.data[1:])
                await writer.drain()


class _Tunnel:
    """One WebSocket with a SPDY connection in it: for each connection of a port a stream of data and one of errors."""

    def __init__(self, socket: web.WebSocketResponse, pod: Object, sockets: Sockets) -> None:
        self._socket = socket
        self._pod = pod
        self._sockets = sockets
        self._errors: dict[str, spdy.Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        connection = spdy.Connection(self._send, self._opened)
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    await connection.feed(message.data)
        except spdy.ProtocolError:
            await self._socket.close(code=aiohttp.WSCloseCode.PROTOCOL_ERROR)
        finally:
            connection.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, data: bytes) -> None:
        if not self._socket.closed:
            await self._socket.send_bytes(data)

    def _opened(self, stream: spdy.Stream) -> None:
        said = {name.lower(): value for name, value in stream.headers.items()}
        pair = said.get("requestid", "")
        if said.get("streamtype") == "error":
            self._errors[pair] = stream
        elif said.get("streamtype") == "data" and said.get("port", "").isdecimal() and pair in self._errors:
            task = asyncio.get_running_loop().create_task(
                self._carry(stream, self._errors.pop(pair), int(said["port"]))
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, stream: spdy.Stream, errors: spdy.Stream, port: int) -> None:
        try:
            local = await self._sockets.dial(self._pod, port)
            reader, writer = await asyncio.open_connection("127.0.0.1", local)
        except (Refused, OSError):
            await errors.write(_refusal(self._pod, port).encode())
            await errors.end()
            await stream.end()
            return
        inward = asyncio.get_running_loop().create_task(_pour(stream, writer))
        try:
            while data := await reader.read(_READ):
                await stream.write(data)
        except ConnectionError:
            pass
        finally:
            inward.cancel()
            writer.close()
        await stream.end()
        await errors.end()


async def _pour(stream: spdy.Stream, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await stream.read():
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError):
        return
