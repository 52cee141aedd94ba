"""Requests by address from the host, as somebody outside the cluster makes them: with any Host, and any server name."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse

from tests.real.hands import until

_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    location: str = ""
    certificate: str = ""
    """The one that was shown, as PEM; empty without TLS."""
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(
    address: str,
    port: int,
    host: str,
    path: str = "/",
    *,
    tls: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Answer | None:
    """What is answered to a GET; None: nobody answers there. No certificate is trusted or distrusted: it is shown."""
    try:
        with socket.create_connection((address, port), timeout=_SECONDS) as plain:
            if not tls:
                return _answer(plain, host, path, headers or {})
            with _unverified().wrap_socket(plain, server_hostname=host) as wrapped:
                shown = ssl.DER_cert_to_PEM_cert(wrapped.getpeercert(binary_form=True) or b"")
                return _answer(wrapped, host, path, headers or {}, shown)
    except OSError:
        return None


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _answer(
    connection: socket.socket, host: str, path: str, headers: Mapping[str, str], certificate: str = ""
) -> Answer:
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    response = HTTPResponse(connection)
    response.begin()
    text = response.read(65536).decode(errors="replace")
    location = response.headers.get("Location") or ""
    return Answer(response.status, text, location, certificate, dict(response.headers.items()))


def arrives(address: str, port: int, program: str, host: str = "x", path: str = "/", *, tls: bool = False) -> Answer:
    """Waits until a pod of that program answers: proxies and controllers take a moment."""

    def answered() -> Answer | None:
        found = ask(address, port, host, path, tls=tls)
        return found if found and found.status == 200 and found.text.startswith(f"{program} ") else None

    answer = until(f"{program} answers at {address}:{port} for {host}{path}", answered, 20)
    assert isinstance(answer, Answer)
    return answer
