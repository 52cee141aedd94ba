"""A pretend workspace for each test, on a clock that only the test moves."""

import asyncio
import datetime
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person


class ManualClock:
    """Stands still until told; whoever sleeps is woken when their time has come."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []
        self._changed = asyncio.Event()

    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC) + datetime.timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        alarm = asyncio.Event()
        entry = (self._seconds + seconds, alarm)
        self._sleepers.append(entry)
        self._changed.set()
        try:
            if seconds > 0:
                await alarm.wait()
        finally:
            self._sleepers.remove(entry)

    def advance(self, seconds: float) -> None:
        self._seconds += seconds
        for due, alarm in self._sleepers:
            if due <= self._seconds:
                alarm.set()

    async def someone_sleeps(self, seconds: float) -> None:
        """Waits until somebody sleeps for so long from now."""
        while not any(abs(due - self._seconds - seconds) < 0.001 for due, _alarm in self._sleepers):
            self._changed.clear()
            await self._changed.wait()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[EmbeddedSlack]:
    async with EmbeddedSlack(clock) as server:
        yield server


@pytest.fixture
def web(slack: EmbeddedSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def ana(slack: EmbeddedSlack) -> Person:
    return Person(slack, "ana")


@pytest.fixture
def ben(slack: EmbeddedSlack) -> Person:
    return Person(slack, "ben")
