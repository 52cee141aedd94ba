"""Calls are bounded, repeated only where that is safe, and what keeps them from an answer is told plainly."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from speaking_api_server import SpeakingServer, status, write_kubeconfig

from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Call, Session, Timeouts, object_path
from bot.domain.network.references import NODE, SERVICE
from bot.errors import BotError, Unreachable

BUSY = status(503, "etcdserver: leader changed", "ServiceUnavailable")
TOO_MANY = status(429, "too many requests", "TooManyRequests")
ASK = Call(doing="ask", path="/version")
WRITE = Call(doing="write", method="PATCH", path="/version", body=b"{}")


async def test_a_read_is_repeated_after_5xx_with_growing_pauses(server: SpeakingServer) -> None:
    waits: list[float] = []
    session = server.session(waits)
    server.on("GET", "/version", BUSY, BUSY, (200, {"ok": 1}))
    assert (await session.ask(ASK)).body == b'{"ok": 1}'
    await session.close()
    assert len(waits) == 2
    assert 0 < waits[0] < waits[1]


async def test_after_three_attempts_the_last_answer_is_told(server: SpeakingServer) -> None:
    session = server.session()
    server.on("GET", "/version", BUSY)
    with pytest.raises(Unreachable, match="leader changed"):
        await session.ask(ASK)
    await session.close()
    assert len(server.heard) == 3


async def test_a_write_is_not_repeated_after_5xx(server: SpeakingServer) -> None:
    session = server.session()
    server.on("PATCH", "/version", BUSY)
    with pytest.raises(Unreachable):
        await session.ask(WRITE)
    await session.close()
    assert len(server.heard) == 1


async def test_429_is_obeyed_for_writes_too(server: SpeakingServer) -> None:
    waits: list[float] = []
    session = server.session(waits)
    server.on("PATCH", "/version", (*TOO_MANY, {"Retry-After": "4"}), (200, {}))
    await session.ask(WRITE)
    await session.close()
    assert waits == [4.0]


async def test_a_server_that_wants_minutes_is_told_of_at_once(server: SpeakingServer) -> None:
    waits: list[float] = []
    session = server.session(waits)
    server.on("GET", "/version", (*TOO_MANY, {"Retry-After": "300"}))
    with pytest.raises(Unreachable):
        await session.ask(ASK)
    await session.close()
    assert waits == []


async def test_a_connection_that_breaks_off_is_tried_again_for_reads_only(server: SpeakingServer) -> None:
    async def breaks_off(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    session = server.session()
    server.on("PATCH", "/version", breaks_off)
    with pytest.raises(Unreachable, match="broke off"):
        await session.ask(WRITE)
    assert len(server.heard) == 1
    server.on("GET", "/version", breaks_off, breaks_off, (200, {}))
    assert (await session.ask(ASK)).status == 200
    await session.close()


async def test_redirects_are_not_followed(server: SpeakingServer) -> None:
    session = server.session()
    server.on("GET", "/version", (302, b"", {"Location": "/elsewhere"}))
    assert (await session.send(ASK)).status == 302
    await session.close()
    assert server.paths() == ["/version"]


async def test_an_answer_without_end_is_cut(server: SpeakingServer) -> None:
    session = server.session()
    server.on("GET", "/version", (200, b"x" * 100_000))
    reply = await session.send(Call(doing="ask", path="/version", limit_bytes=1000))
    assert (len(reply.body), reply.cut) == (1000, True)
    with pytest.raises(BotError, match="more than 1,000 bytes"):
        await session.ask(Call(doing="ask", path="/version", limit_bytes=1000))
    await session.close()


async def test_a_server_that_is_silent_is_given_up(server: SpeakingServer) -> None:
    forever = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    session = server.session(read_seconds=0.2)
    server.on("GET", "/version", silent)
    with pytest.raises(Unreachable, match=r"did not answer in time.*kubectl version"):
        await session.ask(ASK)
    forever.set()
    await session.close()


async def failing(kubeconfig: Path) -> Unreachable:
    session = Session(access(kubeconfig, "", None), Timeouts(2.0, 5.0))
    with pytest.raises(Unreachable) as caught:
        await session.ask(ASK)
    await session.close()
    return caught.value


async def test_a_refused_connection_is_told_with_the_address(tmp_path: Path) -> None:
    listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    error = await failing(write_kubeconfig(tmp_path / "k", {"server": f"https://127.0.0.1:{port}"}))
    assert error.cause == f"https://127.0.0.1:{port}: connection refused"
    assert f"is the API server at https://127.0.0.1:{port} up?" in error.next_step


async def test_a_certificate_that_is_not_trusted_is_told(server: SpeakingServer, tmp_path: Path) -> None:
    error = await failing(write_kubeconfig(tmp_path / "k", {"server": server.url}))
    assert "is not trusted" in error.cause
    assert "certificate-authority-data" in error.next_step


async def test_a_name_that_is_not_the_servers_is_told(server: SpeakingServer) -> None:
    error = await failing(server.kubeconfig(**{"tls-server-name": "elsewhere.example"}))
    assert "elsewhere.example" in error.cause


async def test_a_server_without_tls_is_told(tmp_path: Path) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        error = await failing(write_kubeconfig(tmp_path / "k", {"server": f"https://127.0.0.1:{port}"}))
    assert "no TLS connection" in error.cause


@pytest.mark.parametrize("name", ["..", ".", "a/b", "%2e%2e", "a\nb"])
def test_no_name_leads_out_of_its_place(name: str) -> None:
    with pytest.raises(BotError, match="cannot be the name of an object"):
        object_path(SERVICE, "shop", name)
    with pytest.raises(BotError, match="cannot be the name of an object"):
        object_path(SERVICE, name, "web")


def test_odd_names_are_escaped() -> None:
    assert object_path(SERVICE, "shop", "a?b#c d") == "/api/v1/namespaces/shop/services/a%3Fb%23c%20d"
    assert object_path(NODE, name="system:node") == "/api/v1/nodes/system:node"


async def test_it_can_be_used_again_after_it_was_closed(server: SpeakingServer) -> None:
    session = server.session()
    server.on("GET", "/version", (200, {}))
    await session.ask(ASK)
    await session.close()
    await session.ask(ASK)
    await session.close()
    assert len(server.heard) == 2


async def test_the_bot_never_keeps_cookies_that_a_target_sets(server: SpeakingServer) -> None:
    # By name: aiohttp keeps no cookies of bare addresses anyway.
    named = {"server": server.url.replace("127.0.0.1", "localhost"), "tls-server-name": "127.0.0.1"}
    session = server.session(**named)
    server.on("GET", "/version", (200, {}, {"Set-Cookie": "who=me; Path=/"}))
    await session.ask(ASK)
    await session.ask(ASK)
    await session.close()
    assert "cookie" not in server.heard[1].headers
