"""The bot's HTTP server, over a real port."""

import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from bot.adapters.web import WebServer
from bot.adapters.web.signatures import Signatures
from bot.errors import BotError, Unreachable

SECRET = "0123456789abcdef0123456789abcdef"
NOW = 1_795_489_500


def _headers(body: bytes, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
    signature = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={signature}"}


class Service:
    """A server with one check, a counter and a handler that remembers bodies."""

    def __init__(self) -> None:
        self.problem: str | Exception = ""
        self.bodies: list[bytes] = []
        self.status = 200
        self.url = ""

    async def check(self) -> str:
        if isinstance(self.problem, Exception):
            raise self.problem
        return self.problem

    async def slack(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(text="taken", status=self.status)


@contextlib.asynccontextmanager
async def _running(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    registry = CollectorRegistry()
    Counter("patchbay_things_total", "Things", registry=registry).inc()
    server = WebServer(
        checks={"slack": service.check}, registry=registry, slack_handler=service.slack, signing_secret=SECRET,
        now=lambda: NOW,
    )  # fmt: skip
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session
    await server.stop()


@pytest.fixture
async def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with _running(service) as session:
        yield session


async def test_it_lives_and_counts(client: aiohttp.ClientSession) -> None:
    async with client.get("/healthz") as alive, client.get("/metrics") as metrics:
        assert alive.status == 200
        assert "patchbay_things_total 1.0" in await metrics.text()


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        ("", 200, ""),
        ("no socket", 503, "no socket"),
        (Unreachable("Slack does not answer"), 503, "Slack does not answer"),
        (ValueError("xoxb-secret"), 503, "the check itself failed"),
    ],
)
async def test_it_is_ready_when_its_checks_are(
    service: Service, client: aiohttp.ClientSession, problem: str | Exception, status: int, said: str
) -> None:
    service.problem = problem
    async with client.get("/readyz") as answer:
        assert answer.status == status
        assert (await answer.json())["problems"].get("slack", "") == said


async def test_what_slack_signed_is_taken_once(service: Service, client: aiohttp.ClientSession) -> None:
    body = b"command=%2Fnet&text=status"
    async with client.post("/slack/events", data=body, headers=_headers(body)) as first:
        assert (first.status, await first.text()) == (200, "taken")
    async with client.post("/slack/events", data=body, headers=_headers(body)) as replayed:
        assert replayed.status == 401
    retried = {**_headers(body, NOW + 3), "X-Slack-Retry-Num": "1"}
    async with client.post("/slack/events", data=body, headers=retried) as again:
        assert again.status == 200
    assert service.bodies == [body, body]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        _headers(b"text=status", NOW - 301),
        _headers(b"text=status", NOW + 301),
        _headers(b"text=help"),
        _headers(b"text=status", secret="another"),
        {**_headers(b"text=status"), "X-Slack-Request-Timestamp": "now"},
        {**_headers(b"text=status"), "X-Slack-Signature": "v0=é"},
    ],
)
async def test_what_slack_did_not_sign_now_is_refused(
    service: Service, client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with client.post("/slack/events", data=b"text=status", headers=headers) as answer:
        assert answer.status == 401
    assert service.bodies == []


async def test_what_failed_here_may_be_sent_again(service: Service, client: aiohttp.ClientSession) -> None:
    service.status = 503
    headers = _headers(b"text=status")
    async with client.post("/slack/events", data=b"text=status", headers=headers) as failed:
        assert failed.status == 503
    service.status = 200
    async with client.post("/slack/events", data=b"text=status", headers=headers) as again:
        assert again.status == 200


async def test_a_body_over_a_megabyte_is_refused(service: Service, client: aiohttp.ClientSession) -> None:
    body = b"x" * 1_000_001
    async with client.post("/slack/events", data=body, headers=_headers(body)) as answer:
        assert answer.status == 413
    assert service.bodies == []


async def test_a_taken_port_is_told_with_its_setting() -> None:
    first = WebServer(checks={}, registry=CollectorRegistry())
    port = await first.start("127.0.0.1", 0)
    with pytest.raises(BotError, match="PATCHBAY_HTTP_PORT"):
        await WebServer(checks={}, registry=CollectorRegistry()).start("127.0.0.1", port)
    await first.stop()


def test_slack_over_http_needs_its_secret() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(ValueError, match="signing secret"):
        WebServer(checks={}, registry=CollectorRegistry(), slack_handler=handler)


def test_a_request_from_a_clock_ahead_cannot_be_replayed_later() -> None:
    now = [float(NOW)]
    signatures = Signatures(SECRET, lambda: now[0])
    headers = _headers(b"x", NOW + 299)
    given = (headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"], b"x")
    assert signatures.refusal(*given) == ""
    now[0] += 590
    assert signatures.refusal(*given) == "replayed request"
