"""A change from its plan to its end, and the ways it can go otherwise."""

import asyncio

import pytest
from changing import DEPLOY, EXPOSE, WEB, deployment, planned, say, shop, stored

from bot.domain.changes.change import ChangeState, StepState
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Preformatted, Status
from bot.domain.network.probing import Outcome

CHANNEL = Place("C1", "net")


async def test_an_approved_plan_is_applied_and_proven():
    world = shop()
    outcome = await say(world.ports, await planned(world))
    assert outcome.report.status is Status.OK, outcome.report
    record = await stored(world)
    assert record.state is ChangeState.APPLIED
    assert [step.state for step in record.steps] == [StepState.DONE] * 3
    assert world.cluster.writes == [("apply", WEB)]
    assert outcome.report.actions[0].command == "changes undo 1"


async def test_planning_writes_nothing_to_the_cluster():
    world = shop()
    await planned(world)
    assert world.cluster.writes == []
    assert not world.cluster.has(WEB)


async def test_a_dry_run_stores_nothing_and_offers_nothing():
    world = shop()
    answer = await say(world.ports, EXPOSE + " --dry-run", place=CHANNEL)
    assert answer.report.status is Status.OK
    assert (answer.change, answer.report.actions) == (0, ())
    assert world.storage.state.changes == {}
    assert world.storage.outbox == []


async def test_what_is_there_already_needs_no_change():
    world = shop()
    await say(world.ports, await planned(world))
    answer = await say(world.ports, EXPOSE)
    assert answer.report.title.startswith("Nothing to do")
    assert answer.change == 0


async def test_what_was_created_is_deleted_by_undo():
    world = shop()
    await say(world.ports, await planned(world))
    outcome = await say(world.ports, await planned(world, "changes undo 1"))
    assert outcome.report.status is Status.OK, outcome.report
    assert not world.cluster.has(WEB)
    assert (await stored(world)).undone_by == 2
    again = await say(world.ports, "changes undo 1")
    assert "undone already" in again.report.title


async def test_a_changed_type_is_shown_in_words_and_put_back_by_undo():
    world = shop()
    await say(world.ports, await planned(world))
    answer = await say(world.ports, EXPOSE + " --type NodePort")
    assert "spec.type: ClusterIP → NodePort" in str(answer.report.blocks)
    assert any(isinstance(block, Preformatted) and block.language == "diff" for block in answer.report.blocks)
    await say(world.ports, answer.report.actions[0].command)
    assert (await world.cluster.get(WEB))["spec"]["type"] == "NodePort"
    await say(world.ports, await planned(world, "changes undo 2"))
    assert (await world.cluster.get(WEB))["spec"]["type"] == "ClusterIP"


async def test_undo_leaves_alone_what_somebody_else_wrote_to():
    world = shop()
    await say(world.ports, await planned(world))
    world.cluster.touch(WEB, ("metadata", "annotations", "note"), "mine")
    answer = await say(world.ports, "changes undo 1")
    assert answer.report.status is Status.FAILED
    assert "kubectl-edit" in str(answer.report.blocks)
    assert world.cluster.has(WEB)


async def test_a_status_update_is_no_reason_to_plan_anew():
    world = shop()
    approve = await planned(world)
    world.cluster.touch(DEPLOY, ("status", "readyReplicas"), 0, manager="kube", subresource="status")
    await say(world.ports, approve)
    assert (await stored(world)).state is ChangeState.APPLIED


async def test_a_changed_cluster_shows_a_new_plan_instead_of_applying_the_old_one():
    world = shop()
    approve = await planned(world, place=CHANNEL)
    world.cluster.touch(DEPLOY, ("metadata", "labels"), {"app": "web", "team": "shop"})
    answer = await say(world.ports, approve, place=CHANNEL)
    assert answer.change == 2
    assert world.cluster.writes == []
    old = await stored(world)
    assert (old.state, old.superseded_by) == (ChangeState.SUPERSEDED, 2)
    await say(world.ports, answer.report.actions[0].command)
    assert (await world.cluster.get(WEB))["metadata"]["labels"] == {"app": "web", "team": "shop"}


async def test_two_people_who_approve_at_once_apply_once():
    world = shop()
    approve = await planned(world)
    answers = await asyncio.gather(*(say(world.ports, approve, who) for who in ("alice", "bob", "carol")))
    assert world.cluster.writes == [("apply", WEB)]
    assert sorted(answer.report.status.value for answer in answers) == ["failed", "failed", "ok"]


async def test_either_approval_or_cancelling_wins_never_both():
    world = shop()
    approve = await planned(world)
    answers = await asyncio.gather(say(world.ports, approve), say(world.ports, "changes cancel 1"))
    applied = world.cluster.has(WEB)
    assert (await stored(world)).state is (ChangeState.APPLIED if applied else ChangeState.CANCELLED)
    assert sum(answer.report.status is Status.FAILED for answer in answers) == 1


async def test_a_plan_expires_after_fifteen_minutes():
    world = shop()
    approve = await planned(world)
    world.clock.advance(15 * 60)
    answer = await say(world.ports, approve)
    assert answer.report.status is Status.FAILED
    assert (await stored(world)).state is ChangeState.EXPIRED
    assert world.cluster.writes == []


@pytest.mark.parametrize("digest", ["0" * 64, "0" * 12, "''"])
async def test_another_digest_is_refused(digest: str):
    world = shop()
    await planned(world)
    answer = await say(world.ports, f"changes approve 1 --digest={digest}")
    assert answer.report.status is Status.FAILED
    assert (await stored(world)).state is ChangeState.PLANNED


async def test_a_second_person_approves_where_that_is_asked_for():
    world = shop(second_person=True)
    approve = await planned(world)
    own = await say(world.ports, approve)
    assert "Somebody else" in own.report.title
    other = await say(world.ports, approve, "bob")
    assert other.report.status is Status.OK


async def test_nobody_changes_who_is_not_listed():
    world = shop(changers=("slack:bob",))
    answer = await say(world.ports, EXPOSE)
    assert answer.report.status is Status.FAILED
    assert "PATCHBAY_CHANGERS" in str(answer.report.blocks)


async def test_what_does_not_answer_is_told_and_stays():
    world = shop()
    world.prober.outcomes[WEB] = Outcome.REFUSED
    world.prober.outcomes[DEPLOY] = Outcome.REFUSED
    from bot.domain.network.references import POD, ref_to

    world.prober.outcomes[ref_to(POD, "shop", "web-1")] = Outcome.REFUSED
    outcome = await say(world.ports, await planned(world))
    assert outcome.report.status is Status.FINDINGS
    assert "not proven" in outcome.report.title
    assert world.cluster.has(WEB)
    assert outcome.report.actions[0].label == "Undo"


async def test_a_deployment_at_zero_is_exposed_with_a_warning_and_without_asking():
    world = shop()
    world.cluster.put(deployment(replicas=0, ready=0))
    answer = await say(world.ports, EXPOSE)
    assert "scaled to zero" in str(answer.report.blocks)
    await say(world.ports, answer.report.actions[0].command)
    assert world.prober.asked == []


async def test_in_slack_plan_and_outcome_go_out_with_the_state_they_tell_of():
    world = shop()
    answer = await say(world.ports, EXPOSE, place=CHANNEL)
    assert answer.said_in_channel
    assert [(m.conversation, m.slot, m.channel) for m in world.storage.outbox] == [("change/1", "plan", "C1")]
    await say(world.ports, answer.report.actions[0].command, place=CHANNEL)
    slots = {message.slot: message.report for message in world.storage.outbox}
    assert slots["plan"].actions == ()
    assert slots["progress"].title.startswith("Applied")
    assert slots["progress"].actions[0].command == "changes undo 1"
