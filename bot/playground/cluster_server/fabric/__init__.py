"""The network of the world as sockets: for an address and port of it, a port on 127.0.0.1 that stands for it.

A listener is opened when somebody first asks the way, and kept. Each connection is led anew, by what the objects say at
that moment (`finding`): to a pod's program, to the API server, or to a controller (`edges`), which ends TLS
(`certifying`), answers HTTP (`answering`), or passes TLS on unread.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.playground.cluster_server.edges.contract import EITHER, TLS
from bot.playground.cluster_server.edges.recognising import Edges, Entry
from bot.playground.cluster_server.fabric import carrying, passing
from bot.playground.cluster_server.fabric.answering import Answering
from bot.playground.cluster_server.fabric.backends import Backends
from bot.playground.cluster_server.fabric.certifying import Certificates
from bot.playground.cluster_server.fabric.finding import (
    Destination,
    Dropped,
    Finder,
    NoRoute,
    ToAPIServer,
    ToEdge,
    ToPod,
)
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.pods.programs import Refused, Sockets
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MOST_LISTENERS = 256
"""When there are more, the one that was asked for longest ago is closed."""
_READ = 65536
_Door = tuple[str, frozenset[int], bool]
"""A controller's workload, the ports that listeners may mean, and whether it ends TLS."""


class Fabric:
    """All sockets that stand for addresses."""

    def __init__(self, registry: Registry, sockets: Sockets, edges: Edges, api_port: Callable[[], int]) -> None:
        self._sockets = sockets
        self._edges = edges
        self._api_port = api_port
        self._finder = Finder(registry, edges.outside)
        self._backends = Backends(registry, self._finder, self._dial)
        self._answering = Answering(edges, self._backends)
        self._certificates = Certificates(registry, edges)
        self._passing = passing.Passing(registry, self._backends)
        self._listeners: OrderedDict[tuple[str, int], tuple[int, asyncio.Server]] = OrderedDict()
        self._doors: dict[_Door, tuple[int, web.ServerRunner]] = {}
        self._opening = asyncio.Lock()
        self._connections: set[asyncio.Task[None]] = set()
        self._closed: carrying.Closed | None = None
        self._hole: carrying.Hole | None = None
        sockets.speaker = self

    async def way_to(self, address: str, port: int) -> tuple[str, int]:
        """Host and port to connect to. Where a connection is refused, nobody listens there; where packets are dropped,
        who connects waits (on Linux). Raises OSError (EHOSTUNREACH) for an address that the world does not have."""
        destination = self._finder.find(address, port)
        if isinstance(destination, NoRoute):
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH), f"{address}:{port}")
        if isinstance(destination, Dropped):
            self._hole = self._hole or carrying.Hole()
            return carrying.LOOPBACK, self._hole.port
        if not await self._is_open(destination):
            self._closed = self._closed or carrying.Closed()
            return carrying.LOOPBACK, self._closed.port
        async with self._opening:
            return carrying.LOOPBACK, await self._listener(address, port)

    async def local_port(self, pod: Object, port: int) -> int | None:
        """Where a controller answers that this pod belongs to; None: it is a program's port."""
        address = dig(pod, "status", "podIP", default="")
        if not address or self._entry(ToPod(pod, port, port)) is None:
            return None
        async with self._opening:
            return await self._listener(address, port)

    def speaks_tls(self, pod: Object, port: int) -> bool:
        """Whether a controller's port in a pod takes TLS."""
        entry = self._entry(ToPod(pod, port, port))
        return entry is not None and entry.speaks in (TLS, EITHER)

    async def close(self) -> None:
        """Ends every listener and connection."""
        servers = [server for _, server in self._listeners.values()]
        for server in servers:
            server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.gather(*(runner.cleanup() for _, runner in self._doors.values()))
        await self._answering.close()
        for each in (self._closed, self._hole):
            if each:
                each.close()
        self._listeners.clear()
        self._doors.clear()

    async def _listener(self, address: str, port: int) -> int:
        key = (address, port)
        if key not in self._listeners:

            async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task is not None
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)
                await self._lead(reader, writer, address, port)

            server = await asyncio.start_server(take, carrying.LOOPBACK, 0)
            self._listeners[key] = (server.sockets[0].getsockname()[1], server)
        self._listeners.move_to_end(key)
        while len(self._listeners) > _MOST_LISTENERS:
            self._listeners.popitem(last=False)[1][1].close()
        return self._listeners[key][0]

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str, port: int) -> None:
        """One connection, from its beginning to its end."""
        destination = self._finder.find(address, port)
        first, local = b"", None
        try:
            if entry := self._entry(destination):
                local, first = await self._enter(entry, reader)
            else:
                local = await self._dial(destination)
            if local is None:
                carrying.reset(writer)
            else:
                await carrying.carry(reader, writer, local, first)
        except (ConnectionError, asyncio.CancelledError):
            carrying.reset(writer)

    def _entry(self, destination: Destination) -> Entry | None:
        if isinstance(destination, ToEdge):
            return self._edges.entry_outside(destination.controller, destination.port)
        if isinstance(destination, ToPod) and self._sockets.runs(destination.pod):
            return self._edges.entry(destination.pod, destination.port, destination.service_port)
        return None

    async def _is_open(self, destination: Destination) -> bool:
        if self._entry(destination) is not None:
            return True
        return await self._dial(destination) is not None

    async def _dial(self, destination: Destination) -> int | None:
        if isinstance(destination, ToAPIServer):
            return self._api_port()
        if isinstance(destination, ToPod):
            try:
                return await self._sockets.dial(destination.pod, destination.port)
            except Refused:
                return None
        return None

    async def _enter(self, entry: Entry, reader: asyncio.StreamReader) -> tuple[int | None, bytes]:
        """The port where a controller answers this connection, and what was read of it already."""
        first, tls = b"", entry.speaks == TLS
        passes = self._passing.listeners(entry)
        if entry.speaks == EITHER or passes:
            first = await reader.read(_READ)
            tls = first[:1] == bytes([carrying.HANDSHAKE])
        if tls and passes:
            name, first = await carrying.server_name(reader, first)
            if self._passing.is_for(passes, name):
                return await self._passing.dial(passes, name), first
        return await self._door(entry, tls=tls), first

    async def _door(self, entry: Entry, *, tls: bool) -> int:
        key = (entry.running.name, entry.ports, tls)
        async with self._opening:
            if key not in self._doors:
                self._doors[key] = await self._open_door(key)
            return self._doors[key][0]

    async def _open_door(self, key: _Door) -> tuple[int, web.ServerRunner]:
        name, ports, tls = key

        async def respond(request: web.BaseRequest) -> web.StreamResponse:
            return await self._answering.respond(request, name, ports, tls=tls)

        runner = web.ServerRunner(web.Server(respond), shutdown_timeout=0.1)
        await runner.setup()
        context = self._context(name, ports) if tls else None
        await web.TCPSite(runner, carrying.LOOPBACK, 0, ssl_context=context).start()
        return int(runner.addresses[0][1]), runner

    def _context(self, controller: str, ports: frozenset[int]) -> ssl.SSLContext:
        """Has no certificate of its own: each handshake is given the one that fits."""

        def choose(connection: Any, name: str | None, _: ssl.SSLContext) -> int | None:
            running = self._edges.named(controller)
            found = self._certificates.fitting(running, ports, (name or "").lower()) if running else None
            if found is None:
                return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
            connection.context = found
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        return context
