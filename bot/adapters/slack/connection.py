"""Socket Mode that mends itself: one current socket, replaced whole whenever there is a doubt about it.

Bolt's own reconnecting closes the old socket before the new one is open, retries a refused ticket for ever and loops on
a wrong token; so it is switched off, and each reconnection here is a new client with a new ticket. The new socket
says hello before the old one is let go, so that no envelope falls between them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.calling import Time
from bot.adapters.slack.failures import TryLater, app_token_refused, error_code, translated
from bot.errors import BotError, Unreachable

_log = logging.getLogger(__name__)
_library_log = logging.getLogger("slack_sdk.socket_mode.patchbay")
_library_log.setLevel(logging.CRITICAL)  # it logs what we find out ourselves, with addresses that hold tickets

_TOKEN_ERRORS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type",
                 "missing_scope", "token_expired", "no_permission", "forbidden_team"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the watchdog waits."""

    ping: float = 10.0
    silent: float = 45.0
    """Without pong or message a socket is dead; four pings."""
    handshake: float = 10.0
    look: float = 1.0
    grace: float = 3.0
    """An old socket lives on for so long, to acknowledge what it received."""
    retry_at_first: float = 1.0
    retry_at_most: float = 30.0
    crowded: float = 60.0
    """After so long a socket is renewed when Slack counts others beside it: they may be dead ones."""
    renewals_when_crowded: int = 3


class _Client(SocketModeClient):
    """Tells of each sign of life and of Slack's `disconnect`, and never reconnects by itself."""

    def __init__(self, app_token: str, web_client: AsyncWebClient, ping: float, signal: Callable[[], None]) -> None:
        super().__init__(
            app_token, _library_log, web_client, web_client.proxy, auto_reconnect_enabled=False, ping_interval=ping
        )
        self.proxy = web_client.proxy  # not what the environment says for other hosts
        self.hello: dict[str, Any] | None = None
        self.disconnected = ""
        """Slack's reason for wanting this socket gone."""
        self.messages = 0
        self._signal = signal
        self.on_message_listeners.append(self._count)

    async def open_once(self, url: str) -> None:
        """Opens the socket, or raises: a ticket that was refused once is never tried again."""
        self.wss_uri = url
        self.current_session = await self.aiohttp_client_session.ws_connect(
            url,
            autoping=False,
            heartbeat=self.ping_interval,
            proxy=self.proxy,
            ssl=True if self.web_client.ssl is None else self.web_client.ssl,
        )
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def _count(self, message: WSMessage) -> None:
        self.messages += 1

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        if message.get("type") == "hello":
            self.hello = message
            self._signal()
        elif message.get("type") == "disconnect":
            self.disconnected = str(message.get("reason") or "no reason")[:40]
            self._signal()
        else:
            await super().run_message_listeners(message, raw_message)

    @property
    def signs_of_life(self) -> tuple[int, float | None]:
        """Changes whenever something arrived."""
        return self.messages, self.last_ping_pong_time

    @property
    def open(self) -> bool:
        return self.current_session is not None and not self.current_session.closed


class SocketConnection:
    """Keeps the bot connected from `start` to `stop`."""

    def __init__(
        self, app: AsyncApp, app_token: str, web_client: AsyncWebClient, clock: Time, patience: Patience | None = None
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._web_client = web_client
        self._clock = clock
        self._patience = patience or Patience()
        self._client: _Client | None = None
        self._watching: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._something = asyncio.Event()
        self._renewals = 0
        self.replaced = 0
        """How many sockets were replaced since the start."""

    @property
    def connected(self) -> bool:
        """Whether Slack said hello on a socket that is open."""
        client = self._client
        return bool(client and client.open and client.hello is not None)

    @property
    def others(self) -> int:
        """Connections of this app beside ours, as Slack counted when ours began."""
        hello = self._client.hello if self._client else None
        count = hello.get("num_connections") if hello else None
        return max(0, count - 1) if isinstance(count, int) else 0

    async def start(self) -> None:
        """Connects. Raises BotError in plain words: a refused SLACK_APP_TOKEN, or Slack that does not answer."""
        self._client = await self._opened()
        self._watching = asyncio.create_task(self._watch(), name="slack socket watchdog")

    async def stop(self) -> None:
        """Takes nothing more; what was received is acknowledged already."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._client:
            await _close(self._client)
            self._client = None

    async def _opened(self) -> _Client:
        """A new client with a new ticket, after its hello."""
        client = _Client(self._app_token, self._web_client, self._patience.ping, self._something.set)
        client.socket_mode_request_listeners.append(self._handle)
        try:
            async with asyncio.timeout(self._patience.handshake):
                await client.open_once(await self._ticket())
                while client.hello is None:
                    if not client.open:
                        raise TryLater("Slack closed the new connection at once")
                    self._something.clear()
                    await self._until_something(0.2)
        except TimeoutError:
            await _close(client)
            raise TryLater("Slack's Socket Mode does not answer", cause="no hello in time") from None
        except (aiohttp.ClientError, OSError) as error:
            await _close(client)
            raise translated(error) from None  # its text holds the ticket
        except BaseException:
            await _close(client)
            raise
        return client

    async def _ticket(self) -> str:
        try:
            answer = await self._web_client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            if error_code(error) in _TOKEN_ERRORS:
                raise app_token_refused(error_code(error)) from None
            raise translated(error) from None
        except SlackClientError as error:
            raise translated(error) from error
        return str(answer["url"])

    async def _handle(self, client: Any, request: SocketModeRequest) -> None:
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, 0.0)

    async def _watch(self) -> None:
        while True:
            try:
                reason = await self._trouble()
                _log.info("the Slack socket is replaced: %s", reason)
                await self._replace(too_many=reason == "too_many_websockets")
            except Exception:  # noqa: BLE001  a watchdog that died would leave the bot deaf
                _log.exception("the watchdog of the Slack socket goes on after an error")
                await self._clock.sleep(self._patience.retry_at_most)

    async def _trouble(self) -> str:
        """Waits until the current socket is in doubt; says why."""
        client = self._client
        assert client is not None
        signs, seen_at, began = client.signs_of_life, self._clock.monotonic(), self._clock.monotonic()
        while True:
            self._something.clear()
            if client.disconnected:
                return client.disconnected
            if not client.open:
                return "it was closed"
            now = self._clock.monotonic()
            if client.signs_of_life != signs:
                signs, seen_at = client.signs_of_life, now
            if now - seen_at > self._patience.silent:
                return f"nothing was heard for {now - seen_at:.0f} seconds"
            if (
                self.others
                and now - began > self._patience.crowded
                and self._renewals < self._patience.renewals_when_crowded
            ):
                self._renewals += 1
                return f"Slack counts {self.others} more connections of this app, which may be dead ones"
            await self._until_something(self._patience.look)

    async def _until_something(self, seconds: float) -> None:
        """Not by `wait_for`: before Python 3.12 it may swallow a cancellation, and then nothing ends this."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._something.wait()

    async def _replace(self, *, too_many: bool) -> None:
        old, wait = self._client, self._patience.retry_at_first
        if too_many and old:
            await _close(old)
        while True:
            try:
                self._client = await self._opened()
                break
            except BotError as error:
                level = logging.INFO if isinstance(error, Unreachable) else logging.ERROR
                _log.log(level, "no new Slack socket yet, again in %.0f seconds: %s", wait, error)
            await self._clock.sleep(wait)
            wait = min(wait * 2, self._patience.retry_at_most)
        self.replaced += 1
        if not self.others:
            self._renewals = 0
        else:
            _log.warning("Slack counts %d more connections of this app: another process, or dead ones", self.others)
        if old and not too_many:
            task = asyncio.create_task(self._let_go(old))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _let_go(self, old: _Client) -> None:
        try:
            await self._clock.sleep(self._patience.grace)
        finally:
            await _close(old)


async def _close(client: _Client) -> None:
    """Closes it and its tasks; a socket that is broken already may not hold this up."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(5):
            await client.close()  # type: ignore[no-untyped-call]
    tasks = [
        task for task in (client.message_processor, client.current_session_monitor, client.message_receiver) if task
    ]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(Exception):
        await client.aiohttp_client_session.close()
