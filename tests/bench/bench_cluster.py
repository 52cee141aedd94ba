"""The embedded cluster: requests a second on one core beside a bare aiohttp server of the same bytes, starting, 10,000
pods in pages, Calico's definitions where they are at hand, and whether a request costs more after many others.

Server and client are processes of their own, pinned to a core each where there are two.
"""

import asyncio
import json
import multiprocessing
import os
import resource
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.cluster_server.certificates import make_certificates
from tests.bench.result import Result, at_least, under

PODS, MANY = 1_000, 10_000
GETS, LISTS, CONNECTIONS = 6_000, 200, 8
CALICO = Path(__file__).parents[3] / "shared" / "manifests"


@dataclass(frozen=True)
class Server:
    """Where one listens, and how to be let in."""

    port: int
    token: str
    ca_pem: str
    control: Connection

    def memory_mb(self) -> float:
        self.control.send("memory")
        return float(self.control.recv())


def _pods(count: int) -> list[dict[str, Any]]:
    container = {"name": "c", "image": "c:1", "ports": [{"containerPort": 80}]}
    return [
        {
            "apiVersion": "v1", "kind": "Pod", "spec": {"nodeName": "nowhere", "containers": [container]},
            "metadata": {"name": f"pod-{number:05}", "labels": {"app": f"a{number % 10}"}},
        }
        for number in range(count)
    ]  # fmt: skip


def _pin(core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


def _answer_questions(control: Connection, ended: asyncio.Event) -> None:
    """Called whenever the other side asks something, until it wants an end."""
    if control.recv() == "memory":
        control.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        ended.set()


def _serve_cluster(control: Connection, count: int) -> None:
    _pin(0)

    async def serve() -> None:
        cluster, ended = EmbeddedCluster(), asyncio.Event()
        cluster.create(_pods(count))
        async with cluster:
            await cluster.settled()
            asyncio.get_running_loop().add_reader(control.fileno(), _answer_questions, control, ended)
            port = int(cluster.url.rpartition(":")[2])
            control.send((port, cluster.token, cluster.ca_pem.decode()))
            await ended.wait()

    asyncio.run(serve())


def _serve_bytes(control: Connection, size: int) -> None:
    """A server that does nothing but send so many bytes over TLS."""
    _pin(0)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async def serve() -> None:
        certificates = make_certificates()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.context()).start()
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(control.fileno(), _answer_questions, control, ended)
        control.send((runner.addresses[0][1], "", certificates.ca_pem.decode()))
        await ended.wait()
        await runner.cleanup()

    body = b"x" * size
    asyncio.run(serve())


@contextmanager
def running(target: Any, argument: int) -> Iterator[Server]:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(theirs, argument), daemon=True)
    process.start()
    port, token, ca_pem = ours.recv()
    yield Server(port, token, ca_pem, ours)
    ours.send("stop")
    process.join(5)
    if process.is_alive():
        process.kill()


async def _rate(server: Server, path: str, count: int) -> float:
    """Requests a second over a few connections that are kept."""
    trusted = ssl.create_default_context(cadata=server.ca_pem)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\nAccept: application/json\r\n\r\n"

    async def ask(times: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusted, limit=1 << 24)
        for _ in range(times):
            writer.write(head.encode())
            await _body(reader)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask(count // CONNECTIONS) for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began)


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def _pages(server: Server, limit: int) -> tuple[int, float, list[float]]:
    """How many objects all pages have, the seconds for all, and for each."""
    trusted = ssl.create_default_context(cadata=server.ca_pem)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trusted, limit=1 << 26)
    found, token, each = 0, "", []
    began = time.perf_counter()
    while True:
        path = f"/api/v1/pods?limit={limit}&continue={token}"
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
        asked = time.perf_counter()
        writer.write(head.encode())
        data = await _body(reader)
        each.append(time.perf_counter() - asked)
        page = json.loads(data)
        found += len(page["items"])
        token = page["metadata"].get("continue", "")
        if not token:
            writer.close()
            return found, time.perf_counter() - began, each


def measure() -> list[Result]:
    _pin(1)
    return [*_rates(), _starting(), *_many(), *_definitions()]


def _rates() -> list[Result]:
    pods = "/api/v1/namespaces/default/pods"
    results = []
    with running(_serve_cluster, PODS) as cluster:
        one = f"{pods}/pod-00001"
        got = asyncio.run(_rate(cluster, one, GETS))
        listed = asyncio.run(_rate(cluster, pods, LISTS))
        memory = cluster.memory_mb()
        again = max(asyncio.run(_rate(cluster, one, GETS)) for _ in range(2))
        grown = cluster.memory_mb() - memory
    with running(_serve_bytes, 2_000) as bare:
        baseline = asyncio.run(_rate(bare, "/", GETS))
    results.append(at_least("embedded cluster: GET of a pod, one core", got, 1500, "/s"))
    results.append(at_least("  of a bare aiohttp server with the same bytes", got / baseline, 0.4))
    results.append(at_least(f"embedded cluster: LIST of {PODS} pods, one core", listed, 25, "/s"))
    results.append(at_least("  GET after all that, of GET before", again / got, 0.8))
    results.append(under("  memory that so many more requests cost", grown, 5, "MB"))
    return results


def _starting() -> Result:
    async def start() -> float:
        began = time.perf_counter()
        async with EmbeddedCluster() as cluster:
            await cluster.settled()
            return time.perf_counter() - began

    return under("embedded cluster: start until settled", min(asyncio.run(start()) for _ in range(3)), 0.5, "s")


def _many() -> list[Result]:
    with running(_serve_cluster, MANY) as cluster:
        found, seconds, each = asyncio.run(_pages(cluster, 500))
    assert found == MANY
    return [
        under(f"embedded cluster: {MANY} pods in pages of 500", seconds, 3, "s"),
        under("  the last pages, of the first", sum(each[-5:]) / sum(each[:5]), 2, "x"),
    ]


def _definitions() -> list[Result]:
    """All of Calico's definitions by server-side apply, as an installation does it."""
    if not CALICO.is_dir():
        return []
    documents = [
        document
        for path in sorted(CALICO.rglob("*.yaml"))
        if "calico" in str(path) and "crd" in path.name
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader)
        if document and document["kind"] == "CustomResourceDefinition"
    ]
    if not documents:
        return []
    by_name = {document["metadata"]["name"]: document for document in documents}
    seconds = asyncio.run(_applied(list(by_name.values())))
    return [under(f"embedded cluster: {len(by_name)} definitions of Calico applied", seconds, 3, "s")]


async def _applied(definitions: list[dict[str, Any]]) -> float:
    async with EmbeddedCluster() as cluster:
        trusted = ssl.create_default_context(cadata=cluster.ca_pem.decode())
        port = int(cluster.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, limit=1 << 26)
        bodies = [(found["metadata"]["name"], json.dumps(found).encode()) for found in definitions]
        began = time.perf_counter()
        for name, body in bodies:
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}?fieldManager=bench"
            head = (
                f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {cluster.token}\r\n"
                f"Content-Type: application/apply-patch+yaml\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            assert b'"kind":"CustomResourceDefinition"' in (await _body(reader))[:60]
        await cluster.settled()
        seconds = time.perf_counter() - began
        writer.close()
        return seconds
