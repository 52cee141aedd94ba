"""How many commands a second are acknowledged and answered, against a bare Bolt app; how soon while others are slow.

Both run in processes of their own, over signed HTTP on loopback; this process is Slack, a cluster that can be slow, and
the people. Runs alternate, because machines here are shared and noisy.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.bench.result import Result, at_least, under

SECRET = "0123456789abcdef0123456789abcdef"
REQUESTS = 1_500
CONCURRENCY = 20
SLOW_SECONDS = 8.0


class World:
    """Slack's Web API and response_urls, and a Kubernetes API that answers lists only after a while."""

    def __init__(self) -> None:
        self.answers = 0
        self.slow = False
        self.waiting = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/{method}", self._slack)
        app.router.add_post("/response/{id}", self._respond)
        app.router.add_get("/{path:.*}", self._kubernetes)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _slack(self, request: web.Request) -> web.Response:
        headers = {"x-oauth-scopes": "commands,chat:write"}
        return web.json_response(
            {"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0", "user": "patchbay", "team": "bench",
             "url": self.url, "channels": [], "members": []},
            headers=headers,
        )  # fmt: skip

    async def _respond(self, request: web.Request) -> web.Response:
        await request.read()
        self.answers += 1
        return web.Response(text="ok")

    async def _kubernetes(self, request: web.Request) -> web.Response:
        path = request.path
        if path == "/version":
            return web.json_response({"gitVersion": "v1.36.2", "major": "1", "minor": "36"})
        if path.endswith("/namespaces/kube-system"):
            return web.json_response({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "bench"}})
        if self.slow:
            self.waiting += 1
            await asyncio.sleep(SLOW_SECONDS)
            self.waiting -= 1
        return web.json_response({"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []})


def _environment(world: World, folder: Path, port: int) -> dict[str, str]:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1", "kind": "Config", "current-context": "bench",
                "clusters": [{"name": "bench", "cluster": {"server": world.url}}],
                "users": [{"name": "bench", "user": {"token": "bench"}}],
                "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            }
        )
    )  # fmt: skip
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder), "XDG_STATE_HOME": str(folder), "NO_PROXY": "*",
        "SLACK_BOT_TOKEN": "xoxb-bench", "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": f"{world.url}/api/",
        "PATCHBAY_SLACK_MODE": "http", "KUBECONFIG": str(kubeconfig), "PATCHBAY_HTTP_PORT": str(port),
        "PATCHBAY_LOG_LEVEL": "warning",
    }  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def _server(world: World, command: list[str], port: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([sys.executable, *command], env=_environment(world, Path(folder), port))
        try:
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                        writer.close()
                        break
                    await asyncio.sleep(0.02)
            yield process
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 40)


def _signed(text: str, world: World, number: int) -> tuple[bytes, dict[str, str]]:
    form = {
        "command": "/net", "text": text, "user_id": "U0ANA", "user_name": "ana", "channel_id": "C0OPS",
        "channel_name": "net-ops", "team_id": "T0", "api_app_id": "A0", "trigger_id": f"t.{number}", "token": "x",
        "response_url": f"{world.url}/response/{number}",
    }  # fmt: skip
    body = urllib.parse.urlencode(form).encode()
    timestamp = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={signature}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return body, headers


_numbers = iter(range(10**9))


async def _send(session: aiohttp.ClientSession, url: str, text: str, world: World) -> float:
    """Seconds until the acknowledgement."""
    body, headers = _signed(text, world, next(_numbers))
    began = time.perf_counter()
    async with session.post(url, data=body, headers=headers) as response:
        assert response.status == 200, await response.text()
        await response.read()
    return time.perf_counter() - began


async def _throughput(world: World, port: int) -> float:
    """Commands a second, each acknowledged and answered."""
    world.answers = 0
    url = f"http://127.0.0.1:{port}/slack/events"
    async with aiohttp.ClientSession() as session:
        gate = asyncio.Semaphore(CONCURRENCY)

        async def one() -> None:
            async with gate:
                await _send(session, url, "help", world)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(REQUESTS)))
        async with asyncio.timeout(60):
            while world.answers < REQUESTS:
                await asyncio.sleep(0.005)
        return REQUESTS / (time.perf_counter() - began)


async def _while_slow(world: World, port: int) -> list[float]:
    """Seconds to each acknowledgement while 100 slow commands run."""
    url = f"http://127.0.0.1:{port}/slack/events"
    async with aiohttp.ClientSession() as session:
        world.slow = True
        await asyncio.gather(*(_send(session, url, "services", world) for _ in range(100)))
        async with asyncio.timeout(SLOW_SECONDS):
            while world.waiting < 100:
                await asyncio.sleep(0.01)
        seconds = []
        for _ in range(300):
            seconds.append(await _send(session, url, "help", world))
            await asyncio.sleep(0.005)
        assert world.waiting > 0, "the slow commands ended before the measurement did"
        world.slow = False
        return seconds


async def _measure() -> list[Result]:
    world = World()
    await world.start()
    try:
        ours_port, bare_port = _free_port(), _free_port()
        ours = _server(world, ["-m", "bot", "serve"], ours_port)
        bare = _server(world, ["-m", "tests.bench.bare_bolt", str(bare_port)], bare_port)
        async with ours, bare:
            rates: dict[int, list[float]] = {ours_port: [], bare_port: []}
            for _ in range(4):
                for port in (bare_port, ours_port):
                    rates[port].append(await _throughput(world, port))
            ours_rate, bare_rate = (statistics.median(rates[port][1:]) for port in (ours_port, bare_port))
            acks = sorted(await _while_slow(world, ours_port))
    finally:
        await world.stop()
    return [
        at_least(
            "acknowledged and answered commands / a bare Bolt app's", ours_rate / bare_rate, 0.7,
            details=f"{ours_rate:.0f}/s against {bare_rate:.0f}/s",
        ),
        under("acknowledgement, p99, while 100 slow commands run", acks[int(len(acks) * 0.99)] * 1000, 100, "ms"),
    ]  # fmt: skip


def measure() -> list[Result]:
    return asyncio.run(_measure())
