"""Puts many questions to the live network: a few at once, within a total time, never the same probe twice."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from bot.application.ports import Prober
from bot.domain.network.probing import ByAPIServer, Observation, Outcome, Probe
from bot.domain.network.questions import Question

AT_ONCE = 16
TOTAL_SECONDS = 120.0


async def ask_all(
    questions: Iterable[Question],
    prober: Prober,
    *,
    at_once: int = AT_ONCE,
    total_seconds: float = TOTAL_SECONDS,
    progressed: Callable[[int], Awaitable[None]] | None = None,
) -> list[Observation]:
    """Asks each question's probes in turn until one is answered. What there was no time for is NOT_ASKED.

    `progressed` is told how many questions are settled.
    """
    asking, questions = _Asking(prober, at_once), list(questions)
    pending = [asyncio.create_task(asking.settle(question)) for question in questions]
    try:
        async with asyncio.timeout(total_seconds):
            for settled, task in enumerate(asyncio.as_completed(pending), 1):
                await task
                if progressed:
                    await progressed(settled)
    except TimeoutError:
        asking.out_of_time(q for q, task in zip(questions, pending, strict=True) if not _ended(task))
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return list(asking.observations.values())


def _ended(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled()


class _Asking:
    """What has been seen so far, by probe."""

    def __init__(self, prober: Prober, at_once: int) -> None:
        self.observations: dict[Probe, Observation] = {}
        self._prober = prober
        self._turn = asyncio.Semaphore(at_once)
        self._locks: dict[Probe, asyncio.Lock] = {}

    async def settle(self, question: Question) -> None:
        for probe in question.probes:
            if (await self._ask(probe)).answered:
                return

    async def _ask(self, probe: Probe) -> Observation:
        """Two Services may stand before the same pods: they share what was seen."""
        async with self._locks.setdefault(probe, asyncio.Lock()):
            if probe not in self.observations:
                async with self._turn:
                    self.observations[probe] = await self._prober.ask(probe, ByAPIServer())
            return self.observations[probe]

    def out_of_time(self, questions: Iterable[Question]) -> None:
        """Whoever might still have answered was not asked."""
        for probe in (probe for question in questions for probe in question.probes):
            self.observations.setdefault(
                probe,
                Observation(
                    probe=probe, vantage=ByAPIServer(), outcome=Outcome.NOT_ASKED, evidence="there was no time left"
                ),
            )
