"""Requests to addresses, as somebody outside would send them, each stage told as a hop.

The address is dialled whatever the host name resolves to, since names often point nowhere yet. A certificate is never a
reason to stop: whether it is trusted, for that host and still valid is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import errno
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.adapters.network.certificates import from_der
from bot.domain.network.certificates import Certificate
from bot.domain.network.probing import AddressProbe, ByBot, Hop, Observation, Outcome


class Ways(Protocol):
    """Another network than this machine's: where its addresses are dialled, and what its names resolve to."""

    async def way_to(self, address: str, port: int) -> tuple[str, int]:
        """Raises OSError for an address that it does not have."""
        ...

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Empty: there is no such name."""
        ...


_RESOLVING_SECONDS = 3.0
_READ_BYTES = 65_536
_LONGEST = 500
_EXPIRES_SOON_DAYS = 14
_HOST = "target.invalid"
"""Stands in URLs in place of the address, so that our resolver is asked whatever that looks like."""


class _OfThisMachine:
    """The network that this machine is in."""

    async def way_to(self, address: str, port: int) -> tuple[str, int]:
        return address, port

    async def resolve(self, host: str) -> tuple[str, ...]:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return tuple(sorted({str(address[4][0]) for address in found}))


class AddressNetwork:
    """The port `Network`."""

    def __init__(self, ways: Ways | None = None) -> None:
        """`ways`: the playground's addresses are not of this machine. None: they are dialled as they are."""
        self._ways = ways or _OfThisMachine()

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Empty: it has none, or nobody answered in time."""
        try:
            async with asyncio.timeout(_RESOLVING_SECONDS):
                return await self._ways.resolve(host)
        except (OSError, TimeoutError, UnicodeError):
            return ()

    async def ask(self, probe: AddressProbe) -> Observation:
        """Never raises for what the network does."""
        attempt = _Attempt(probe)
        try:
            async with asyncio.timeout(probe.timeout_seconds):
                host, port = await self._ways.way_to(probe.address, probe.port)
                if probe.scheme in ("tcp", "tls"):
                    return await _connect(attempt, host, port)
                return await _get(attempt, host, port)
        except (OSError, TimeoutError, aiohttp.ClientError, ValueError) as error:
            return attempt.failed(error)


@dataclass(slots=True)
class _Attempt:
    """One request under way."""

    probe: AddressProbe
    began: float = field(default_factory=time.monotonic)
    hops: list[Hop] = field(default_factory=list)
    connected: bool = False
    certificate_fits: bool | None = None

    @property
    def where(self) -> str:
        address = f"[{self.probe.address}]" if ":" in self.probe.address else self.probe.address
        return f"{address}:{self.probe.port}"

    @property
    def host(self) -> str:
        return self.probe.host or self.probe.address

    def reached(self, began: float) -> None:
        self.reached_in(time.monotonic() - began)

    def reached_in(self, seconds: float | None) -> None:
        self.connected = True
        self.hops.append(Hop("address", f"{self.where} takes connections", seconds))

    def secured(self, certificate: Certificate | None, distrust: str, seconds: float | None) -> None:
        """The certificate, whatever it is like."""
        if certificate is None:
            self.hops.append(Hop("TLS", "it shows no certificate that can be read", seconds, right=False))
            return
        if self.probe.host:
            self.certificate_fits = certificate.covers(self.probe.host)
        now = datetime.datetime.now(datetime.UTC)
        wrong = certificate.wrong_with(self.probe.host, now)
        days = certificate.days_left(now)
        left = f", in {days} days" if 0 <= days <= _EXPIRES_SOON_DAYS else ""
        said = f"{certificate.subject or ', '.join(certificate.names[:3]) or 'no subject'}, by "
        said += "itself" if certificate.self_signed else certificate.issuer or "nobody"
        said += f", expires {certificate.not_after:%Y-%m-%d}{left}"
        # Whom this machine trusts says little of those who will ask: an own authority is told, and is no fault.
        told = wrong or distrust
        self.hops.append(Hop("TLS", said + (f"; {told}" if told else ""), seconds, right=not wrong))

    def answered(self, said: str, *, status: int | None = None, location: str = "") -> Observation:
        whole = time.monotonic() - self.began
        if self.probe.scheme != "tcp":  # there the connection is the answer, and has been told
            self.hops.append(Hop("answer", said, whole, right=status is None or status < 500))
        return Observation(
            self.probe,
            ByBot(),
            Outcome.ANSWERED,
            whole,
            said,
            status,
            hops=tuple(self.hops),
            location=location,
            certificate_fits=self.certificate_fits,
        )

    def failed(self, error: BaseException) -> Observation:
        outcome, said = _meant(error, self)
        about = "answer" if self.connected else "address"
        self.hops.append(Hop(about, said, time.monotonic() - self.began, right=False))
        return Observation(self.probe, ByBot(), outcome, evidence=said, hops=tuple(self.hops))


async def _connect(attempt: _Attempt, host: str, port: int) -> Observation:
    """A connection that is opened and closed, perhaps with a handshake."""
    if attempt.probe.scheme == "tcp":
        transport, _ = await _dial(attempt, host, port)
        transport.abort()
        return attempt.answered(f"{attempt.where} takes connections")
    await _handshake(attempt, host, port)
    return attempt.answered(f"{attempt.where} speaks TLS")


async def _dial(attempt: _Attempt, host: str, port: int) -> tuple[asyncio.Transport, asyncio.Protocol]:
    began = time.monotonic()
    transport, protocol = await asyncio.get_running_loop().create_connection(asyncio.Protocol, host, port)
    if not attempt.connected:
        attempt.reached(began)
    return transport, protocol


async def _handshake(attempt: _Attempt, host: str, port: int) -> bool:
    """Once with the trust of this machine; when that fails, once more to see what there is. Whether it is trusted."""
    try:
        certificate, seconds = await _secured(attempt, host, port, ssl.create_default_context())
        attempt.secured(certificate, "", seconds)
        return True
    except ssl.SSLCertVerificationError as error:
        certificate, seconds = await _secured(attempt, host, port, _lenient())
        attempt.secured(certificate, f"this machine does not trust it: {_clean(error.verify_message)}", seconds)
        return False


async def _secured(
    attempt: _Attempt, host: str, port: int, context: ssl.SSLContext
) -> tuple[Certificate | None, float]:
    """What is shown in a handshake, and how long it took; nothing is sent afterwards."""
    transport, protocol = await _dial(attempt, host, port)
    began = time.monotonic()
    try:
        secured = await asyncio.get_running_loop().start_tls(transport, protocol, context, server_hostname=attempt.host)
    except BaseException:  # a connection must not outlive a cancelled question either
        transport.abort()
        raise
    if secured is None:  # it was closed meanwhile
        raise ConnectionResetError
    shown = _shown(secured.get_extra_info("ssl_object"))
    secured.abort()
    return shown, time.monotonic() - began


async def _get(attempt: _Attempt, host: str, port: int) -> Observation:
    if attempt.probe.scheme == "http":
        return await _request(attempt, host, port, None)
    trusted = await _handshake(attempt, host, port)
    return await _request(attempt, host, port, ssl.create_default_context() if trusted else _lenient())


async def _request(attempt: _Attempt, host: str, port: int, context: ssl.SSLContext | None) -> Observation:
    probe, stages = attempt.probe, _Stages()
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_start.append(stages.begin)
    tracing.on_connection_create_end.append(stages.end)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Always(host, port), force_close=True, limit=1),
        trace_configs=[tracing],
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    usual = {"http": 80, "https": 443}[probe.scheme]
    named = f"[{attempt.host}]" if ":" in attempt.host else attempt.host
    headers = {
        "Host": named if probe.port == usual else f"{named}:{probe.port}",
        "Accept": "*/*",
        "User-Agent": "patchbay",
    }
    request = session.get(
        f"{probe.scheme}://{_HOST}:{probe.port}{probe.path}",
        headers=headers,
        allow_redirects=False,
        ssl=context if context is not None else True,
        server_hostname=attempt.host if context is not None else None,
    )
    try:
        async with session, request as response:
            if not attempt.connected:
                attempt.reached_in(stages.seconds)
            with contextlib.suppress(aiohttp.ClientPayloadError):
                await response.content.read(_READ_BYTES)
            location = _clean(response.headers.get("Location", ""))
            said = f"HTTP {response.status}" + (f", which leads to {location}" if location else "")
            return attempt.answered(said, status=response.status, location=location)
    finally:
        attempt.connected = attempt.connected or stages.seconds is not None


class _Always(AbstractResolver):
    """Whatever is asked for is there."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return [
            ResolveResult(hostname=host, host=str(address[0]), port=self._port, family=family, proto=proto, flags=0)
            for family, _, proto, _, address in found
        ]

    async def close(self) -> None:
        return None


@dataclass(slots=True)
class _Stages:
    """How long connecting took, TLS included."""

    began: float = 0.0
    seconds: float | None = None

    async def begin(self, session: Any, context: Any, parameters: Any) -> None:
        self.began = time.monotonic()

    async def end(self, session: Any, context: Any, parameters: Any) -> None:
        self.seconds = time.monotonic() - self.began


def _lenient() -> ssl.SSLContext:
    """Takes any certificate, to look at it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _shown(secured: Any) -> Certificate | None:
    data = secured.getpeercert(binary_form=True) if secured is not None else None
    if not data:
        return None
    try:
        return from_der(data)
    except ValueError:
        return None


def _meant(error: BaseException, attempt: _Attempt) -> tuple[Outcome, str]:
    """What an error says of the network."""
    cause = getattr(error, "os_error", None) or error
    number = getattr(cause, "errno", None)
    if isinstance(error, TimeoutError):
        doing = "did not answer" if attempt.connected else "does not take connections"
        return Outcome.TIMED_OUT, f"{attempt.where} {doing} within {attempt.probe.timeout_seconds:g} s"
    if isinstance(cause, ConnectionRefusedError) or number == errno.ECONNREFUSED:
        return Outcome.REFUSED, f"connection refused by {attempt.where}"
    if isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError):
        return Outcome.REFUSED, f"{attempt.where} does not speak TLS as asked: {_of_tls(cause)}"
    if isinstance(cause, ConnectionResetError) or isinstance(error, aiohttp.ServerDisconnectedError):
        return Outcome.REFUSED, f"{attempt.where} ended the connection without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return Outcome.REFUSED, f"{attempt.where} does not answer in HTTP"
    if isinstance(cause, socket.gaierror):
        return Outcome.UNREACHABLE, f"{attempt.probe.address} has no address"
    return Outcome.UNREACHABLE, f"{attempt.where} cannot be reached: {_clean(str(cause))}"


def _of_tls(error: BaseException) -> str:
    """`UNEXPECTED_MESSAGE` as `unexpected message`: the rest of it is of the library's own source."""
    reason = getattr(error, "reason", None)
    return _clean(str(reason).replace("_", " ").lower() if reason else str(error))


def _clean(words: str) -> str:
    """What somebody else wrote, on one line."""
    return "".join(c if c.isprintable() else " " for c in words)[:_LONGEST].strip()
