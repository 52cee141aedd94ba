"""What the API server and the network say when something goes wrong, told once in our own words.

Raw calls raise for no status, so every status comes by here. Words of others are cut, put on one line and rid of
whatever looks like a credential before a person or a log sees them.
"""

from __future__ import annotations

import asyncio
import re
import ssl

import aiohttp
import msgspec

from bot.errors import BotError, Conflict, NotFound, Refused, Unreachable

MAXIMUM_WORDS = 400
"""Characters of somebody else's message that are passed on."""

_SECRETS = re.compile(
    r"eyJ[\w-]{8,}(?:\.[\w-]*)*"  # JSON Web Tokens
    r"|(?i:\b(?:bearer|basic)\s+)[^\s\"']{6,}"
    r"|-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|$)"
    r"|(?<=://)[^\s/@]+:[^\s/@]+(?=@)",
    re.DOTALL,
)
_CITATION = re.compile(r",? (?:error found in #\d+ byte of|bigger context) .*", re.DOTALL)
"""How Go's JSON decoder cites the body that it could not read, which may hold a Secret's data."""


class Cause(msgspec.Struct, frozen=True):
    reason: str | None = None
    message: str | None = None
    field: str | None = None


class Details(msgspec.Struct, frozen=True, rename="camel"):
    name: str | None = None
    kind: str | None = None
    causes: list[Cause] | None = None
    retry_after_seconds: int | None = None


class Status(msgspec.Struct, frozen=True):
    """The API server's own `Status`; empty when what answered was something else."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None

    @property
    def known(self) -> bool:
        return self.kind == "Status"

    @property
    def causes(self) -> list[Cause]:
        return (self.details.causes or []) if self.details else []


_decoder = msgspec.json.Decoder(Status)


def status_in(body: bytes) -> Status:
    """The `Status` that a body holds, or an empty one."""
    try:
        status = _decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return Status()
    return status if status.known else Status()


def plain(words: str, limit: int = MAXIMUM_WORDS) -> str:
    """Somebody else's words: on one line, without credentials, cut."""
    words = _SECRETS.sub("(hidden)", _CITATION.sub("", words[: 20 * limit]))
    words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def refusal(code: int, body: bytes, doing: str) -> BotError:
    """The error for a status that is no success. `doing` says what was tried: `read pods in shop`."""
    status = status_in(body)
    said = plain(status.message) or _without_status(code, body)
    summary = f"Cannot {doing}"
    if code == 401:
        return Refused(
            summary,
            cause="the API server does not accept the bot's credentials",
            next_step="check with `kubectl auth whoami` under the same kubeconfig; they may have expired",
        )
    if code == 403:
        return Refused(summary, cause=said, next_step=_way_out(said))
    if code == 404:
        return NotFound(summary, cause=said)
    if code == 409:
        return _conflict(status, summary, said)
    if code == 429 or (code >= 500 and not about_the_request(code, status)):
        return Unreachable(summary, cause=f"the API server is in trouble: {said}", next_step="try again later")
    if 300 <= code < 400:
        return BotError(
            summary,
            cause="the address in the kubeconfig answers with a redirect, which an API server does not do",
            next_step="check `clusters.cluster.server` in the kubeconfig",
        )
    return BotError(summary, cause=said)


def _way_out(said: str) -> str:
    """403 is said for missing rights, and by quotas, admission and namespaces that go away as well."""
    if re.search(r"\bcannot \w+ (resource|path)\b", said):
        return "ask the cluster's administrator for this right"
    return "try again once the namespace is gone" if "being terminated" in said else ""


def _without_status(code: int, body: bytes) -> str:
    """What can be said of an answer that no API server gave: its HTTP status, and a short text when it is one."""
    text = plain(body[:1000].decode("utf-8", "replace"), 160)
    cited = f": {text}" if text and text[0] not in "<{[" else ""
    return f"it answered with HTTP status {code}{cited}"


def about_the_request(code: int, status: Status) -> bool:
    """Whether a 500 is about what was sent: seen in 1.36 for a field that the schema lacks, without a reason."""
    return code == 500 and status.known and not status.reason and "typed patch" in status.message


def owned_fields(status: Status) -> dict[str, list[str]]:
    """The fields that an apply may not write, by the manager that owns them."""
    fields: dict[str, list[str]] = {}
    for cause in status.causes:
        if cause.reason == "FieldManagerConflict":
            match = re.search(r'conflict with "([^"]*)"', cause.message or "")
            manager = plain(match[1], 80) if match else "somebody else"
            fields.setdefault(manager, []).append((cause.field or "").lstrip("."))
    return fields


def _conflict(status: Status, summary: str, said: str) -> Conflict:
    fields = owned_fields(status)
    if not fields:
        return Conflict(summary, cause=said, next_step="look at it again and plan anew")
    owned = "; ".join(f"{manager} owns {_listed(paths)}" for manager, paths in fields.items())
    return Conflict(summary, cause=owned, next_step="take the fields over on purpose, or leave them to their owner")


def _listed(paths: list[str], limit: int = 8) -> str:
    shown = ", ".join(plain(path, 120) for path in paths[:limit])
    return shown + (f" and {len(paths) - limit} more" if len(paths) > limit else "")


def no_answer(error: BaseException, host: str, doing: str) -> Unreachable:
    """What kept the API server at `host` from answering."""
    return Unreachable(f"Cannot {doing}", cause=_why(error, host), next_step=_remedy(error, host))


def _why(error: BaseException, host: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name in {host} cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {host} is not trusted: {plain(_certificate_error(error), 160)}"
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return f"no TLS connection to {host} came about: {plain(str(error), 160)}"
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)):
        return f"the API server at {host} did not answer in time"
    if isinstance(error, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        return f"the HTTP proxy on the way to {host} does not let it through"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{host}: {_os_error(error.os_error)}"
    if isinstance(error, aiohttp.InvalidURL):
        return f"{host} is not an address"
    return f"the connection to {host} broke off"


def _certificate_error(error: aiohttp.ClientConnectorCertificateError) -> str:
    inner = error.certificate_error
    return getattr(inner, "verify_message", "") or str(inner)


def _os_error(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error).lower():
        return "connection refused"
    return (error.strerror or "no connection came about").lower()


def _remedy(error: BaseException, host: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "check `certificate-authority-data` and the server's name in the kubeconfig"
    if isinstance(error, (aiohttp.ClientConnectorDNSError, aiohttp.InvalidURL)):
        return "check `clusters.cluster.server` in the kubeconfig, and this machine's DNS"
    return f"is the API server at {host} up? check with `kubectl version`"
