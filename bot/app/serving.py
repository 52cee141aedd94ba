"""`patchbay serve`: Slack, routines and health, started in the order in which one needs another."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from bot import logs, metrics
from bot.adapters.network import Ways
from bot.adapters.slack import SlackEdge
from bot.adapters.timers.timers import Timers
from bot.adapters.web import WebServer
from bot.app.house import NO_MANIFESTS, OwnManifests, open_ports
from bot.application.execution.dispatch import Show, dispatch
from bot.application.execution.supervision import Supervisor
from bot.application.ports import Answer, Ports
from bot.application.routines import resume_changes, run_schedules
from bot.application.routines.deliver import Delivery
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Invocation
from bot.settings import LogFormat, Settings, SettingsError, SlackMode, missing_for_serving

_log = logging.getLogger(__name__)


def serve(settings: Settings) -> int:
    """The bot, until it is told to end. Raises BotError when it cannot start."""
    if problems := missing_for_serving(settings):
        raise SettingsError(problems)
    logs.configure(settings.log_level, json=settings.log_format is LogFormat.JSON)
    asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    async with service(settings):
        await ending.wait()
        _log.info("told to end: finishing what runs")


@contextlib.asynccontextmanager
async def service(
    settings: Settings, own: OwnManifests = NO_MANIFESTS, ways: Ways | None = None
) -> AsyncIterator["Service"]:
    """A running bot; it is drained when the block ends. Raises BotError when it cannot start."""
    access = AccessPolicy(frozenset(_actor_id(word) for word in settings.changers), settings.second_approver)
    async with open_ports(settings, "serve", access, settings.command, own, ways) as ports:
        running = Service(settings, ports)
        try:
            await running.start()
            yield running
        finally:
            await running.stop()


def _actor_id(word: str) -> str:
    return word if word == "*" else f"slack:{word}"


class Service:
    """Everything that `serve` runs, started in the order in which one thing needs another, stopped in reverse."""

    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._ports = ports
        self._supervisor = Supervisor()
        self._routines: list[asyncio.Task[None]] = []
        self._timers = Timers(self._run_schedule)
        self._slack = SlackEdge(
            bot_token=_revealed(settings.slack_bot_token),
            app_token=_revealed(settings.slack_app_token),
            signing_secret=_revealed(settings.slack_signing_secret),
            api_url=settings.slack_api_url,
            mode=settings.slack_mode.value,
            command=settings.command,
            dispatch=self._dispatch,
            first_time=self._first_time,
            supervisor=self._supervisor,
            clock=ports.clock,
        )
        self._web: WebServer | None = None
        self.port = 0
        """Where health, metrics and perhaps Slack are served; known once it has started."""

    async def start(self) -> None:
        """Asks both sides who they are, then begins to listen. Raises BotError in plain words."""
        identities = await self._ports.clusters.identities()
        who = await self._slack.connect()
        self._ports = replace(self._ports, messenger=self._slack.messenger)
        delivery = Delivery(self._ports, self._slack.messenger)
        self._ports.storage.when_queued(delivery.wake)
        self._keep_running(delivery.run(), "deliver")
        self._keep_running(resume_changes.keep_resuming(self._ports), "resume changes")
        self._timers.start()
        self._keep_running(run_schedules.keep_timers(self._ports, self._timers), "keep timers")
        await self._slack.start()
        self._web = self._web_server()
        self.port = await self._web.start(self._settings.http_host, self._settings.http_port)
        _log.info(
            "ready: %s in Slack workspace %s, cluster %s (%s), HTTP on port %d",
            who.name,
            who.team_name,
            identities[0].name,
            identities[0].version,
            self.port,
        )

    async def stop(self) -> None:
        """Takes nothing new, lets what runs finish for a while, and ends the rest."""
        self._timers.stop()
        await self._slack.stop_listening()
        await self._supervisor.drain(self._settings.drain_seconds)
        for task in self._routines:
            task.cancel()
        await asyncio.gather(*self._routines, return_exceptions=True)
        if self._web:
            await self._web.stop()
        await self._slack.stop()

    def _web_server(self) -> WebServer:
        over_http = self._settings.slack_mode is SlackMode.HTTP
        return WebServer(
            checks={"slack": self._check_slack, "database": self._check_database},
            registry=metrics.REGISTRY,
            slack_handler=self._slack.http_handler if over_http else None,
            signing_secret=_revealed(self._settings.slack_signing_secret) if over_http else "",
        )

    async def _check_slack(self) -> str:
        return "" if self._slack.connected else "Slack is not connected"

    async def _check_database(self) -> str:
        async with self._ports.storage.read() as tx:
            await tx.changes.running()
        return ""

    async def _dispatch(self, invocation: Invocation, show: Show) -> Answer:
        return await dispatch(self._ports, invocation, show)

    async def _run_schedule(self, id: int) -> None:
        """Under the supervisor, so that a run that has begun is drained like any other work."""
        await self._supervisor.start(run_schedules.run_schedule(self._ports, id), f"schedule {id}")

    async def _first_time(self, event: str) -> bool:
        async with self._ports.storage.begin() as tx:
            return await tx.seen.first_time(event, self._ports.clock.now())

    def _keep_running(self, routine: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(routine, name=name)
        task.add_done_callback(_ended)
        self._routines.append(task)


def _ended(task: asyncio.Task[None]) -> None:
    """A routine that ends by itself is a bug, and must not go unnoticed."""
    if not task.cancelled():
        _log.critical("the routine %s has ended: restart Patchbay", task.get_name(), exc_info=task.exception())


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
