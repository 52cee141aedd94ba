"""The real Bolt against the pretend Slack, by sockets: what a bot does all day."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack_server import EmbeddedSlack, Person

BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}, "value": "7"}
BLOCKS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*expose* deploy/web"}},
    {"type": "actions", "block_id": "decide", "elements": [BUTTON]},
]
MODAL = {
    "type": "modal",
    "callback_id": "expose",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Expose"},
    "submit": {"type": "plain_text", "text": "Plan"},
    "blocks": [
        {
            "type": "input",
            "block_id": "port",
            "label": {"type": "plain_text", "text": "Port"},
            "element": {"type": "plain_text_input", "action_id": "value"},
        },
    ],
}


class Bot:
    """A small Bolt app that notes what it got."""

    def __init__(self, slack: EmbeddedSlack) -> None:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        self.got: list[dict[str, Any]] = []
        self.app.command("/net")(self.command)
        self.app.event("app_mention")(self.mention)
        self.app.event("message")(self.direct_message)
        self.app.action("approve")(self.approve)
        self.app.view("expose")(self.submitted)
        self.app.view_closed("expose")(self.closed)

    async def command(self, ack: Any, body: dict[str, Any], respond: Any, client: AsyncWebClient) -> None:
        self.got.append(body)
        if body["text"] == "ack":
            await ack("answered at once")
        elif body["text"] == "form":
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        elif body["text"] == "plan":
            await ack()
            await client.chat_postMessage(channel=body["channel_id"], text="a plan", blocks=BLOCKS)
        else:
            await ack()
            await respond(f"you said {body['text']}")

    async def mention(self, body: dict[str, Any], client: AsyncWebClient) -> None:
        self.got.append(body)
        event = body["event"]
        await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text=event["text"])

    async def direct_message(self, body: dict[str, Any], say: Any) -> None:
        self.got.append(body)
        await say(body["event"]["text"])

    async def approve(self, ack: Any, body: dict[str, Any], respond: Any) -> None:
        self.got.append(body)
        await ack()
        await respond(text="approved", replace_original=True)

    async def submitted(self, ack: Any, body: dict[str, Any]) -> None:
        self.got.append(body)
        port = body["view"]["state"]["values"]["port"]["value"]["value"]
        if port.isdecimal():
            await ack()
        else:
            await ack(response_action="errors", errors={"port": "a number is needed, such as 80"})

    async def closed(self, ack: Any, body: dict[str, Any]) -> None:
        self.got.append(body)
        await ack()


@pytest.fixture
async def bot(slack: EmbeddedSlack) -> AsyncIterator[Bot]:
    bot = Bot(slack)
    handler = AsyncSocketModeHandler(bot.app, slack.app_token)
    await handler.connect_async()
    await slack.sockets.connected()
    yield bot
    await handler.close_async()


async def test_a_slash_command_is_answered_to_the_person_alone(bot: Bot, ana: Person) -> None:
    await ana.say("#general", "/net status for <b> & @ben in #net-ops at https://example.com/a")
    answer = await ana.next_message("general")
    assert answer["ephemeral"]
    text = bot.got[0]["text"]
    assert text == "status for <b> & <@U0BEN> in <#C0NETOPS|net-ops> at <https://example.com/a>"
    assert answer["text"] == f"you said {text}"
    assert bot.got[0]["channel_name"] == "general"


async def test_an_acknowledgement_may_hold_the_answer(bot: Bot, ana: Person) -> None:
    await ana.say("net-ops", "/net ack")
    assert (await ana.next_message("net-ops"))["text"] == "answered at once"


async def test_a_mention_reaches_the_bot_as_chat_writes_it(bot: Bot, ana: Person) -> None:
    ts = await ana.say("net-ops", "@patchbay check web.example.com & <x>")
    answer = await ana.next_message("net-ops")
    assert answer["thread_ts"] == ts
    assert answer["text"] == "<@U0PATCHBAY> check <http://web.example.com|web.example.com> &amp; &lt;x&gt;"


async def test_a_direct_message_is_answered_in_place(bot: Bot, ben: Person, ana: Person) -> None:
    await ben.say("@patchbay", "status")
    assert (await ben.next_message("@patchbay"))["text"] == "status"
    assert bot.got[0]["event"]["channel_type"] == "im"


async def test_a_click_replaces_the_message_of_its_button(bot: Bot, ana: Person, ben: Person) -> None:
    await ana.say("net-ops", "/net plan")
    plan = await ben.next_message("net-ops")
    await ben.click(plan, "Approve")
    changed = await ana.next_change("net-ops")
    assert changed["text"] == "approved"
    assert "blocks" not in changed
    click = bot.got[1]
    assert click["actions"][0]["value"] == "7"
    assert click["container"] == {
        "type": "message",
        "message_ts": plan["ts"],
        "channel_id": "C0NETOPS",
        "is_ephemeral": False,
    }


async def test_a_modal_shows_errors_until_it_is_right_and_then_closes(bot: Bot, ana: Person) -> None:
    await ana.say("net-ops", "/net form")
    view = await ana.next_view()
    await ana.submit(view, {"Port": "http"})
    assert (await ana.next_event("view_errors"))["errors"] == {"port": "a number is needed, such as 80"}
    await ana.submit(view, {"Port": "80"})
    assert (await ana.next_event("view_closed"))["view_id"] == view["id"]


async def test_a_modal_that_is_closed_tells_the_bot_when_it_asked(bot: Bot, ana: Person, slack: EmbeddedSlack) -> None:
    await ana.say("net-ops", "/net form")
    await ana.close(await ana.next_view())
    await slack.delivery.idle()
    assert bot.got[-1]["type"] == "view_closed"


async def test_bolt_comes_back_after_a_refresh(bot: Bot, ana: Person, slack: EmbeddedSlack) -> None:
    await slack.sockets.refresh()
    await slack.sockets.connected()
    await ana.say("net-ops", "/net again")
    assert (await ana.next_message())["text"] == "you said again"
