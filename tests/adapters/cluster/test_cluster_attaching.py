"""Of a log its end is kept, in whole lines, and the container is the one that kubectl would take."""

import datetime
from typing import Any

import pytest
from speaking_api_server import NAMESPACE, SpeakingServer, status

from bot.adapters.cluster import attaching
from bot.adapters.cluster.attaching import default_container, logs
from bot.application.ports.cluster import LogLines, LogRequest
from bot.domain.network.references import POD, ref_to
from bot.errors import BotError

WEB = ref_to(POD, "shop", "web")
PATH = f"{NAMESPACE}/pods/web/log"


def pod(*containers: str, default: str = "") -> dict[str, Any]:
    annotations = {"kubectl.kubernetes.io/default-container": default} if default else None
    return {"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": name} for name in containers]}}


async def read(server: SpeakingServer, request: LogRequest) -> LogLines:
    session = server.session()
    try:
        return await logs(session, WEB, pod("app", "proxy"), request)
    finally:
        await session.close()


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (pod("app", "proxy"), "app"),
        (pod("app", "proxy", default="proxy"), "proxy"),
        (pod("app", default="gone"), "app"),
        (pod(), ""),
        ({}, ""),
    ],
)
def test_the_container_is_the_one_that_kubectl_takes(of: dict[str, Any], expected: str) -> None:
    assert default_container(of) == expected


async def test_the_request_is_passed_on(server: SpeakingServer) -> None:
    server.on("GET", PATH, (200, b"a\nb\n"))
    since = datetime.timedelta(seconds=90.2)
    lines = await read(server, LogRequest(container="proxy", tail=2, since=since, previous=True))
    assert lines == LogLines("proxy", "a\nb\n", cut=False)
    query = dict(server.heard[0].query)
    query.pop("limitBytes")
    assert query == {"container": "proxy", "tailLines": "2", "sinceSeconds": "91", "previous": "true"}


async def test_the_newest_lines_are_kept(server: SpeakingServer) -> None:
    server.on("GET", PATH, (200, b"".join(b"line %d\n" % number for number in range(50_000))))
    lines = await read(server, LogRequest(limit_bytes=30))
    assert lines == LogLines("app", "line 49998\nline 49999\n", cut=True)


async def test_what_is_not_utf8_is_replaced(server: SpeakingServer) -> None:
    server.on("GET", PATH, (200, b"caf\xe9\n"))
    assert (await read(server, LogRequest())).text == "caf\ufffd\n"


async def test_a_log_without_end_is_told(server: SpeakingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attaching, "MAXIMUM_READ", 1000)
    server.on("GET", PATH, (200, b"x" * 5000))
    with pytest.raises(BotError, match="--tail"):
        await read(server, LogRequest())


async def test_the_api_servers_reason_is_told(server: SpeakingServer) -> None:
    server.on("GET", PATH, status(400, 'previous terminated container "app" in pod "web" not found', "BadRequest"))
    with pytest.raises(BotError, match=r"log of Pod shop/web, container app.*previous terminated container"):
        await read(server, LogRequest(previous=True))
