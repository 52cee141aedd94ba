"""What tests of Gateways and routes share: the scenario `gateway`, its definitions or the real ones,
and somebody at the cluster itself.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import yaml

from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.world import read_scenario
from tests.fakes import MemoryStorage
from tests.mirrors import MIRROR
from tests.plugging import WorldClock, told
from tests.stage import Stage, staged

Object = dict[str, Any]
GROUP = "gateway.networking.k8s.io"
_OURS = ("GatewayClass", "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "ReferenceGrant", "Service", "Secret")
_SERVERS = ("resourceVersion", "generation", "managedFields", "uid", "creationTimestamp")


def mirrored(version: str) -> bool:
    return (MIRROR / "gateway-api" / version / "standard-install.yaml").is_file()


class Edge:
    """The shop behind a Gateway, and a person who types."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.cluster = stage.world.cluster

    async def said(self, line: str) -> str:
        """What is answered, as people read it."""
        return told(await self.stage.say(line))

    async def planned(self, line: str) -> tuple[str, str]:
        """The plan as people read it, and the line that approves it."""
        answer = await self.stage.answer(line)
        assert answer.change, told(answer.report)
        return told(answer.report), answer.report.actions[0].command

    async def approved(self, line: str) -> str:
        """Plans and approves; what is told when it is over, the world settled."""
        _, approve = await self.planned(line)
        words = await self.said(approve)
        await self.cluster.settled()
        return words

    async def make(self, *objects: Object) -> None:
        self.cluster.create(objects)
        await self.cluster.settled()

    async def write(self, kind: str, namespace: str, name: str, **spec: Any) -> None:
        """As `kubectl edit` does: puts these fields of the spec in the place of what stands there."""
        there = copy.deepcopy(self.get(kind, namespace, name))
        there["spec"] |= spec
        self.cluster.registry.update(self._kind(kind), namespace, name, there, Writing("kubectl-edit"))
        await self.cluster.settled()

    async def remove(self, kind: str, namespace: str, name: str) -> None:
        self.cluster.registry.delete(self._kind(kind), namespace, name, Deleting())
        await self.cluster.settled()

    def get(self, kind: str, namespace: str, name: str) -> Object:
        found: Object = self.cluster.registry.get(self._kind(kind), namespace, name)
        return found

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        return self.cluster.registry.find(self._kind(kind), namespace, name)

    def standing(self) -> dict[str, Object]:
        """Everything that the commands of this room may write, as `kubectl get -o yaml` shows it but for what no undo
        can bring back."""
        found = {}
        for stored in self.cluster.store.everything():
            if stored.obj["kind"] in _OURS:
                each = copy.deepcopy({key: value for key, value in stored.obj.items() if key != "status"})
                for field in _SERVERS:
                    each["metadata"].pop(field, None)
                own = each["metadata"]
                found[f"{each['kind']} {own.get('namespace', '')}/{own['name']}"] = each
        return found

    def _kind(self, name: str) -> Any:
        rows = self.cluster.kinds.rows
        return next(row for row in rows if row.name == name and row.stored_as == row.api_version)


@asynccontextmanager
async def edge(version: str = "") -> AsyncIterator[Edge]:
    """The scenario; `version` puts the real definitions of that release in the place of the excerpts."""
    clock = WorldClock(times=1.0)
    if not version:
        async with staged("gateway", MemoryStorage(clock), clock) as stage:
            clock.settle = stage.world.cluster.settled
            yield Edge(stage)
        return
    scenario = read_scenario("gateway")
    async with staged("shop", MemoryStorage(clock), clock) as stage:
        cluster = stage.world.cluster
        clock.settle = cluster.settled
        cluster.create(_definitions(version))
        await cluster.settled()
        shop = read_scenario("shop").objects
        cluster.create(each for each in scenario.objects if each not in shop)
        await cluster.settled()
        yield Edge(stage)


def _definitions(version: str) -> Iterable[Object]:
    text = (MIRROR / "gateway-api" / version / "standard-install.yaml").read_bytes()
    return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each and "Definition" in each["kind"]]


# --- objects with good defaults


def gateway(name: str = "other", namespace: str = "infra", *, class_name: str = "traefik", **listener: Any) -> Object:
    """A Gateway with one listener, by default for HTTP and every namespace."""
    said = {"name": "http", "port": 80, "protocol": "HTTP", "allowedRoutes": {"namespaces": {"from": "All"}}} | listener
    spec = {"gatewayClassName": class_name, "listeners": [said]}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def route(
    name: str = "theirs",
    namespace: str = "shop",
    *,
    host: str = "new.example.com",
    kind: str = "HTTPRoute",
    parent: Object | None = None,
    **rule: Any,
) -> Object:
    """A route to Service web, port 80, at the Gateway infra/public."""
    spec: Object = {
        "parentRefs": [{"name": "public", "namespace": "infra"} | (parent or {})],
        "rules": [{"backendRefs": [{"name": "web", "port": 80}]} | rule],
    }
    if host:
        spec["hostnames"] = [host]
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def service(name: str, namespace: str, *ports: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": list(ports) or [{"port": 80, "protocol": "TCP", "targetPort": 80}]} | spec,
    }


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
