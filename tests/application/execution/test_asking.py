"""Many questions at once: in turn until answered, never twice, never too many, never too long."""

import asyncio

from bot.application.execution.asking import ask_all
from bot.domain.network.probing import ByAPIServer, Observation, Outcome, Probe, TCPProbe, Vantage
from bot.domain.network.questions import Question
from bot.domain.network.references import Ref
from bot.domain.network.snapshot import ServicePort
from tests.builders import service


class Prober:
    """Answers when the pod's name says so; counts what it is asked, and how much at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most_at_once = 0
        self._now = 0

    async def ask(self, probe: Probe, vantage: Vantage) -> Observation:
        self.asked.append(probe.target.name)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0)
        if probe.target.name == "endless":
            await asyncio.Event().wait()
        self._now -= 1
        outcome = Outcome.ANSWERED if probe.target.name.startswith("good") else Outcome.REFUSED
        return Observation(probe, ByAPIServer(), outcome)


def question(*pods: str, name: str = "web") -> Question:
    probes = tuple(TCPProbe(Ref("Pod", pod, "shop"), 80) for pod in pods)
    return Question(service(name), 0, ServicePort(80), probes, len(pods))


async def test_pods_are_asked_in_turn_until_one_answers() -> None:
    prober = Prober()
    observations = await ask_all([question("bad", "good", "good2")], prober)
    assert prober.asked == ["bad", "good"]
    assert [each.outcome for each in observations] == [Outcome.REFUSED, Outcome.ANSWERED]


async def test_two_services_before_the_same_pod_share_what_was_seen() -> None:
    prober = Prober()
    await ask_all([question("good"), question("good", name="other")], prober)
    assert prober.asked == ["good"]


async def test_only_so_many_are_asked_at_once() -> None:
    prober = Prober()
    await ask_all([question(f"good{i}") for i in range(40)], prober, at_once=5)
    assert (len(prober.asked), prober.most_at_once) == (40, 5)


async def test_what_there_was_no_time_for_was_not_asked() -> None:
    observations = await ask_all([question("endless", "good"), question("good9")], Prober(), total_seconds=0.05)
    outcomes = {each.probe.target.name: each.outcome for each in observations}
    assert outcomes == {"endless": Outcome.NOT_ASKED, "good": Outcome.NOT_ASKED, "good9": Outcome.ANSWERED}


async def test_progress_is_told() -> None:
    told: list[int] = []

    async def progressed(settled: int) -> None:
        told.append(settled)

    await ask_all([question("good"), question("bad", name="b")], Prober(), progressed=progressed)
    assert told == [1, 2]


async def test_nothing_to_ask_is_nothing_seen() -> None:
    assert await ask_all([], Prober()) == []
