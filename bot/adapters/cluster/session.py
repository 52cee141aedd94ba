"""One way of asking an API server: authenticated, bounded in time and size, told of in plain words.

A call is data; `send` carries it out. The transport is the official client's own (its `ApiClient` holds configuration,
TLS and proxy), used below its generated models, which are slow and heavy and are never imported.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.config import kube_config
from multidict import CIMultiDict
from yarl import URL

from bot.adapters.cluster.failures import about_the_request, no_answer, refusal, status_in
from bot.adapters.cluster.kubeconfig import Access
from bot.domain.network.references import Kind
from bot.errors import BotError, Unreachable

_log = logging.getLogger(__name__)

ATTEMPTS = 3
MAXIMUM_WAIT_SECONDS = 10.0
"""A server that wants us to come back later than this is told of instead of waited for."""
MAXIMUM_BODY = 256_000_000
"""Bytes of one answer: far more than 500 of the biggest objects that etcd holds would need in practice."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    """For a whole call, its answer read to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, prepared without I/O."""

    doing: str
    """What is tried, for messages: `read pods in shop`."""
    method: str = "GET"
    path: str
    """Encoded already; see `object_path`."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool | None = None
    """Whether doing it twice is the same as once; None: GET is."""
    timeout_seconds: float | None = None
    """For the whole call; None: as the session has it."""
    silence_seconds: float | None = None
    """How long nothing may arrive once the connection stands; None: as long as the call may take."""
    limit_bytes: int = MAXIMUM_BODY

    @property
    def may_repeat(self) -> bool:
        return self.method == "GET" if self.repeatable is None else self.repeatable


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False
    """True: there was more than `limit_bytes`."""


def object_path(kind: Kind, namespace: str = "", name: str = "") -> str:
    """The path of a collection or an object. Names come from people: none may lead out of its place in the path."""
    return kind.path(segment(namespace), segment(name))


def segment(name: str) -> str:
    """A name as one piece of a path. Raises BotError for what can be no name."""
    if name in (".", "..") or "/" in name or "%" in name or not name.isprintable():
        raise BotError(
            f"{name[:60]!r} cannot be the name of an object",
            next_step="names are made of small letters, digits, `-` and `.`",
        )
    return quote(name, safe=":")


class Session:
    """A connection pool to one API server. Opened by its first call; every call may raise Unreachable or Refused."""

    def __init__(
        self,
        access: Access,
        timeouts: Timeouts = Timeouts(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.access = access
        self._timeouts = timeouts
        self._sleep = sleep
        self._client: ApiClient | None = None
        self._http: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Session({self.access.name!r})"

    async def ask(self, call: Call) -> Reply:
        """Sends it and gives back a success (2xx). Raises the BotError that the status means."""
        reply = await self.send(call)
        if not 200 <= reply.status < 300:
            raise refusal(reply.status, reply.body, call.doing)
        if reply.cut:
            raise BotError(f"Cannot {call.doing}", cause=f"the answer has more than {call.limit_bytes:,} bytes")
        return reply

    async def send(self, call: Call) -> Reply:
        """Sends it, again where that is safe and may help, and gives back the last answer. Raises Unreachable."""
        attempt, renewed = 1, False
        while True:
            try:
                reply = await self._once(call)
                if reply.status == 401 and not renewed and await self._renewed():
                    renewed = True
                    continue
            except Unreachable as error:
                if attempt == ATTEMPTS or not call.may_repeat or not _broke_off(error):
                    raise
                wait = 0.0
            else:
                again = _wait_before_again(call, reply, attempt)
                if again is None:
                    return reply
                wait = again
            _log.info("asking again in %.1f s, attempt %d: %s", wait, attempt + 1, call.doing)
            await self._sleep(wait)
            attempt += 1

    async def _renewed(self) -> bool:
        """Whether there are other credentials than those that were not accepted."""
        assert self._client is not None
        return await self.access.renew(self._client.configuration, at_once=True)

    async def _once(self, call: Call) -> Reply:
        try:
            return await self.exchange(call)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise no_answer(error, self.host, call.doing) from error

    async def exchange(self, call: Call) -> Reply:
        """Sends it once; whatever aiohttp raises is raised."""
        async with self.streaming(call) as response:
            body, cut = await _read(response, call.limit_bytes)
            return Reply(response.status, response.headers, body, cut)

    @asynccontextmanager
    async def streaming(self, call: Call) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to one request while it arrives; whatever aiohttp raises is raised."""
        http, options = await self._prepared(call)
        timeout = aiohttp.ClientTimeout(
            total=call.timeout_seconds or self._timeouts.read_seconds,
            sock_connect=self._timeouts.connect_seconds,
            sock_read=call.silence_seconds,
        )
        options["headers"].update({"Accept": "application/json"} | dict(call.headers))
        if call.body is not None:
            options["headers"]["Content-Type"] = call.content_type
        # Redirects are never followed: a probed target would send the bot, and its credentials, wherever it likes.
        async with http.request(
            call.method, self._url(call), data=call.body, timeout=timeout, allow_redirects=False, **options
        ) as response:
            yield response

    @asynccontextmanager
    async def websocket(self, call: Call, protocols: tuple[str, ...]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket over the same credentials and TLS; whatever aiohttp raises is raised."""
        http, options = await self._prepared(call)
        async with http.ws_connect(
            self._url(call), protocols=protocols, max_msg_size=1 << 20, autoping=True, **options
        ) as socket:
            yield socket

    async def close(self) -> None:
        client, self._client, self._http = self._client, None, None
        if client is not None:
            await client.close()

    @property
    def connect_seconds(self) -> float:
        return self._timeouts.connect_seconds

    @property
    def host(self) -> str:
        """Scheme, name and port of the API server, for messages; before the first call the context's name."""
        return str(URL(self._client.configuration.host).origin()) if self._client else self.access.name

    def _url(self, call: Call) -> URL:
        assert self._client is not None
        query = "?" + urlencode(call.query) if call.query else ""
        return URL(self._client.configuration.host + call.path + query, encoded=True)

    async def _prepared(self, call: Call) -> tuple[aiohttp.ClientSession, dict[str, Any]]:
        async with self._opening:
            if self._http is None:
                await self._open()
        assert self._client is not None
        assert self._http is not None
        configuration = self._client.configuration
        headers = CIMultiDict([("User-Agent", "patchbay"), *self.access.acting_as])
        await self.access.renew(configuration)
        if bearer := configuration.api_key.get("BearerToken"):
            headers["Authorization"] = bearer
        options: dict[str, Any] = {"headers": headers}
        if configuration.tls_server_name:
            options["server_hostname"] = configuration.tls_server_name
        if configuration.proxy:
            options["proxy"] = configuration.proxy
        return self._http, options

    async def _open(self) -> None:
        configuration = await self.access.configuration()
        # What is reached through the API server's proxy may set cookies: nothing of it is kept.
        configuration.client_session_kwargs = {
            "cookie_jar": aiohttp.DummyCookieJar(),
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=self.connect_seconds),
        }
        try:
            self._client = ApiClient(configuration)
        except (OSError, ValueError) as error:
            raise BotError(
                f"The certificates of the context `{self.access.name}` cannot be used",
                cause=f"they are not valid PEM, or key and certificate do not fit ({type(error).__name__})",
                next_step="`kubectl version` with the same kubeconfig must work",
            ) from None
        finally:
            # Keys are in memory now; the library would leave them in /tmp until the process ends, or is killed.
            kube_config._cleanup_temp_files()
        self._http = self._client.rest_client._create_pool_manager()
        self._client.rest_client.pool_manager = self._http


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> tuple[bytes, bool]:
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > limit_bytes:
            response.close()
            return b"".join(parts)[:limit_bytes], True
    return b"".join(parts), False


def _broke_off(error: Unreachable) -> bool:
    """A connection that the server gave up while idle says nothing; one that never came about will not either."""
    return isinstance(error.__cause__, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, ConnectionError))


def _wait_before_again(call: Call, reply: Reply, attempt: int) -> float | None:
    """Seconds until the call should be sent again; None: this answer is the answer.

    429 means that nothing was done, so anything may be sent again; after 5xx nobody knows.
    """
    if attempt == ATTEMPTS or (reply.status != 429 and reply.status < 500):
        return None
    if reply.status >= 500 and (not call.may_repeat or about_the_request(reply.status, status_in(reply.body))):
        return None
    wanted = reply.headers.get("Retry-After", "")
    wait = float(wanted) if wanted.isdecimal() else 0.3 * 2**attempt
    return wait if wait <= MAXIMUM_WAIT_SECONDS else None
