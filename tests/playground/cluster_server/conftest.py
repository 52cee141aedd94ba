"""An embedded cluster on a real socket, and a plain HTTP client that speaks to it as anybody would."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.playground.cluster_server import EmbeddedCluster


@dataclass
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any


@dataclass
class Client:
    """Requests with the administrator's token."""

    cluster: EmbeddedCluster
    http: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, body: Any = None, *, patch: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        """`patch` is the middle of a patch's content type: merge-patch+json, apply-patch+yaml, …"""
        said = {"Authorization": f"Bearer {self.cluster.token}"} | (headers or {})
        if patch:
            said["Content-Type"] = f"application/{patch}"
        async with self.http.request(
            method, self.cluster.url + path, json=body, headers=said, allow_redirects=False
        ) as reply:
            text = await reply.text()
            found = await reply.json() if reply.content_type == "application/json" and text else text
            return Answer(reply.status, found, reply.headers)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers=headers)

    async def apply(self, path: str, obj: Any, manager: str = "tester", query: str = "") -> Answer:
        return await self.ask("PATCH", f"{path}?fieldManager={manager}{query}", obj, patch="apply-patch+yaml")


@contextlib.asynccontextmanager
async def connected(cluster: EmbeddedCluster) -> AsyncIterator[Client]:
    trusted = ssl.create_default_context(cadata=cluster.ca_pem.decode())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as http:
        yield Client(cluster, http)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with EmbeddedCluster(seed=1) as cluster, connected(cluster) as client:
        await cluster.settled()
        yield client
