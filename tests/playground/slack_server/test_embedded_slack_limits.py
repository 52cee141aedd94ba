"""What the pretend Slack refuses, with the codes and sentences of the real one."""

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person

OPS = "C0NETOPS"


def section(text: str = "fine", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int, columns: int, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


CONFIRM = {"title": plain("Sure?"), "text": plain("x" * 301), "confirm": plain("Yes"), "deny": plain("No")}


async def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as raised:
        await call
    data = raised.value.response.data
    assert isinstance(data, dict)
    return data


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([section("x" * 3_001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            [{"type": "section", "fields": [plain("x")] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            [{"type": "section", "fields": [plain("x" * 2_001)]}],
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
        (
            [{"type": "header", "text": plain("x" * 151)}],
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        ([actions(*[button()] * 26)], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
        (
            [actions(button(value="x" * 2_001))],
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            [actions(button(text=plain("x" * 76)))],
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            [actions(button(url="https://" + "x" * 3_000))],
            "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
        ),
        (
            [actions(button(confirm=CONFIRM))],
            "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
        ),
        (
            [{"type": "context", "elements": [plain("x")] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        ([{"type": "sparkles"}], "unsupported type: sparkles [json-pointer:/blocks/0/type]"),
        ([{**section(), "colour": "red"}], "invalid additional property: colour [json-pointer:/blocks/0]"),
        ([table(101, 1)], "no more than 100 items allowed [json-pointer:/blocks/0/rows]"),
        ([table(1, 21)], "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"),
        ([table(11, 1, "x" * 1_000)], "must be less than 10001 characters [json-pointer:/blocks/0/rows]"),
        ([table(1, 1), table(1, 1)], "only_one_table_allowed [json-pointer:/blocks]"),
        (
            [{"type": "markdown", "text": "x" * 12_001}],
            "must be less than 12001 characters [json-pointer:/blocks/0/text]",
        ),
        ([{"type": "markdown", "text": "x" * 7_000}] * 2, "must be less than 12001 characters [json-pointer:/blocks]"),
        (
            [section(block_id="a"), section(block_id="a")],
            "`block_id` a already exists [json-pointer:/blocks/1/block_id]",
        ),
        (
            [actions(button(action_id="a"), button(action_id="a"))],
            '`action_id` "a" already exists for this block [json-pointer:/blocks/0/elements/1/action_id]',
        ),
    ],
)
async def test_blocks_beyond_the_limits_are_refused(
    web: AsyncWebClient, blocks: list[dict[str, Any]], sentence: str
) -> None:
    data = await refusal(web.chat_postMessage(channel=OPS, text="x", blocks=blocks))
    assert data["error"] == "invalid_blocks"
    assert sentence in data["errors"]
    assert f"[ERROR] {sentence}" in data["response_metadata"]["messages"]


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3_000)] * 4,
        [section("x")] * 50,
        [table(100, 20, "xxxxx")],
        [actions(*[button(value="x" * 2_000)] * 25)],
        [{"type": "header", "text": plain("x" * 150)}],
        [section(accessory={"type": "overflow", "options": [{"text": plain("a"), "value": "a"}]})],
    ],
)
async def test_blocks_at_the_limits_are_taken(web: AsyncWebClient, blocks: list[dict[str, Any]]) -> None:
    await web.chat_postMessage(channel=OPS, text="x", blocks=blocks)


async def test_many_long_blocks_are_too_long_together(web: AsyncWebClient) -> None:
    data = await refusal(web.chat_postMessage(channel=OPS, text="x", blocks=[section("x" * 2_500)] * 5))
    assert data["error"] == "msg_blocks_too_long"


async def test_long_text_is_cut_when_posted_and_refused_when_updated(web: AsyncWebClient) -> None:
    posted = await web.chat_postMessage(channel=OPS, text="x" * 40_001)
    assert posted["warning"] == "message_truncated"
    assert len(posted["message"]["text"]) == 40_000
    data = await refusal(web.chat_update(channel=OPS, ts=posted["ts"], text="x" * 4_001))
    assert data["error"] == "msg_too_long"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"channel": OPS}, "no_text"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": OPS, "text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        (
            "chat.postMessage",
            {"channel": OPS, "text": "x", "metadata": {"event_type": "x"}},
            "invalid_metadata_format",
        ),
        ("chat.update", {"channel": OPS, "ts": "1.000000", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": OPS, "user": "U404", "text": "x"}, "user_not_in_channel"),
        ("views.open", {"trigger_id": "x", "view": {"type": "modal"}}, "invalid_arguments"),
        ("views.update", {"view_id": "V404", "view": {}}, "not_found"),
        ("conversations.create", {"name": "net-ops"}, "name_taken"),
        ("conversations.create", {"name": "Net Ops"}, "invalid_name_specials"),
        ("conversations.invite", {"channel": OPS, "users": "U0PATCHBAY"}, "cant_invite_self"),
        ("conversations.invite", {"channel": OPS, "users": "U0ANA"}, "already_in_channel"),
        ("conversations.invite", {"channel": OPS, "users": "U404"}, "user_not_found"),
        ("conversations.setTopic", {"channel": OPS, "topic": "x" * 251}, "too_long"),
        ("conversations.archive", {"channel": "C0GENERAL"}, "cant_archive_general"),
        ("conversations.join", {"channel": "D0ANA"}, "method_not_supported_for_channel_type"),
        ("conversations.list", {"cursor": "nonsense"}, "invalid_cursor"),
        ("conversations.list", {"limit": 1001}, "invalid_limit"),
        ("conversations.history", {"channel": "C0GENERAL"}, "not_in_channel"),
        ("files.getUploadURLExternal", {"filename": "a.txt", "length": 0}, "missing_argument"),
        ("files.completeUploadExternal", {"files": [{"id": "F404"}]}, "file_not_found"),
        ("reactions.add", {"channel": OPS, "timestamp": "1.000000", "name": "eyes"}, "message_not_found"),
        ("reactions.add", {"channel": OPS, "timestamp": "1.000000", "name": "no such"}, "invalid_name"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        ("files.upload", {}, "unknown_method"),
    ],
)
@pytest.mark.parametrize("form", [True, False])
async def test_refusals_have_slacks_codes(
    web: AsyncWebClient, method: str, arguments: dict[str, Any], error: str, form: bool
) -> None:
    as_form = {n: json.dumps(v) if isinstance(v, dict | list) else v for n, v in arguments.items()}
    call = web.api_call(method, data=as_form) if form else web.api_call(method, json=arguments)
    assert (await refusal(call))["error"] == error


async def test_tokens_are_checked(slack: EmbeddedSlack) -> None:
    async with aiohttp.ClientSession() as session:
        for headers, error in (({}, "not_authed"), ({"Authorization": "Bearer xoxb-wrong"}, "invalid_auth")):
            async with session.post(f"{slack.api_url}auth.test", headers=headers) as response:
                assert (await response.json())["error"] == error


async def test_a_scope_that_was_not_granted_is_missing() -> None:
    async with EmbeddedSlack(scopes=["chat:write"]) as slack:
        web = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        await web.chat_postMessage(channel=OPS, text="x")
        data = await refusal(web.users_info(user="U0ANA"))
    assert (data["error"], data["needed"]) == ("missing_scope", "users:read")


async def test_posting_faster_than_once_a_second_is_refused_for_that_channel(web: AsyncWebClient, clock: Any) -> None:
    for _ in range(5):
        await web.chat_postMessage(channel=OPS, text="x")
    with pytest.raises(SlackApiError) as raised:
        await web.chat_postMessage(channel=OPS, text="x")
    assert raised.value.response.status_code == 429
    seconds = int(raised.value.response.headers["Retry-After"])
    await web.chat_postMessage(channel="C0NETHEALTH", text="x")
    clock.advance(seconds)
    await web.chat_postMessage(channel=OPS, text="x")


async def test_updates_have_fifty_a_minute(web: AsyncWebClient) -> None:
    ts = (await web.chat_postMessage(channel=OPS, text="x"))["ts"]
    for number in range(50):
        await web.chat_update(channel=OPS, ts=ts, text=str(number))
    assert (await refusal(web.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "ratelimited"


async def test_a_switch_refuses_the_next_calls(slack: EmbeddedSlack, web: AsyncWebClient) -> None:
    slack.limits.refuse_next("auth.test", calls=1, retry_after_seconds=7)
    with pytest.raises(SlackApiError) as raised:
        await web.auth_test()
    assert raised.value.response.headers["Retry-After"] == "7"
    await web.auth_test()


async def test_metadata_is_stored_and_told_on_demand(web: AsyncWebClient) -> None:
    kept = {"event_type": "change", "event_payload": {"id": 7}}
    await web.chat_postMessage(channel=OPS, text="x", metadata=kept)
    asked = await web.conversations_history(channel=OPS, include_all_metadata=True)
    assert asked["messages"][0]["metadata"] == kept
    assert "metadata" not in (await web.conversations_history(channel=OPS))["messages"][0]


async def test_lists_are_read_page_by_page(web: AsyncWebClient) -> None:
    names = []
    async for answer in await web.conversations_list(limit=2):
        names += [channel["name"] for channel in answer["channels"]]
    assert names == ["general", "net-ops", "net-health"]


async def test_history_has_no_replies_and_replies_have_the_parent(web: AsyncWebClient) -> None:
    parent = await web.chat_postMessage(channel=OPS, text="parent")
    reply = await web.chat_postMessage(channel=OPS, text="reply", thread_ts=parent["ts"])
    history = (await web.conversations_history(channel=OPS))["messages"]
    assert [(m["text"], m["reply_count"]) for m in history] == [("parent", 1)]
    replies = (await web.conversations_replies(channel=OPS, ts=parent["ts"]))["messages"]
    assert [m["ts"] for m in replies] == [parent["ts"], reply["ts"]]


async def test_an_update_without_blocks_keeps_them_and_an_empty_list_removes_them(web: AsyncWebClient) -> None:
    ts = (await web.chat_postMessage(channel=OPS, text="x", blocks=[section("shown")]))["ts"]
    assert (await web.chat_update(channel=OPS, ts=ts, text="y"))["message"]["blocks"]
    assert "blocks" not in (await web.chat_update(channel=OPS, ts=ts, text="y", blocks=[]))["message"]


async def test_a_file_is_uploaded_in_three_steps_and_only_once(web: AsyncWebClient, ana: Person) -> None:
    answer = await web.files_upload_v2(channel=OPS, filename="pods.txt", content="web-1\n", initial_comment="logs")
    shared = await ana.next_message("net-ops")
    assert (shared["text"], shared["files"][0]["name"]) == ("logs", "pods.txt")
    again = web.files_completeUploadExternal(files=[{"id": answer["files"][0]["id"], "title": "x"}])
    assert (await refusal(again))["error"] == "file_not_found"


async def test_an_upload_of_another_length_is_refused(web: AsyncWebClient) -> None:
    announced = await web.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session, session.post(announced["upload_url"], data=b"four") as response:
        assert response.status == 400


async def test_only_own_messages_can_be_changed(web: AsyncWebClient, ana: Person) -> None:
    ts = await ana.say("net-ops", "mine")
    assert (await refusal(web.chat_update(channel=OPS, ts=ts, text="x")))["error"] == "cant_update_message"
    assert (await refusal(web.chat_delete(channel=OPS, ts=ts)))["error"] == "cant_delete_message"
