"""The person's side over HTTP: the protocol of the page, and who may use it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web as server
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person, SlashCommand

SECRET = {"X-Playground-Secret": "open sesame"}
CHOICE = {"text": {"type": "plain_text", "text": "Shop"}, "value": "shop"}
BLOCKS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}},
            {"type": "static_select", "action_id": "pick", "options": [CHOICE]},
        ],
    },
]
VIEW = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3},
        },
    ],
}


@pytest.fixture
async def slack(clock: Any) -> AsyncIterator[EmbeddedSlack]:
    commands = [SlashCommand("/net", "Look at the network", "help | status", completions=("status", "pods"))]
    async with EmbeddedSlack(clock, secret="open sesame", commands=commands) as embedded:
        yield embedded


@pytest.fixture
async def page(slack: EmbeddedSlack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(slack.base_url, headers=SECRET) as session:
        yield session


async def post(page: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with page.post(f"/page/{path}", json=body) as response:
        answer: dict[str, Any] = await response.json()
        assert (response.status == 200) == answer["ok"]
        return answer


async def next_frame(stream: aiohttp.ClientResponse) -> tuple[str, dict[str, Any]]:
    lines = (await stream.content.readuntil(b"\n\n")).decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines if line)
    return fields["event"], json.loads(fields["data"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Playground-Secret": "guess"},
        {**SECRET, "Host": "evil.example.com"},
        {**SECRET, "Origin": "http://evil.example.com"},
        {**SECRET, "Origin": "null"},
    ],
)
async def test_strangers_are_kept_out(slack: EmbeddedSlack, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession(slack.base_url, headers=headers) as session:
        for method, path in (("GET", "state"), ("GET", "events"), ("GET", "files/F1"), ("POST", "say")):
            async with session.request(method, f"/page/{path}") as response:
                assert response.status == 403


async def test_our_own_page_is_let_in(slack: EmbeddedSlack) -> None:
    origin = {"Origin": slack.base_url}
    async with (
        aiohttp.ClientSession(slack.base_url, headers=origin) as session,
        session.get("/page/state?secret=open+sesame") as response,
    ):
        assert response.status == 200


async def test_the_state_shows_what_one_person_sees(slack: EmbeddedSlack, page: aiohttp.ClientSession) -> None:
    slack.store.add_ephemeral(slack.store.channels["C0NETOPS"], "U0BEN", {"text": "for ben"})
    async with page.get("/page/state?as=ben") as response:
        ben = await response.json()
    async with page.get("/page/state") as response:
        ana = await response.json()
    assert [message["text"] for message in ben["messages"]["C0NETOPS"]] == ["for ben"]
    assert (ana["me"], ana["messages"]["C0NETOPS"]) == ("U0ANA", [])
    assert [channel["id"] for channel in ana["channels"]] == ["C0GENERAL", "C0NETOPS", "C0NETHEALTH", "D0ANA"]
    assert ana["commands"][0]["completions"] == ["status", "pods"]


async def test_events_stream_from_where_one_left_off(slack: EmbeddedSlack, page: aiohttp.ClientSession) -> None:
    after = slack.store.feed.last_number
    said = await post(page, "say", {"as": "ben", "channel": "net-ops", "text": "hello"})
    async with page.get(f"/page/events?after={after}") as stream:
        kind, data = await next_frame(stream)
        assert (kind, data["message"]["ts"], data["message"]["user"]) == ("message", said["ts"], "U0BEN")
        await post(page, "invite", {"channel": "general"})
        kind, data = await next_frame(stream)
        assert (kind, data["channel"]["name"]) == ("channel", "general")
        assert slack.bot_user_id in data["channel"]["members"]


async def test_a_number_that_is_not_known_means_to_start_anew(page: aiohttp.ClientSession) -> None:
    async with page.get("/page/events?after=999999") as stream:
        assert (await next_frame(stream))[0] == "reset"


async def test_commands_do_not_exist_in_threads(page: aiohttp.ClientSession) -> None:
    parent = await post(page, "say", {"channel": "net-ops", "text": "parent"})
    body = {"channel": "net-ops", "text": "/net status", "thread_ts": parent["ts"]}
    assert (await post(page, "say", body))["text"] == "/net is not supported in threads. Sorry!"
    assert (await post(page, "say", {"channel": "net-ops", "text": "/nett x"}))["error"] == "unknown_command"


async def test_a_mention_where_the_bot_is_not_is_told_to_the_person(page: aiohttp.ClientSession, ana: Person) -> None:
    await post(page, "say", {"channel": "general", "text": "@patchbay status"})
    assert (await ana.next_notice())["code"] == "not_in_channel"


async def test_clicks_are_checked_against_what_is_shown(
    page: aiohttp.ClientSession, web: AsyncWebClient, ana: Person
) -> None:
    ts = (await web.chat_postMessage(channel="C0NETOPS", text="x", blocks=BLOCKS))["ts"]
    where = {"channel": "C0NETOPS", "ts": ts, "block_id": "b"}
    assert (await post(page, "click", {**where, "action_id": "gone"}))["error"] == "element_not_found"
    assert (await post(page, "click", {**where, "action_id": "pick", "value": "other"}))["error"] == "invalid_value"
    assert (await post(page, "click", {**where, "action_id": "pick", "value": "shop"}))["ok"]
    assert (await ana.next_notice())["code"] == "dispatch_failed"


async def test_a_modal_is_not_submitted_while_fields_are_wrong(
    slack: EmbeddedSlack, page: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    view = (await web.views_open(trigger_id=slack.store.new_trigger("U0ANA"), view=VIEW))["view"]
    for values, told in (
        ({}, "Please complete this required field."),
        ({"name": {"text": "ab"}}, "Please enter at least 3 characters."),
    ):
        answer = await post(page, "submit", {"view_id": view["id"], "values": values})
        assert (answer["error"], answer["errors"]) == ("missing_input", {"name": told})
    assert (await post(page, "submit", {"as": "ben", "view_id": view["id"]}))["error"] == "view_not_found"
    assert (await post(page, "close", {"view_id": view["id"]}))["ok"]
    assert slack.store.views == {}


async def test_files_are_served_without_running_in_the_browser(
    page: aiohttp.ClientSession, web: AsyncWebClient
) -> None:
    shared = await web.files_upload_v2(channel="D0ANA", filename="page.html", content="<script>")
    file_id = shared["files"][0]["id"]
    async with page.get(f"/page/files/{file_id}") as response:
        assert await response.read() == b"<script>"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.content_type == "application/octet-stream"
    async with page.get(f"/page/files/{file_id}?as=ben") as response:
        assert response.status == 404


async def test_slack_can_stand_on_the_port_of_another_server(clock: Any) -> None:
    slack, app = EmbeddedSlack(clock), server.Application()
    slack.add_routes(app)
    runner = server.AppRunner(app)
    await runner.setup()
    await server.TCPSite(runner, "127.0.0.1", 0).start()
    slack.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    assert (await web.auth_test())["user"] == "patchbay"
    await runner.cleanup()
