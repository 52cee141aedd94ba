"""The edge against the playground's strict Slack: people type, click and read."""

from collections.abc import AsyncIterator

import pytest

from bot.adapters.slack import SlackEdge
from bot.adapters.timers.clock import SystemClock
from bot.adapters.web import WebServer
from bot.application.execution.dispatch import Show
from bot.application.execution.supervision import Supervisor
from bot.application.ports import Answer
from bot.domain.chat.invocation import Invocation, Place
from bot.domain.chat.report import Action, Menu, Preformatted, Report, Status, paragraph, table, text
from bot.errors import NotFound, Refused
from bot.metrics import REGISTRY
from bot.playground.slack_server import EmbeddedSlack, Person

REPORTS = {
    "status": Report(
        status=Status.OK,
        title="3 of 3 nodes are ready",
        blocks=(table(["NODE", "READY"], [["node-1", "yes"], ["node-2", "yes"]]),),
        footnotes=(text("asked by way of the API server"),),
    ),
    "plan": Report(
        status=Status.FINDINGS,
        title="Plan 7",
        actions=(Action("Approve", "status", "primary", "Apply it?"), Action("Cancel", "changes cancel 7", "danger")),
    ),
    "which": Report(
        status=Status.FINDINGS, title="Which one?", menu=Menu("Choose a node", (Action("all of them", "status"),))
    ),
    "logs": Report(status=Status.OK, title="Logs", blocks=(Preformatted("line\n" * 900, "web", "log"),), private=True),
    "long": Report(status=Status.OK, title="Long", blocks=(paragraph("word " * 5_000),)),
}


async def _dispatch(invocation: Invocation, show: Show) -> Answer:
    return Answer(REPORTS[invocation.text])


class _Seen(set[str]):
    async def first_time(self, event_id: str) -> bool:
        new = event_id not in self
        self.add(event_id)
        return new


def _edge(slack: EmbeddedSlack, supervisor: Supervisor, mode: str = "socket") -> SlackEdge:
    return SlackEdge(
        bot_token=slack.bot_token, app_token=slack.app_token, signing_secret=slack.signing_secret,
        api_url=slack.api_url, mode=mode, dispatch=_dispatch, first_time=_Seen().first_time, supervisor=supervisor,
        clock=SystemClock(),
    )  # fmt: skip


@pytest.fixture
async def slack() -> AsyncIterator[EmbeddedSlack]:
    async with EmbeddedSlack() as slack:
        yield slack


@pytest.fixture
async def edge(slack: EmbeddedSlack) -> AsyncIterator[SlackEdge]:
    supervisor = Supervisor()
    edge = _edge(slack, supervisor)
    await edge.connect()
    await edge.start()
    yield edge
    await edge.stop_listening()
    await supervisor.drain(2)
    await edge.stop()


@pytest.fixture
def ana(slack: EmbeddedSlack) -> Person:
    return Person(slack, "ana")


async def test_a_slash_command_is_answered_to_the_person_alone(edge: SlackEdge, ana: Person) -> None:
    await ana.say("net-ops", "/net status")
    answer = await ana.next_message("net-ops")
    assert answer["ephemeral"] is True
    assert "3 of 3 nodes are ready" in answer["text"]


async def test_a_mention_is_answered_in_its_thread(edge: SlackEdge, slack: EmbeddedSlack, ana: Person) -> None:
    ts = await ana.say("net-ops", "@patchbay *status*")
    answer = await ana.next_message("net-ops", where=lambda message: "nodes" in message["text"])
    assert answer["thread_ts"] == ts


async def test_a_click_is_answered_to_whoever_clicks(edge: SlackEdge, ana: Person) -> None:
    await ana.say("net-ops", "/net plan")
    plan = await ana.next_message("net-ops")
    await ana.click(plan, "Approve")
    answer = await ana.next_message("net-ops")
    assert "3 of 3 nodes are ready" in answer["text"]


async def test_what_is_chosen_in_a_menu_is_said(edge: SlackEdge, ana: Person) -> None:
    await ana.say("net-ops", "/net which")
    question = await ana.next_message("net-ops")
    await ana.click(question, "Choose a node", "status")
    answer = await ana.next_message("net-ops")
    assert "3 of 3 nodes are ready" in answer["text"]


async def test_long_private_output_is_a_file_in_the_direct_messages(
    edge: SlackEdge, slack: EmbeddedSlack, ana: Person
) -> None:
    await ana.say("net-ops", "/net logs")
    said = await ana.next_message("net-ops")
    assert "direct messages" in said["text"]
    (file,) = slack.store.files.values()
    assert file.name == "web.log"


async def test_a_long_answer_comes_in_several_messages(edge: SlackEdge, ana: Person) -> None:
    await ana.say("net-ops", "/net long")
    for _ in range(3):
        assert "word" in str((await ana.next_message("net-ops"))["blocks"])


async def test_a_posted_message_is_found_edited_and_missed(edge: SlackEdge, slack: EmbeddedSlack, ana: Person) -> None:
    place = await edge.messenger.channel_named("#net-ops")
    assert place is not None
    posted = await edge.messenger.post(place, REPORTS["plan"], "change/7 plan")
    assert await edge.messenger.find(place, "change/7 plan") == posted
    assert await edge.messenger.find(place, "change/8 plan") is None
    await edge.messenger.update(posted, REPORTS["status"])
    assert "3 of 3 nodes" in (await ana.next_change("net-ops"))["text"]
    await edge.messenger.delete(posted)
    with pytest.raises(NotFound):
        await edge.messenger.update(posted, REPORTS["status"])


async def test_where_the_bot_is_not_a_member_it_says_how_to_invite_it(edge: SlackEdge, slack: EmbeddedSlack) -> None:
    outside = [channel for channel in slack.store.channels.values() if slack.bot_user_id not in channel.members]
    with pytest.raises(Refused, match="/invite @patchbay"):
        await edge.messenger.post(Place(channel=outside[0].id), REPORTS["status"], "")
    assert await edge.messenger.channel_named("no-such-channel") is None


async def test_slack_over_http_is_answered_too() -> None:
    supervisor, holder = Supervisor(), {}

    async def late(request):  # type: ignore[no-untyped-def]
        return await holder["edge"].http_handler(request)

    slack = EmbeddedSlack(mode="http")
    server = WebServer(checks={}, registry=REGISTRY, slack_handler=late, signing_secret=slack.signing_secret)
    port = await server.start("127.0.0.1", 0)
    assert slack.http is not None
    slack.http.url = f"http://127.0.0.1:{port}/slack/events"
    async with slack:
        edge = holder["edge"] = _edge(slack, supervisor, "http")
        await edge.connect()
        await edge.start()
        ana = Person(slack, "ana")
        await ana.say("net-ops", "/net status")
        assert "3 of 3 nodes are ready" in (await ana.next_message("net-ops"))["text"]
        await supervisor.drain(2)
        await edge.stop()
    await server.stop()
