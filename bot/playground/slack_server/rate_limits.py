"""How often a method may be called. Source: docs.slack.dev/apis/web-api/rate-limits and slack.md.

The tiers hold for the workspace, chat.postMessage for each channel with a small burst. A switch refuses the next calls
of a method, whatever the tier says.
"""

import math
from collections import deque
from dataclasses import dataclass

from bot.application.ports.clock import Clock
from bot.playground.slack_server.refusal import RateLimited


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls within so many seconds; of the workspace, or of each channel."""

    calls: int
    seconds: float
    per_channel: bool = False


TIERS = {1: Limit(1, 60), 2: Limit(20, 60), 3: Limit(50, 60), 4: Limit(100, 60)}
POST = Limit(5, 5, per_channel=True)
"""One a second over five seconds; all five may come at once."""


class RateLimits:
    """Counts calls. Times are the clock's monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self._refusals: dict[str, tuple[int, int]] = {}
        self.limits: dict[str, Limit | None] = {}
        """By method; overrides its tier. None: unlimited."""

    def refuse_next(self, method: str, calls: int = 1, retry_after_seconds: int = 1) -> None:
        """The next calls of this method are answered with 429."""
        self._refusals[method] = (calls, retry_after_seconds)

    def check(self, method: str, limit: Limit | None, channel: str) -> None:
        """Counts one call; RateLimited when it is one too many (such a call does not count)."""
        self._check_switch(method)
        limit = self.limits.get(method, limit)
        if limit is None:
            return
        calls = self._calls.setdefault((method, channel if limit.per_channel else ""), deque())
        now = self._clock.monotonic()
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) >= limit.calls:
            raise RateLimited(max(1, math.ceil(calls[0] + limit.seconds - now)))
        calls.append(now)

    def _check_switch(self, method: str) -> None:
        calls, retry_after_seconds = self._refusals.get(method, (0, 0))
        if calls > 0:
            self._refusals[method] = (calls - 1, retry_after_seconds)
            raise RateLimited(retry_after_seconds)
