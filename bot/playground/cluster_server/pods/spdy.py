"""SPDY/3.1 as a server of it, which kubectl's port-forward still speaks, inside a WebSocket.

See https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/. `spdy3-dictionary.bin` is the dictionary for
the headers' compression that section 2.6.10.1 prescribes. Windows are not kept, as no Kubernetes client keeps them.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

_DICTIONARY = Path(__file__).with_name("spdy3-dictionary.bin")
_VERSION = 0x8003
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY = 1, 2, 3, 6, 7
_FIN = 1
_LONGEST_FRAME, _LONGEST_HEADERS = 1 << 20, 1 << 16
_CHUNK = 32 * 1024
_CANCEL = 5


class ProtocolError(Exception):
    """The other side does not speak SPDY."""


class Stream:
    """One of the streams of a connection, opened by the client."""

    def __init__(self, connection: Connection, number: int, headers: dict[str, str]) -> None:
        self.headers = headers
        self._connection = connection
        self._number = number
        self._arrived: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(self, data: bytes) -> None:
        """Empty: there will be no more."""
        self._arrived.put_nowait(data)

    async def read(self) -> bytes:
        """Empty at the end."""
        return await self._arrived.get()

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data), _CHUNK):
            await self._connection.send_data(self._number, data[start : start + _CHUNK], 0)

    async def end(self) -> None:
        """Nothing more comes from this side."""
        await self._connection.send_data(self._number, b"", _FIN)

    async def reset(self) -> None:
        await self._connection.send_control(_RST_STREAM, 0, struct.pack(">II", self._number, _CANCEL))


class Connection:
    """Feed it what arrives; it tells of each new stream."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], opened: Callable[[Stream], None]) -> None:
        self._send = send
        self._opened = opened
        dictionary = _DICTIONARY.read_bytes()
        self._inflater = zlib.decompressobj(zdict=dictionary)
        self._deflater = zlib.compressobj(zdict=dictionary)
        self._buffer = bytearray()
        self._streams: dict[int, Stream] = {}

    async def feed(self, data: bytes) -> None:
        """Raises ProtocolError."""
        self._buffer += data
        while len(self._buffer) >= 8:
            first, second = struct.unpack(">II", self._buffer[:8])
            flags, length = second >> 24, second & 0xFFFFFF
            if length > _LONGEST_FRAME:
                raise ProtocolError(f"a frame of {length} bytes")
            if len(self._buffer) < 8 + length:
                return
            body = bytes(self._buffer[8 : 8 + length])
            del self._buffer[: 8 + length]
            if first & 0x80000000:
                if first >> 16 != _VERSION:
                    raise ProtocolError(f"version {first >> 16 & 0x7FFF}")
                await self._control(first & 0xFFFF, flags, body)
            elif stream := self._streams.get(first):
                if body:
                    stream.hear(body)
                if flags & _FIN:
                    stream.hear(b"")

    def close(self) -> None:
        """Whoever still reads comes to the end."""
        for stream in self._streams.values():
            stream.hear(b"")

    async def _control(self, kind: int, flags: int, body: bytes) -> None:
        if kind == _SYN_STREAM:
            number = struct.unpack(">I", body[:4])[0] & 0x7FFFFFFF
            stream = self._streams[number] = Stream(self, number, self._headers(body[10:]))
            if flags & _FIN:
                stream.hear(b"")
            await self.send_control(_SYN_REPLY, 0, struct.pack(">I", number) + self._packed({}))
            self._opened(stream)
        elif kind == _RST_STREAM:
            if stream_gone := self._streams.pop(struct.unpack(">I", body[:4])[0], None):
                stream_gone.hear(b"")
        elif kind == _PING:
            await self.send_control(_PING, 0, body)
        elif kind == _GOAWAY:
            self.close()

    def _headers(self, packed: bytes) -> dict[str, str]:
        try:
            said = self._inflater.decompress(packed, _LONGEST_HEADERS)
            values, place = [], 4
            for _ in range(2 * struct.unpack(">I", said[:4])[0]):
                length = struct.unpack(">I", said[place : place + 4])[0]
                values.append(said[place + 4 : place + 4 + length].decode())
                place += 4 + length
        except (zlib.error, struct.error, UnicodeDecodeError) as error:
            raise ProtocolError(str(error)) from error
        return dict(zip(values[::2], values[1::2], strict=True))

    def _packed(self, headers: dict[str, str]) -> bytes:
        said = struct.pack(">I", len(headers))
        for word in (word for pair in headers.items() for word in pair):
            said += struct.pack(">I", len(word)) + word.encode()
        return self._deflater.compress(said) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    async def send_control(self, kind: int, flags: int, body: bytes) -> None:
        await self._send(struct.pack(">HHI", _VERSION, kind, flags << 24 | len(body)) + body)

    async def send_data(self, number: int, data: bytes, flags: int) -> None:
        await self._send(struct.pack(">II", number, flags << 24 | len(data)) + data)
