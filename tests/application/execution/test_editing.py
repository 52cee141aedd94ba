"""Fields that are written into what somebody else made: applied, killed at any point, rolled back, undone."""

from __future__ import annotations

import dataclasses
from typing import Any

import fakes
import pytest
from changing import planned, say, shop, stored
from test_killed_changes import Killed, killing_at

from bot.application.execution.working import LEASE
from bot.application.ports import Changing, Context
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import Apply, Change, ChangeState, Edit, FieldValue, StepState
from bot.domain.chat.values import ChangeRequest
from bot.domain.network.references import CONFIG_MAP, SERVICE, ref_to
from bot.errors import BotError

WEB, LAST = ref_to(SERVICE, "shop", "web"), ref_to(CONFIG_MAP, "shop", "last")
HTTP = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
HTTPS = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443}
PORTS = ("spec", "ports")


def service() -> Any:
    spec = {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [HTTP], "sessionAffinity": "ClientIP"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec}


async def edit(request: ChangeRequest, context: Context) -> Change:
    """Adds a port, takes the affinity away; then makes `last`."""
    fields = (FieldValue(PORTS, [HTTP, HTTPS]), FieldValue(("spec", "sessionAffinity"), None, present=False))
    prior = (FieldValue(PORTS, [HTTP]), FieldValue(("spec", "sessionAffinity"), "ClientIP"))
    last = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "last", "namespace": "shop"}}
    steps = (Edit(ref=WEB, fields=fields, prior=prior), Apply(ref=LAST, manifest=last, creates=True))
    return Change(cluster="c1", request=context.line, summary="edit", steps=steps)


def world() -> fakes.World:
    found = shop()
    command = Changing(name="edit", model=ChangeRequest, planner=edit, summary="edit", examples=())
    found.ports = dataclasses.replace(found.ports, catalogue={**found.ports.catalogue, "edit": command})
    found.cluster.put(service())
    return found


async def spec(found: fakes.World) -> Any:
    return (await found.cluster.get(WEB))["spec"]


async def test_only_the_fields_that_are_meant_are_written():
    found = world()
    before = await spec(found)
    outcome = await say(found.ports, await planned(found, "edit -n shop"))
    assert (await spec(found)) == {**before, "ports": [HTTP, HTTPS], "sessionAffinity": "None"}  # the server's default
    assert "changed Service shop/web" in str(outcome.report.blocks)


async def test_the_plan_shows_the_difference():
    answer = await say(world().ports, "edit -n shop --dry-run")
    assert "spec.sessionAffinity: ClientIP → removed" in str(answer.report.blocks)
    assert "+  - name: https" in str(answer.report.blocks)


async def test_undo_puts_back_exactly_what_was_there():
    found = world()
    before = await spec(found)
    await say(found.ports, await planned(found, "edit -n shop"))
    await say(found.ports, await planned(found, "changes undo 1"))
    assert await spec(found) == before
    assert (await stored(found)).undone_by == 2


async def test_undo_keeps_what_somebody_else_changed_and_says_so():
    found = world()
    await say(found.ports, await planned(found, "edit -n shop"))
    theirs = {**HTTP, "targetPort": 9090}
    found.cluster.touch(WEB, PORTS, [theirs, HTTPS])
    answer = await say(found.ports, "changes undo 1")
    assert "spec.ports[port=80,protocol=TCP] was changed by somebody else since" in str(answer.report.blocks)
    await say(found.ports, answer.report.actions[0].command)
    assert (await spec(found))["ports"] == [theirs]


async def test_undo_says_what_somebody_else_wrote_besides_and_leaves_it():
    found = world()
    await say(found.ports, await planned(found, "edit -n shop"))
    found.cluster.touch(WEB, ("metadata", "labels", "team"), "night", manager="kubectl-label")
    answer = await say(found.ports, "changes undo 1")
    assert "somebody else wrote metadata.labels.team (kubectl-label) since, and that stays" in str(answer.report.blocks)
    await say(found.ports, answer.report.actions[0].command)
    assert (await found.cluster.get(WEB))["metadata"]["labels"]["team"] == "night"


async def test_an_edit_of_what_was_changed_meanwhile_is_planned_anew():
    found = world()
    approve = await planned(found, "edit -n shop")

    def touch(when: str, verb: str, ref: object) -> None:
        found.cluster.on_write = lambda when, verb, ref: None
        found.cluster.touch(WEB, PORTS, [HTTPS])

    found.storage.on_commit = lambda when: touch(when, "", None) if when == "after" else None
    outcome = await say(found.ports, approve)
    found.storage.on_commit = lambda when: None
    assert (await spec(found))["ports"] == [HTTPS]
    assert "Somebody has changed Service shop/web meanwhile: spec.ports" in str(outcome.report.blocks)
    assert (await stored(found)).state is ChangeState.ROLLED_BACK


async def test_a_later_step_that_fails_takes_the_edit_back():
    found = world()
    before = await spec(found)
    approve = await planned(found, "edit -n shop")

    def refuse(when: str, verb: str, ref: object) -> None:
        if ref == LAST and when == "before":
            found.cluster.touch(WEB, PORTS, [HTTP, HTTPS, {**HTTP, "port": 81, "name": "theirs"}])
            raise BotError("Cannot apply ConfigMap shop/last", cause="a webhook does not like it")

    found.cluster.on_write = refuse
    await say(found.ports, approve)
    record = await stored(found)
    assert record.state is ChangeState.ROLLED_BACK
    assert [each["port"] for each in (await spec(found))["ports"]] == [80, 81]
    assert (await spec(found))["sessionAffinity"] == before["sessionAffinity"]
    assert "but for spec.ports[port=81,protocol=TCP], which somebody else changed since" in record.steps[0].note


@pytest.mark.parametrize("line", ["edit -n shop", "changes undo 1"])
async def test_a_kill_at_every_point_ends_as_if_there_had_been_none(line: str):
    for number in range(1, 60):
        found = world()
        before = await spec(found)
        if line != "edit -n shop":
            await say(found.ports, await planned(found, "edit -n shop"))
        approve = await planned(found, line)
        point = killing_at(number)
        found.storage.on_commit = lambda when, point=point: point()
        found.cluster.on_write = lambda when, verb, ref, point=point: point()
        died = False
        try:
            await say(found.ports, approve)
        except Killed:
            died = True
        found.storage.on_commit = lambda when: None
        found.cluster.on_write = lambda when, verb, ref: None
        found.clock.advance(LEASE.total_seconds() + 1)
        await resume_changes(found.process("p2"))
        record = await stored(found, 1 if line == "edit -n shop" else 2)
        if record.state is ChangeState.PLANNED:
            continue
        assert record.state is ChangeState.APPLIED, (number, record)
        assert all(each.state is StepState.DONE for each in record.steps)
        edited = {**before, "ports": [HTTP, HTTPS], "sessionAffinity": "None"}
        assert await spec(found) == (edited if line == "edit -n shop" else before), number
        if not died:
            return
    raise AssertionError("it never came to an end without a kill")
