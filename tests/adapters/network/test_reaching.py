"""Requests by address, against real servers on loopback: what is asked, and what is told of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from pairs import server_context

from bot.adapters.network import AddressNetwork
from bot.domain.network.probing import AddressProbe, ByBot, Observation, Outcome

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], **more: object
) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0, **more).start()  # type: ignore[arg-type]
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(answer: bytes | None) -> AsyncIterator[int]:
    """Reads a request and sends just these bytes; None: says nothing, for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(1000)
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def probe(port: int, scheme: str = "http", **more: object) -> AddressProbe:
    return AddressProbe(scheme=scheme, address=LOOPBACK, port=port, **more)  # type: ignore[arg-type]


async def ask(port: int, scheme: str = "http", **more: object) -> Observation:
    return await AddressNetwork().ask(probe(port, scheme, **more))


def told(seen: Observation, about: str) -> str:
    return "; ".join(hop.said for hop in seen.hops if hop.about == about)


async def test_the_host_is_asked_for_at_the_address():
    heard = []

    async def handler(request: web.Request) -> web.Response:
        heard.append((request.method, request.host, request.path_qs))
        return web.Response(text="hello")

    async with serving(handler) as port:
        seen = await ask(port, host="shop.example.com", path="/cart?x=1")
    assert heard == [("GET", f"shop.example.com:{port}", "/cart?x=1")]
    assert (seen.outcome, seen.status, seen.vantage) == (Outcome.ANSWERED, 200, ByBot())
    assert [hop.about for hop in seen.hops] == ["address", "answer"]
    assert all(hop.seconds is not None for hop in seen.hops)
    assert str(seen.probe) == f"GET http://shop.example.com/cart?x=1 at 127.0.0.1:{port}"


async def test_without_a_host_the_address_is_asked_for():
    heard = []

    async def handler(request: web.Request) -> web.Response:
        heard.append(request.host)
        return web.Response()

    async with serving(handler) as port:
        await ask(port)
    assert heard == [f"127.0.0.1:{port}"]


async def test_a_redirect_is_told_and_not_followed():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": "https://shop.example.com/cart"})

    async with serving(handler) as port:
        seen = await ask(port, host="shop.example.com")
    assert (seen.status, seen.location) == (308, "https://shop.example.com/cart")
    assert "leads to https://shop.example.com/cart" in seen.evidence


async def test_a_certificate_is_told_with_all_that_is_wrong_with_it(tmp_path: Path):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving(handler, ssl_context=server_context(tmp_path, "shop.example.com")) as port:
        right = await ask(port, "https", host="shop.example.com")
        other = await ask(port, "https", host="other.example.com")
    assert (right.status, other.status) == (200, 200)
    assert (right.certificate_fits, other.certificate_fits) == (True, False)
    assert "CN=patchbay test, by itself, expires " in told(right, "TLS")
    assert "this machine does not trust it" in told(right, "TLS")
    assert next(hop for hop in right.hops if hop.about == "TLS").right, "whom this machine trusts is no fault"
    assert "it is for shop.example.com, not for other.example.com" in told(other, "TLS")
    assert not next(hop for hop in other.hops if hop.about == "TLS").right


async def test_an_expired_certificate_is_told(tmp_path: Path):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving(handler, ssl_context=server_context(tmp_path, "a.example", days=-2)) as port:
        seen = await ask(port, "https", host="a.example")
    assert seen.answered
    assert "it expired on " in told(seen, "TLS")


async def test_the_server_name_is_the_host(tmp_path: Path):
    names: list[str | None] = []
    context = server_context(tmp_path, "a.example")
    context.sni_callback = lambda secured, name, context: names.append(name)

    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    async with serving(handler, ssl_context=context) as port:
        await ask(port, "https", host="a.example")
        seen = await ask(port, "tls", host="b.example")
    assert set(names) == {"a.example", "b.example"}
    assert [hop.about for hop in seen.hops] == ["address", "TLS", "answer"]


async def test_a_connection_is_enough_for_tcp():
    async with raw(b"") as port:
        seen = await ask(port, "tcp")
    assert (seen.outcome, seen.status) == (Outcome.ANSWERED, None)
    assert [hop.about for hop in seen.hops] == ["address"], "the connection is the answer"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind((LOOPBACK, 0))
        return int(listening.getsockname()[1])


@pytest.mark.parametrize("scheme", ["http", "https", "tcp", "tls"])
async def test_nobody_listens(scheme: str):
    port = free_port()
    seen = await ask(port, scheme)
    assert (seen.outcome, seen.evidence) == (Outcome.REFUSED, f"connection refused by 127.0.0.1:{port}")
    assert [(hop.about, hop.right) for hop in seen.hops] == [("address", False)]


async def test_one_that_never_answers():
    async with raw(None) as port:
        seen = await ask(port, timeout_seconds=0.2)
    assert seen.outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    ("scheme", "answer", "says"),
    [
        ("http", b"SSH-2.0-x\r\n", "does not answer in HTTP"),
        ("http", b"", "ended the connection without an answer"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS as asked"),
        ("tls", b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak TLS as asked"),
    ],
)
async def test_one_that_speaks_something_else(scheme: str, answer: bytes, says: str):
    async with raw(answer) as port:
        seen = await ask(port, scheme)
    assert seen.outcome is Outcome.REFUSED
    assert says in seen.evidence


async def test_what_is_huge_is_not_read_whole():
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except (ConnectionError, asyncio.CancelledError):
            return response

    async with serving(handler) as port:
        seen = await ask(port, timeout_seconds=3.0)
    assert seen.status == 200


class Elsewhere:
    """A network that this machine is not in."""

    def __init__(self, port: int) -> None:
        self.asked: list[tuple[str, int]] = []
        self._port = port

    async def way_to(self, address: str, port: int) -> tuple[str, int]:
        self.asked.append((address, port))
        return LOOPBACK, self._port

    async def resolve(self, host: str) -> tuple[str, ...]:
        return ("203.0.113.10",)


async def test_addresses_that_are_not_of_this_machine_lead_somewhere():
    async def handler(request: web.Request) -> web.Response:
        return web.Response()

    async with serving(handler) as port:
        elsewhere = Elsewhere(port)
        seen = await AddressNetwork(elsewhere).ask(
            AddressProbe(scheme="http", address="203.0.113.10", port=80, host="a.example")
        )
        names = await AddressNetwork(elsewhere).resolve("a.example")
    assert elsewhere.asked == [("203.0.113.10", 80)]
    assert names == ("203.0.113.10",)
    assert told(seen, "address") == "203.0.113.10:80 takes connections"


async def test_names():
    network = AddressNetwork()
    assert "127.0.0.1" in await network.resolve("localhost")
    assert await network.resolve("no-such-name.invalid") == ()
    assert await network.resolve("x" * 300) == ()
