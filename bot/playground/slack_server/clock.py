"""Time in the pretend Slack: injected, so that three seconds, thirty minutes and retries need no waiting in tests."""

import asyncio
import datetime
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.application.ports.clock import Clock

_Result = TypeVar("_Result")


class SystemClock:
    """The real time."""

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of `work`; TimeoutError when the clock says that `seconds` passed before. `work` is cancelled then."""
    working = asyncio.ensure_future(work)
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise TimeoutError
    finally:
        for task in (working, sleeping):
            task.cancel()
        await asyncio.gather(working, sleeping, return_exceptions=True)
