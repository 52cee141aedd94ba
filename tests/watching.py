"""What tests about schedules and incidents share: a world whose one check answers as it is told to."""

from __future__ import annotations

import dataclasses

from bot.application.execution.dispatch import dispatch
from bot.application.ports import Changing, Context, Look, Steering
from bot.application.routines.deliver import Delivery
from bot.discovery import declared
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.domain.chat.report import FindingsBlock, Report, Status
from bot.domain.chat.values import InNamespaces
from bot.domain.diagnosis.finding import Finding
from bot.domain.incidents.incident import Incident
from bot.errors import BotError
from tests import fakes

ANN = Actor("slack:U1", "ann")


@dataclasses.dataclass
class Watched:
    """`found` is what `check services` finds from now on; an error is what it raises."""

    world: fakes.World
    found: tuple[Finding, ...] | BotError | Exception = ()

    def __post_init__(self) -> None:
        self.delivery = Delivery(self.world.ports, self.world.messenger)
        self.world.messenger.channels["net-health"] = Place("C1", "net-health")

    async def check(self, request: InNamespaces, context: Context) -> Report:
        if isinstance(self.found, Exception):
            raise self.found
        wrong = tuple(finding for finding in self.found if not finding.right)
        status = Status.FINDINGS if wrong else Status.OK
        return Report(status=status, title="checked", blocks=(FindingsBlock(wrong),), examined=self.found)

    async def say(self, line: str, actor: Actor = ANN) -> Report:
        invocation = Invocation(text=line, source=Source.SLASH, actor=actor, place=Place("C9"))
        return (await dispatch(self.world.ports, invocation)).report

    async def run(self, *found: Finding | BotError | Exception, id: int = 1) -> Report:
        """One more run, a minute later, whose messages are delivered."""
        first = found[0] if found else None
        self.found = first if isinstance(first, Exception) else tuple(found)  # type: ignore[arg-type]
        self.world.clock.advance(60)
        report = await self.say(f"schedule run {id}")
        await self.deliver()
        return report

    async def deliver(self) -> None:
        while await self.delivery.deliver_due():
            pass

    async def incidents(self) -> list[Incident]:
        return [self.world.storage.state.incidents[id] for id in sorted(self.world.storage.state.incidents)]

    def told(self) -> list[str]:
        """The titles of what stands in channels now."""
        return [report.title for report in self.world.messenger.messages.values()]


def watched() -> Watched:
    """The real commands, but for `check services`."""
    found = declared("bot.application.commands", "COMMAND", Look, Steering, Changing)
    catalogue = {command.name: command for command in found.values()}
    house = Watched(fakes.world(catalogue, changers=()))
    catalogue["check services"] = dataclasses.replace(catalogue["check services"], handler=house.check)
    return house


async def scheduled() -> Watched:
    """The same, checked every minute, told in #net-health by schedule 1."""
    house = watched()
    answer = await house.say('schedule add "every 1m" --channel net-health check services -n shop')
    assert answer.status is Status.OK, answer
    return house
