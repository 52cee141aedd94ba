"""What runs beside the doors: started by name, watched, drained when the process is told to end.

Bolt loses running listeners on SIGTERM; work that was acknowledged is therefore handed over to a Supervisor.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Supervisor:
    """Tasks that outlive the call that began them. Not thread-safe: one event loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Runs it to its end. What it raises is a bug, and logged as one under its name."""
        if self._closed:
            work.close()
            raise RuntimeError(f"{name} was begun after the supervisor was drained")
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self, timeout: float) -> None:
        """Takes nothing new, waits so many seconds for what runs, then cancels it and waits for its last words."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)

    def __len__(self) -> int:
        return len(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("%s ended with an error", task.get_name(), exc_info=error)
