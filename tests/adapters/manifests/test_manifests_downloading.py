from __future__ import annotations

import asyncio
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from urllib3.exceptions import HTTPError, IncompleteRead, ReadTimeoutError

from bot.adapters.manifests import MirrorThenDownload, downloading, pinning
from bot.errors import BotError, NotFound, Refused, Unreachable
from tests.adapters.manifests.conftest import CONTENT, URL, pinned

GITHUB = "https://github.com/acme/net/releases/download/v1/net.yaml"
ASSET = "https://release-assets.githubusercontent.com/net.yaml?token=1"


async def refused(reader: MirrorThenDownload, sort: type[BotError], url: str = URL) -> str:
    """The whole error of a reading that must fail, which names the file."""
    with pytest.raises(sort) as caught:
        await reader.read(pinned(url=url))
    assert type(caught.value) is sort
    assert "Cannot read the manifest acme/v1/net.yaml" in str(caught.value)
    return str(caught.value)


async def test_what_has_the_pinned_digest_is_read(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(URL, CONTENT)
    found = await reader.read(pinned())
    assert found.objects == ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}},)
    assert found.origin == URL
    assert web.calls[0].request.headers["Accept-Encoding"] == "identity"


async def test_another_digest_is_refused_and_not_kept(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(URL, CONTENT + b"# more\n")
    said = await refused(reader, Refused)
    assert f"expected sha256 {pinned().sha256}, found {pinned(CONTENT + b'# more' + bytes([10])).sha256}" in said
    assert "what raw.githubusercontent.com sent" in said
    await refused(reader, Refused)
    assert len(web.calls) == 2


@pytest.mark.parametrize(("body", "seen"), [(b"", "it is empty"), (CONTENT[:-5], "it looks cut off")])
async def test_what_another_download_looks_like_is_told(
    reader: MirrorThenDownload, web: responses.RequestsMock, body: bytes, seen: str
) -> None:
    web.get(URL, body)
    said = await refused(reader, Refused)
    assert seen in said
    assert "since it was pinned" not in said


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<!DOCTYPE html><p>Log in", "text/plain"), (b"Log in", "text/html; charset=utf-8")]
)
async def test_a_web_page_instead_is_called_one(
    reader: MirrorThenDownload, web: responses.RequestsMock, body: bytes, kind: str
) -> None:
    web.get(URL, body, content_type=kind)
    assert "sent a web page instead" in await refused(reader, Refused)


async def test_what_comes_compressed_is_not_unpacked(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(URL, b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert "sent it compressed, although it was asked not to" in await refused(reader, Refused)


async def test_the_pinned_file_is_believed_whatever_its_type_is_said_to_be(
    reader: MirrorThenDownload, web: responses.RequestsMock
) -> None:
    web.get(URL, CONTENT, content_type="text/html")
    assert (await reader.read(pinned())).objects


@pytest.mark.parametrize(("status", "sort"), [(404, NotFound), (410, NotFound), (403, Refused), (400, Refused)])
async def test_an_answer_that_stays_is_not_asked_for_again(
    reader: MirrorThenDownload, web: responses.RequestsMock, status: int, sort: type[BotError]
) -> None:
    web.get(URL, status=status)
    assert str(status) in await refused(reader, sort)
    assert len(web.calls) == 1


async def test_trouble_is_tried_three_times(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(URL, status=503)
    assert "raw.githubusercontent.com answered with HTTP status 503" in await refused(reader, Unreachable)
    assert len(web.calls) == 3


async def test_trouble_that_passes_is_not_noticed(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(URL, status=500)
    web.get(URL, status=429)
    web.get(URL, CONTENT)
    assert (await reader.read(pinned())).objects
    assert len(web.calls) == 3


async def test_redirects_to_expected_hosts_are_followed(
    reader: MirrorThenDownload, web: responses.RequestsMock
) -> None:
    web.get(GITHUB, status=302, headers={"Location": ASSET})
    web.get(ASSET, CONTENT)
    assert (await reader.read(pinned(url=GITHUB))).origin == GITHUB


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("https://evil.example/net.yaml", "github.com redirects to evil.example, which is no host"),
        ("http://raw.githubusercontent.com/x", "github.com redirects to raw.githubusercontent.com, and not by HTTPS"),
        ("https://raw.githubusercontent.com:8443/x", "not by HTTPS on its usual port"),
        ("https://ana:pw@raw.githubusercontent.com/x", "redirects to what is no address"),
        ("https://evil.example\\@raw.githubusercontent.com/x", "redirects to "),
        ("https://raw.githubusercontent.com.evil.example/x", "which is no host"),
        ("//evil.example/x", "redirects to evil.example"),
        ("file:///etc/passwd", "redirects to what is no address"),
        ("https://[::1", "redirects to "),
    ],
)
async def test_no_other_redirect_is_followed(
    reader: MirrorThenDownload, web: responses.RequestsMock, to: str, said: str
) -> None:
    web.get(GITHUB, status=302, headers={"Location": to})
    text = await refused(reader, Refused, GITHUB)
    assert said in text
    assert "ana:pw" not in text
    assert len(web.calls) == 1


class Unread(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise AssertionError("this was to be left unread")


async def test_what_comes_with_a_redirect_is_not_read(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(GITHUB, io.BufferedReader(Unread()), status=302, headers={"Location": ASSET})
    web.get(ASSET, CONTENT)
    assert (await reader.read(pinned(url=GITHUB))).objects


async def test_redirects_in_a_circle_end(reader: MirrorThenDownload, web: responses.RequestsMock) -> None:
    web.get(GITHUB, status=301, headers={"Location": GITHUB})
    assert "redirects more than 4 times" in await refused(reader, Refused, GITHUB)
    assert len(web.calls) == 5


@pytest.mark.parametrize("url", ["http://github.com/x", "https://example.org/x", "https://u:p@github.com/", "github"])
async def test_no_other_address_is_asked(reader: MirrorThenDownload, web: responses.RequestsMock, url: str) -> None:
    await refused(reader, Refused, url)
    assert not web.calls


async def test_which_hosts_are_asked_can_be_said(cache: Path, web: responses.RequestsMock) -> None:
    web.get("https://example.org/net.yaml", CONTENT)
    reader = MirrorThenDownload(None, cache, hosts=frozenset({"example.org"}))
    assert (await reader.read(pinned(url="https://example.org/net.yaml"))).objects
    await refused(MirrorThenDownload(None, cache / "empty", hosts=frozenset({"example.org"})), Refused)


async def test_a_download_that_breaks_off_says_how_far_it_got(
    reader: MirrorThenDownload, web: responses.RequestsMock
) -> None:
    web.get(URL, CONTENT[:20], headers={"Content-Length": str(len(CONTENT))}, auto_calculate_content_length=False)
    assert f"broke off after 20 of {len(CONTENT)} bytes" in await refused(reader, Unreachable)
    assert len(web.calls) == 3


class Breaking:
    """What is read of a response: a part, then an error."""

    def __init__(self, error: Exception) -> None:
        self.parts: list[Any] = [b"apiVersion", error]

    def read1(self, amount: int, decode_content: bool) -> bytes:
        part = self.parts.pop(0)
        if isinstance(part, Exception):
            raise part
        return bytes(part)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (IncompleteRead(10, 5), "broke off after 10 bytes"),
        (ReadTimeoutError(None, "", ""), "nothing came from raw.githubusercontent.com for 10 s"),  # type: ignore[arg-type]
        (ConnectionResetError(), "broke off after 10 bytes"),
    ],
)
def test_errors_in_the_middle_are_told_in_words(error: HTTPError | OSError, said: str) -> None:
    response = requests.Response()
    response.url, response.raw = URL, Breaking(error)
    with pytest.raises(Unreachable) as caught:
        downloading._body(pinned(), response, threading.Event())
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        (b"Content-Length: 5\r\n\r\nabcde", b"abcde"),
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"\r\nabcde", b"abcde"),
        (b"Content-Length: 9\r\n\r\nabcde", "broke off after 5 of 9 bytes"),
        (b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd", "broke off after "),
    ],
)
def test_a_real_server_is_read_to_its_end(web: responses.RequestsMock, sent: bytes, came: bytes | str) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n" + sent) as port, requests.Session() as session:
        web.add_passthru(url := f"http://127.0.0.1:{port}/")
        with session.get(url, stream=True) as response:
            if isinstance(came, bytes):
                assert downloading._body(pinned(), response, threading.Event()) == came
            else:
                with pytest.raises(Unreachable, match=came):
                    downloading._body(pinned(), response, threading.Event())


def test_what_drips_is_read_no_further_when_nobody_waits(web: responses.RequestsMock) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening, requests.Session() as session:
        web.add_passthru(url := f"http://127.0.0.1:{listening.getsockname()[1]}/")

        def drip() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                stop.set()
                peer.sendall(b"a")
                peer.recv(1)  # until the other side hangs up

        thread = threading.Thread(target=drip)
        thread.start()
        with session.get(url, stream=True) as response, pytest.raises(Unreachable, match="given up"):
            downloading._body(pinned(), response, stop)
        session.close()
        thread.join()


async def test_what_is_too_large_is_not_read_to_its_end(
    reader: MirrorThenDownload, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "MOST_BYTES", 30)
    monkeypatch.setattr(pinning, "MOST_BYTES", 30)
    web.get(URL, CONTENT)
    assert "what raw.githubusercontent.com sends is larger than" in await refused(reader, Refused)


async def test_what_says_that_it_is_too_large_is_not_read_at_all(
    reader: MirrorThenDownload, web: responses.RequestsMock
) -> None:
    web.get(URL, CONTENT, headers={"Content-Length": str(33 * 1024 * 1024)}, auto_calculate_content_length=False)
    assert "larger than 32 MB" in await refused(reader, Refused)
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectTimeout(), "did not answer within 10 s"),
        (requests.ReadTimeout(), "nothing came from"),
        (requests.exceptions.SSLError(), "no trusted TLS connection"),
        (requests.ConnectionError(), "no connection to raw.githubusercontent.com"),
    ],
)
async def test_no_answer_is_told_in_words(
    reader: MirrorThenDownload, web: responses.RequestsMock, error: Exception, said: str
) -> None:
    web.get(URL, error)
    assert said in await refused(reader, Unreachable)
    assert len(web.calls) == 3


async def test_a_proxy_that_answers_for_itself_wants_a_password(
    reader: MirrorThenDownload, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ana:pw@proxy.example:3128")
    web.get(URL, status=407)
    said = await refused(reader, Refused)
    assert "the HTTP proxy proxy.example:3128 on the way to raw.githubusercontent.com wants a password" in said
    assert "pw" not in said.replace("password", "")
    assert len(web.calls) == 1


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server on loopback that answers the same to everything, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "sort", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", Refused, "wants a password"),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", Unreachable, "answers with HTTP status 502"),
    ],
)
async def test_a_real_proxy_on_the_way_is_named_without_its_password(
    reader: MirrorThenDownload, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch,
    answer: bytes, sort: type[BotError], said: str,
) -> None:  # fmt: skip
    web.add_passthru(URL)  # as far as the proxy, which is on loopback
    with answering(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ana:geheim@127.0.0.1:{port}")
        text = await refused(reader, sort)
    assert f"the HTTP proxy 127.0.0.1:{port} on the way to raw.githubusercontent.com {said}" in text
    assert "geheim" not in text
    assert "ana" not in text.removeprefix("Cannot read the manifest")


async def test_a_proxy_that_is_not_there_is_named(
    reader: MirrorThenDownload, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.add_passthru(URL)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://ana:geheim@127.0.0.1:{port}")
    text = await refused(reader, Unreachable)
    assert f"the HTTP proxy 127.0.0.1:{port} on the way to raw.githubusercontent.com cannot be reached" in text
    assert "geheim" not in text


async def test_no_name_and_password_are_taken_from_the_home_folder(
    reader: MirrorThenDownload, web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine raw.githubusercontent.com login ana password geheim\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    web.get(URL, CONTENT)
    await reader.read(pinned())
    assert "Authorization" not in web.calls[0].request.headers


class Slow:
    """Answers when it is allowed to."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.times = 0

    def __call__(self, _: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        self.times += 1
        self.asked.set()
        self.go_on.wait(30)
        return 503, {}, b""


async def test_a_download_takes_no_longer_than_it_may(mirror: Path, cache: Path, web: responses.RequestsMock) -> None:
    slow = Slow()
    web.add_callback("GET", URL, slow)
    try:
        reader = MirrorThenDownload(mirror, cache, pauses=(0, 0), seconds=0.05)
        assert "the download took longer than 0.05 s" in await refused(reader, Unreachable)
    finally:
        slow.go_on.set()


async def test_a_download_nobody_waits_for_is_not_tried_again(
    reader: MirrorThenDownload, web: responses.RequestsMock
) -> None:
    slow = Slow()
    web.add_callback("GET", URL, slow)
    reading = asyncio.ensure_future(reader.read(pinned()))
    await asyncio.to_thread(slow.asked.wait, 30)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    slow.go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert slow.times == 1
