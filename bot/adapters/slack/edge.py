"""The whole Slack edge in one object: who we are there, what listens, what posts, and the door for Slack over HTTP."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.calling import Calls, Time
from bot.adapters.slack.connection import Patience, SocketConnection
from bot.adapters.slack.delivery import SlackMessenger
from bot.adapters.slack.failures import bot_token_refused, error_code, translated
from bot.adapters.slack.listeners import WORKING_AFTER_SECONDS, Dispatch, FirstTime, Listeners
from bot.application.execution.supervision import Supervisor
from bot.errors import Refused, Unreachable

_bolt_log = logging.getLogger("slack_bolt.patchbay")
_bolt_log.setLevel(logging.ERROR)  # its warnings tell a developer what we decided on purpose

_CALL_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the token belongs to, as `auth.test` says."""

    bot_user: str
    bot: str
    name: str
    team: str
    team_name: str


class SlackEdge:
    """`connect`, then `start`, at the end `stop`. `messenger` and `http_handler` exist after `connect`.

    `mode` is `socket` or `http`. Tokens are given as plain text and appear in no repr.
    """

    def __init__(
        self,
        *,
        bot_token: str,
        dispatch: Dispatch,
        first_time: FirstTime,
        supervisor: Supervisor,
        clock: Time,
        app_token: str = "",
        signing_secret: str = "",
        api_url: str = "https://slack.com/api/",
        mode: str = "socket",
        command: str = "/net",
        working_after_seconds: float = WORKING_AFTER_SECONDS,
        patience: Patience | None = None,
    ) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._api_url = api_url
        self._mode = mode
        self._command = command
        self._dispatch = dispatch
        self._first_time = first_time
        self._supervisor = supervisor
        self._clock = clock
        self._working_after_seconds = working_after_seconds
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._app: AsyncApp | None = None
        self._messenger: SlackMessenger | None = None
        self._socket: SocketConnection | None = None
        self._client: AsyncWebClient | None = None

    def __repr__(self) -> str:
        return f"SlackEdge(mode={self._mode!r}, command={self._command!r})"

    async def connect(self) -> Identity:
        """Asks Slack who we are. Raises BotError: a refused SLACK_BOT_TOKEN, or Slack that cannot be reached."""
        self._session = aiohttp.ClientSession(trust_env=True)
        try:
            self._client = self._web_client(self._bot_token)
            identity = await _identity(self._client, self._api_url)
        except BaseException:
            await self._session.close()
            raise
        calls = Calls(self._clock, identity.name)
        self._messenger = SlackMessenger(self._client, self._session, calls, self._clock)
        self._app = self._bolt(identity)
        Listeners(
            messenger=self._messenger,
            bot_user=identity.bot_user,
            command=self._command,
            dispatch=self._dispatch,
            first_time=self._first_time,
            supervisor=self._supervisor,
            working_after_seconds=self._working_after_seconds,
        ).register(self._app)
        return identity

    async def start(self) -> None:
        """Begins to listen; over HTTP it is the web server that does. Raises BotError (SLACK_APP_TOKEN refused)."""
        assert self._app is not None, "connect() comes first"
        if self._mode == "socket":
            self._socket = SocketConnection(
                self._app, self._app_token, self._web_client(self._app_token), self._clock, self._patience
            )
            await self._socket.start()

    async def stop_listening(self) -> None:
        """Takes nothing new. What runs can still answer until `stop`."""
        if self._socket:
            await self._socket.stop()
            self._socket = None

    async def stop(self) -> None:
        """Ends it all; after the supervisor was drained."""
        await self.stop_listening()
        if self._session:
            await self._session.close()

    @property
    def messenger(self) -> SlackMessenger:
        assert self._messenger is not None, "connect() comes first"
        return self._messenger

    @property
    def connected(self) -> bool:
        """For /readyz: whether Slack can reach us, as far as we can know."""
        return self._mode != "socket" or bool(self._socket and self._socket.connected)

    @property
    def http_handler(self) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Slack's requests over HTTP, verified by their signature. Mount it at `/slack/events`."""
        app = self._app
        assert app is not None, "connect() comes first"

        async def handle(request: web.Request) -> web.StreamResponse:
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

        return handle

    def _bolt(self, identity: Identity) -> AsyncApp:
        known = AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team,
            bot_user_id=identity.bot_user,
            bot_id=identity.bot,
            bot_token=self._bot_token,
        )

        async def authorize() -> AuthorizeResult:
            return known  # asked once, at the start: no call to Slack stands before the first acknowledgement

        return AsyncApp(
            logger=_bolt_log,
            name="patchbay",
            signing_secret=self._signing_secret,
            client=self._web_client(None),
            authorize=authorize,
            process_before_response=True,  # listeners only acknowledge and hand over; Bolt need not poll for it
            request_verification_enabled=self._mode != "socket",
        )

    def _web_client(self, token: str | None) -> AsyncWebClient:
        client = AsyncWebClient(token=token, base_url=self._api_url, session=self._session, timeout=_CALL_SECONDS)
        host = urlsplit(self._api_url).hostname or ""
        if host in ("127.0.0.1", "localhost", "::1") or proxy_bypass(host):
            client.proxy = None  # the SDK takes HTTPS_PROXY without asking NO_PROXY
        return client


async def _identity(client: AsyncWebClient, api_url: str) -> Identity:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        failure = translated(error)
        raise failure if isinstance(failure, Unreachable) else bot_token_refused(error_code(error)) from None
    except (SlackClientError, aiohttp.ClientError, OSError, ValueError) as error:
        cause = translated(error).cause
        raise Unreachable(
            f"Slack does not answer at {urlsplit(api_url).netloc}",
            cause=cause,
            next_step="check the network and SLACK_API_URL; a right value is https://slack.com/api/",
        ) from None
    if not answer.get("user_id"):
        raise Refused("Slack's answer to auth.test names no bot", next_step="check SLACK_API_URL")
    return Identity(
        bot_user=str(answer["user_id"]),
        bot=str(answer.get("bot_id") or ""),
        name=str(answer.get("user") or "patchbay"),
        team=str(answer.get("team_id") or ""),
        team_name=str(answer.get("team") or ""),
    )
