"""From what people do in Slack to what they read there, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from bot.adapters.slack import SlackEdge
from bot.adapters.timers.clock import SystemClock
from bot.application.execution.dispatch import Show
from bot.application.execution.supervision import Supervisor
from bot.application.ports import Answer
from bot.domain.chat.invocation import Invocation, Source
from bot.domain.chat.report import Preformatted, Report, Status, paragraph
from bot.errors import BotError
from tests.adapters.slack.small_slack import SmallSlack, small_slack

OK = Report(status=Status.OK, title="All is well", blocks=(paragraph("3 of 3 nodes are ready."),))


class House:
    """The edge, and what stands behind it."""

    def __init__(self, slack: SmallSlack) -> None:
        self.slack = slack
        self.supervisor = Supervisor()
        self.heard: list[Invocation] = []
        self.behaviour: Callable[[Invocation, Show], Awaitable[Answer]] = self._answer_ok
        self.seen: set[str] = set()
        self.edge = SlackEdge(
            bot_token="xoxb-1", app_token="xapp-1", api_url=slack.api_url, dispatch=self._dispatch,
            first_time=self._first_time, supervisor=self.supervisor, clock=SystemClock(), working_after_seconds=0.05,
        )  # fmt: skip

    async def _dispatch(self, invocation: Invocation, show: Show) -> Answer:
        self.heard.append(invocation)
        return await self.behaviour(invocation, show)

    async def _answer_ok(self, invocation: Invocation, show: Show) -> Answer:
        return Answer(OK)

    async def _first_time(self, event_id: str) -> bool:
        new = event_id not in self.seen
        self.seen.add(event_id)
        return new

    def answers(self, report: Report, *, said_in_channel: bool = False) -> None:
        async def behaviour(invocation: Invocation, show: Show) -> Answer:
            return Answer(report, said_in_channel=said_in_channel)

        self.behaviour = behaviour

    def answers_when_shown(self, report: Report, shown: Callable[[], object], *, said_in_channel: bool = False) -> None:
        async def behaviour(invocation: Invocation, show: Show) -> Answer:
            await self.slack.until(shown)
            return Answer(report, said_in_channel=said_in_channel)

        self.behaviour = behaviour


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with small_slack() as slack:
        house = House(slack)
        await house.edge.connect()
        await house.edge.start()
        yield house
        await house.edge.stop_listening()
        await house.supervisor.drain(2)
        await house.edge.stop()


async def test_a_slash_command_is_acknowledged_and_answered_to_the_person_alone(house: House) -> None:
    envelope = await house.slack.slash("*services* –n shop")
    await house.slack.until(lambda: house.slack.responses and house.slack.acks)
    assert house.slack.acks == [{"envelope_id": envelope}]
    assert house.heard[0].text == "services -n shop"
    assert (house.heard[0].source, house.heard[0].actor.id) == (Source.SLASH, "slack:U0ANA")
    (said,) = house.slack.responses
    assert said["response_type"] == "ephemeral"
    assert said["replace_original"] is False
    assert "All is well" in said["text"]
    assert "3 of 3 nodes" in str(said["blocks"])


async def test_it_is_acknowledged_while_the_cluster_is_slow(house: House) -> None:
    gate = asyncio.Event()

    async def slow(invocation: Invocation, show: Show) -> Answer:
        await gate.wait()
        return Answer(OK)

    house.behaviour = slow
    await house.slack.slash("status")
    await house.slack.until(lambda: house.slack.acks)
    gate.set()
    await house.slack.until(lambda: any("All is well" in said["text"] for said in house.slack.responses))


async def test_a_slow_answer_replaces_the_line_that_it_is_working(house: House) -> None:
    house.answers_when_shown(OK, lambda: house.slack.responses)
    await house.slack.slash("status")
    await house.slack.until(lambda: len(house.slack.responses) == 2)
    first, second = house.slack.responses
    assert "Working on it" in first["text"]
    assert second["replace_original"] is True


async def test_what_is_said_in_the_channel_takes_the_working_line_away(house: House) -> None:
    house.answers_when_shown(OK, lambda: house.slack.responses, said_in_channel=True)
    await house.slack.slash("changes approve 7")
    await house.slack.until(lambda: len(house.slack.responses) == 2)
    assert house.slack.responses[1]["delete_original"] is True


async def test_a_mention_is_answered_in_its_thread(house: House) -> None:
    event = {"type": "app_mention", "user": "U0ANA", "text": "<@U0BOT> status", "ts": "10.1", "channel": "C0OPS"}
    await house.slack.event(event)
    await house.slack.until(lambda: house.slack.called("chat.postMessage"))
    assert house.heard[0].text == "status"
    (message,) = house.slack.called("chat.postMessage")
    assert (message["channel"], message["thread_ts"]) == ("C0OPS", "10.1")


async def test_a_direct_message_is_answered_in_place(house: House) -> None:
    event = {
        "type": "message",
        "channel_type": "im",
        "user": "U0ANA",
        "text": "/net status",
        "ts": "1.1",
        "channel": "D1",
    }
    await house.slack.event(event)
    await house.slack.until(lambda: house.slack.called("chat.postMessage"))
    assert house.heard[0].text == "status"
    (message,) = house.slack.called("chat.postMessage")
    assert (message["channel"], message.get("thread_ts")) == ("D1", None)


async def test_a_retried_event_is_answered_once(house: House) -> None:
    event = {"type": "app_mention", "user": "U0ANA", "text": "<@U0BOT> status", "ts": "10.1", "channel": "C0OPS"}
    await house.slack.event(event, event_id="Ev1")
    await house.slack.event(event, event_id="Ev1")
    await house.slack.event({**event, "text": "<@U0BOT> help"}, event_id="Ev2")
    await house.slack.until(lambda: len(house.slack.called("chat.postMessage")) == 2)
    assert sorted(invocation.text for invocation in house.heard) == ["help", "status"]


@pytest.mark.parametrize(
    "difference",
    [{"bot_id": "B1"}, {"user": "U0BOT"}, {"subtype": "message_changed"}, {"edited": {"user": "U0ANA", "ts": "2"}}],
)
async def test_bots_edits_and_own_messages_are_not_heard(house: House, difference: dict[str, object]) -> None:
    event = {"type": "message", "channel_type": "im", "user": "U0ANA", "text": "status", "ts": "1.1", "channel": "D1"}
    await house.slack.event({**event, **difference})
    await house.slack.event({**event, "text": "help"})
    await house.slack.until(lambda: house.slack.called("chat.postMessage"))
    assert [invocation.text for invocation in house.heard] == ["help"]
    assert len(house.slack.acks) == 2


async def test_a_click_is_its_command_said_by_whoever_clicks_and_leaves_the_message_alone(house: House) -> None:
    await house.slack.click("changes approve 7 --digest 3f2a")
    await house.slack.until(lambda: house.slack.responses)
    assert house.heard[0].text == "changes approve 7 --digest 3f2a"
    assert house.heard[0].source is Source.CLICK
    assert house.slack.responses[0]["replace_original"] is False


async def test_a_slow_click_says_that_it_was_taken_and_replaces_nothing(house: House) -> None:
    house.answers_when_shown(OK, lambda: house.slack.responses)
    await house.slack.click("status")
    await house.slack.until(lambda: len(house.slack.responses) == 2)
    assert [said["replace_original"] for said in house.slack.responses] == [False, False]
    assert "Taken" in house.slack.responses[0]["text"]


async def test_a_working_line_that_cannot_be_taken_away_is_no_failure(house: House) -> None:
    house.answers_when_shown(OK, lambda: house.slack.responses, said_in_channel=True)
    await house.slack.slash("changes approve 7")
    await house.slack.until(lambda: house.slack.responses)
    house.slack.answers["response_url"] = lambda call: web.Response(status=404, text="expired_url")
    await house.supervisor.drain(5)
    assert house.slack.called("chat.postMessage") == []


async def test_a_click_in_a_thread_is_answered_in_that_thread_to_the_person_alone(house: House) -> None:
    container = {"type": "message", "message_ts": "1.2", "thread_ts": "1.1", "channel_id": "C0OPS"}
    await house.slack.click("status", container=container)
    await house.slack.until(lambda: house.slack.called("chat.postEphemeral"))
    (said,) = house.slack.called("chat.postEphemeral")
    assert (said["user"], said["thread_ts"]) == ("U0ANA", "1.1")
    assert house.slack.responses == []


async def test_a_file_for_one_person_goes_to_the_direct_messages_and_this_is_said(house: House) -> None:
    log = Preformatted("line\n" * 2_000, "Log of web", "log")
    house.answers(Report(status=Status.OK, title="Logs", blocks=(log,), private=True))
    await house.slack.slash("logs web")
    await house.slack.until(lambda: house.slack.responses)
    assert house.slack.uploads == [b"line\n" * 2_000]
    assert house.slack.called("files.completeUploadExternal")[0]["channel_id"] == "D0U0ANA"
    assert "direct messages" in house.slack.responses[0]["text"]


async def test_what_is_private_is_not_said_in_a_thread(house: House) -> None:
    house.answers(Report(status=Status.OK, title="Logs", blocks=(paragraph("password"),), private=True))
    event = {"type": "app_mention", "user": "U0ANA", "text": "<@U0BOT> logs web", "ts": "10.1", "channel": "C0OPS"}
    await house.slack.event(event)
    await house.slack.until(lambda: len(house.slack.called("chat.postMessage")) == 2)
    private, public = house.slack.called("chat.postMessage")
    assert private["channel"] == "D0U0ANA"
    assert "password" in str(private)
    assert public["channel"] == "C0OPS"
    assert "password" not in str(public)


async def test_work_that_a_restart_ends_says_so(house: House) -> None:
    async def endless(invocation: Invocation, show: Show) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    house.behaviour = endless
    await house.slack.slash("status")
    await house.slack.until(lambda: house.slack.responses)
    await house.supervisor.drain(0)
    assert "Interrupted by a restart" in house.slack.responses[-1]["text"]
    assert house.slack.responses[-1]["replace_original"] is True


async def test_a_bug_behind_the_door_is_answered_with_a_reference(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(invocation: Invocation, show: Show) -> Answer:
        raise ZeroDivisionError

    house.behaviour = broken
    await house.slack.slash("status")
    await house.slack.until(lambda: house.slack.responses)
    assert "went wrong" in house.slack.responses[0]["text"]
    reference = next(record.getMessage().split()[1].rstrip(":") for record in caplog.records if record.exc_info)
    assert reference in house.slack.responses[0]["text"]


async def test_a_used_up_response_url_sends_the_answer_to_direct_messages(house: House) -> None:
    house.slack.answers["response_url"] = lambda call: web.Response(status=404, text="used_url")
    await house.slack.slash("status")
    await house.slack.until(lambda: house.slack.called("chat.postMessage"))
    assert house.slack.called("chat.postMessage")[0]["channel"] == "D0U0ANA"


async def test_progress_leaves_room_for_the_answer(house: House) -> None:
    async def chatty(invocation: Invocation, show: Show) -> Answer:
        for number in range(20):
            await show(Report(status=Status.WORKING, title=f"Step {number}"))
        return Answer(OK)

    house.behaviour = chatty
    await house.slack.slash("status")
    await house.slack.until(lambda: any("All is well" in said["text"] for said in house.slack.responses))
    assert len(house.slack.responses) <= 5


async def _begin(edge: SlackEdge) -> None:
    await edge.connect()
    await edge.start()


@pytest.mark.parametrize(
    ("method", "named"), [("auth.test", "SLACK_BOT_TOKEN"), ("apps.connections.open", "SLACK_APP_TOKEN")]
)
async def test_a_refused_token_is_told_by_its_setting(method: str, named: str) -> None:
    async with small_slack() as slack:
        slack.answers[method] = lambda call: {"ok": False, "error": "invalid_auth"}
        house = House(slack)
        with pytest.raises(BotError, match=named) as caught:
            await _begin(house.edge)
        await house.edge.stop()
        assert "xoxb-1" not in str(caught.value) + repr(house.edge)


async def test_a_slack_that_is_not_there_is_told_plainly(unused_tcp_port: int) -> None:
    slack = SmallSlack()
    slack.url = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(BotError, match="SLACK_API_URL"):
        await House(slack).edge.connect()
