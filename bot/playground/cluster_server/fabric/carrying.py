"""Bytes between two connections, and the three ways in which a network lets nobody through."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct

_READ = 65536
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time at all, so that closing sends a reset."""
_HELLO_BYTES = 16384
"""No ClientHello is larger: it fits into one TLS record."""
HANDSHAKE = 0x16
"""The first byte of a connection that begins with a TLS handshake (RFC 8446, section 5.1)."""
LOOPBACK = "127.0.0.1"


class Closed:
    """A port of loopback that is taken, and at which nobody listens: who connects is refused."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind((LOOPBACK, 0))
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()


class Hole:
    """A port of loopback whose queue is full for good: Linux drops what comes, so who connects waits in vain."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind((LOOPBACK, 0))
        self._listener.listen(0)
        self.port = int(self._listener.getsockname()[1])
        self._fillers = [self._filler() for _ in range(2)]

    def _filler(self) -> socket.socket:
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex((LOOPBACK, self.port))
        return filler

    def close(self) -> None:
        for each in (*self._fillers, self._listener):
            each.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection so that the other side is told at once."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b"") -> None:
    """Connects to a port of loopback and carries bytes both ways until both sides are done."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        reset(writer)
        return
    try:
        inner_writer.write(first)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pour(reader, inner_writer))
            tasks.create_task(_pour(inner_reader, writer))
    finally:
        inner_writer.close()
        writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_READ):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except (ConnectionError, OSError, RuntimeError):  # one side is gone: the other is told
        writer.close()


async def server_name(reader: asyncio.StreamReader, first: bytes) -> tuple[str, bytes]:
    """The name that a client asks for in its ClientHello, with all bytes read so far; empty: none, or no TLS."""
    asked: list[str] = []

    def hear(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int:
        asked.append(name or "")
        return int(ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = hear
    incoming = ssl.MemoryBIO()
    listening = context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True)
    incoming.write(first)
    while not asked and len(first) < _HELLO_BYTES:
        try:
            listening.do_handshake()
        except ssl.SSLWantReadError:
            data = await reader.read(_READ)
            if not data:
                break
            incoming.write(data)
            first += data
        except ssl.SSLError:
            break
    return asked[0].lower() if asked else "", first
