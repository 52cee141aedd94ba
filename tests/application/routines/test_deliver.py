import asyncio

import msgspec
import pytest

from bot.adapters.network import X509Certificates
from bot.application.ports import Message, Ports, Process
from bot.application.routines.deliver import EDITS_AT_ONCE, LONGEST_RETRY_SECONDS, MOST_ATTEMPTS, Delivery
from bot.domain.access import AccessPolicy
from bot.domain.chat.report import Report, Status
from bot.errors import BotError, Unreachable
from tests.fakes import FakeClock, FakeClusters, FakeManifests, FakeMessenger, MemoryStorage


class House:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.storage = MemoryStorage(self.clock)
        self.slack = FakeMessenger()
        self.ports = Ports(
            clusters=FakeClusters(), storage=self.storage, clock=self.clock, process=Process("p", "serve"),
            access=AccessPolicy(), manifests=FakeManifests(), certificates=X509Certificates(), messenger=self.slack,
        )  # fmt: skip
        self.delivery = Delivery(self.ports, self.slack)

    async def say(self, title: str, slot: str = "head", conversation: str = "incident/1", **more: str) -> None:
        report = Report(status=Status.FINDINGS, title=title)
        message = Message(conversation=conversation, slot=slot, channel="C1", report=report)
        async with self.storage.begin() as tx:
            await tx.outbox.put(msgspec.structs.replace(message, **more))

    async def deliver(self) -> None:
        while await self.delivery.deliver_due():
            pass

    def titles(self) -> list[str]:
        return [report.title for report in self.slack.messages.values()]


@pytest.fixture
def house() -> House:
    return House()


async def test_a_second_message_in_a_slot_edits_the_first(house: House) -> None:
    await house.say("seen twice")
    await house.deliver()
    await house.say("seen three times")
    await house.deliver()
    assert house.titles() == ["seen three times"]
    assert len(house.slack.edits) == 1


async def test_what_belongs_in_a_thread_goes_there(house: House) -> None:
    await house.say("broken")
    await house.say("over", slot="ended", in_thread_of="head")
    await house.deliver()
    root, reply = house.slack.messages
    assert house.slack.places[reply].thread == root.timestamp


async def test_nothing_overtakes_anything_while_slack_is_down_and_nothing_is_lost(house: House) -> None:
    house.slack.down = Unreachable("Slack does not answer")
    await house.say("broken")
    await house.say("over", slot="ended")
    await house.deliver()
    house.slack.down = None
    await house.deliver()
    assert house.titles() == [], "it waits before it tries again"
    house.clock.advance(600)
    await house.deliver()
    assert house.titles() == ["broken", "over"]


async def test_one_conversation_does_not_hold_up_another(house: House) -> None:
    house.slack.refuses.add("C9")
    await house.say("unheard", channel="C9")
    await house.say("heard", conversation="incident/2")
    await house.deliver()
    assert house.titles() == ["heard"]


async def test_what_cannot_be_posted_reaches_its_author_with_the_way_to_invite_the_bot(house: House) -> None:
    house.slack.refuses.add("C1")
    await house.say("plan", author="U1")
    await house.deliver()
    (message,) = house.slack.messages
    assert message.channel == "U1"
    assert "/invite @patchbay" in str(house.slack.messages[message].blocks)


async def test_a_fresh_command_is_refused_where_it_was_said(house: House) -> None:
    house.slack.refuses.add("C1")
    await house.say("plan", author="U1", reply_to="https://hooks/1")
    await house.deliver()
    assert [report.title for _, report in house.slack.replies] == ["plan"]
    assert house.titles() == []


async def test_a_message_that_somebody_deleted_is_told_anew(house: House) -> None:
    await house.say("one")
    await house.deliver()
    house.slack.messages.clear()
    await house.say("two")
    await house.deliver()
    assert house.titles() == ["two"]


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_around_the_post_neither_loses_nor_doubles_it(house: House, moment: str) -> None:
    post = house.slack.post

    async def post_and_die(*arguments: object) -> object:
        if moment == "after":
            await post(*arguments)
        raise Killed

    await house.say("broken")
    house.slack.post = post_and_die
    with pytest.raises(Killed):
        await house.delivery.deliver_due()
    house.slack.post = post
    house.delivery = Delivery(house.ports, house.slack)
    await house.deliver()
    assert house.titles() == ["broken"]


async def test_where_the_bot_may_not_look_a_possible_repetition_says_so(house: House) -> None:
    async def refuse(*arguments: object) -> None:
        house.slack._check("refused")

    house.slack.refuses.add("refused")
    house.slack.find = refuse
    await house.say("broken")
    async with house.storage.begin() as tx:
        await tx.outbox.sending(1)
    await house.deliver()
    (report,) = house.slack.messages.values()
    assert "may be a repetition" in str(report.footnotes)


async def test_what_became_newer_while_it_waited_is_what_is_told(house: House) -> None:
    await house.say("seen twice")
    async with house.storage.read() as tx:
        (found_due,) = await tx.outbox.due(house.clock.now())
    await house.say("seen three times")
    assert await house.delivery._dealt_with(found_due)
    assert house.titles() == ["seen three times"]
    assert house.storage.outbox == []


async def test_a_channel_without_the_bot_costs_its_author_one_direct_message_that_is_kept_up_to_date(
    house: House,
) -> None:
    house.slack.refuses.add("C1")
    for times in ("twice", "three times", "four times"):
        await house.say(f"seen {times}", author="U1")
        await house.deliver()
    await house.say("over", slot="ended", in_thread_of="head", author="U1")
    await house.deliver()
    head, ended = house.slack.messages
    assert house.titles() == ["seen four times", "over"]
    assert "/invite" in str(house.slack.messages[head].footnotes)
    assert house.slack.places[ended].thread == head.timestamp


async def test_what_can_be_told_to_nobody_is_set_aside(house: House) -> None:
    house.slack.refuses |= {"C1", "U1"}
    await house.say("plan", author="U1")
    await house.deliver()
    assert house.storage.outbox == []
    assert [why for _, why in house.storage.state.aside.values()] != []


async def test_a_message_that_slack_never_takes_does_not_block_its_conversation_for_ever(house: House) -> None:
    house.slack.down = BotError("Slack does not understand it")
    await house.say("broken")
    for _ in range(MOST_ATTEMPTS):
        await house.deliver()
        house.clock.advance(LONGEST_RETRY_SECONDS)
    house.slack.down = None
    await house.say("over", slot="ended")
    await house.deliver()
    assert house.titles() == ["over"]


async def test_slack_says_how_long_to_wait(house: House) -> None:
    house.slack.down = Unreachable("Too many messages")
    house.slack.down.retry_after_seconds = 30
    await house.say("broken")
    await house.deliver()
    house.slack.down = None
    house.clock.advance(29)
    await house.deliver()
    assert house.titles() == []
    house.clock.advance(1)
    await house.deliver()
    assert house.titles() == ["broken"]


async def test_edits_that_wait_for_their_budget_let_new_messages_pass(house: House) -> None:
    posted, post = asyncio.Event(), house.slack.post

    async def wait_for_budget(*arguments: object) -> None:
        await asyncio.Event().wait()

    async def post_and_say_so(*arguments: object) -> object:
        posted.set()
        return await post(*arguments)

    for number in range(EDITS_AT_ONCE + 1):
        await house.say("one", conversation=f"incident/{number}")
    await house.deliver()
    house.slack.update, house.slack.post = wait_for_budget, post_and_say_so
    for number in range(EDITS_AT_ONCE + 1):
        await house.say("two", conversation=f"incident/{number}")
    running = asyncio.create_task(house.delivery.run())
    await house.say("news", conversation="change/1")
    house.delivery.wake()
    await asyncio.wait_for(posted.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
