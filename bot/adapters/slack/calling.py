"""Calls of Slack's Web API: within the workspace's budgets, patient with 429, failures in plain words."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.adapters.slack.failures import TryLater, error_code, retry_after, translated

_PATIENCE_SECONDS = 20
"""How long a call waits by itself when Slack says 429; beyond that its caller decides."""
_ATTEMPTS = 3


class Time(Protocol):
    """What of the port Clock is used here."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Budget:
    """At most so many calls in so many seconds; whoever comes too early waits for a turn."""

    def __init__(self, calls: int, seconds: float, clock: Time) -> None:
        self._calls = calls
        self._seconds = seconds
        self._clock = clock
        self._taken: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        async with self._turn:
            while len(self._taken) >= self._calls:
                wait = self._taken[0] + self._seconds - self._clock.monotonic()
                if wait > 0:
                    await self._clock.sleep(wait)
                self._taken.popleft()
            self._taken.append(self._clock.monotonic())


class Calls:
    """Carries out calls of the Web API. `bot` is the bot's own name, for the way to invite it."""

    def __init__(self, clock: Time, bot: str = "patchbay") -> None:
        self.bot = bot
        self._clock = clock
        self._closed_until: dict[str, float] = {}

    async def __call__(self, call: Callable[..., Awaitable[Any]], *, where: str = "", **arguments: Any) -> Any:
        """The answer of a method of AsyncWebClient. Raises BotError; TryLater when 429 lasts."""
        method = getattr(call, "__name__", "call")
        for attempt in range(1, _ATTEMPTS + 1):
            await self._until_open(method)
            try:
                return await call(**arguments)
            except SlackApiError as error:
                wait = retry_after(error)
                if error_code(error) != "ratelimited" and getattr(error.response, "status_code", 200) != 429:
                    raise translated(error, where=where, bot=self.bot) from None
                self._closed_until[method] = self._clock.monotonic() + (wait or 1)
                if attempt == _ATTEMPTS:
                    raise translated(error, where=where, bot=self.bot) from None
            except (SlackClientError, aiohttp.ClientError, OSError) as error:
                raise translated(error, where=where, bot=self.bot) from error
        raise AssertionError("the last attempt returns or raises")

    async def _until_open(self, method: str) -> None:
        wait = self._closed_until.get(method, 0.0) - self._clock.monotonic()
        if wait > _PATIENCE_SECONDS:
            seconds = int(wait) + 1
            raise TryLater("Slack asks to wait", cause=f"for {seconds} seconds", retry_after_seconds=seconds)
        if wait > 0:
            await self._clock.sleep(wait)
