"""What `changes undo` asks before it takes something away, and how it proves what it brings back."""

from __future__ import annotations

import copy
import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.domain.changes.change import Ask, ChangeRecord, Reach, StepState, Wait
from bot.domain.chat.report import Report
from bot.playground.cluster_server.objects.registry import Writing
from tests.stage import Stage, staged


@pytest.fixture
async def shop() -> AsyncIterator[Stage]:
    async with staged("shop") as stage:
        yield stage


@pytest.fixture
async def gateway() -> AsyncIterator[Stage]:
    async with staged("gateway") as stage:
        yield stage


async def done(stage: Stage, line: str) -> ChangeRecord:
    """Plans, approves, and gives what became of it."""
    answer = await stage.answer(line)
    assert answer.change, answer.report
    approve = next(a.command for a in answer.report.actions if a.command.startswith("changes approve "))
    await stage.say(approve)
    async with stage.ports.storage.read() as reading:
        return await reading.changes.get(answer.change)


def words(report: Report) -> str:
    return report.title + " " + " ".join(str(block) for block in report.blocks)


async def test_a_service_that_an_ingress_leads_to_is_not_taken_away_unasked(shop: Stage) -> None:
    await done(shop, "expose deploy/web --port 80:http --name front -n shop")
    await done(shop, "ingress create new.example.com --service front:80 --name new -n shop")
    asked = await shop.answer("changes undo 1")
    assert asked.change == 0
    assert "Service shop/front is still led to by Ingress shop/new" in words(asked.report)
    assert asked.report.actions[0].command == "changes undo 1 --accept used"
    undone = await done(shop, "changes undo 1 --accept used")
    assert undone.state.value == "applied"


async def test_what_goes_along_is_no_reason_to_ask(shop: Stage) -> None:
    await done(shop, "ingress create new.example.com --service web:80 --name new -n shop")
    answer = await shop.answer("changes undo 1")
    assert answer.change


async def test_only_codes_that_there_are_can_be_accepted(shop: Stage) -> None:
    await done(shop, "expose deploy/web --port 80:http --name front -n shop")
    report = await shop.say("changes undo 1 --accept nonsense")
    assert "There is no doubt 'nonsense' to accept" in report.title


async def test_a_gateway_with_routes_is_not_taken_away_unasked(gateway: Stage) -> None:
    await done(gateway, "gateway create edge --listener HTTP:80:e.example.com --class traefik -n shop")
    await done(gateway, "route create e.example.com --service web:80 --gateway edge --name e -n shop")
    asked = await gateway.answer("changes undo 1")
    assert "With Gateway shop/edge nothing serves HTTPRoute shop/e" in words(asked.report)


async def test_a_grant_that_another_route_needs_is_not_taken_away_unasked(gateway: Stage) -> None:
    line = "route create {0}.example.com --service kube-system/kube-dns:metrics --name {0} -n shop"
    first = await done(gateway, line.format("one"))
    if not any(step.ref.kind == "ReferenceGrant" for step in first.change.steps if hasattr(step, "ref")):
        pytest.fail("no grant was made")
    await done(gateway, line.format("two"))
    asked = await gateway.answer("changes undo 1")
    assert "is what lets in HTTPRoute shop/two" in words(asked.report)


async def test_what_comes_back_is_asked_again(shop: Stage) -> None:
    await done(shop, "expose deploy/web --port 80:http --name front --type NodePort -n shop")
    await done(shop, "unexpose front -n shop")
    undone = await done(shop, "changes undo 2")
    steps = list(zip(undone.change.steps, undone.steps, strict=True))
    assert [done.state for _, done in steps] == [StepState.DONE] * len(steps), undone.steps
    assert any(isinstance(step, Reach) for step, _ in steps)


async def test_what_is_put_back_is_asked_again(shop: Stage) -> None:
    await done(shop, "service edit web --type NodePort -n shop")
    undone = await done(shop, "changes undo 1")
    assert any(isinstance(step, Wait) for step in undone.change.steps)
    assert not any(isinstance(step, Reach) for step in undone.change.steps)  # a ClusterIP has no address outside


async def test_an_ingress_that_comes_back_is_asked_for_its_host(shop: Stage) -> None:
    await done(shop, "ingress create new.example.com --service web:80 --name new -n shop")
    await done(shop, "changes undo 1")
    undone = await done(shop, "changes undo 2")
    hops = [hop.said for step in undone.steps for hop in step.hops]
    assert "new.example.com resolves to 203.0.113.10" in hops


async def test_a_path_that_somebody_added_to_our_rule_keeps_its_host(shop: Stage) -> None:
    await done(shop, "ingress edit web new.example.com/ --service cart:80 -n shop")
    paths = ["spec", "rules", 1, "http", "paths"]
    more = {"path": "/more", "pathType": "Prefix", "backend": {"service": {"name": "api", "port": {"number": 80}}}}
    written(shop, "Ingress", "web", paths, lambda there: [*there, more])
    undone = await done(shop, "changes undo 1")
    rules = object_of(shop, "Ingress", "web")["spec"]["rules"]
    assert [(rule.get("host"), [p["path"] for p in rule["http"]["paths"]]) for rule in rules][1:] == [
        ("new.example.com", ["/more"])
    ]
    assert "rules[host=new.example.com].http.paths[path=/more" in " ".join(undone.change.warnings)


async def test_a_port_of_ours_that_somebody_changed_stays_and_is_said(shop: Stage) -> None:
    await done(shop, "service edit web --port https=443:8080 -n shop --session-affinity ClientIP")
    written(shop, "Service", "web", ["spec", "ports", 1, "targetPort"], lambda _: 9090)
    undone = await done(shop, "changes undo 1")
    spec = object_of(shop, "Service", "web")["spec"]
    assert [each["port"] for each in spec["ports"]] == [80, 443]
    assert spec["sessionAffinity"] == "None"
    assert "spec.ports[port=443,protocol=TCP] was changed by somebody else since" in " ".join(undone.change.warnings)


async def test_what_is_gone_needs_nobody_to_take_it_back(shop: Stage) -> None:
    await done(shop, "expose deploy/web --port 80:http --name front -n shop")
    row = next(each for each in shop.world.cluster.kinds.rows if each.name == "Service")
    shop.world.cluster.registry.delete(row, "shop", "front")
    report = words(await shop.say("changes undo 1"))
    assert "is gone already" in report
    assert "by hand" not in report
    assert "unexpose" not in report


async def test_what_is_left_alone_is_told_with_the_command_that_takes_it_away(shop: Stage) -> None:
    await done(shop, "expose deploy/web --port 80:http --name front -n shop")
    written(shop, "Service", "front", ["spec", "sessionAffinity"], lambda _: "ClientIP")
    report = words(await shop.say("changes undo 1"))
    assert "was written to by kubectl-edit since" in report
    assert "unexpose front -n shop" in report


async def test_a_route_comes_back_and_is_asked_as_it_was_made(gateway: Stage) -> None:
    await done(gateway, "route create e.example.com/api --service web:80 --name e -n shop")
    await done(gateway, "route delete e -n shop")
    undone = await done(gateway, "changes undo 2")
    assert [done.state for done in undone.steps] == [StepState.DONE] * len(undone.steps), undone.steps
    assert [step.path for step in undone.change.steps if isinstance(step, Reach)] == ["/api"]


async def test_a_gateway_that_comes_back_is_asked(gateway: Stage) -> None:
    await done(gateway, "gateway delete public -n infra --accept used")
    undone = await done(gateway, "changes undo 1")
    assert [done.state for done in undone.steps] == [StepState.DONE] * len(undone.steps), undone.steps
    assert any(isinstance(step, Reach) for step in undone.change.steps)


async def test_an_undo_is_not_judged_by_the_port_of_somebody_else(shop: Stage) -> None:
    await done(shop, "service edit web --port https=443:8080 -n shop")
    theirs = {"name": "x", "port": 99, "targetPort": 99, "protocol": "TCP"}
    written(shop, "Service", "web", ["spec", "ports"], lambda there: [*there, theirs])
    undone = await done(shop, "changes undo 1")
    asked = [step.probe.port for step in undone.change.steps if isinstance(step, Ask)]
    assert asked == [80]


async def test_a_controller_that_comes_back_is_asked_as_when_it_was_installed(shop: Stage) -> None:
    installed = await done(shop, "controller install haproxy")
    await done(shop, "controller uninstall haproxy")
    undone = await done(shop, "changes undo 2")
    assert requests(undone) == requests(installed) != []


def requests(record: ChangeRecord) -> list[Ask | Reach]:
    return [step for step in record.change.steps if isinstance(step, Ask | Reach)]


def object_of(stage: Stage, kind: str, name: str) -> Any:
    rows = stage.world.cluster.kinds.rows
    row = next(each for each in rows if each.name == kind)
    return stage.world.cluster.registry.get(row, "shop", name)


def written(stage: Stage, kind: str, name: str, path: list[Any], change: Callable[[Any], Any]) -> None:
    """Somebody changes what stands at that path."""
    row = next(each for each in stage.world.cluster.kinds.rows if each.name == kind)
    there = copy.deepcopy(object_of(stage, kind, name))
    *outer, last = path
    inner = functools.reduce(lambda value, key: value[key], outer, there)
    inner[last] = change(inner[last])
    stage.world.cluster.registry.update(row, "shop", name, there, Writing("kubectl-edit"))
