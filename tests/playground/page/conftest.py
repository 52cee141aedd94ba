"""The page in front of a pretend Slack, with and without the whole bot behind it, and a browser to look at it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.playground import page
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.running import Options, Playground, playground
from bot.playground.slack_server import EmbeddedSlack, Person
from bot.playground.world import World
from tests.browser import Browser

SECRET = "the-secret-of-this-test"
COMMANDS = [
    {"name": "status", "usage": "status", "summary": "show the network at a glance", "examples": ["status"]},
    {"name": "expose", "usage": "expose deploy/NAME --port PORT", "summary": "make a Service", "examples": []},
    {"name": "changes list", "usage": "changes list", "summary": "list changes", "examples": []},
    {"name": "changes show", "usage": "changes show ID", "summary": "show a change", "examples": []},
]


@dataclass
class Stage:
    """A page that is being served. There is no bot: tests speak for it."""

    port: int
    slack: EmbeddedSlack
    ana: Person

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.url}/?secret={SECRET}"


@contextlib.asynccontextmanager
async def staged(world: World | None, port: int = 0) -> AsyncIterator[Stage]:
    slack = EmbeddedSlack(secret=SECRET)
    app = web.Application()
    slack.add_routes(app)
    information = {
        "command": "/net",
        "commands": COMMANDS,
        "cluster": "berlin",
        "context": "admin",
        "may_change": False,
    }
    page.add_routes(app, world=world, information=information, secret=SECRET)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    port = runner.addresses[0][1]
    slack.base_url = f"http://127.0.0.1:{port}"
    try:
        yield Stage(port, slack, Person(slack, "ana"))
    finally:
        await runner.cleanup()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with EmbeddedCluster(seed=1) as cluster:
        world = World(cluster)
        await world.load("shop")
        yield world


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    async with staged(world) as one:
        yield one


@pytest.fixture
async def real() -> AsyncIterator[Stage]:
    """As with a real cluster: no world."""
    async with staged(None) as one:
        yield one


@pytest.fixture
async def whole() -> AsyncIterator[Playground]:
    """The production bot in its playground."""
    async with playground(Options(open_browser=False)) as running:
        yield running


@pytest.fixture
async def new_cluster() -> AsyncIterator[Playground]:
    """The same with a cluster that has no network plugin yet."""
    async with playground(Options(open_browser=False, scenario="new-cluster")) as running:
        yield running


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with Browser.started(tmp_path) as one:
        yield one
        assert one.complaints == []
