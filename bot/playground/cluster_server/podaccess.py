"""What goes through the API server into pods: logs, the HTTP proxy, and port-forward, worded as a real 1.36 does it."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import struct
from typing import Any

import aiohttp
from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.programs import Refused, Sockets, log_lines
from bot.playground.cluster_server.registry import Registry
from bot.playground.cluster_server.requests import Target, flag
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

_PROTOCOLS = ("v4.channel.k8s.io",)
_KEPT = ("Content-Type", "Content-Encoding", "Location", "Set-Cookie", "WWW-Authenticate", "Retry-After")
_DROPPED = {"authorization", "host", "connection", "upgrade", "transfer-encoding", "content-length", "accept-encoding"}
_DIAL_SECONDS = 30.0


class PodAccess:
    """The subresources of pods and Services that carry bytes."""

    def __init__(self, registry: Registry, sockets: Sockets) -> None:
        self._registry = registry
        self._sockets = sockets
        self._pods = registry.kinds.named("v1", "Pod")
        self._endpoints = registry.kinds.named("v1", "Endpoints")
        self._services = registry.kinds.named("v1", "Service")
        self._turn = itertools.count()
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def log(self, request: web.Request, target: Target) -> web.StreamResponse:
        pod = self._registry.get(self._pods, target.namespace, target.name)
        query = request.query
        container = self._container(pod, query.get("container", ""))
        tail, limit, since = (
            _count(query.get(name), name, pod) for name in ("tailLines", "limitBytes", "sinceSeconds")
        )
        previous = flag(query, "previous")
        self._check_started(pod, container, previous=previous)
        said = next(found for found in pod["spec"]["containers"] if found["name"] == container)
        lines = log_lines(self._sockets.program_of(said), pod, container, previous)
        if since is not None:
            oldest = self._registry.clock() - datetime.timedelta(seconds=since)
            lines = [line for line in lines if line[0] >= oldest]
        if tail is not None:
            lines = lines[-tail:] if tail else []
        stamped = flag(query, "timestamps")
        text = "".join(
            f"{time.strftime('%Y-%m-%dT%H:%M:%S.%fZ')} {line}\n" if stamped else f"{line}\n" for time, line in lines
        )
        data = text.encode() if limit is None else text.encode()[:limit]
        if not flag(query, "follow"):
            return web.Response(body=data, headers={"Content-Type": "text/plain"})
        return await self._followed(request, target, data)

    async def _followed(self, request: web.Request, target: Target, data: bytes) -> web.StreamResponse:
        """What there is, then silence until the pod is gone or the client goes: programs write at their start."""
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(data)
        gone = asyncio.Event()

        def hear(change: Any) -> None:
            metadata = change.obj["metadata"]
            same = (metadata.get("namespace"), metadata["name"]) == (target.namespace, target.name)
            if change.type == "DELETED" and change.resource == self._pods.resource and same:
                gone.set()

        unsubscribe = self._registry.store.subscribe(hear)
        try:
            await gone.wait()
        finally:
            unsubscribe()
        await response.write_eof()
        return response

    def _container(self, pod: Object, asked: str) -> str:
        names = [container["name"] for container in pod["spec"]["containers"]]
        name = pod["metadata"]["name"]
        if asked and asked not in names:
            raise statuses.bad_request(f"container {asked} is not valid for pod {name}")
        if not asked and len(names) > 1:
            listed = " ".join(names)
            said = f"a container name must be specified for pod {name}, choose one of: [{listed}]"
            raise statuses.bad_request(said)
        return asked or str(names[0])

    def _check_started(self, pod: Object, container: str, *, previous: bool) -> None:
        found = dig(pod, "status", "containerStatuses", default=())
        status: Object = next((said for said in found if said["name"] == container), {})
        name = pod["metadata"]["name"]
        if previous:
            if not dig(status, "lastState", "terminated"):
                raise statuses.bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            return
        reason = dig(status, "state", "waiting", "reason", default="" if status else "ContainerCreating")
        if not reason or dig(status, "lastState", "terminated"):
            return
        why = "trying and failing to pull image" if reason in ("ErrImagePull", "ImagePullBackOff") else reason
        raise statuses.bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')

    async def proxy(self, request: web.Request, target: Target) -> web.StreamResponse:
        """HTTP through the API server to a pod, or to one of the ready pods of a Service."""
        if not target.rest:
            return web.Response(status=301, headers={"Location": request.path + "/"})
        scheme, name, port = _split(target.name)
        if target.kind.name == "Pod":
            pod = self._registry.get(self._pods, target.namespace, name)
            number = int(port) if port.isdecimal() else _first_port(pod)
        else:
            pod, number = self._endpoint(target.namespace, target.name, name, port)
        try:
            local = await self._sockets.dial(pod, number)
        except Refused as error:
            raise statuses.unavailable(f"error trying to reach service: {error}") from error
        if scheme == "https":
            said = "error trying to reach service: tls: first record does not look like a TLS handshake"
            raise statuses.unavailable(said)
        return await self._forwarded(request, target, local)

    async def _forwarded(self, request: web.Request, target: Target, local: int) -> web.StreamResponse:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                timeout=aiohttp.ClientTimeout(total=_DIAL_SECONDS),
            )  # fmt: skip
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        query = f"?{request.query_string}" if request.query_string else ""
        url = f"http://127.0.0.1:{local}{target.rest}{query}"
        body = await request.read()
        try:
            async with self._client.request(
                request.method, url, headers=headers, data=body or None, allow_redirects=False
            ) as reply:
                kept = {name: reply.headers[name] for name in _KEPT if name in reply.headers}
                return web.Response(status=reply.status, headers=kept, body=await reply.read())
        except aiohttp.ClientError as error:
            raise statuses.unavailable(f"error trying to reach service: {error}") from error

    def _endpoint(self, namespace: str, asked: str, name: str, port: str) -> tuple[Object, int]:
        """One of the ready pods behind a Service's port, each in its turn. Raises 404 and 503."""
        service = self._registry.get(self._services, namespace, name)
        port_name = port
        if port.isdecimal():
            found = [said for said in service["spec"].get("ports") or () if said["port"] == int(port)]
            if not found:
                raise statuses.unavailable(f'no service port {port} found for service "{name}"')
            port_name = found[0].get("name", "")
        endpoints = self._registry.find(self._endpoints, namespace, name)
        if endpoints is None:  # the real one says so too of a Service without selector
            raise statuses.not_found("services", "", name)
        if not endpoints.get("subsets"):
            raise statuses.unavailable(f'no endpoints available for service "{name}"')
        choices = [
            (address, said["port"])
            for subset in endpoints["subsets"]
            for said in subset.get("ports") or ()
            for address in subset.get("addresses") or ()
            if said.get("name", "") == port_name
        ]
        if not choices:
            raise statuses.unavailable(f'no endpoints available for service "{asked}"')
        address, number = choices[next(self._turn) % len(choices)]
        return self._registry.get(self._pods, namespace, address["targetRef"]["name"]), number

    async def port_forward(self, request: web.Request, target: Target) -> web.StreamResponse:
        """The WebSocket protocol of channels: two for each port, data and errors, both opened by the port's number."""
        pod = self._registry.get(self._pods, target.namespace, target.name)
        ports = [
            int(port) for value in request.query.getall("ports", []) for port in value.split(",") if port.isdecimal()
        ]
        if not ports:
            said = 'you must specify at least 1 forward port as a query parameter: "ports"'
            raise statuses.bad_request(said)
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if "websocket" not in request.headers.get("Upgrade", "").lower() or not any(p in offered for p in _PROTOCOLS):
            raise statuses.bad_request("unable to upgrade: only the WebSocket protocol v4.channel.k8s.io is served")
        if dig(pod, "status", "phase") != "Running":
            phase = dig(pod, "status", "phase", default="Pending")
            raise statuses.bad_request(f"unable to forward port because pod is not running. Current status={phase}")
        socket = web.WebSocketResponse(protocols=_PROTOCOLS, max_msg_size=1 << 22)
        await socket.prepare(request)
        await _Forwarding(socket, pod, ports, self._sockets).run()
        return socket


class _Forwarding:
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
            await self._socket.send_bytes(bytes([2 * index + 1]) + self._refusal(port).encode())
            return
        finally:
            self._dialled[index].set()
        try:
            while data := await reader.read(65536):
                await self._socket.send_bytes(bytes([2 * index]) + data)
        except ConnectionError:
            return
        await self._socket.close()

    def _refusal(self, port: int) -> str:
        uid = self._pod["metadata"]["uid"]
        inside = f'inside namespace "{uid}", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused'
        return (
            f"error forwarding port {port} to pod {uid}, uid : failed to execute portforward in network namespace "
            f'"/var/run/netns/cni-{uid}": failed to connect to localhost:{port} {inside} '
            f"IPv6 dial tcp6 [::1]:{port}: connect: connection refused "
        )

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


def _split(asked: str) -> tuple[str, str, str]:
    """`[scheme:]name[:port]`."""
    parts = asked.split(":")
    if len(parts) == 3:
        return parts[0] or "http", parts[1], parts[2]
    return "http", parts[0], parts[1] if len(parts) == 2 else ""


def _first_port(pod: Object) -> int:
    ports = [port["containerPort"] for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return int(ports[0]) if ports else 80


def _count(text: str | None, name: str, pod: Object) -> int | None:
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError as error:
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
    least = 0 if name == "tailLines" else 1
    if value < least:
        said = "must be greater than or equal to 0" if least == 0 else "must be greater than 0"
        cause = statuses.invalid(name, value, said)
        raise statuses.unprocessable("PodLogOptions", "", pod["metadata"]["name"], [cause])
    return value
