"""A small HTTPS server that says what a real API server (1.36) was heard to say, for the tests of this folder."""

import base64
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.adapters.cluster.kubeconfig import access
from bot.adapters.cluster.session import Session, Timeouts

NAMESPACE = "/api/v1/namespaces/shop"
UID = "807f1d1b-0000-4000-8000-49177fdae160"


@dataclass
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = web.StreamResponse | Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class SpeakingServer:
    """Answers each path with what was put there: one after the other, the last one for good."""

    folder: Path
    answers: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    url: str = ""
    certificate: bytes = b""

    def on(self, method: str, path: str, *answers: Any) -> None:
        """Each answer is a function of the request, or (status, body[, headers]) with a body of bytes or JSON."""
        self.answers[method, path] = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.heard.append(
            Heard(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                {k.lower(): v for k, v in request.headers.items()},
                body,
            )
        )
        waiting = self.answers.get((request.method, request.path))
        if not waiting:
            return response(*status(404, "404 page not found"))
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return await answer(request) if callable(answer) else response(*answer)

    def paths(self) -> list[str]:
        return [heard.path for heard in self.heard]

    def kubeconfig(self, user: dict[str, Any] | None = None, **cluster: Any) -> Path:
        """A kubeconfig that leads here; `user` as in a kubeconfig, `cluster` over what is known of the server."""
        known = {"server": self.url, "certificate-authority-data": base64.b64encode(self.certificate).decode()}
        return write_kubeconfig(self.folder / "kubeconfig", known | cluster, user)

    def session(self, waits: list[float] | None = None, **options: Any) -> Session:
        async def sleep(seconds: float) -> None:
            if waits is not None:
                waits.append(seconds)

        timeouts = Timeouts(connect_seconds=5, read_seconds=options.pop("read_seconds", 10))
        return Session(access(self.kubeconfig(**options), "", False), timeouts, sleep)


def write_kubeconfig(path: Path, cluster: dict[str, Any], user: dict[str, Any] | None = None) -> Path:
    content = {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {"token": "a-token-that-is-secret"}}],
    }
    path.write_text(json.dumps(content))
    return path


def response(code: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    if isinstance(body, bytes):
        return web.Response(status=code, body=body, headers=headers)
    return web.Response(status=code, text=json.dumps(body), content_type="application/json", headers=headers)


def status(code: int, message: str, reason: str = "", **details: Any) -> tuple[int, dict[str, Any]]:
    """An answer that is the API server's own `Status`."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}
    return code, body | ({"reason": reason} if reason else {}) | ({"details": details} if details else {})


def who_it_is(server: SpeakingServer) -> None:
    """Lets the server say which cluster it is."""
    server.on("GET", "/api/v1/namespaces/kube-system", (200, {"metadata": {"name": "kube-system", "uid": UID}}))
    server.on("GET", "/version", (200, {"gitVersion": "v1.36.2"}))


@asynccontextmanager
async def speaking_server(folder: Path) -> AsyncIterator[SpeakingServer]:
    server = SpeakingServer(folder)
    server.certificate, context = _tls(folder)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def _tls(folder: Path) -> tuple[bytes, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "speaking")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both = folder / "server.pem"
    both.write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return public, context
