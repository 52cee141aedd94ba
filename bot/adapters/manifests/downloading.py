"""The download of one pinned file. What comes is held to size and digest before anybody looks into it.

Over HTTPS alone, from hosts that are expected alone, redirects included: `requests` follows none itself. Proxies and
certificate authorities come from the environment, as `requests` takes them. Credentials never do (`.netrc` is not
asked), and those of a proxy are in no error: hosts are named, URLs of proxies are not.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Url, parse_url

from bot.adapters.manifests.pinning import MOST_BYTES, digest_of, is_page, looks, other_digest, pinned, summary, too_big
from bot.domain.plugins.releases import ManifestFile
from bot.errors import BotError, NotFound, Refused, Unreachable

DEFAULT_HOSTS = frozenset({
    "raw.githubusercontent.com", "github.com",
    "objects.githubusercontent.com", "release-assets.githubusercontent.com",  # what github.com's releases redirect to
})  # fmt: skip

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 10.0
"""How long nothing may come. A thread that reads notices no sooner that it was told to stop."""
MOST_REDIRECTS = 4

_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MIRROR = "put the file into the folder that PATCHBAY_MANIFESTS names"
_PASSWORD = f"let the proxy pass Patchbay, give HTTPS_PROXY the right name and password, or {_MIRROR}"
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
"""How http.client tells what a proxy answered to CONNECT."""


@dataclass(frozen=True, slots=True)
class Download:
    """How files are downloaded."""

    hosts: frozenset[str] = DEFAULT_HOSTS
    pauses: Sequence[float] = (0.5, 2.0)
    """Seconds between tries, of which there is one more."""

    def content(self, file: ManifestFile, stop: threading.Event) -> bytes:
        """The bytes that have the pinned digest. Blocks; gives up when told to stop. Raises BotError."""
        for pause in self.pauses:
            try:
                return self._try(file, stop)
            except Unreachable:
                if stop.wait(pause):
                    raise
        return self._try(file, stop)

    def _try(self, file: ManifestFile, stop: threading.Event) -> bytes:
        with _Session() as session, self._opened(session, file) as response:
            _check_status(file, response)
            _check_encoding(file, response)
            content = _body(file, response, stop)
        if digest_of(content) == pinned(file):
            return content
        host = _host(response.url)
        if _is_page(response, content):
            raise Refused(
                summary(file.path),
                cause=f"{host} sent a web page instead, as portals do that want somebody to log in",
                next_step=f"see what {file.url} shows in a browser on this machine's network, or {_MIRROR}",
            )
        changed = "" if looks(content)[0] else "it was changed since it was pinned: "
        next_step = f"{changed}compare it with a copy that you trust; or {_MIRROR}"
        raise other_digest(file, f"what {host} sent", content, next_step)

    def _opened(self, session: requests.Session, file: ManifestFile) -> requests.Response:
        """The answer after all redirects, its body not read yet."""
        url = file.url
        for _ in range(MOST_REDIRECTS + 1):
            self._check(file, url)
            response = _get(session, file, url)
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = _joined(url, response.headers.get("Location", ""))
        raise Refused(summary(file.path), cause=f"{_host(file.url)} redirects more than {MOST_REDIRECTS} times")

    def _check(self, file: ManifestFile, url: str) -> None:
        """Whether this is an address to read from. Raises Refused."""
        parsed = _parsed(url)
        host = parsed.host or "" if parsed else ""
        redirected = "" if url == file.url else f"{_host(file.url)} redirects to "
        if parsed is None or not host or parsed.auth:
            why = f"{redirected}what is no address" if redirected else "its URL is no address"
        elif parsed.scheme != "https" or parsed.port not in (None, 443):
            why = f"{redirected}{host}, and not by HTTPS on its usual port"
        elif host not in self.hosts:
            why = f"{redirected}{host}, which is no host that manifests are downloaded from"
        else:
            return
        raise Refused(summary(file.path), cause=why, next_step=_MIRROR)


class _Session(requests.Session):
    """Follows no redirect, and reads none either: requests would read its whole body, even when told not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _get(session: requests.Session, file: ManifestFile, url: str) -> requests.Response:
    headers = {"Accept-Encoding": "identity", "User-Agent": "patchbay"}
    try:
        return session.get(
            url, headers=headers, auth=_nobody, allow_redirects=False, stream=True,
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
        )  # fmt: skip
    except (requests.RequestException, HTTPError) as error:
        raise _no_answer(file, url, error) from error


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that adds nothing: without one, requests would take what `.netrc` says."""
    return request


def _check_status(file: ManifestFile, response: requests.Response) -> None:
    code, host = response.status_code, _host(response.url)
    said = f"{host} answered with HTTP status {code}"
    if code == 200:
        return
    if code == 407:
        raise _password(file, response.url)
    if code in (404, 410):
        raise NotFound(summary(file.path), cause=f"{host} does not have it (HTTP status {code})", next_step=_MIRROR)
    if code in (408, 425, 429) or code >= 500:
        raise Unreachable(summary(file.path), cause=said, next_step=f"try again later, or {_MIRROR}")
    raise Refused(summary(file.path), cause=said, next_step=_MIRROR)


def _check_encoding(file: ManifestFile, response: requests.Response) -> None:
    """Nothing is unpacked here: a small answer shall not become a large one."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("", "identity"):
        cause = f"{_host(response.url)} sent it compressed, although it was asked not to"
        raise Refused(summary(file.path), cause=cause, next_step=_MIRROR)


def _body(file: ManifestFile, response: requests.Response, stop: threading.Event) -> bytes:
    host = _host(response.url)
    declared = _length(response)
    if declared is not None and declared > MOST_BYTES:
        raise too_big(file.path, f"what {host} sends")
    found = bytearray()
    try:
        # read1 returns with what has come; read would wait for a whole chunk, however slowly it drips.
        while chunk := response.raw.read1(min(_CHUNK, MOST_BYTES + 1 - len(found)), decode_content=False):
            found += chunk
            if len(found) > MOST_BYTES:
                raise too_big(file.path, f"what {host} sends")
            if stop.is_set():
                raise Unreachable(summary(file.path), cause="the download was given up")
    except ReadTimeoutError as error:
        raise _no_answer(file, response.url, requests.ReadTimeout()) from error
    except (HTTPError, OSError) as error:  # IncompleteRead among them
        raise _truncated(file, host, len(found), declared) from error
    if declared is not None and len(found) < declared:
        raise _truncated(file, host, len(found), declared)
    return bytes(found)


def _length(response: requests.Response) -> int | None:
    said = response.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdecimal() else None


def _is_page(response: requests.Response, content: bytes) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower() or is_page(content)


def _truncated(file: ManifestFile, host: str, came: int, declared: int | None) -> Unreachable:
    of = f" of {declared}" if declared is not None else ""
    return Unreachable(
        summary(file.path),
        cause=f"the download from {host} broke off after {came}{of} bytes",
        next_step=f"try again, or {_MIRROR}",
    )


def _password(file: ManifestFile, url: str) -> Refused:
    return Refused(
        summary(file.path),
        cause=f"{_proxy(url)} on the way to {_host(url)} wants a password (HTTP status 407)",
        next_step=_PASSWORD,
    )


def _no_answer(file: ManifestFile, url: str, error: Exception) -> BotError:
    host = _host(url)
    if isinstance(error, requests.exceptions.ProxyError):
        answered = _TUNNEL.search(str(error))
        if answered and answered[1] == "407":
            return _password(file, url)
        how = f"answers with HTTP status {answered[1]}" if answered else "cannot be reached"
        cause, next_step = f"{_proxy(url)} on the way to {host} {how}", f"check HTTPS_PROXY and NO_PROXY, or {_MIRROR}"
    elif isinstance(error, requests.exceptions.SSLError):
        cause = f"no trusted TLS connection to {host} came about"
        next_step = f"point REQUESTS_CA_BUNDLE at the authority that your network uses, or {_MIRROR}"
    elif isinstance(error, requests.ConnectTimeout):
        cause, next_step = f"{host} did not answer within {CONNECT_SECONDS:g} s", f"try again later, or {_MIRROR}"
    elif isinstance(error, requests.Timeout):
        cause, next_step = f"nothing came from {host} for {SILENCE_SECONDS:g} s", f"try again later, or {_MIRROR}"
    else:
        cause, next_step = f"no connection to {host} came about", f"check that this machine reaches it, or {_MIRROR}"
    return Unreachable(summary(file.path), cause=cause, next_step=next_step)


def _proxy(url: str) -> str:
    """The proxy on the way, by host and port, never with its name and password."""
    said = select_proxy(url, get_environ_proxies(url, no_proxy=None)) or ""
    parsed = _parsed(said if "://" in said else f"http://{said}")
    if parsed is None or not parsed.host:
        return "the HTTP proxy"
    return f"the HTTP proxy {parsed.host}" + (f":{parsed.port}" if parsed.port else "")


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; what is no address stays as it is, and is refused as such."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _parsed(url: str) -> Url | None:
    """By the parser of the library that connects, so that both mean the same host."""
    try:
        return parse_url(url)
    except (HTTPError, ValueError):
        return None


def _host(url: str) -> str:
    parsed = _parsed(url)
    return (parsed.host if parsed else None) or "an unreadable address"
