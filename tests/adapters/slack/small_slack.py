"""A Slack of a few methods on a real port, which remembers what it was told and can be told to misbehave."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WSMsgType, web


class SmallSlack:
    """`calls` has (method, arguments) of the Web API, `responses` what response_urls were sent."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.responses: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.acks: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        """Instead of the usual answer of a method: a dict, or a web.Response."""
        self.sockets: list[web.WebSocketResponse] = []
        self.tickets = 0
        self.silent = False
        """True: new sockets get no hello."""
        self.refused_tickets = 0
        """So many handshakes are answered with 403."""
        self.num_connections = 1
        self.answers_pings = True
        self.on_socket: Callable[[], object] = lambda: None
        self.url = ""
        self._changed = asyncio.Event()
        self._next = 0

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits until something that was told makes it true."""
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.02)

    async def send(self, kind: str, payload: dict[str, Any], **extra: Any) -> str:
        """An envelope on the newest socket; returns its id."""
        self._next += 1
        envelope = {"envelope_id": f"e{self._next}", "type": kind, "payload": payload, **extra}
        await self.sockets[-1].send_str(json.dumps(envelope))
        return f"e{self._next}"

    async def slash(self, words: str, **more: Any) -> str:
        self._next += 1
        payload = {
            "command": "/net", "text": words, "user_id": "U0ANA", "user_name": "ana", "channel_id": "C0OPS",
            "channel_name": "net-ops", "team_id": "T0", "trigger_id": f"t{self._next}", "api_app_id": "A0",
            "response_url": f"{self.url}/response/{self._next}", **more,
        }  # fmt: skip
        return await self.send("slash_commands", payload, accepts_response_payload=True)

    async def event(self, event: dict[str, Any], *, event_id: str = "") -> str:
        self._next += 1
        payload = {"type": "event_callback", "team_id": "T0", "event_id": event_id or f"Ev{self._next}", "event": event}
        return await self.send("events_api", payload, retry_attempt=0, retry_reason="")

    async def click(self, value: str, *, container: dict[str, Any] | None = None, channel: str = "C0OPS") -> str:
        self._next += 1
        payload = {
            "type": "block_actions", "user": {"id": "U0ANA", "username": "ana"}, "team": {"id": "T0"},
            "channel": {"id": channel, "name": "net-ops"}, "trigger_id": f"t{self._next}",
            "container": container or {"type": "message", "message_ts": "1.1", "channel_id": channel},
            "actions": [{"type": "button", "action_id": "patchbay:run:0", "value": value}],
            "response_url": f"{self.url}/response/{self._next}",
        }  # fmt: skip
        return await self.send("interactive", payload, accepts_response_payload=True)

    async def disconnect(self, reason: str) -> None:
        await self.sockets[-1].send_str(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._method)
        app.router.add_post("/response/{id}", self._respond)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/socket", self._socket)
        return app

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.content_type == "application/json":
            arguments = await request.json()
        else:
            arguments = {**request.query, **(await request.post())}
        self.calls.append((method, arguments))
        answer = self.answers.get(method, self._usual)({"method": method, **arguments})
        self._changed.set()
        return answer if isinstance(answer, web.Response) else web.json_response({"ok": True, **answer})

    def _usual(self, call: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        match call["method"]:
            case "auth.test":
                return {"user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0", "user": "patchbay", "team": "ops"}
            case "apps.connections.open":
                self.tickets += 1
                return {"url": f"{self.url.replace('http', 'ws')}/socket?ticket={self.tickets}"}
            case "chat.postMessage" | "chat.update":
                return {"channel": call["channel"], "ts": call.get("ts") or f"{self._next}.5"}
            case "conversations.open":
                return {"channel": {"id": "D0" + call["users"]}}
            case "files.getUploadURLExternal":
                return {"upload_url": f"{self.url}/upload/{self._next}", "file_id": f"F{self._next}"}
        return {}

    async def _respond(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        self._changed.set()
        answer = self.answers.get("response_url")
        return answer({}) if answer else web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        self.uploads.append(await request.read())
        return web.Response(text="OK")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.refused_tickets > 0:
            self.refused_tickets -= 1
            self._changed.set()
            return web.Response(status=403)
        socket = web.WebSocketResponse(autoping=self.answers_pings)
        await socket.prepare(request)
        self.sockets.append(socket)
        self.on_socket()
        if not self.silent:
            hello = {"type": "hello", "num_connections": self.num_connections, "connection_info": {"app_id": "A0"}}
            await socket.send_str(json.dumps(hello))
        self._changed.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
                self._changed.set()
        self._changed.set()
        return socket


@contextlib.asynccontextmanager
async def small_slack() -> AsyncIterator[SmallSlack]:
    slack = SmallSlack()
    runner = web.AppRunner(slack.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield slack
    finally:
        for socket in slack.sockets:
            await socket.close()
        await runner.cleanup()
