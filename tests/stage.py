"""A scenario of the playground behind the real adapters: for tests that hold the whole way from a line to an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.application.execution.dispatch import dispatch
from bot.application.ports import Answer, Changing, Clock, Command, Look, Ports, Process, Steering, Storage
from bot.discovery import declared
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import Report
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.world import World
from tests.fakes import FakeClock, FakeManifests, MemoryStorage


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
async def staged(scenario: str, storage: Storage | None = None, clock: Clock | None = None) -> AsyncIterator[Stage]:
    """The scenario, settled, on a loopback server of its own."""
    async with EmbeddedCluster() as cluster:
        world = World(cluster)
        await world.load(scenario)
        clusters = KubernetesClusters(Path(cluster.kubeconfig_path))
        ports = Ports(
            clusters=clusters,
            storage=storage or MemoryStorage(),
            clock=clock or FakeClock(),
            process=Process("test", "run"),
            access=AccessPolicy(frozenset({"*"})),
            manifests=FakeManifests(),
            catalogue=catalogue(),
        )
        try:
            yield Stage(world, ports)
        finally:
            await clusters.close()
