"""What happened in the workspace, in order and numbered, for everyone who looks on: the page and the tests."""

import asyncio
import copy
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that people could see happen."""

    number: int
    type: str
    data: dict[str, Any]
    audience: frozenset[str] | None
    """Ids of the users who see it; None: all."""

    def seen_by(self, user_id: str) -> bool:
        return self.audience is None or user_id in self.audience


class Feed:
    """The latest events, and a bell that rings at each new one."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._last_number = 0
        self._bell = asyncio.Event()
        self._ended = False

    @property
    def last_number(self) -> int:
        """0 before the first."""
        return self._last_number

    def publish(self, type_: str, data: dict[str, Any], audience: frozenset[str] | None = None) -> None:
        """Adds an event, as things stand now: what changes later is a later event."""
        self._last_number += 1
        self._events.append(Event(self._last_number, type_, copy.deepcopy({"type": type_, **data}), audience))
        self._ring()

    def end(self) -> None:
        """Nothing will follow: those who follow stop waiting."""
        self._ended = True
        self._ring()

    def _ring(self) -> None:
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def reaches_back_to(self, number: int) -> bool:
        """Whether all that came after `number` is still here; no for a number that was never given out."""
        oldest = self._events[0].number if self._events else self._last_number + 1
        return oldest - 1 <= number <= self._last_number

    def after(self, number: int) -> list[Event]:
        """Oldest first."""
        return [event for event in self._events if event.number > number]

    async def follow(self, number: int, user_id: str) -> AsyncIterator[Event]:
        """Everything after `number` that this user sees, until the workspace closes."""
        while True:
            bell = self._bell
            for event in self.after(number):
                number = event.number
                if event.seen_by(user_id):
                    yield event
            if self._ended:
                return
            await bell.wait()
