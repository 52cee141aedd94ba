"""What tests of network plugins share: a new cluster behind the real adapters, on whose clock nobody waits.

Whoever sleeps lets the world settle first; then the time has passed, several times over. So nothing depends on how fast
the machine is. What is written to the cluster, and what is committed, can be heard of, and stopped.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.adapters.terminal.rendering import render_text
from bot.application.execution.dispatch import dispatch
from bot.application.ports import Answer, Cluster, Clusters, OpenCluster, Ports, Process
from bot.domain.changes.change import ChangeRecord
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import Report
from bot.domain.network.references import JSONObject, Ref
from bot.domain.network.snapshot import ClusterIdentity
from bot.playground.cluster_server.objects.patching import strategic_patched
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.world import World
from tests.fakes import FakeClock, MemoryStorage
from tests.mirrors import MIRROR, Offline
from tests.stage import staged

Object = dict[str, Any]
Heard = Callable[[str, str, Ref], None]
"""`before` or `after`, the verb, and what is written."""


class WorldClock(FakeClock):
    """Whoever sleeps lets the world settle, and wakes `times` as much later."""

    def __init__(self, times: float = 5.0) -> None:
        super().__init__(datetime.datetime.now(datetime.UTC))
        self.times = times
        self.settle: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, seconds: float) -> None:
        if self.settle is not None:
            await self.settle()
        await super().sleep(seconds * self.times)


class HeardClusters:
    """Another's clusters. `on_write` is called before and after each write that is no dry run, and may raise."""

    def __init__(self, real: Clusters) -> None:
        self._real = real
        self.on_write: Heard = lambda when, verb, ref: None

    async def identities(self) -> tuple[ClusterIdentity, ...]:
        return await self._real.identities()

    @asynccontextmanager
    async def open(self, cluster: str, actor: Actor) -> AsyncIterator[OpenCluster]:
        async with self._real.open(cluster, actor) as opened:
            yield OpenCluster(cluster=_HeardCluster(opened.cluster, self), prober=opened.prober)

    async def close(self) -> None:
        await self._real.close()


class _HeardCluster:
    def __init__(self, real: Cluster, house: HeardClusters) -> None:
        self._real, self._house = real, house

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def apply(self, manifest: JSONObject, *, force: bool = False, dry_run: bool = False) -> Any:
        doing = self._real.apply(manifest, force=force, dry_run=dry_run)
        return await self._told("apply", _ref(manifest), doing, dry_run)

    async def replace(self, object: JSONObject, *, dry_run: bool = False) -> Any:
        return await self._told("replace", _ref(object), self._real.replace(object, dry_run=dry_run), dry_run)

    async def delete(self, ref: Ref, *, uid: str, resource_version: str = "", dry_run: bool = False) -> None:
        doing = self._real.delete(ref, uid=uid, resource_version=resource_version, dry_run=dry_run)
        await self._told("delete", ref, doing, dry_run)

    async def _told(self, verb: str, ref: Ref, doing: Any, dry_run: bool) -> Any:
        try:
            if not dry_run:
                self._house.on_write("before", verb, ref)
            done = await doing
        finally:
            doing.close()
        if not dry_run:
            self._house.on_write("after", verb, ref)
        return done


def _ref(object: Any) -> Ref:
    own = object["metadata"]
    return Ref(object["kind"], own["name"], own.get("namespace") or "", object["apiVersion"])


@dataclasses.dataclass
class Site:
    """A new cluster, and somebody who types."""

    world: World
    ports: Ports
    clock: WorldClock
    storage: MemoryStorage
    clusters: HeardClusters

    async def answer(self, line: str) -> Answer:
        actor = Actor("terminal:ann", "ann")
        return await dispatch(self.ports, Invocation(text=line, source=Source.TERMINAL, actor=actor))

    async def planned(self, line: str) -> str:
        """Plans; returns the line that approves."""
        answer = await self.answer(line)
        assert answer.change, told(answer.report)
        return answer.report.actions[0].command

    async def approved(self, line: str) -> str:
        """Plans and approves; returns what is told when it is over, the world settled."""
        said = told((await self.answer(await self.planned(line))).report)
        await self.world.cluster.settled()
        return said

    def process(self, id: str) -> Ports:
        """The same as another process sees it."""
        return dataclasses.replace(self.ports, process=Process(id, "serve"))

    def record(self, id: int = 0) -> ChangeRecord:
        """Of that change; 0: of the last one."""
        changes = self.storage.state.changes
        return changes[id or max(changes)]

    # Somebody at the cluster itself.

    def find(self, kind: str, namespace: str, name: str, api_version: str = "") -> Object | None:
        return self.world.cluster.registry.find(self._kind(kind, api_version), namespace, name)

    def get(self, kind: str, namespace: str, name: str, api_version: str = "") -> Object:
        found = self.find(kind, namespace, name, api_version)
        assert found is not None, f"{kind} {namespace}/{name} is gone"
        return found

    def all(self, kind: str, namespace: str | None = None) -> list[Object]:
        found = list(self.world.cluster.registry.list(self._kind(kind)))
        return [each for each in found if namespace in (None, each["metadata"].get("namespace", ""))]

    def edit(self, kind: str, namespace: str, name: str, patch: Object, manager: str = "kubectl-edit") -> None:
        """As `kubectl edit` and `kubectl set` do; a status as `kubectl patch --subresource=status` does."""
        row, there = self._kind(kind), self.get(kind, namespace, name)
        patched = strategic_patched(copy.deepcopy(there), patch, row.type)
        if "status" in patch:
            self.world.cluster.registry.write_status(row, there, patched["status"], manager)
            return
        self.world.cluster.registry.update(row, namespace, name, patched, Writing(manager))

    def create(self, *objects: Object) -> None:
        self.world.cluster.create(objects)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        self.world.cluster.registry.delete(self._kind(kind), namespace, name, Deleting())

    def _kind(self, name: str, api_version: str = "") -> Any:
        rows = self.world.cluster.kinds.rows
        return next(r for r in rows if r.name == name and api_version in ("", r.api_version))

    def standing(self) -> dict[str, Object]:
        """Every object there is, by its name in words; without those that come and go by themselves."""
        found = [stored.obj for stored in self.world.cluster.store.everything()]
        return {_words(each): each for each in found if each["kind"] not in ("Event", "Lease", "Endpoints")}

    def pods(self, app: str) -> list[Object]:
        return [p for p in self.all("Pod") if app in (p["metadata"].get("labels") or {}).values()]

    def addresses(self, app: str) -> list[str]:
        return sorted(str(pod["status"].get("podIP", "")) for pod in self.pods(app))

    def served(self) -> list[str]:
        """The nodes that are Ready."""
        return sorted(
            node["metadata"]["name"]
            for node in self.all("Node")
            if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
        )


def _words(obj: Object) -> str:
    own = obj["metadata"]
    return f"{obj['kind']} " + (f"{own['namespace']}/" if own.get("namespace") else "") + str(own["name"])


def told(report: Report) -> str:
    """As people read it in a terminal that is as wide as it has to be."""
    return render_text(report, colour=False, width=10_000)


@asynccontextmanager
async def site(
    cache: Path,
    *,
    mirror: Path | None = None,
    clusters: Callable[[World], Clusters] | None = None,
    times: float = 5.0,
    scenario: str = "new-cluster",
) -> AsyncIterator[Site]:
    """A scenario; by default three nodes without a network.

    `mirror` is where manifests come from; None: the playground's own alone."""
    clock = WorldClock(times)
    storage = MemoryStorage(clock)
    async with staged(scenario, storage, clock) as stage:
        cluster = stage.world.cluster
        cluster.registry.clock = clock.now
        clock.settle = cluster.settled
        real = clusters(stage.world) if clusters else stage.ports.clusters
        heard = HeardClusters(real)
        ports = dataclasses.replace(stage.ports, clusters=heard, manifests=Offline(cache, mirror))
        try:
            yield Site(stage.world, ports, clock, storage, heard)
        finally:
            await real.close()


def real_mirror(*paths: str) -> Path | None:
    """The folder of the makers' own manifests, where this machine has all of these."""
    return MIRROR if all((MIRROR / path).is_file() for path in paths) else None


def names(objects: Iterable[Object]) -> Sequence[str]:
    return sorted(map(_words, objects))
