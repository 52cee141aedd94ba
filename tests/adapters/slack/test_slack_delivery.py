"""Posting, editing, finding and files, against a Slack that refuses and asks to wait."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.calling import Budget, Calls
from bot.adapters.slack.delivery import SlackMessenger
from bot.application.ports.messenger import MessageId
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Preformatted, Report, Status, paragraph
from bot.errors import NotFound, Refused, Unreachable
from tests.adapters.slack.small_slack import SmallSlack, small_slack

OK = Report(status=Status.OK, title="All is well")
OPS = Place(channel="C0OPS", name="net-ops")


class JumpingClock:
    """Sleeping takes no time, and is remembered."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
async def slack() -> AsyncIterator[SmallSlack]:
    async with small_slack() as slack:
        yield slack


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
async def messenger(slack: SmallSlack, clock: JumpingClock) -> AsyncIterator[SlackMessenger]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=slack.api_url, session=session)
        yield SlackMessenger(client, session, Calls(clock), clock)


def _limited(seconds: str) -> web.Response:
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": seconds})


async def test_a_message_carries_text_blocks_and_its_token_and_unfurls_nothing(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    posted = await messenger.post(OPS, OK, "change/7 plan")
    (call,) = slack.called("chat.postMessage")
    assert posted.channel == "C0OPS"
    assert call["metadata"] == {"event_type": "patchbay", "event_payload": {"token": "change/7 plan"}}
    assert (call["unfurl_links"], call["unfurl_media"]) == (False, False)
    assert call["text"]
    assert call["blocks"]


async def test_it_waits_as_long_as_slack_says(
    slack: SmallSlack, messenger: SlackMessenger, clock: JumpingClock
) -> None:
    slack.answers["chat.postMessage"] = lambda call: (
        _limited("7") if len(slack.called("chat.postMessage")) == 1 else {"channel": "C0OPS", "ts": "1.1"}
    )
    assert await messenger.post(OPS, OK, "") == MessageId("C0OPS", "1.1")
    assert clock.slept == [7.0]


async def test_a_long_wait_is_left_to_the_caller_and_nobody_asks_meanwhile(
    slack: SmallSlack, messenger: SlackMessenger, clock: JumpingClock
) -> None:
    slack.answers["chat.postMessage"] = lambda call: _limited("90")
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            await messenger.post(OPS, OK, "")
        assert 90 <= caught.value.retry_after_seconds <= 91  # type: ignore[attr-defined]
    assert len(slack.called("chat.postMessage")) == 1
    assert clock.slept == []


async def test_edits_keep_within_the_workspaces_budget(
    slack: SmallSlack, messenger: SlackMessenger, clock: JumpingClock
) -> None:
    for _ in range(46):
        await messenger.update(MessageId("C0OPS", "1.1"), OK)
    assert clock.slept == [60.0]
    assert len(slack.called("chat.update")) == 46


async def test_a_budget_is_free_again_when_its_time_has_passed(clock: JumpingClock) -> None:
    budget = Budget(2, 60.0, clock)
    await budget.take()
    clock.time += 59
    await budget.take()
    await budget.take()
    assert clock.slept == [1.0]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("not_in_channel", Refused, "/invite @patchbay"),
        ("channel_not_found", Refused, "/invite @patchbay"),
        ("is_archived", Refused, "archived"),
        ("invalid_auth", Refused, "SLACK_BOT_TOKEN"),
        ("internal_error", Unreachable, "internal_error"),
        ("restricted_action", Refused, "restricted_action"),
    ],
)
async def test_a_refusal_is_told_in_our_own_words(
    slack: SmallSlack, messenger: SlackMessenger, code: str, kind: type[Exception], said: str
) -> None:
    slack.answers["chat.postMessage"] = lambda call: {"ok": False, "error": code}
    with pytest.raises(kind, match=said):
        await messenger.post(OPS, OK, "")


async def test_an_edit_of_a_deleted_message_says_so(slack: SmallSlack, messenger: SlackMessenger) -> None:
    slack.answers["chat.update"] = lambda call: {"ok": False, "error": "message_not_found"}
    with pytest.raises(NotFound):
        await messenger.update(MessageId("C0OPS", "1.1"), OK)


async def test_a_message_is_found_by_its_token_on_a_later_page(slack: SmallSlack, messenger: SlackMessenger) -> None:
    def history(call: dict[str, Any]) -> dict[str, Any]:
        if not call.get("cursor"):
            other = {"ts": "2.2", "metadata": {"event_type": "another", "event_payload": {"token": "incident/3"}}}
            return {"messages": [{"ts": "3.3"}, other], "response_metadata": {"next_cursor": "next"}}
        ours = {"ts": "1.1", "metadata": {"event_type": "patchbay", "event_payload": {"token": "incident/3"}}}
        return {"messages": [ours], "response_metadata": {"next_cursor": ""}}

    slack.answers["conversations.history"] = history
    assert await messenger.find(OPS, "incident/3") == MessageId("C0OPS", "1.1")
    assert await messenger.find(OPS, "incident/4") is None
    assert str(slack.called("conversations.history")[0]["include_all_metadata"]).lower() in ("1", "true")


async def test_in_a_thread_it_looks_among_the_replies(slack: SmallSlack, messenger: SlackMessenger) -> None:
    await messenger.find(Place(channel="C0OPS", thread="5.5"), "incident/3")
    assert slack.called("conversations.replies")[0]["ts"] == "5.5"


async def test_a_long_report_goes_on_in_the_thread_of_its_first_message(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    posted = await messenger.post(
        OPS, Report(status=Status.OK, title="Long", blocks=(paragraph("word " * 5_000),)), "t"
    )
    first, *others = slack.called("chat.postMessage")
    assert others
    assert {call["thread_ts"] for call in others} == {posted.timestamp}
    assert "metadata" not in others[0] or not others[0]["metadata"]
    assert "thread_ts" not in first


async def test_a_file_is_uploaded_once_however_often_its_message_is_edited(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    report = Report(status=Status.OK, title="Plan", blocks=(Preformatted("kind: é\n" * 900, "plan", "yaml"),))
    posted = await messenger.post(OPS, report, "")
    await messenger.update(posted, report)
    content = ("kind: é\n" * 900).encode()
    assert slack.uploads == [content]
    assert int(slack.called("files.getUploadURLExternal")[0]["length"]) == len(content)
    (completed,) = slack.called("files.completeUploadExternal")
    assert (completed["channel_id"], completed["thread_ts"]) == ("C0OPS", posted.timestamp)


async def test_a_file_that_is_refused_is_told_of_beside_the_message(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    slack.answers["files.getUploadURLExternal"] = lambda call: {
        "ok": False,
        "error": "missing_scope",
        "needed": "files:write",
    }
    report = Report(status=Status.OK, title="Plan", blocks=(Preformatted("kind: x\n" * 900, "plan", "yaml"),))
    posted = await messenger.post(OPS, report, "")
    note = slack.called("chat.postMessage")[-1]
    assert note["thread_ts"] == posted.timestamp
    assert "files:write" in note["text"]


async def test_channels_are_listed_in_pages_and_remembered(
    slack: SmallSlack, messenger: SlackMessenger, clock: JumpingClock
) -> None:
    slack.answers["conversations.list"] = lambda call: (
        {"channels": [{"id": "C1", "name": "a"}], "response_metadata": {"next_cursor": "2"}}
        if not call.get("cursor")
        else {"channels": [{"id": "C2", "name": "net-health"}], "response_metadata": {"next_cursor": ""}}
    )
    for _ in range(3):
        assert await messenger.channel_named("#net-health") == Place(channel="C2", name="net-health")
    assert len(slack.called("conversations.list")) == 2
    assert await messenger.channel_named("missing") is None
    clock.time += 31
    assert await messenger.channel_named("missing") is None
    assert len(slack.called("conversations.list")) == 4


async def test_a_reply_that_needs_a_file_is_left_to_the_direct_messages(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    report = Report(status=Status.OK, title="Plan", blocks=(Preformatted("kind: x\n" * 900, "plan", "yaml"),))
    with pytest.raises(Refused, match="file"):
        await messenger.reply(f"{slack.url}/response/1", report)
    assert slack.responses == []


async def test_a_reply_is_for_the_person_alone_and_an_expired_address_is_told(
    slack: SmallSlack, messenger: SlackMessenger
) -> None:
    await messenger.reply(f"{slack.url}/response/1", OK)
    (said,) = slack.responses
    assert (said["response_type"], said["replace_original"]) == ("ephemeral", False)
    slack.answers["response_url"] = lambda call: web.Response(status=404, text="expired_url")
    with pytest.raises(Refused, match="expired_url") as caught:
        await messenger.reply(f"{slack.url}/response/1", OK)
    assert "response/1" not in str(caught.value)
