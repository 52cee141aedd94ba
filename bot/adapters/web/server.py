"""The bot's own HTTP server. It never shows tokens, messages or anything of a cluster."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bot.adapters.web.signatures import Signatures
from bot.errors import BotError

_log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[str]]
"""Empty when all is well, else what is not, in words that anyone may read."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_BODY_BYTES = 1_000_000
SLACK_PATH = "/slack/events"


class WebServer:
    """`/healthz` (the process lives), `/readyz` (it can do its work), `/metrics`, and Slack when it comes over HTTP."""

    def __init__(
        self,
        *,
        checks: Mapping[str, Check],
        registry: CollectorRegistry,
        slack_handler: Handler | None = None,
        signing_secret: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._checks = checks
        self._registry = registry
        self._slack_handler = slack_handler
        self._signatures = Signatures(signing_secret, now)
        self._runner: web.AppRunner | None = None
        if slack_handler is not None and not signing_secret:
            raise ValueError("Slack over HTTP needs a signing secret: without one anybody could be Slack")

    def application(self) -> web.Application:
        """The routes, for whoever mounts them elsewhere."""
        app = web.Application(client_max_size=MOST_BODY_BYTES)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        if self._slack_handler is not None:
            app.router.add_post(SLACK_PATH, self._slack)
        return app

    async def start(self, host: str, port: int) -> int:
        """Begins to serve; port 0: any free one. Returns the port. Raises BotError when the port is taken."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self.stop()
            raise BotError(
                f"Cannot listen on {host}:{port}",
                cause=error.strerror or str(error),
                next_step="set PATCHBAY_HTTP_PORT to a free port, or to 0 for any",
            ) from None
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Waits a few seconds for requests that are being answered."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _alive(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        problems = {name: problem for name, check in self._checks.items() if (problem := await _outcome(name, check))}
        body = {"status": "not ready" if problems else "ok", "problems": problems}
        return web.json_response(body, status=503 if problems else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _slack(self, request: web.Request) -> web.StreamResponse:
        assert self._slack_handler is not None
        body = await request.read()  # 413 beyond the limit; kept, so that the handler reads the same bytes
        headers = request.headers
        refusal = self._signatures.refusal(
            headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", ""), body
        )
        if refusal:
            _log.warning("a request to %s was refused: %s", SLACK_PATH, refusal)
            return web.Response(status=401, text=refusal)
        try:
            response = await self._slack_handler(request)
        except BaseException:
            self._signatures.take_back(headers.get("X-Slack-Signature", ""))
            raise
        if response.status >= 500:
            self._signatures.take_back(headers.get("X-Slack-Signature", ""))
        return response


async def _outcome(name: str, check: Check) -> str:
    try:
        return await check()
    except BotError as error:
        return error.summary
    except Exception:  # noqa: BLE001  a check that fails is a problem too, and its details stay in the log
        _log.exception("the check of %s failed", name)
        return "the check itself failed"
