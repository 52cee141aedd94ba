"""Time, so that tests need not wait for it."""

import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime.datetime:
        """The time of day, in UTC, zone included."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring."""
        ...

    async def sleep(self, seconds: float) -> None: ...
