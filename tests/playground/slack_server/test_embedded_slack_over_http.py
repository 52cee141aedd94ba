"""Signed HTTP: the real Bolt behind a real server, and a request URL that fails."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person


class RequestUrl:
    """A bot's door: keeps what came and answers as told."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.more: dict[str, str] = {}
        self.bolt: AsyncApp | None = None

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.headers.append(dict(request.headers))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), headers=self.more)
        assert self.bolt is not None
        sent: dict[str, Any] = {name.lower(): [value] for name, value in request.headers.items()}
        answer = await self.bolt.async_dispatch(AsyncBoltRequest(body=body, headers=sent))
        headers = {name: values[0] for name, values in answer.headers.items()}
        return web.Response(status=answer.status, body=answer.body.encode(), headers=headers)


@pytest.fixture
async def door() -> RequestUrl:
    return RequestUrl()


async def serve(door: RequestUrl) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_post("/slack/events", door.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"


@pytest.fixture
async def slack(door: RequestUrl) -> AsyncIterator[EmbeddedSlack]:
    runner, url = await serve(door)
    # The real clock: Bolt compares the signed time with its own.
    async with EmbeddedSlack(mode="http", request_url=url) as server:
        yield server
    await runner.cleanup()


def bolt(slack: EmbeddedSlack, signing_secret: str) -> AsyncApp:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=signing_secret, process_before_response=True)

    async def command(ack: Any, body: dict[str, Any]) -> None:
        await ack(f"{body['channel_name']}: {body['text']}")

    app.command("/net")(command)
    return app


async def test_a_signed_command_is_answered(slack: EmbeddedSlack, door: RequestUrl) -> None:
    door.bolt = bolt(slack, slack.signing_secret)
    ana = Person(slack, "ana")
    await ana.say("net-ops", "/net status & <more>")
    assert (await ana.next_message())["text"] == "net-ops: status & <more>"


async def test_a_wrong_signature_fails_before_the_person(slack: EmbeddedSlack, door: RequestUrl) -> None:
    door.bolt = bolt(slack, "another secret")
    ana = Person(slack, "ana")
    await ana.say("net-ops", "/net status")
    assert (await ana.next_notice())["code"] == "dispatch_failed"


async def test_a_refused_event_comes_again_with_its_reason(slack: EmbeddedSlack, door: RequestUrl) -> None:
    door.statuses = [500, 200]
    await Person(slack, "ana").say("net-ops", "@patchbay status")
    await slack.delivery.idle()
    assert "X-Slack-Retry-Num" not in door.headers[0]
    assert (door.headers[1]["X-Slack-Retry-Num"], door.headers[1]["X-Slack-Retry-Reason"]) == ("1", "http_error")


async def test_an_event_does_not_come_again_when_the_bot_says_so(slack: EmbeddedSlack, door: RequestUrl) -> None:
    door.statuses, door.more = [500], {"X-Slack-No-Retry": "1"}
    await Person(slack, "ana").say("net-ops", "@patchbay status")
    await slack.delivery.idle()
    assert len(door.headers) == 1
