"""Puts the playground together: a pretend Slack, a pretend (or real) cluster, the production `bot.app` between them.

The bot is told by settings where its servers are, as anywhere else; nothing in it knows that it is pretending. All of
it is on 127.0.0.1, wants the secret that the printed address carries, and is gone when the process ends.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from bot import __version__, logs
from bot.app import serving
from bot.app.house import OwnManifests, catalogue
from bot.domain.chat import grammar
from bot.errors import BotError
from bot.playground import manifests, page
from bot.playground.cluster_server import EmbeddedCluster
from bot.playground.slack_server import EmbeddedSlack, SlashCommand
from bot.playground.world import World
from bot.settings import Reaches, Settings, SlackMode, said, state_folder

COMMAND = "/net"
_PACE = 0.4
"""Real seconds for each second that Kubernetes would let people wait: visible, and not tiresome."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `patchbay playground` was asked for."""

    port: int = 0
    """0: any free one."""
    open_browser: bool = True
    scenario: str = "shop"
    kubeconfig: Path | None = None
    """A real cluster; None: a pretended one."""
    context: str = ""
    allow_changes: bool = False
    """Asked of a real cluster only: the pretended one may always be changed."""


@dataclass(frozen=True, slots=True)
class Playground:
    """A running one."""

    url: str
    """The page's address, with the secret."""
    kubeconfig: Path
    slack: EmbeddedSlack
    world: World | None
    """None with a real cluster."""


def run(options: Options) -> int:
    """Until Ctrl-C. Raises BotError when it cannot start."""
    logs.configure("warning", json=False)
    asyncio.run(_run(options))
    return 0


async def _run(options: Options) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    began = time.monotonic()
    async with playground(options) as running:
        out = sys.stdout
        out.write(f"Patchbay playground, ready in {time.monotonic() - began:.1f} s. Ctrl-C ends it.\n\n")
        out.write(f"  page     {running.url}\n")
        out.write(f"  kubectl  export KUBECONFIG={running.kubeconfig}\n\n")
        if options.kubeconfig:
            allowed = "changes are allowed" if options.allow_changes else "only looks: --allow-changes allows more"
            out.write(f"This is a real cluster; {allowed}.\n")
        out.flush()
        if options.open_browser:
            _open(running.url)
        await ending.wait()
        out.write("\nEnding.\n")


@contextlib.asynccontextmanager
async def playground(options: Options) -> AsyncIterator[Playground]:
    """A running playground; nothing of it stays when the block ends. Raises BotError when it cannot start."""
    secret = secrets.token_urlsafe(24)
    async with contextlib.AsyncExitStack() as stack:
        slack = EmbeddedSlack(secret=secret, commands=[SlashCommand(COMMAND, "Kubernetes networking", "help")])
        world = None if options.kubeconfig else await _world(options.scenario, stack)
        kubeconfig = options.kubeconfig or (world.cluster.kubeconfig_path if world else Path())
        port = await _serve(slack, world, options, kubeconfig, secret, stack)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="patchbay-playground-state-")))
        settings = _settings(options, slack, kubeconfig, folder)
        # A real cluster is never given what was written for the pretended one.
        own = OwnManifests() if options.kubeconfig else OwnManifests(manifests.FOLDER, manifests.RELEASES)
        await stack.enter_async_context(serving.service(settings, own, world.cluster if world else None))
        yield Playground(f"http://127.0.0.1:{port}/?secret={secret}", kubeconfig, slack, world)


async def _world(scenario: str, stack: contextlib.AsyncExitStack) -> World:
    cluster = await stack.enter_async_context(EmbeddedCluster(pace=_PACE))
    world = World(cluster)
    await world.load(scenario)
    return world


async def _serve(
    slack: EmbeddedSlack,
    world: World | None,
    options: Options,
    kubeconfig: Path,
    secret: str,
    stack: contextlib.AsyncExitStack,
) -> int:
    """Slack and the page on one port. Returns the port."""
    app = web.Application()
    slack.add_routes(app)
    page.add_routes(app, world=world, information=_information(options, kubeconfig), secret=secret)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, "127.0.0.1", options.port).start()
    except OSError as error:
        raise BotError(
            f"Port {options.port} of 127.0.0.1 cannot be used",
            cause=error.strerror or str(error),
            next_step="choose another with --port, or leave it out",
        ) from None
    port = int(runner.addresses[0][1])
    slack.base_url = f"http://127.0.0.1:{port}"
    return port


def _information(options: Options, kubeconfig: Path) -> dict[str, object]:
    """What the page tells of all this; nothing secret."""
    commands = [
        {
            "name": command.name,
            "usage": grammar.usage(command.name, command.model),
            "summary": command.summary,
            "examples": list(command.examples),
        }
        for command in catalogue().values()
    ]
    return {
        "command": COMMAND,
        "commands": commands,
        "cluster": str(options.kubeconfig) if options.kubeconfig else "",
        "context": options.context,
        "scenario": "" if options.kubeconfig else options.scenario,
        "may_change": options.allow_changes or options.kubeconfig is None,
        "kubeconfig": str(kubeconfig),
        "version": __version__,
    }


def _settings(options: Options, slack: EmbeddedSlack, kubeconfig: Path, folder: Path) -> Settings:
    """The settings that an operator would have made, were these servers the real ones.

    Against a real cluster the database outlives the process: a change that a kill interrupts is found the next time.
    """
    database = folder / "playground.db" if options.kubeconfig is None else state_folder() / "playground.db"
    may_change = options.allow_changes or options.kubeconfig is None
    return said(
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token),
        slack_signing_secret=SecretStr(slack.signing_secret),
        slack_api_url=slack.api_url,
        slack_mode=SlackMode.SOCKET,
        command=COMMAND,
        kubeconfig=str(kubeconfig),
        kube_context=options.context,
        changers=["*"] if may_change else [],
        second_approver=False,
        reaches_addresses=Reaches.YES if options.kubeconfig is None else Reaches.AUTO,
        database_url=f"sqlite+aiosqlite:///{database}",
        http_host="127.0.0.1",
        http_port=0,
        drain_seconds=2,
    )


def _open(url: str) -> None:
    """Opens the page where there is a desktop; a browser inside this very terminal would only be in the way."""
    desktop = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if desktop:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)
