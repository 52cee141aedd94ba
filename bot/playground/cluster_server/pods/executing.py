"""Exec and attach over WebSockets: a channel each for stdin, stdout, stderr, how it ended, and the terminal's size.

The protocols are told in k8s.io/apimachinery/pkg/util/remotecommand/constants.go. What a command does is in `shell`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.http.requests import flag
from bot.playground.cluster_server.objects.store import Change, Store
from bot.playground.cluster_server.pods import shell
from bot.playground.cluster_server.pods.programs import Sockets, log_lines, status_of

Object = dict[str, Any]

_STDIN, _STDOUT, _STDERR, _ERROR, _CLOSE = 0, 1, 2, 3, 255
_TELLING = ("v5.channel.k8s.io", "v4.channel.k8s.io")
"""Protocols that tell how a command ended."""
_PROTOCOLS = (*_TELLING, "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io")
_HOST = "kubernetes.default.svc"


async def run_in(
    request: web.Request, pod: Object, container: Object, sockets: Sockets, store: Store, *, attach: bool
) -> web.StreamResponse:
    """Raises 400 and 500."""
    query = request.query
    wanted = [name for name in ("stdin", "stdout", "stderr") if flag(query, name)]
    if "websocket" not in request.headers.get("Upgrade", "").lower():
        raise statuses.bad_request("Upgrade request required")
    if not pod["spec"].get("nodeName"):
        raise statuses.bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    if not wanted:
        raise web.HTTPBadRequest(text="you must specify at least 1 of stdin, stdout, stderr")
    state = status_of(pod, container["name"]).get("state", {})
    if not attach and "running" not in state:
        raise web.HTTPInternalServerError(text=f'container not found ("{container["name"]}")')
    offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    protocol = next((name for name in offered if name in _PROTOCOLS), "")
    if offered and not protocol:
        raise web.HTTPForbidden(text="")
    socket = web.WebSocketResponse(protocols=(protocol,) if protocol else (), max_msg_size=1 << 22)
    await socket.prepare(request)
    session = _Session(socket, protocol, pod, container, sockets, terminal=flag(query, "tty"))
    await session.write(_STDOUT if "stdout" in wanted else _STDERR if "stderr" in wanted else _ERROR, b"")
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(session.listen())
        if attach:
            work = tasks.create_task(session.attached(store, stdin="stdin" in wanted))
        else:
            work = tasks.create_task(session.execute(query.getall("command", []), stdin="stdin" in wanted))
        await asyncio.wait({listening, work}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        work.cancel()
    await socket.close()
    return socket


class _Session:
    """One command, or one look at a container that runs."""

    def __init__(
        self, socket: web.WebSocketResponse, protocol: str, pod: Object, container: Object, sockets: Sockets, *,
        terminal: bool,
    ) -> None:  # fmt: skip
        self._socket = socket
        self._protocol = protocol
        self._pod = pod
        self._container = container
        self._program = sockets.program_of(container, pod)
        self._terminal = terminal
        self._stdin: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def write(self, channel: int, data: bytes) -> None:
        if self._terminal and channel in (_STDOUT, _STDERR):
            channel, data = _STDOUT, data.replace(b"\n", b"\r\n")
        if self._socket.closed:
            return
        if self._protocol.startswith("base64"):
            await self._socket.send_str(str(channel) + base64.b64encode(data).decode())
        else:
            await self._socket.send_bytes(bytes([channel]) + data)

    async def listen(self) -> None:
        """Takes in what the client sends, until it goes."""
        async for message in self._socket:
            data = message.data
            if message.type is aiohttp.WSMsgType.TEXT and data[:1] == "0":
                self._stdin.put_nowait(base64.b64decode(data[1:]))
            elif message.type is not aiohttp.WSMsgType.BINARY or not data:
                continue
            elif data[0] == _STDIN:
                self._stdin.put_nowait(data[1:])
            elif data[0] == _CLOSE and data[1:2] == bytes([_STDIN]):
                self._stdin.put_nowait(None)

    async def _heard(self, stdin: bool) -> AsyncIterator[bytes]:
        while stdin and (data := await self._stdin.get()) is not None:
            if self._terminal:
                await self.write(_STDOUT, data.replace(b"\r", b"\n"))
                if data == b"\x04":
                    return
            yield data

    def _around(self) -> shell.Surroundings:
        name = self._pod["metadata"]["name"]
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": name}
        variables |= {said["name"]: said.get("value", "") for said in self._container.get("env") or ()}
        variables |= {"KUBERNETES_SERVICE_HOST": _HOST, "KUBERNETES_SERVICE_PORT": "443", "HOME": "/root"}
        return shell.Surroundings(name, variables, self._program.commands)

    async def execute(self, command: list[str], *, stdin: bool) -> None:
        if not command:
            await self._tell(_failed_to_start(self._pod, "exec failed: args must not be empty"))
            return
        try:
            code = await shell.run(command, self._around(), self._heard(stdin), self.write)
        except shell.CommandNotFound:
            why = f'unable to start container process: exec: "{command[0]}": executable file not found in $PATH'
            await self._tell(_failed_to_start(self._pod, f"exec failed: {why}"))
            return
        await self._tell(_ended(code))

    async def attached(self, store: Store, *, stdin: bool) -> None:
        """A shell that waits for input is spoken to; of everything else one hears what it says from now on."""
        command = [*(self._container.get("command") or ()), *(self._container.get("args") or ())]
        if stdin and self._container.get("stdin") and self._program.exit_code is None:
            code = await shell.run(command or ["sh"], self._around(), self._heard(stdin), self.write)
            await self._tell(_ended(code))
            return
        metadata, ended = self._pod["metadata"], asyncio.Event()
        name = self._container["name"]

        def hear(change: Change) -> None:
            if change.resource == ("", "pods") and change.obj["metadata"]["uid"] == metadata["uid"]:
                gone = change.type == "DELETED" or "terminated" in status_of(change.obj, name).get("state", {})
                if gone:
                    ended.set()

        unsubscribe = store.subscribe(hear)
        try:
            if "terminated" in status_of(self._pod, name).get("state", {}):
                for _, line in log_lines(self._program, self._pod, name, False):
                    await self.write(_STDOUT, line.encode() + b"\n")
            else:
                await ended.wait()
        finally:
            unsubscribe()
        await self._tell(_ended(0))

    async def _tell(self, status: Object) -> None:
        if self._protocol in _TELLING:
            await self.write(_ERROR, msgspec.json.encode(status))


def _ended(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: command terminated with exit code {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }  # fmt: skip


def _failed_to_start(pod: Object, why: str) -> Object:
    number = hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()
    said = (
        "Internal error occurred: error executing command in container: failed to exec in container: failed to start "
        f'exec "{number}": OCI runtime exec failed: {why}: unknown'
    )
    return {
        "metadata": {}, "status": "Failure", "message": f"Internal error occurred: {said}", "reason": "InternalError",
        "details": {"causes": [{"message": said}]}, "code": 500,
    }  # fmt: skip
