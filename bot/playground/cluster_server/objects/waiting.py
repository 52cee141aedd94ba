"""Writes of those who cannot wait: they are done at once, or go on without their writers while webhooks are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.playground.cluster_server.objects.writes import Acting, Place, Postponed

T = TypeVar("T")


class Waiting:
    """The writes that wait for webhooks."""

    def __init__(self) -> None:
        self.acting: Acting | None = None
        """Who writes without waiting, if it is a controller."""
        self._postponed: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Gives up what waits."""
        for task in self._postponed:
            task.cancel()
        await asyncio.gather(*self._postponed, return_exceptions=True)

    def at_once(self, place: Place, write: Coroutine[Any, Any, T]) -> T:
        """Runs a write that waits for nobody. One that asks webhooks goes on without its writer, who asks for the same
        again when he hears of its end: then what refused it is raised."""
        if self.acting and (refusal := self.acting.refusals.get(place)):
            write.close()
            raise refusal
        try:
            write.send(None)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        task = asyncio.get_running_loop().create_task(write, name=" ".join(place))
        self._postponed.add(task)
        task.add_done_callback(self._forget)
        raise Postponed(place, task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._postponed.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever looks again; an event has nobody who does
