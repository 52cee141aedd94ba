"""Requests by address, as somebody makes them who stands outside of the cluster: over the ways that it gives."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.x509.oid import NameOID

from bot.playground.cluster_server import EmbeddedCluster

Object = dict[str, Any]


@dataclass
class Reached:
    """What came back."""

    status: int
    text: str
    headers: Any


@dataclass
class Outside:
    """Somebody with an HTTP client that trusts every certificate."""

    cluster: EmbeddedCluster
    http: aiohttp.ClientSession = field(repr=False)

    async def get(
        self,
        address: str,
        port: int,
        host: str,
        path: str = "/",
        *,
        tls: bool = False,
        method: str = "GET",
        **headers: str,
    ) -> Reached:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        where, number = await self.cluster.way_to(address, port)
        url = f"{'https' if tls else 'http'}://{where}:{number}{path}"
        name = host.partition(":")[0]
        options = {"ssl": trusting(), "server_hostname": name} if tls else {}
        async with self.http.request(
            method, url, headers=said | {"Host": host}, allow_redirects=False, **options
        ) as reply:
            return Reached(reply.status, await reply.text(), reply.headers)

    async def talk(self, address: str, port: int, said: bytes = b"hello") -> bytes:
        """What a plain TCP program answers."""
        reader, writer = await asyncio.open_connection(*await self.cluster.way_to(address, port))
        writer.write(said)
        writer.write_eof()
        heard = await reader.read()
        writer.close()
        return heard

    async def certificate(self, address: str, port: int, name: str) -> x509.Certificate:
        """What is shown to who asks for a name."""
        where, number = await self.cluster.way_to(address, port)
        _, writer = await asyncio.open_connection(where, number, ssl=trusting(), server_hostname=name)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
        return x509.load_der_x509_certificate(shown)

    async def subject(self, address: str, port: int, name: str) -> str:
        return common_name(await self.certificate(address, port, name))


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.asynccontextmanager
async def outside(cluster: EmbeddedCluster) -> AsyncIterator[Outside]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
        yield Outside(cluster, http)
