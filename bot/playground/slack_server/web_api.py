"""The Web API over HTTP: token, scope, rate limit and arguments checked in one place, then the method asked."""

import json
from collections import deque
from collections.abc import Collection
from typing import Any

from aiohttp import web

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.methods import Method, chat, conversations, files, views, workspace
from bot.playground.slack_server.rate_limits import RateLimits
from bot.playground.slack_server.refusal import RateLimited, Refusal
from bot.playground.slack_server.store import JSON, Store

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **views.METHODS,
    **workspace.METHODS,
}


class WebApi:
    """Answers `/api/METHOD`, takes uploads and serves private files."""

    def __init__(
        self, store: Store, tokens: tuple[str, str], scopes: Collection[str] | None, methods: dict[str, Method]
    ) -> None:
        """`tokens`: the bot's and the app's. `scopes`: what the app was granted; None: everything."""
        self._store = store
        self._bot_token, self._app_token = tokens
        self._scopes = scopes
        self._methods = {**METHODS, **methods}
        self.limits = RateLimits(store.clock)
        self.calls: deque[tuple[str, JSON]] = deque(maxlen=1_000)
        """What was asked lately, oldest first, without tokens; for tests."""

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_post("/upload/v1/{key}", self._upload)
        app.router.add_get("/files-pri/{file_id}", self._file)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            answer = {"ok": True, **self._call(request.match_info["method"], request, await _given(request))}
            return _json(answer, headers=self._scope_header())
        except RateLimited as limited:
            return _json(limited.body(), status=429, headers={"Retry-After": str(limited.retry_after_seconds)})
        except Refusal as refusal:
            return _json(refusal.body(), headers=self._scope_header())

    def _call(self, name: str, request: web.Request, given: dict[str, Any]) -> JSON:
        method = self._methods.get(name)
        if method is None:
            raise Refusal("unknown_method", req_method=name)
        self._check_token(method, request, given.pop("token", None))
        self._check_scope(method)
        self.calls.append((name, given))
        arguments = Arguments.of(given, base_url=f"http://{request.host}")
        self.limits.check(name, method.limit, arguments.text("channel"))
        return method.handler(self._store, arguments)

    def _check_token(self, method: Method, request: web.Request, in_body: object) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        if not token and not method.app_token:  # an app token counts in the header only
            token = str(in_body or "")
        if not token:
            raise Refusal("not_authed")
        if token not in (self._bot_token, self._app_token):
            raise Refusal("invalid_auth")
        if token != (self._app_token if method.app_token else self._bot_token):
            raise Refusal("not_allowed_token_type")

    def _check_scope(self, method: Method) -> None:
        if self._scopes is not None and method.scopes and not set(method.scopes) & set(self._scopes):
            raise Refusal("missing_scope", needed=method.scopes[0], provided=",".join(sorted(self._scopes)))

    def _scope_header(self) -> dict[str, str]:
        return {} if self._scopes is None else {"X-OAuth-Scopes": ",".join(sorted(self._scopes))}

    async def _upload(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        file = next((file for file in self._store.files.values() if file.upload_key == key), None)
        if file is None or file.content is not None:
            return web.Response(status=404, text="no such upload")
        content = await _uploaded_bytes(request, file.length)
        if len(content) != file.length:
            return web.Response(status=400, text=f"{file.length} bytes were announced, {len(content)} came")
        file.content = content
        return web.Response(text=f"OK - {file.length}")

    async def _file(self, request: web.Request) -> web.Response:
        file = self._store.files.get(request.match_info["file_id"])
        if request.headers.get("Authorization") != f"Bearer {self._bot_token}" or file is None or not file.shared:
            return web.Response(status=404)
        return web.Response(body=file.content, content_type="application/octet-stream")


def _json(body: JSON, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


async def _given(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(body, dict):
            raise Refusal("json_not_object")
        return {**given, **body}
    if request.method == "POST":
        form = await request.post()
        given |= {name: value for name, value in form.items() if isinstance(value, str)}
    return given


async def _uploaded_bytes(request: web.Request, most: int) -> bytes:
    """Raw, or the one part of a form; never much more than was announced."""
    if request.content_type.startswith("multipart/"):
        part = await (await request.multipart()).next()
        source: Any = part
        read = source.read_chunk
    else:
        read = request.content.readany
    content = bytearray()
    while len(content) <= most and (piece := await read()):
        content += piece
    return bytes(content)
