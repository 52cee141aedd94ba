"""The person's side over HTTP: who may ask, and the routes. The protocol stands in the docstring of `person`."""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.playground.slack_server.acting import Acting, Place
from bot.playground.slack_server.feed import Event
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Channel, User, mimetype

Post = Callable[[User, JSON], Awaitable[JSON]]

_SAFE_PICTURES = ("image/png", "image/jpeg", "image/gif")


class PersonRoutes:
    """`/page/…`."""

    def __init__(self, acting: Acting, secret: str | None, connections: Callable[[], int]) -> None:
        self._acting = acting
        self._store = acting.store
        self._secret = secret
        self._connections = connections

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/page/state", self._state)
        app.router.add_get("/page/events", self._events)
        app.router.add_get("/page/files/{file_id}", self._file)
        posts: dict[str, Post] = {
            "say": self._say,
            "click": self._click,
            "options": self._options,
            "submit": self._submit,
        }
        posts |= {"close": self._close, "invite": self._invite, "home": self._home}
        for name, act in posts.items():
            app.router.add_post(f"/page/{name}", self._posted(act))

    def check(self, request: web.Request) -> None:
        """Raises 403 unless the request comes from our own page, or from one who holds the secret.

        Public, because the panel of the world on the same port guards its routes in the same way.
        """
        address = request.transport.get_extra_info("sockname") if request.transport else None
        port = address[1] if address else 0
        own = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = request.headers.get("Origin")
        if request.headers.get("Host") not in own or (
            origin is not None and origin not in {f"http://{host}" for host in own}
        ):
            raise _forbidden("wrong_origin", "This page is served to its own address alone.")
        given = request.headers.get("X-Playground-Secret") or request.query.get("secret") or ""
        if self._secret is not None and not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise _forbidden("wrong_secret", "Open the page by the whole address that was printed at start.")

    def _posted(self, act: Post) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            self.check(request)
            try:
                given = await _body(request)
                return web.json_response({"ok": True, **await act(self._who(given.get("as")), given)})
            except Refusal as refusal:
                return web.json_response({"text": refusal.code, **refusal.body()}, status=400)

        return handle

    def _who(self, name: Any) -> User:
        user = self._store.person(str(name or "ana"))
        if user is None:
            raise Refusal("user_not_found", text=f"There is nobody called {name}.")
        return user

    async def _say(self, user: User, given: JSON) -> JSON:
        return self._acting.say(user, _text(given, "channel"), _text(given, "text"), given.get("thread_ts") or None)

    async def _click(self, user: User, given: JSON) -> JSON:
        values = _values(given)
        block_id, action_id = _text(given, "block_id"), _text(given, "action_id")
        self._acting.click(user, _place(given), block_id, action_id, given.get("value"), values)
        return {}

    async def _options(self, user: User, given: JSON) -> JSON:
        block_id, action_id = _text(given, "block_id"), _text(given, "action_id")
        return {"options": await self._acting.options(user, _place(given), block_id, action_id, _text(given, "query"))}

    async def _submit(self, user: User, given: JSON) -> JSON:
        self._acting.submit(user, _text(given, "view_id"), _values(given))
        return {}

    async def _close(self, user: User, given: JSON) -> JSON:
        self._acting.close(user, _text(given, "view_id"), bool(given.get("all")))
        return {}

    async def _invite(self, user: User, given: JSON) -> JSON:
        self._acting.invite(user, _text(given, "channel"), _text(given, "user"))
        return {}

    async def _home(self, user: User, _given: JSON) -> JSON:
        self._acting.open_home(user)
        return {}

    async def _state(self, request: web.Request) -> web.Response:
        self.check(request)
        try:
            user = self._who(request.query.get("as"))
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=400)
        store = self._store
        channels = [channel for channel in store.channels.values() if store.can_see(channel, user.id)]
        users = [{n: getattr(u, n) for n in ("id", "name", "real_name", "is_bot", "tz")} for u in store.users.values()]
        commands = [
            {
                "name": c.name,
                "description": c.description,
                "usage_hint": c.usage_hint,
                "completions": list(c.completions),
            }
            for c in self._acting.commands
        ]
        state: JSON = {"ok": True, "me": user.id, "bot": store.bot_user_id, "users": users, "commands": commands}
        state |= {"team": {"id": store.team_id, "name": "Playground"}, "connections": self._connections()}
        state["channels"] = [store.channel_for_page(channel) for channel in channels]
        state["messages"] = {channel.id: self._messages(channel, user) for channel in channels}
        state["views"] = [store.views[view_id] for view_id in store.stacks.get(user.id, [])]
        state["home"] = store.views.get(store.homes.get(user.id, ""))
        state["last_event"] = store.feed.last_number
        return web.json_response(state)

    def _messages(self, channel: Channel, user: User) -> list[JSON]:
        store = self._store
        mine = [m for ts, m in store.ephemerals[channel.id].items() if store.ephemeral_for[ts] == user.id]
        both = sorted([*store.messages[channel.id].values(), *mine], key=lambda message: str(message["ts"]))
        return [store.message_for_page(channel, message) for message in both]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self.check(request)
        try:
            user = self._who(request.query.get("as"))
        except Refusal as refusal:
            return web.json_response(refusal.body(), status=400)
        feed = self._store.feed
        after = request.headers.get("Last-Event-ID") or request.query.get("after") or str(feed.last_number)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        number = int(after) if after.isdecimal() else -1
        if not feed.reaches_back_to(number):
            number = feed.last_number
            await response.write(_frame(Event(number, "reset", {"type": "reset"}, None)))
        async for event in feed.follow(number, user.id):
            await response.write(_frame(event))
        return response

    async def _file(self, request: web.Request) -> web.Response:
        self.check(request)
        file = self._store.files.get(request.match_info["file_id"])
        user = self._store.person(request.query.get("as", "ana"))
        if file is None or user is None or not file.shared or not self._visible(file.channels, user):
            return web.json_response(
                {"ok": False, "error": "file_not_found", "text": "There is no such file."}, status=404
            )
        kind = mimetype(file.name)
        shown = kind in _SAFE_PICTURES or kind.startswith("text/")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        headers["Content-Disposition"] = "inline" if shown else "attachment"
        return web.Response(
            body=file.content, content_type=kind if shown else "application/octet-stream", headers=headers
        )

    def _visible(self, channel_ids: set[str], user: User) -> bool:
        return any(self._store.can_see(self._store.channels[channel_id], user.id) for channel_id in channel_ids)


def _forbidden(code: str, text: str) -> web.HTTPForbidden:
    body = json.dumps({"ok": False, "error": code, "text": text})
    return web.HTTPForbidden(text=body, content_type="application/json")


async def _body(request: web.Request) -> JSON:
    if request.content_type != "application/json":
        raise Refusal("invalid_json", text="The request must be JSON.")
    try:
        given = json.loads(await request.text())
    except ValueError:
        raise Refusal("invalid_json", text="The request is no JSON.") from None
    if not isinstance(given, dict):
        raise Refusal("invalid_json", text="The request must be a JSON object.")
    return given


def _text(given: JSON, name: str) -> str:
    value = given.get(name)
    return "" if value is None else str(value)


def _place(given: JSON) -> Place:
    return Place(_text(given, "channel"), _text(given, "ts"), _text(given, "view_id"))


def _values(given: JSON) -> JSON:
    values = given.get("values") or {}
    if not isinstance(values, dict) or not all(isinstance(fields, dict) for fields in values.values()):
        raise Refusal("invalid_value", text="`values` must be {block_id: {action_id: value}}.")
    return values


def _frame(event: Event) -> bytes:
    return f"id: {event.number}\nevent: {event.type}\ndata: {json.dumps(event.data)}\n\n".encode()
