"""From a schedule's runs to what stands in the channel: the whole way, with Slack and the cluster in memory."""

import datetime

import pytest

from bot.domain.chat.invocation import Actor
from bot.domain.chat.report import FindingsBlock, Report, Status, plain
from bot.domain.diagnosis.finding import Severity
from bot.domain.incidents.incident import IncidentState
from bot.domain.network.references import Ref
from bot.errors import BotError, NotFound, Refused, Unreachable
from tests import watching
from tests.builders import finding

WRONG = finding(evidence=("no pod has app=web",))
RIGHT = finding(summary="its selector matches pods", right=True)
OTHER = finding(object=Ref("Service", "api", "shop"))


@pytest.fixture
async def house() -> watching.Watched:
    house = await watching.scheduled()
    for name in ("web", "api"):
        metadata = {"name": name, "namespace": "shop"}
        house.world.cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}})
    return house


def words(report: Report) -> str:
    """Everything that it says, without marks."""
    said = [report.title]
    for block in report.blocks:
        if isinstance(block, FindingsBlock):
            said += [f"{each.object} {each.field} {each.summary} {each.evidence}" for each in block.findings]
        else:
            spans = getattr(block, "text", None)
            said += [plain(each) for each in ((spans,) if spans else getattr(block, "items", ()))]
    return "\n".join(said)


async def test_what_is_seen_once_wakes_nobody(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(RIGHT)
    await house.run(WRONG)
    assert house.told() == []
    assert [each.state for each in await house.incidents()] == [IncidentState.DROPPED, IncidentState.PENDING]


async def test_what_is_merely_worth_knowing_wakes_nobody(house: watching.Watched) -> None:
    for _ in range(3):
        await house.run(finding(severity=Severity.INFO))
    assert await house.incidents() == []
    assert house.told() == []


async def test_what_is_seen_twice_is_told_once_with_all_that_one_needs_at_night(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    assert house.told() == ["Incident 1: Service shop/web selects no pods"]
    (head,) = house.world.messenger.messages.values()
    said = words(head)
    for needed in ("Service shop/web", "spec.selector", "no pod has app=web", "Seen 2 times", "by schedule 1"):
        assert needed in said
    assert [action.command for action in head.actions] == ["incidents ack 1", "schedule run 1"]
    assert head.status is Status.FINDINGS


async def test_while_it_lasts_the_same_message_is_kept_up_to_date(house: watching.Watched) -> None:
    for _ in range(5):
        await house.run(WRONG)
    (head,) = house.world.messenger.messages.values()
    assert "Seen 5 times" in words(head)


async def test_its_end_is_said_in_its_message_and_in_its_thread(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    await house.run(RIGHT)
    head, ended = house.world.messenger.messages
    assert house.world.messenger.places[ended].thread == head.timestamp
    assert house.told()[0] == "Incident 1 is over: Service shop/web selects no pods"
    assert house.world.messenger.messages[head].actions == ()
    assert "its selector matches pods" in words(house.world.messenger.messages[ended])
    assert "It lasted 2 minutes" in words(house.world.messenger.messages[ended])


async def test_it_does_not_end_because_nothing_was_said(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    await house.run()
    await house.run(finding("another-rule", right=True))
    await house.run(finding(field="spec.ports[0]", right=True))
    assert [each.state for each in await house.incidents()] == [IncidentState.OPEN]


async def test_it_ends_when_its_object_is_gone(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    house.world.cluster.remove(WRONG.owner)
    await house.run()
    (incident,) = await house.incidents()
    assert (incident.state, incident.ended_because) == (
        IncidentState.RESOLVED, "Service shop/web does not exist any more",
    )  # fmt: skip


async def test_it_ends_when_its_whole_namespace_is_gone(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    house.world.cluster.remove(WRONG.owner)
    await house.run(NotFound("There is no namespace shop"))
    incident, schedule = await house.incidents()
    assert incident.state is IncidentState.RESOLVED
    assert schedule.finding.summary.startswith("could not run")


@pytest.mark.parametrize("error", [Refused("Not allowed"), Unreachable("No answer")])
async def test_an_object_that_cannot_be_asked_for_is_not_gone(house: watching.Watched, error: BotError) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    house.world.cluster.remove(WRONG.owner)
    house.world.cluster.refuses["Service"] = error
    await house.run()
    assert [each.state for each in await house.incidents()] == [IncidentState.OPEN]


async def test_what_a_removed_schedule_left_ends_too_when_its_object_is_gone(house: watching.Watched) -> None:
    await house.run(WRONG)
    await house.run(WRONG)
    await house.say('schedule add "every 1m" --channel net-health check services -n shop')
    answer = await house.say("schedule remove 1")
    assert "Incident 1: Service shop/web selects no pods" in words(answer)
    house.world.cluster.remove(WRONG.owner)
    await house.run(id=2)
    assert [each.state for each in await house.incidents()] == [IncidentState.RESOLVED]


async def test_wrong_again_after_its_end_is_another_incident(house: watching.Watched) -> None:
    for found in (WRONG, WRONG, RIGHT, WRONG, WRONG):
        await house.run(found)
    assert [each.state for each in await house.incidents()] == [IncidentState.RESOLVED, IncidentState.OPEN]


class TestACheckThatCouldNotRun:
    async def test_it_is_a_finding_about_the_schedule_and_no_recovery(self, house: watching.Watched) -> None:
        await house.run(WRONG)
        await house.run(WRONG)
        await house.run(Unreachable("The cluster does not answer", cause="timed out"))
        await house.run(Unreachable("The cluster does not answer", cause="timed out"))
        states = {each.finding.rule: each.state for each in await house.incidents()}
        assert states == {
            "service-selects-no-pods": IncidentState.OPEN,
            "schedule-could-not-run": IncidentState.OPEN,
        }
        assert house.told()[1] == "Incident 2: Schedule 1 could not run: check services --namespace shop"
        assert "Timed out" in words(list(house.world.messenger.messages.values())[1])

    async def test_it_is_over_with_the_next_run_that_works(self, house: watching.Watched) -> None:
        await house.run(Unreachable("No answer"))
        await house.run(Unreachable("No answer"))
        await house.run(WRONG)
        about, wrong = await house.incidents()
        assert (about.state, wrong.state) == (IncidentState.RESOLVED, IncidentState.PENDING)

    async def test_a_bug_in_a_check_is_told_with_its_reference(self, house: watching.Watched) -> None:
        await house.run(RuntimeError("oops"))
        report = await house.run(RuntimeError("oops"))
        assert report.status is Status.FAILED
        (head,) = house.world.messenger.messages.values()
        assert "under the reference" in str(head.blocks)
        assert "oops" not in str(head)

    async def test_removing_the_schedule_ends_it(self, house: watching.Watched) -> None:
        await house.run(Unreachable("No answer"))
        await house.run(Unreachable("No answer"))
        await house.say("schedule remove 1")
        await house.deliver()
        assert house.told()[0].startswith("Incident 1 is over")


class TestCausesAndSymptoms:
    async def test_a_cause_adopts_its_symptoms(self, house: watching.Watched) -> None:
        symptom = finding(object=Ref("Service", "api", "shop"), cause=WRONG.key)
        for _ in range(3):
            await house.run(WRONG, symptom)
        (incident,) = await house.incidents()
        assert incident.keys == (WRONG.key, symptom.key)
        (head,) = house.world.messenger.messages.values()
        assert "Service shop/api (service-selects-no-pods)" in words(head)

    async def test_a_symptom_that_outlives_its_cause_stands_for_itself(self, house: watching.Watched) -> None:
        symptom = finding(object=Ref("Service", "api", "shop"), cause=WRONG.key)
        for _ in range(2):
            await house.run(WRONG, symptom)
        for _ in range(2):
            await house.run(RIGHT, finding(object=Ref("Service", "api", "shop")))
        assert [each.state for each in await house.incidents()] == [IncidentState.RESOLVED, IncidentState.OPEN]

    async def test_two_that_blame_each_other_are_not_lost_between_them(self, house: watching.Watched) -> None:
        first = finding(cause=OTHER.key)
        second = finding(object=OTHER.object, cause=WRONG.key)
        for _ in range(2):
            await house.run(first, second)
        (incident,) = await house.incidents()
        assert (incident.state, set(incident.keys)) == (IncidentState.OPEN, {first.key, second.key})

    async def test_the_same_thing_found_at_two_pods_counts_once(self, house: watching.Watched) -> None:
        owner = Ref("Deployment", "web", "shop", "apps/v1")
        pods = [finding(object=Ref("Pod", name, "shop"), owner=owner) for name in ("web-1", "web-2")]
        await house.run(*pods)
        (incident,) = await house.incidents()
        assert (incident.state, incident.times_seen) == (IncidentState.PENDING, 1)

    async def test_one_pod_that_is_right_does_not_prove_the_other_right(self, house: watching.Watched) -> None:
        owner = Ref("Deployment", "web", "shop", "apps/v1")
        bad = finding(object=Ref("Pod", "web-1", "shop"), owner=owner)
        good = finding(object=Ref("Pod", "web-2", "shop"), owner=owner, right=True)
        await house.run(bad)
        await house.run(bad, good)
        assert [each.state for each in await house.incidents()] == [IncidentState.OPEN]


class TestAcknowledging:
    async def test_it_says_who_and_goes_on(self, house: watching.Watched) -> None:
        await house.run(WRONG)
        await house.run(WRONG)
        await house.say("incidents ack 1", Actor("slack:U2", "bob"))
        await house.run(WRONG)
        (head,) = house.world.messenger.messages.values()
        assert "Acknowledged by @bob" in words(head)
        assert [action.command for action in head.actions] == ["schedule run 1"]
        await house.run(RIGHT)
        assert house.told()[0].startswith("Incident 1 is over")

    async def test_a_second_one_is_told_that_it_was_taken(self, house: watching.Watched) -> None:
        await house.run(WRONG)
        await house.run(WRONG)
        await house.say("incidents ack 1")
        again = await house.say("incidents ack 1", Actor("slack:U2", "bob"))
        assert again.status is Status.FAILED
        assert "acknowledged" in words(again)

    async def test_there_is_nothing_to_acknowledge_when_it_is_over(self, house: watching.Watched) -> None:
        for found in (WRONG, WRONG, RIGHT):
            await house.run(found)
        assert "resolved" in words(await house.say("incidents ack 1"))

    async def test_an_unknown_one_is_not_found(self, house: watching.Watched) -> None:
        assert "no incident 9" in words(await house.say("incidents ack 9"))


async def test_many_incidents_do_not_use_up_the_workspaces_edits(house: watching.Watched) -> None:
    many = [finding(object=Ref("Service", f"s{number}", "shop")) for number in range(60)]
    await house.run(*many)
    await house.run(*many)
    edits = len(house.world.messenger.edits)
    for _ in range(6):
        await house.run(*many)
    assert len(house.world.messenger.edits) - edits == 2 * 60, "six minutes: each counts aloud every three"


async def test_the_list_shows_those_that_last_first(house: watching.Watched) -> None:
    for found in ((WRONG,), (WRONG,), (RIGHT, OTHER), (RIGHT, OTHER), (finding("new"),)):
        await house.run(*found)
    report = await house.say("incidents list")
    (table,) = report.blocks
    states = [plain(row[1]) for row in table.rows]  # type: ignore[union-attr]
    assert states == ["open", "resolved"]
    assert "1 finding was seen once" in plain(report.footnotes[0])
    assert report.status is Status.FINDINGS


async def test_time_in_a_list_is_that_of_the_runs(house: watching.Watched) -> None:
    await house.run(WRONG)
    begun = house.world.clock.now()
    await house.run(WRONG)
    (incident,) = await house.incidents()
    assert (incident.first_seen_at, incident.opened_at) == (begun, begun + datetime.timedelta(minutes=1))
