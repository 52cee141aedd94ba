"""A small, faithful Kubernetes API server for the playground and for tests: HTTPS on loopback, and a world that moves.

The request path is `serving` → `handlers` → `registry` → `store`; `controllers/` are clients of the registry, as
anybody is. What the kinds are comes from `schema/`, what goes beyond a schema from `rules/`.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.people import Authenticator
from bot.playground.cluster_server.access.rights import Rights
from bot.playground.cluster_server.access.tokens import Tokens
from bot.playground.cluster_server.certificates import make_certificates
from bot.playground.cluster_server.controllers import ALL
from bot.playground.cluster_server.controllers.running import Controllers, Scene, Surroundings
from bot.playground.cluster_server.edges.recognising import Edges
from bot.playground.cluster_server.fabric import Fabric
from bot.playground.cluster_server.fabric.naming import addresses_of
from bot.playground.cluster_server.http.serving import Serving
from bot.playground.cluster_server.networks.hosts import Hosts
from bot.playground.cluster_server.nodes import TWO, node
from bot.playground.cluster_server.objects.beginnings import beginnings
from bot.playground.cluster_server.objects.kinds import built_in_kinds
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.pods.podaccess import PodAccess
from bot.playground.cluster_server.pods.programs import Program, Programs, Sockets

__all__ = ["EmbeddedCluster", "Surroundings"]

Object = dict[str, Any]

_WRITING = Writing("kubectl")


class EmbeddedCluster:
    """One cluster. Nothing runs, and nothing but the objects given exists, before `start`."""

    def __init__(self, objects: Iterable[Object] | None = None, *, pace: float = 0.0, seed: int | None = None) -> None:
        """None for objects: two nodes.

        `pace` is how many real seconds a second of waiting takes the controllers; 0: everything happens at once.
        """
        self.kinds = built_in_kinds()
        self.store = Store()
        self.programs = Programs(self._look_again)
        self.surroundings = Surroundings()
        self.token = secrets.token_urlsafe(32)
        self._certificates = make_certificates()
        self.ca_pem = self._certificates.ca_pem
        self.url = ""
        self.kubeconfig_path = Path()
        self._bound = 0
        self._age = datetime.timedelta()
        self._pace = pace
        seed = secrets.randbits(64) if seed is None else seed
        self.registry = Registry(self.store, self.kinds, self.now, seed, self._reach)
        self._sockets = Sockets(self.programs)
        self.hosts = Hosts(self.registry)
        self.store.subscribe(self.hosts.hear)
        self.edges = Edges(self.registry, self.surroundings)
        self.programs.of_agents = self._program
        authority = self.ca_pem.decode()
        self._scene = Scene(
            self.registry, self.programs, self.hosts, self.surroundings, self.edges, authority, pace
        )  # fmt: skip
        self._controllers = Controllers(self._scene, ALL)
        self.store.subscribe(self._sockets.hear)
        self._fabric = Fabric(self.registry, self._sockets, self.edges, lambda: self._bound)
        self._pods = PodAccess(self.registry, self._sockets)
        tokens = Tokens(self.registry)
        guard = Guard(Authenticator(self.token, tokens.user), Rights(self.registry))
        self._serving = Serving(self.registry, self._pods, guard, tokens)
        self._runner: web.AppRunner | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.create(map(node, TWO) if objects is None else objects)

    def now(self) -> datetime.datetime:
        """The time in this cluster: the real one, but while a scenario is laid out as if long ago."""
        return datetime.datetime.now(datetime.UTC) - self._age

    async def _reach(self, namespace: str, name: str, port: int) -> int:
        return await self._pods.reach(namespace, name, port)

    def _program(self, container: Object, pod: Object, program: Program) -> Program:
        """What network plugins and controllers have to say of what a container does."""
        return self.edges.program(container, self.hosts.program(container, pod, program))

    def _look_again(self) -> None:
        self._controllers.look_at_everything()

    async def start(self, port: int = 0) -> None:
        """Serves on 127.0.0.1 and writes the kubeconfig; port 0 takes a free one."""
        self._controllers.start()
        self._runner = web.AppRunner(
            self._serving.application(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        context = self._certificates.context()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context).start()
        self._bound = int(self._runner.addresses[0][1])
        self.url = f"https://127.0.0.1:{self._bound}"
        self._serving.address = f"127.0.0.1:{self._bound}"
        self._folder = tempfile.TemporaryDirectory(prefix="patchbay-playground-")
        self.kubeconfig_path = Path(self._folder.name) / "kubeconfig"
        self.kubeconfig_path.touch(mode=0o600)
        self.kubeconfig_path.write_bytes(msgspec.json.format(msgspec.json.encode(self._kubeconfig()), indent=1))

    async def stop(self) -> None:
        """Ends every socket and task, and removes the kubeconfig."""
        await self._controllers.stop()
        await self._fabric.close()
        await self.registry.close()
        if self._runner:
            server = self._runner.server
            transports = [found.transport for found in server.connections] if server else []
            await self._runner.cleanup()
            for transport in transports:  # no waiting for a goodbye by TLS that an idle client never sends
                if transport is not None:
                    transport.abort()
        await self._pods.close()
        await self._sockets.close()
        if self._folder:
            self._folder.cleanup()

    async def way_to(self, address: str, port: int) -> tuple[str, int]:
        """The host and port on this machine that stand for an address and port of the world: a connection there ends
        where it would end in such a cluster. Ask for each connection anew: what refuses now may answer later.

        Who would be refused is refused, who would wait in vain waits. Raises OSError (EHOSTUNREACH) for an address that
        nothing in the world has.
        """
        return await self._fabric.way_to(address, port)

    async def resolve(self, host: str) -> tuple[str, ...]:
        """The addresses of a name in the world outside; empty: there is no such name."""
        return addresses_of(self.registry, host)

    async def __aenter__(self) -> EmbeddedCluster:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def settled(self) -> None:
        """Returns when the controllers have nothing to do and nothing to wait for."""
        await self._controllers.settled()

    def create(self, objects: Iterable[Object]) -> None:
        """Creates objects as an administrator would, in the order given, after what is there in every cluster."""
        if not self.store.count(self.kinds.named("v1", "Namespace")):
            for obj in beginnings():
                self._create(obj, Writing("kube-apiserver"))
        for obj in objects:
            self._create(obj, _WRITING)

    def _create(self, obj: Object, writing: Writing) -> None:
        kind = self.kinds.named(obj["apiVersion"], obj["kind"])
        namespace = obj["metadata"].get("namespace", "default") if kind.namespaced else ""
        made = self.registry.create(kind, namespace, obj, writing)
        if kind.has_status and kind.name == "FlowSchema":
            self.registry.write_status(kind, made, obj["status"], writing.manager)
        if kind.name == "Namespace":  # whose controller would do so, only later
            account = self.kinds.named("v1", "ServiceAccount")
            name = obj["metadata"]["name"]
            self.registry.create(account, name, {"metadata": {"name": "default"}}, Writing("kube-controller-manager"))

    def clear(self) -> None:
        """Takes everything away at once; watches are told of each object."""
        found = [stored.obj for stored in self.store.everything()]
        for obj in sorted(found, key=lambda obj: obj["kind"] == "CustomResourceDefinition"):  # what they define first
            kind, metadata = self.kinds.named(obj["apiVersion"], obj["kind"]), obj["metadata"]
            self.registry.vanish(kind, metadata.get("namespace", ""), metadata["name"])

    @contextlib.asynccontextmanager
    async def long_ago(self, age: datetime.timedelta) -> AsyncIterator[None]:
        """What is created inside counts as made `age` ago, and the controllers wait for nothing."""
        self._age, self._scene.pace = age, 0.0
        try:
            yield
            await self.settled()
        finally:
            self._age, self._scene.pace = datetime.timedelta(), self._pace

    def _kubeconfig(self) -> Object:
        name = "patchbay-playground"
        authority = base64.b64encode(self.ca_pem).decode()
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": self.url, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"token": self.token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        }
