"""A scenario of the playground behind the real adapters: for tests that hold the whole way from a line to an answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.network import AddressNetwork, X509Certificates
from bot.application.execution.dispatch import dispatch
from bot.application.ports import Answer, Changing, Clock, Command, Look, Ports, Process, Steering, Storage
from bot.discovery import declared
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import Report
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.manifests import RELEASES
from bot.playground.world import World
from tests.fakes import FakeClock, MemoryStorage
from tests.mirrors import Offline


def catalogue() -> dict[str, Command]:
    """Every command there is, by name."""
    found = declared("bot.application.commands", "COMMAND", Look, Steering, Changing)
    return {command.name: command for command in found.values()}


@dataclass(frozen=True, slots=True)
class Stage:
    """A world that can be broken, and the bot that looks at it."""

    world: World
    ports: Ports

    async def answer(self, line: str) -> Answer:
        """What the bot answers to a line typed in a terminal."""
        invocation = Invocation(text=line, source=Source.TERMINAL, actor=Actor("terminal:ann", "ann"))
        return await dispatch(self.ports, invocation)

    async def say(self, line: str) -> Report:
        """The report of that answer."""
        return (await self.answer(line)).report


@asynccontextmanager
async def staged(
    scenario: str, storage: Storage | None = None, clock: Clock | None = None, *, pace: float = 0.0
) -> AsyncIterator[Stage]:
    """The scenario, settled, on a loopback server of its own; manifests are real where this machine has them."""
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(EmbeddedCluster(pace=pace))
        cache = Path(stack.enter_context(TemporaryDirectory(prefix="patchbay-manifests-")))
        world = World(cluster)
        await world.load(scenario)
        clusters = KubernetesClusters(Path(cluster.kubeconfig_path))
        ports = Ports(
            clusters=clusters,
            storage=storage or MemoryStorage(),
            clock=clock or FakeClock(),
            process=Process("test", "run"),
            access=AccessPolicy(frozenset({"*"})),
            manifests=Offline(cache),
            certificates=X509Certificates(),
            network=AddressNetwork(cluster),
            own_releases=RELEASES,
            catalogue=catalogue(),
        )
        try:
            yield Stage(world, ports)
        finally:
            await clusters.close()
