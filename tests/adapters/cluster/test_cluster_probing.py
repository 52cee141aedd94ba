"""What the target said is told from what the API server says of its own failure to reach it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from speaking_api_server import NAMESPACE, SpeakingServer, status, write_kubeconfig

from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.probing import APIServerProber, proxy_path
from bot.adapters.cluster.session import Session, Timeouts
from bot.domain.network.probing import ByAPIServer, HTTPProbe, Observation, Outcome, Probe, TCPProbe
from bot.domain.network.references import DEPLOYMENT, POD, SERVICE, ref_to
from bot.errors import BotError

WEB = ref_to(SERVICE, "shop", "web")
WEB_POD = ref_to(POD, "shop", "web-1")
PROXY = f"{NAMESPACE}/services/web:80/proxy/"
FORWARD = f"{NAMESPACE}/pods/web-1/portforward"
DIAL = "error trying to reach service: "


async def ask(server: SpeakingServer, probe: Probe) -> Observation:
    session = server.session()
    try:
        return await APIServerProber(session).ask(probe, ByAPIServer())
    finally:
        await session.close()


@pytest.mark.parametrize(
    ("answer", "outcome", "evidence"),
    [
        ((200, b"hello"), Outcome.ANSWERED, "HTTP 200 from shop/web:80"),
        ((302, b"", {"Location": "/login"}), Outcome.ANSWERED, "HTTP 302 from shop/web:80"),
        ((404, b"<html>Not Found"), Outcome.ANSWERED, "HTTP 404 from shop/web:80"),
        ((503, b"upstream connect error"), Outcome.ANSWERED, "HTTP 503 from shop/web:80"),
        (
            (500, status(503, 'no endpoints available for service "db"')[1]),
            Outcome.ANSWERED,
            "HTTP 500 from shop/web:80",
        ),
        (
            status(403, 'forbidden: User "system:anonymous" cannot get path "/"', "Forbidden"),
            Outcome.ANSWERED,
            "HTTP 403 from shop/web:80",
        ),
        (
            status(503, f"{DIAL}dial tcp 10.244.1.2:8081: connect: connection refused", "ServiceUnavailable"),
            Outcome.REFUSED,
            "connection refused by 10.244.1.2:8081",
        ),
        (
            status(503, f"{DIAL}dial tcp 10.244.1.2:8081: i/o timeout", "ServiceUnavailable"),
            Outcome.TIMED_OUT,
            "10.244.1.2:8081 did not answer in time",
        ),
        (
            status(503, f"{DIAL}dial tcp 10.244.1.2:80: connect: no route to host", "ServiceUnavailable"),
            Outcome.UNREACHABLE,
            "10.244.1.2:80: no route to host",
        ),
        (
            status(503, f"{DIAL}tls: first record does not look like a TLS handshake", "ServiceUnavailable"),
            Outcome.MISMATCHED,
            "shop/web:80: tls: first record does not look like a TLS handshake",
        ),
        (
            status(503, f'{DIAL}net/http: transport connection broken: malformed HTTP version "SSH"', "X"),
            Outcome.MISMATCHED,
            'shop/web:80: net/http: transport connection broken: malformed HTTP version "SSH"',
        ),
        (
            status(503, f"{DIAL}remote error: tls: certificate required", "ServiceUnavailable"),
            Outcome.BROKEN_OFF,
            "shop/web:80: remote error: tls: certificate required",
        ),
        (status(503, f"{DIAL}EOF", "ServiceUnavailable"), Outcome.BROKEN_OFF, "shop/web:80: EOF"),
        (
            status(503, 'no endpoints available for service "web"', "ServiceUnavailable"),
            Outcome.REFUSED,
            "there is no ready pod behind Service shop/web",
        ),
        (
            status(503, 'no service port 80 found for service "web"', "ServiceUnavailable"),
            Outcome.REFUSED,
            "Service shop/web has no port 80",
        ),
        (
            status(
                403, 'services "web:80" is forbidden: User "x" cannot get resource "services/proxy" in', "Forbidden"
            ),
            Outcome.NOT_ASKED,
            "the bot's account may not use services/proxy in shop",
        ),
        (
            status(404, 'services "web" not found', "NotFound", name="web", kind="services"),
            Outcome.NOT_ASKED,
            "the API server knows no endpoints of Service shop/web, or no such Service",
        ),
        (status(429, "too many requests", "TooManyRequests"), Outcome.NOT_ASKED, "the API server is too busy"),
    ],
)
async def test_http_outcomes(server: SpeakingServer, answer: Any, outcome: Outcome, evidence: str) -> None:
    server.on("GET", PROXY, answer)
    seen = await ask(server, HTTPProbe(WEB, 80))
    assert (seen.outcome, seen.evidence) == (outcome, evidence)
    assert seen.status == (answer[0] if outcome is Outcome.ANSWERED else None)
    assert (seen.latency_seconds is None) == (outcome is Outcome.NOT_ASKED)
    assert len(server.heard) == 1


async def test_a_401_of_the_target_is_its_answer(server: SpeakingServer) -> None:
    server.on("GET", PROXY, status(401, "Unauthorized", "Unauthorized"))
    server.on("GET", "/api", (200, {}))
    assert (await ask(server, HTTPProbe(WEB, 80))).status == 401


async def test_a_401_of_the_api_server_is_no_answer(server: SpeakingServer) -> None:
    server.on("GET", PROXY, status(401, "Unauthorized", "Unauthorized"))
    server.on("GET", "/api", status(401, "Unauthorized", "Unauthorized"))
    assert (await ask(server, HTTPProbe(WEB, 80))).outcome is Outcome.NOT_ASKED


async def test_a_target_that_is_silent_timed_out(server: SpeakingServer) -> None:
    forever = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    server.on("GET", PROXY, silent)
    try:
        async with asyncio.timeout(3):
            seen = await ask(server, HTTPProbe(WEB, 80, timeout_seconds=0.2))
    finally:
        forever.set()
    assert (seen.outcome, seen.evidence) == (Outcome.TIMED_OUT, "no answer within 0.2 s")


async def test_an_answer_without_end_is_left_after_its_beginning(server: SpeakingServer) -> None:
    written = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while written < 50_000_000:
                await response.write(b"x" * 65_536)
                written += 65_536
        except ConnectionError:
            pass
        return response

    server.on("GET", PROXY, endless)
    assert (await ask(server, HTTPProbe(WEB, 80))).status == 200
    assert written < 50_000_000


@pytest.mark.parametrize("probe", [HTTPProbe(WEB, 80), TCPProbe(WEB_POD, 80)])
async def test_without_cluster_nothing_was_asked(tmp_path: Path, probe: Probe) -> None:
    session = Session(access(write_kubeconfig(tmp_path / "k", {"server": "https://127.0.0.1:1"}), "", None))
    seen = await APIServerProber(session).ask(probe, ByAPIServer())
    await session.close()
    assert seen.outcome is Outcome.NOT_ASKED
    assert "connection refused" in seen.evidence


@pytest.mark.parametrize("probe", [HTTPProbe(WEB, 80, timeout_seconds=5), TCPProbe(WEB_POD, 80, timeout_seconds=5)])
async def test_an_api_server_that_takes_no_connection_says_nothing_of_the_target(tmp_path: Path, probe: Probe) -> None:
    with socket.socket() as full:
        # A listener whose queue is full: further connections are left without an answer, as behind a firewall.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        kubeconfig = write_kubeconfig(tmp_path / "k", {"server": f"https://127.0.0.1:{full.getsockname()[1]}"})
        session = Session(access(kubeconfig, "", None), Timeouts(connect_seconds=0.2))
        seen = await APIServerProber(session).ask(probe, ByAPIServer())
        await session.close()
        for one in waiting:
            one.close()
    assert seen.outcome is Outcome.NOT_ASKED
    assert "did not answer in time" in seen.evidence


@pytest.mark.parametrize("probe", [HTTPProbe(ref_to(DEPLOYMENT, "shop", "web"), 80), TCPProbe(WEB, 80)])
async def test_what_cannot_be_asked_is_told(server: SpeakingServer, probe: Probe) -> None:
    seen = await ask(server, probe)
    assert seen.outcome is Outcome.NOT_ASKED
    assert "asks a" in seen.evidence


@pytest.mark.parametrize(
    ("probe", "path"),
    [
        (HTTPProbe(WEB, 80, "/a b?c=d e#f"), "services/web:80/proxy/a%20b?c=d%20e%23f"),
        (HTTPProbe(WEB, 443, tls=True), "services/https:web:443/proxy/"),
        (HTTPProbe(WEB_POD, 8080, "ready"), "pods/web-1:8080/proxy/ready"),
    ],
)
def test_paths(probe: HTTPProbe, path: str) -> None:
    assert proxy_path(probe) == f"{NAMESPACE}/{path}"


@pytest.mark.parametrize("path", ["/../../secrets", "/a/%2e%2E/b", ".."])
def test_no_path_leads_out_of_the_proxy(path: str) -> None:
    with pytest.raises(BotError, match="may not hold"):
        proxy_path(HTTPProbe(WEB, 80, path))


def forwards(*frames: bytes, then: Callable[[], Awaitable[Any]] | None = None) -> Any:
    """A port-forward that sends these frames, and closes, or waits."""

    async def speak(request: web.Request) -> web.StreamResponse:
        channel = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await channel.prepare(request)
        for frame in frames:
            await channel.send_bytes(frame)
        if then:
            await channel.receive()
        else:
            await channel.close()
        return channel

    return speak


GREETING = (b"\x00\x90\x1f", b"\x01\x90\x1f")
REFUSED = (
    b"\x01error forwarding port 8080 to pod 21ca, uid : IPv4: dial tcp4 127.0.0.1:8080: connect: connection refused "
)


async def quiet() -> None: ...


@pytest.mark.parametrize(
    ("speech", "outcome", "evidence"),
    [
        (forwards(*GREETING, then=quiet), Outcome.ANSWERED, "port 8080 of shop/web-1 accepts connections"),
        (forwards(*GREETING, b"\x00SSH-2.0", then=quiet), Outcome.ANSWERED, "accepts connections and speaks first"),
        (forwards(*GREETING, REFUSED), Outcome.REFUSED, "connection refused by port 8080 of shop/web-1"),
        (forwards(*GREETING, b"\x01dial tcp4 127.0.0.1:8080: i/o timeout"), Outcome.TIMED_OUT, "in time"),
        (forwards(*GREETING, b"\x01no such container"), Outcome.UNREACHABLE, "no such container"),
        (forwards(*GREETING), Outcome.UNREACHABLE, "ended before anything was known"),
        (status(403, "forbidden"), Outcome.NOT_ASKED, "may not use pods/portforward in shop"),
        (status(404, "not found"), Outcome.NOT_ASKED, "there is no Pod shop/web-1"),
        (status(400, "bad"), Outcome.NOT_ASKED, "HTTP status 400"),
    ],
)
async def test_tcp_outcomes(server: SpeakingServer, speech: Any, outcome: Outcome, evidence: str) -> None:
    server.on("GET", FORWARD, speech)
    seen = await ask(server, TCPProbe(WEB_POD, 8080))
    assert seen.outcome is outcome
    assert evidence in seen.evidence
    assert server.heard[0].query == {"ports": "8080"}
    assert server.heard[0].headers["authorization"] == "Bearer a-token-that-is-secret"


async def test_a_port_forward_that_never_greets_timed_out(server: SpeakingServer) -> None:
    server.on("GET", FORWARD, forwards(then=quiet))
    assert (await ask(server, TCPProbe(WEB_POD, 8080, timeout_seconds=0.7))).outcome is Outcome.TIMED_OUT
