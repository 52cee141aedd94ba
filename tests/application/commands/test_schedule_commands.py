import dataclasses

import msgspec
import pytest

from bot.application.execution.run_saved import run_saved
from bot.domain.chat.invocation import Actor, Place
from bot.domain.chat.report import Report, Status, plain
from bot.errors import NotFound
from tests.builders import finding
from tests.watching import Watched, watched

ADD = 'schedule add "every 1m" --channel net-health check services -n shop'


@pytest.fixture
def house() -> Watched:
    return watched()


def words(report: Report) -> str:
    said = [report.title]
    for block in report.blocks:
        for row in getattr(block, "rows", ()):
            said.append(" | ".join(plain(cell) for cell in row))
        spans = getattr(block, "text", None)
        said += [plain(each) for each in ((spans,) if spans else getattr(block, "items", ()))]
    return "\n".join(said)


class TestAdd:
    async def test_the_command_is_kept_as_it_will_be_run(self, house: Watched) -> None:
        answer = await house.say('schedule add "every 1m" --channel net-health check services -n shop -A')
        (schedule,) = house.world.storage.state.schedules.values()
        assert schedule.command == "check services --namespace shop --all-namespaces"
        assert (schedule.channel, schedule.channel_name, schedule.owner) == ("C1", "net-health", "slack:U1")
        assert schedule.cluster == "c1"
        assert "every minute" in words(answer)
        assert "2026-11-24 03:01:00 UTC" in words(answer)

    async def test_the_default_namespace_is_filled_in(self, house: Watched) -> None:
        await house.say("schedule add hourly --channel net-health check services")
        (schedule,) = house.world.storage.state.schedules.values()
        assert schedule.command == "check services --namespace default"

    @pytest.mark.parametrize("channel", ["general", "#general", "<#C024BE7LR|general>", "<#C024BE7LR>"])
    async def test_a_channel_is_said_by_name_or_as_chat_writes_it(self, house: Watched, channel: str) -> None:
        house.world.messenger.channels["general"] = Place("C024BE7LR", "general")
        await house.say(f"schedule add hourly --channel '{channel}' check services")
        (schedule,) = house.world.storage.state.schedules.values()
        assert schedule.channel == "C024BE7LR"

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("schedule add hourly --channel elsewhere check services", "sees no channel #elsewhere"),
            ("schedule add hourly --channel net-health expose deploy/web --port 80", "cannot be put on a timetable"),
            ("schedule add hourly --channel net-health schedule run 1", "cannot be put on a timetable"),
            ("schedule add hourly --channel net-health chekc services", "no command"),
            ("schedule add hourly --channel net-health check services --bogus", "--bogus"),
            ("schedule add hourly --channel net-health", "needs COMMAND"),
            ("schedule add hourly check services", "needs --channel"),
            ("schedule add every 5m --channel net-health check services", "in quotes"),
            ('schedule add "every 5s" --channel net-health check services', "at least 30s"),
            ("schedule add hourly --time-zone Berlin --channel net-health check services", "no time zone"),
        ],
    )
    async def test_what_cannot_be_scheduled_is_told_and_not_stored(self, house: Watched, line: str, said: str) -> None:
        answer = await house.say(line)
        assert answer.status is Status.FAILED
        assert said.lower() in words(answer).lower()
        assert house.world.storage.state.schedules == {}


class TestFromATerminal:
    @pytest.fixture
    async def house(self, house: Watched) -> Watched:
        """A schedule that was made where nobody speaks to Slack."""
        slack = house.world.ports
        house.world.ports = dataclasses.replace(slack, messenger=None)
        answer = await house.say(ADD, Actor("terminal:ann", "ann"))
        assert answer.status is Status.OK
        house.world.ports = slack
        return house

    async def test_its_channel_is_found_at_its_first_run_in_serve(self, house: Watched) -> None:
        assert house.world.storage.state.schedules[1].channel == ""
        await house.run(finding())
        await house.run(finding())
        assert house.world.storage.state.schedules[1].channel == "C1"
        assert [message.channel for message in house.world.messenger.messages] == ["C1"]

    async def test_a_channel_that_is_not_there_is_said_in_the_list(self, house: Watched) -> None:
        house.world.messenger.channels.clear()
        report = await house.run(finding())
        assert "sees no channel #net-health" in report.title
        assert "failed" in words(await house.say("schedule list"))


async def test_an_owner_in_slack_is_told_when_the_channel_has_gone(house: Watched) -> None:
    await house.say(ADD)
    house.world.messenger.refuses.add("C1")
    await house.run(finding())
    await house.run(finding())
    assert [message.channel for message in house.world.messenger.messages] == ["U1"]


async def test_a_schedule_is_run_as_its_owner_whoever_asks_for_it(house: Watched) -> None:
    await house.say(ADD)
    house.world.ports.clusters.opened.clear()  # type: ignore[attr-defined]
    await house.say("schedule run 1", Actor("slack:U2", "bob"))
    assert house.world.ports.clusters.opened[-1] == ("c1", Actor("slack:U1", "ann"))  # type: ignore[attr-defined]


async def test_an_answer_that_judges_nothing_is_posted_once_a_day_and_kept_up_to_date(
    house: Watched,
) -> None:
    await house.say('schedule add "every 6h" --channel net-health --time-zone Europe/Berlin schedule list')
    for _ in range(8):
        house.world.clock.advance(6 * 3600)
        await house.say("schedule run 1")
        await house.deliver()
    # 04:00 in Berlin at the start: runs at 10, 16 and 22 h, then at 4, 10, 16 and 22 h, then at 4 h.
    assert len(house.world.messenger.messages) == 3
    assert set(house.world.messenger.places.values()) == {Place("C1")}


class TestListAndRemove:
    async def test_the_list_says_when_what_runs_where_and_how_it_went(self, house: Watched) -> None:
        await house.say(ADD)
        await house.run(finding())
        said = words(await house.say("schedule list"))
        for needed in ("every minute", "check services --namespace shop", "#net-health", "findings", "@ann"):
            assert needed in said
        assert "2026-11-24 03:02:00 UTC" in said

    async def test_one_that_another_version_stored_does_not_hide_the_others(self, house: Watched) -> None:
        await house.say(ADD)
        await house.say(ADD)
        schedules = house.world.storage.state.schedules
        schedules[1] = msgspec.structs.replace(schedules[1], timetable="at full moon")
        said = words(await house.say("schedule list"))
        assert "at full moon" in said
        assert "every minute" in said

    async def test_only_the_owner_or_who_may_change_things_removes_one(self, house: Watched) -> None:
        await house.say(ADD)
        answer = await house.say("schedule remove 1", Actor("slack:U2", "bob"))
        assert answer.status is Status.FAILED
        assert "ann" in words(answer)
        assert (await house.say("schedule remove 1")).status is Status.OK
        assert house.world.storage.state.schedules == {}

    @pytest.mark.parametrize("verb", ["run", "remove"])
    async def test_an_unknown_one_is_told(self, house: Watched, verb: str) -> None:
        assert "no schedule 9" in words(await house.say(f"schedule {verb} 9"))

    async def test_nothing_scheduled_says_how_to_begin(self, house: Watched) -> None:
        report = await house.say("schedule list")
        assert "schedule add" in plain(report.footnotes[0])


async def test_one_that_is_removed_while_it_runs_tells_nobody(house: Watched) -> None:
    await house.say(ADD)
    check = house.world.ports.catalogue["check services"].handler

    async def remove_meanwhile(request: object, context: object) -> Report:
        house.world.storage.state.schedules.clear()
        return await check(request, context)  # type: ignore[arg-type, return-value]

    catalogue = dict(house.world.ports.catalogue)
    catalogue["check services"] = dataclasses.replace(catalogue["check services"], handler=remove_meanwhile)
    ports = dataclasses.replace(house.world.ports, catalogue=catalogue)
    house.found = (finding(),)
    with pytest.raises(NotFound):
        await run_saved(ports, 1)
    assert house.world.storage.state.incidents == {}
