"""The routes of the page: `/`, `/static/…`, `/page/information` and `/world/…`.

    GET  /                   the page. Its script takes `?secret=…` from the address and keeps it for this tab
    GET  /static/NAME        styles and modules
    GET  /page/information   what add_routes was told, and `world: true|false`
    GET  /world/state        {scenario, scenarios: [{name, title, story}], faults: [{id, label, broken}],
                             objects: [{kind, namespace, name, state, healthy}]}
    GET  /world/events       server-sent events: `world`, with the same as /world/state, at once and after changes
    GET  /world/object       ?kind=&namespace=&name= -> {yaml}
    POST /world/scenario     {name}
    POST /world/fault        {id, broken}

All but the first two need the secret. Answers are `{"ok": true, …}` or `{"ok": false, "error": code, "text": words}`.
"""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

from aiohttp import web

from bot.errors import BotError, NotFound
from bot.playground.page.guarding import HEADERS, check_address, check_secret
from bot.playground.world import World

JSON = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_PAUSE_SECONDS = 0.25
"""Changes that come so close together are told to the page as one."""
_MOST_BYTES = 64 * 1024


def add_routes(app: web.Application, *, world: World | None, information: Mapping[str, Any], secret: str) -> None:
    """Serves the page from `app`. `world` is None when a real cluster is behind the bot.

    `information` goes to the page as it is, so it holds no secrets: `command` (`/net`), `commands` (a list of
    {name, usage, summary, examples}), `cluster` and `context` (what people call the real cluster), `may_change`
    (whether changes are allowed there), `kubeconfig` (the path of one for kubectl), `version`.
    """
    page = Page(world, information, secret)
    app.router.add_get("/", page.index)
    app.router.add_get("/static/{name:[a-z0-9_]+\\.(?:css|js|svg)}", page.static)
    app.router.add_get("/page/information", page.guarded(page.information))
    app.router.add_get("/world/state", page.guarded(page.state))
    app.router.add_get("/world/events", page.guarded(page.events))
    app.router.add_get("/world/object", page.guarded(page.object))
    app.router.add_post("/world/scenario", page.guarded(page.load))
    app.router.add_post("/world/fault", page.guarded(page.fault))
    app.on_shutdown.append(page.close)


class Page:
    """The handlers."""

    def __init__(self, world: World | None, information: Mapping[str, Any], secret: str) -> None:
        self._world = world
        self._information = {**information, "world": world is not None}
        self._secret = secret
        self._closing = asyncio.Event()
        self._loading = asyncio.Lock()

    def guarded(self, handler: Handler) -> Handler:
        """Only for our own page, and for those who hold the secret."""

        async def handle(request: web.Request) -> web.StreamResponse:
            check_address(request)
            check_secret(request, self._secret)
            return await handler(request)

        return handle

    async def close(self, _app: web.Application) -> None:
        self._closing.set()

    async def index(self, request: web.Request) -> web.Response:
        check_address(request)
        return _file("index.html")

    async def static(self, request: web.Request) -> web.Response:
        check_address(request)
        return _file(request.match_info["name"])

    async def information(self, _request: web.Request) -> web.Response:
        return _answer(self._information)

    async def state(self, _request: web.Request) -> web.Response:
        return _answer(as_seen(self._here()))

    async def object(self, request: web.Request) -> web.Response:
        asked = [request.query.get(name, "") for name in ("kind", "namespace", "name")]
        yaml = self._here().yaml(*asked)
        if yaml is None:
            return _refusal("not_found", "That object is no longer there.", 404)
        return _answer({"yaml": yaml})

    async def load(self, request: web.Request) -> web.Response:
        name = (await _given(request)).get("name")
        if not isinstance(name, str):
            return _refusal("wrong_request", "Say which scenario: name is missing.", 400)
        world = self._here()
        try:
            async with self._loading:
                await world.load(name)
        except BotError as error:
            return _told(error)
        return _answer(as_seen(world))

    async def fault(self, request: web.Request) -> web.Response:
        given = await _given(request)
        fault, broken = given.get("id"), given.get("broken")
        if not isinstance(fault, str) or not isinstance(broken, bool):
            return _refusal("wrong_request", "Say which fault (id) and whether it is broken (true or false).", 400)
        world = self._here()
        try:
            world.break_(fault) if broken else world.mend(fault)
        except BotError as error:
            return _told(error)
        return _answer(as_seen(world))

    async def events(self, request: web.Request) -> web.StreamResponse:
        world = self._here()
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        changed = asyncio.Event()
        changed.set()
        unsubscribe = world.subscribe(changed.set)
        try:
            while await self._happens(changed):
                changed.clear()
                await response.write(f"event: world\ndata: {json.dumps(as_seen(world))}\n\n".encode())
                if await self._closes_within(_PAUSE_SECONDS):
                    break
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            unsubscribe()
        return response

    async def _happens(self, changed: asyncio.Event) -> bool:
        """Waits for a change; False when the server closes instead."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (changed, self._closing)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        return not self._closing.is_set()

    async def _closes_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        except TimeoutError:
            return False

    def _here(self) -> World:
        if self._world is None:
            raise _error(web.HTTPNotFound, "no_world", "A real cluster is behind the bot: there is nothing to break.")
        return self._world


def as_seen(world: World) -> JSON:
    """Everything that the panel shows, without YAML."""
    return {
        "scenario": world.scenario,
        "scenarios": [dataclasses.asdict(scenario) for scenario in world.scenarios()],
        "faults": [dataclasses.asdict(fault) for fault in world.faults()],
        "objects": [dataclasses.asdict(seen) for seen in world.objects()],
    }


def _told(error: BotError) -> web.Response:
    status = 404 if isinstance(error, NotFound) else 400
    words = [error.summary, error.cause, error.next_step]
    return _refusal("not_done", ". ".join(word for word in words if word), status)


def _file(name: str) -> web.Response:
    """One of our files. The routes let nothing through that could leave the folder."""
    file = resources.files(__package__).joinpath("static", name)
    if not file.is_file():
        return _refusal("not_found", "There is no such file.", 404)
    kind = _TYPES[name.rpartition(".")[2]]
    return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8", headers=HEADERS)


async def _given(request: web.Request) -> JSON:
    """The JSON object of a POST. A form of another web site cannot send this type without asking first."""
    if request.content_type != "application/json":
        raise _error(web.HTTPUnsupportedMediaType, "wrong_type", "The request must be JSON.")
    body = await request.content.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise _error(web.HTTPBadRequest, "too_long", "The request is too long.")
    try:
        given = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise _error(web.HTTPBadRequest, "wrong_request", "The request must be a JSON object.")
    return given


def _answer(fields: Mapping[str, Any]) -> web.Response:
    return web.json_response({"ok": True, **fields}, headers=HEADERS)


def _refusal(code: str, text: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code, "text": text}, status=status, headers=HEADERS)


def _error(kind: type[web.HTTPError], code: str, text: str) -> web.HTTPError:
    body = json.dumps({"ok": False, "error": code, "text": text})
    return kind(text=body, content_type="application/json", headers=HEADERS)
