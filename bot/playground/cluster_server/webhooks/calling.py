"""The network side of webhooks: one HTTPS request, bounded in time and size, and its failures in Go's words."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from bot.playground.cluster_server.webhooks.reviewing import CallFailed

Object = dict[str, Any]
Reach = Callable[[str, str, int], Awaitable[int]]
"""Namespace, name and port of a Service: the port on 127.0.0.1 that stands for it. Raises Unreachable."""

_MOST_BYTES = 8 * 1024 * 1024
_NAMES = (62, 64)
"""OpenSSL's codes for a certificate of somebody else."""
_SAID = {
    400: "the server rejected our request for an unknown reason",
    401: "the server has asked for the client to provide credentials",
    404: "the server could not find the requested resource",
    405: "the server does not allow this method on the requested resource",
    409: "the server reported a conflict",
    410: "the server reported a conflict",
    422: "the server rejected our request due to an error in our request",
    429: "the server has received too many requests and has asked us to try again later",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted, but may still be processing the request",
}
"""What client-go makes of an answer that says no more than its code."""


class Unreachable(Exception):
    """Nothing stands behind a Service."""


async def nowhere(namespace: str, name: str, port: int) -> int:
    """For a cluster that has no pods."""
    raise Unreachable(f'service "{name}" not found')


class Caller:
    """Opens its session at the first call."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def post(self, client: Object, review: Object, seconds: int) -> bytes:
        """What a webhook answers to a review. Raises CallFailed."""
        url = _url(client)
        told = f'failed to call webhook: Post "{url}?timeout={seconds}s"'
        try:
            async with asyncio.timeout(seconds):
                return await self._post(client, f"{url}?timeout={seconds}s", msgspec.json.encode(review))
        except TimeoutError as error:
            raise CallFailed(f"{told}: context deadline exceeded") from error
        except (aiohttp.ClientError, OSError, Unreachable) as error:
            raise CallFailed(f"{told}: {_words(error)}") from error

    async def _post(self, client: Object, url: str, body: bytes) -> bytes:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        headers, server_name = {"Content-Type": "application/json", "Accept": "application/json, */*"}, None
        if service := client.get("service"):
            place = urlsplit(url)
            local = await self._reach(service["namespace"], service["name"], int(service.get("port") or 443))
            headers["Host"], server_name = place.netloc, place.hostname
            url = url.replace(place.netloc, f"127.0.0.1:{local}", 1)
        async with self._session.post(
            url, data=body, headers=headers, ssl=_trusting(client.get("caBundle") or ""), server_hostname=server_name,
            allow_redirects=False,
        ) as reply:  # fmt: skip
            return _checked(reply, await _read(reply))


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for part in reply.content.iter_chunked(65536):
        found += part
        if len(found) > _MOST_BYTES:
            reply.close()
            raise CallFailed(f"failed to call webhook: the answer is longer than {_MOST_BYTES} bytes")
    return bytes(found)


def _checked(reply: aiohttp.ClientResponse, body: bytes) -> bytes:
    """Raises CallFailed for what is no answer, as client-go tells it."""
    if not 200 <= reply.status < 300:
        raise CallFailed(f"failed to call webhook: {_refusal(reply, body)}")
    if not body:
        kind = reply.headers.get("Content-Type", "application/json")
        said = f"0-length response with status code: {reply.status} and content type: {kind}"
        raise CallFailed(f"failed to call webhook: {said}")
    return body


def _refusal(reply: aiohttp.ClientResponse, body: bytes) -> str:
    try:
        status = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        status = None
    if isinstance(status, dict) and (status.get("kind"), status.get("status")) == ("Status", "Failure"):
        return str(status.get("message") or "unknown")
    if reply.status == 403 and reply.content_type == "text/plain":
        return body.decode("utf-8", "replace").strip()
    if reply.status in _SAID:
        return _SAID[reply.status]
    told = body.decode("utf-8", "replace").strip() if reply.content_type == "text/plain" else "unknown"
    return f"an error on the server ({msgspec.json.encode(told).decode()}) has prevented the request from succeeding"


def _url(client: Object) -> str:
    if service := client.get("service"):
        host = f"{service['name']}.{service['namespace']}.svc:{service.get('port') or 443}"
        return f"https://{host}/{(service.get('path') or '').lstrip('/')}"
    url = str(client.get("url") or "")
    return url if urlsplit(url).path else f"{url}/"


@lru_cache(maxsize=200)
def _trusting(bundle: str) -> ssl.SSLContext:
    """Empty: the authorities that the machine trusts."""
    authority = base64.b64decode(bundle).decode("ascii", "replace") if bundle else None
    return ssl.create_default_context(cadata=authority)


def _words(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        if getattr(cause, "verify_code", 0) in _NAMES:
            return f"tls: failed to verify certificate: x509: certificate is not valid for {error.host}"
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "http: server gave HTTP response to HTTPS client"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, socket.gaierror):
            return f"dial tcp: lookup {error.host}: no such host"
        if isinstance(error.os_error, ConnectionRefusedError):
            return f"dial tcp {error.host}:{error.port}: connect: connection refused"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    return str(error)
