"""The pretend Slack of the playground: one store is the truth, and Web API, sockets, signed HTTP and people look at it.

It is stricter than Slack where Slack's documentation is silent, so that the bot cannot learn bad habits here.

    async with EmbeddedSlack() as slack:
        ana = Person(slack, "ana")
        await ana.say("net-ops", "/net status")
        answer = await ana.next_message("net-ops")
"""

import secrets
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.application.ports.clock import Clock
from bot.playground.slack_server.acting import Acting, SlashCommand
from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.clock import SystemClock
from bot.playground.slack_server.delivery import SUBSCRIBED, Delivery
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.person import Person
from bot.playground.slack_server.person_routes import PersonRoutes
from bot.playground.slack_server.rate_limits import RateLimits
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.response_urls import ResponseUrls
from bot.playground.slack_server.signed_http import SignedHttp
from bot.playground.slack_server.socket_mode import SocketMode
from bot.playground.slack_server.store import JSON, Store
from bot.playground.slack_server.web_api import WebApi

__all__ = ["EmbeddedSlack", "Person", "SlashCommand"]


class EmbeddedSlack:
    """A workspace with people, channels and one app, on a loopback port of its own or mounted into another server."""

    def __init__(
        self,
        clock: Clock | None = None,
        mode: str = "socket",
        request_url: str = "",
        *,
        secret: str | None = None,
        scopes: Collection[str] | None = None,
        commands: Sequence[SlashCommand] = (SlashCommand("/net"),),
        subscribed: Collection[str] = SUBSCRIBED,
        bot_name: str = "patchbay",
    ) -> None:
        """`mode` is `socket`, or `http` with the `request_url` of the bot.

        `secret` guards the person's side, None leaves it open. `scopes` are those the app was granted, None: all.
        """
        if mode not in ("socket", "http"):
            raise ValueError(f"the mode is socket or http, not {mode!r}")
        self.bot_token = f"xoxb-playground-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-playground-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self.store = Store(clock or SystemClock(), bot_name)
        self.sockets = SocketMode(self.store)
        self.http = SignedHttp(self.store, request_url, self.signing_secret) if mode == "http" else None
        self.delivery = Delivery(self.store, self.http or self.sockets, subscribed)
        self.acting = Acting(self.store, self.delivery, list(commands))
        opening = Method(self._open_connection, None, app_token=True)
        tokens = (self.bot_token, self.app_token)
        self.web_api = WebApi(self.store, tokens, scopes, {"apps.connections.open": opening})
        self.person_routes = PersonRoutes(self.acting, secret, lambda: len(self.sockets.connections))
        self._response_urls = ResponseUrls(self.store)
        self._runner: web.AppRunner | None = None

    @property
    def bot_user_id(self) -> str:
        return self.store.bot_user_id

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`. Whoever mounts the routes into another server sets it once the port is known."""
        return self.acting.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.acting.base_url = url.rstrip("/")

    @property
    def api_url(self) -> str:
        """For SLACK_API_URL."""
        return f"{self.base_url}/api/"

    @property
    def limits(self) -> RateLimits:
        """`limits.refuse_next("chat.update", calls=2)` answers 429; `limits.limits[method]` overrides a tier."""
        return self.web_api.limits

    def add_routes(self, app: web.Application) -> None:
        """All that Slack serves: /api, /link, /hooks, /upload, /files-pri and /page. Set `base_url` afterwards."""
        self.web_api.add_routes(app)
        self.sockets.add_routes(app)
        self._response_urls.add_routes(app)
        self.person_routes.add_routes(app)
        app.on_shutdown.append(self._close)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serves on a port of its own."""
        app = web.Application()
        self.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.base_url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Ends what is under way and closes every socket."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _close(self, _app: web.Application) -> None:
        await self.delivery.close()
        await self.sockets.close()
        self.store.feed.end()

    def _open_connection(self, store: Store, arguments: Arguments) -> JSON:
        if self.http is not None:
            raise Refusal("feature_not_enabled")
        return self.sockets.open_(store, arguments)
