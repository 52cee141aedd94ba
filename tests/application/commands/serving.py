"""What tests of commands that make workloads reachable share: one shop for many cases, and whole objects compared.

Each case plans, approves, looks, and takes back; that the shop is then as it was is part of every case.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import yaml

from bot.application.ports import Answer
from bot.playground.cluster_server.objects.patching import strategic_patched
from bot.playground.cluster_server.objects.registry import Writing
from tests.fakes import MemoryStorage
from tests.plugging import WorldClock, told
from tests.stage import Stage, staged

Object = dict[str, Any]
_KEPT_BY_THE_SERVER = ("resourceVersion", "generation", "managedFields")
_NEW_AFTER_A_DELETE = ("uid", "creationTimestamp")


@dataclass
class Shop:
    """A shop in the embedded cluster, and somebody who types."""

    stage: Stage

    async def answer(self, line: str) -> Answer:
        return await self.stage.answer(line)

    async def said(self, line: str) -> str:
        """As people read it in a terminal."""
        return told((await self.answer(line)).report)

    async def approved(self, line: str) -> tuple[int, str]:
        """Plans and approves; the change's number, and what is told when it is over."""
        answer = await self.answer(line)
        assert answer.change, told(answer.report)
        outcome = await self.said(answer.report.actions[0].command)
        await self.stage.world.cluster.settled()
        return answer.change, outcome

    def find(self, kind: str, name: str, namespace: str = "shop") -> Object | None:
        found = self.stage.world.cluster.registry.find(self._kind(kind), namespace, name)
        return copy.deepcopy(found)

    def get(self, kind: str, name: str, namespace: str = "shop") -> Object:
        found = self.find(kind, name, namespace)
        assert found is not None, f"{kind} {namespace}/{name} is gone"
        return found

    def edit(self, kind: str, name: str, patch: Object, namespace: str = "shop") -> None:
        """As `kubectl edit` does."""
        row, there = self._kind(kind), self.get(kind, name, namespace)
        patched = strategic_patched(there, patch, row.type)
        self.stage.world.cluster.registry.update(row, namespace, name, patched, Writing("kubectl-edit"))

    def create(self, *objects: Object) -> None:
        self.stage.world.cluster.create(objects)

    def standing(self, *kinds: str) -> dict[str, Object]:
        """All objects of these kinds as people compare them."""
        everything = self.stage.world.cluster.store.everything()
        found = [copy.deepcopy(each.obj) for each in everything if each.obj["kind"] in kinds]
        return {
            f"{each['kind']} {each['metadata']['namespace']}/{each['metadata']['name']}": as_it_was(each)
            for each in found
        }

    def _kind(self, name: str) -> Any:
        return next(row for row in self.stage.world.cluster.kinds.rows if row.name == name)


def _whose(object: Object) -> tuple[str, str]:
    return object["metadata"].get("namespace", ""), object["metadata"]["name"]


def as_it_was(object: Object, *, reborn: bool = False) -> Object:
    """The object without what the server counts up; `reborn`: nor what a new one is given."""
    kept = copy.deepcopy(object)
    for name in (*_KEPT_BY_THE_SERVER, *(_NEW_AFTER_A_DELETE if reborn else ())):
        kept["metadata"].pop(name, None)
    if reborn:
        kept.pop("status", None)
    return kept


@asynccontextmanager
async def shop(objects: str = "") -> AsyncIterator[Shop]:
    """The scenario, with more objects written as YAML; nobody waits on its clock."""
    clock = WorldClock()
    async with staged("shop", MemoryStorage(clock), clock) as stage:
        cluster = stage.world.cluster
        clock.settle = cluster.settled
        more: Sequence[Object] = [each for each in yaml.safe_load_all(objects) if each]
        if more:
            cluster.create(more)
            await cluster.settled()
        yield Shop(stage)
