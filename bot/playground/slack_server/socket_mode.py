"""Socket Mode: up to ten WebSockets, each envelope to exactly one of them, and everything that goes wrong with sockets.

Reference: docs.slack.dev/apis/events-api/using-socket-mode and slack.md. The socket is plain `ws` because it
never leaves loopback.
"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.clock import within
from bot.playground.slack_server.store import JSON, Store
from bot.playground.slack_server.transport import DEADLINE_SECONDS, Kind, Outcome, Reply, Retry

MOST_CONNECTIONS = 10
EVENT_DEADLINE_SECONDS = 4.0
_WARNING, _REFRESH, _TOO_MANY = "warning", "refresh_requested", "too_many_websockets"


@dataclass(eq=False, slots=True)
class Connection:
    """One socket of the bot. A silent one is open, but nothing comes out of it any more."""

    socket: web.WebSocketResponse
    link: asyncio.BaseTransport | None
    silent: bool = False
    answers_pings: bool = True
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def send(self, message: JSON) -> None:
        if not self.silent:
            await self.socket.send_str(json.dumps(message))


class SocketMode:
    """The server's end of the bot's sockets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tickets: set[str] = set()
        self._turn = 0
        self._changed = asyncio.Event()
        self.connections: list[Connection] = []
        self.retry_reasons: Mapping[Outcome, str] = {}

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/link/", self._serve)

    def open_(self, _store: Store, arguments: Arguments) -> JSON:
        """apps.connections.open: a URL with a ticket that opens one socket."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        base = arguments.base_url.replace("http://", "ws://", 1)
        return {"url": f"{base}/link/?ticket={ticket}&app_id={self._store.app_id}"}

    async def connected(self, count: int = 1) -> None:
        """Waits until the bot holds exactly so many sockets."""
        while len(self.connections) != count:
            await self._changed.wait()

    async def deliver(self, kind: Kind, payload: JSON, retry: Retry | None = None) -> Reply:
        if not self.connections:
            return Reply("unreachable")
        self._turn += 1
        connection = self.connections[self._turn % len(self.connections)]
        envelope_id = str(uuid.uuid4())
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = answer
        seconds = EVENT_DEADLINE_SECONDS if kind == "events_api" else DEADLINE_SECONDS
        try:
            exchange = self._exchange(connection, envelope_id, kind, payload, retry)
            return Reply("ok", await within(self._store.clock, seconds, exchange))
        except TimeoutError:
            return Reply("timeout")
        except ConnectionError:
            return Reply("error")
        finally:
            connection.waiting.pop(envelope_id, None)

    async def _exchange(
        self, connection: Connection, envelope_id: str, kind: Kind, payload: JSON, retry: Retry | None
    ) -> Any:
        envelope: JSON = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": retry.attempt if retry else 0, "retry_reason": retry.reason if retry else ""}
        waiting = connection.waiting[envelope_id]
        await connection.send(envelope)
        return await waiting

    # What a test or the panel of the world can do to sockets

    async def warn(self) -> None:
        """Tells every socket that it will be closed in some ten seconds."""
        await self._say_disconnect(_WARNING)

    async def refresh(self) -> None:
        """Asks the bot to build new sockets; the old ones are closed, as Slack does."""
        await self._say_disconnect(_REFRESH)
        await self.drop()

    def go_silent(self, answer_pings: bool = True) -> None:
        """All sockets of now stay open, yet nothing comes from them any more; with or without answers to pings."""
        for connection in self.connections:
            connection.silent, connection.answers_pings = True, answer_pings

    async def drop(self) -> None:
        """Closes every socket without a word."""
        for connection in list(self.connections):
            self._forget(connection)
            await connection.socket.close()

    def cut(self) -> None:
        """As a broken link: the TCP connections end, and nobody says goodbye."""
        for connection in list(self.connections):
            self._forget(connection)
            if isinstance(connection.link, asyncio.Transport):
                connection.link.abort()

    async def close(self) -> None:
        await self.drop()

    async def _say_disconnect(self, reason: str) -> None:
        for connection in list(self.connections):
            await connection.send(_disconnect(reason))

    # One socket

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=401)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send(_disconnect(_TOO_MANY))
            await socket.close()
            return socket
        self.connections.append(connection)
        self._publish_count()
        try:
            await connection.send(self._hello())
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.PING and connection.answers_pings:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT and not connection.silent:
                _take_ack(connection, message.data)

    def _hello(self) -> JSON:
        debug: JSON = {"host": "applink-playground", "build_number": 1, "approximate_connection_time": 3_600}
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": debug,
            "connection_info": {"app_id": self._store.app_id},
        }

    def _forget(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the socket was closed"))
        self._publish_count()

    def _publish_count(self) -> None:
        self._store.feed.publish("connections", {"count": len(self.connections)})
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _disconnect(reason: str) -> JSON:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-playground"}}


def _take_ack(connection: Connection, text: str) -> None:
    try:
        ack = json.loads(text)
    except ValueError:
        return
    answer = connection.waiting.get(str(ack.get("envelope_id"))) if isinstance(ack, dict) else None
    if answer is not None and not answer.done():
        answer.set_result(ack.get("payload"))
