"""Waiting until every node is served, and what is told when one is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from plugged import AGENT, SETTLE, agent, agent_pod, carried_out, cluster_of, event, node, pod_ref

from bot.application.execution.working import LEASE, LeaseLost
from bot.domain.changes.change import ChangeState, StepState
from bot.domain.network.references import NODE, ref_to
from bot.errors import Refused, Unreachable

SILENT = msgspec.structs.replace(SETTLE, tells_network=False)
UNKNOWN_TO_API = Unreachable("The API server does not answer")


async def test_a_network_stands_when_every_node_is_served() -> None:
    world = cluster_of(agent(2), node("a", network="False"), node("b", network="False"), agent_pod("a"), agent_pod("b"))
    record = await carried_out(world, SETTLE)
    assert record.state is ChangeState.APPLIED
    assert [(n.name, n.pod, n.pod_state, n.network, n.served) for n in record.steps[0].nodes] == [
        ("a", "agent-a", "Running", "available", True),
        ("b", "agent-b", "Running", "available", True),
    ]
    assert world.cluster.writes == []


# what is there, whether the plugin sets NetworkUnavailable, why a node is not served (empty: it is)
CASES: list[tuple[str, list[Any], Any, str]] = [
    ("served", [agent(1), node("a", network="False"), agent_pod("a")], SETTLE, ""),
    ("never sets the condition", [agent(1), node("a"), agent_pod("a")], SILENT, ""),
    (
        "the cloud's own word still stands",
        [agent(1), node("a", network="True"), agent_pod("a")],
        SILENT,
        "node a: it says that its network is unavailable",
    ),
    (
        "unavailable",
        [agent(1), node("a", network="True"), agent_pod("a")],
        SETTLE,
        "node a: it says that its network is unavailable",
    ),
    (
        "nothing said yet",
        [agent(1), node("a"), agent_pod("a")],
        SETTLE,
        "node a: nobody has said yet that its network is available",
    ),
    (
        "not Ready",
        [agent(1), node("a", ready=False, network="False"), agent_pod("a")],
        SETTLE,
        "node a: the node is not Ready",
    ),
    (
        "its pod waits",
        [agent(1, 0), node("a", network="False"), agent_pod("a", ready=False, waiting="ImagePullBackOff")],
        SETTLE,
        "node a: pod agent-a is ImagePullBackOff",
    ),
    (
        "its pod is leaving",
        [
            agent(1),
            node("a", network="False"),
            agent_pod("a", deletionTimestamp="2026-11-24T03:00:00Z", finalizers=["acme/net"]),
        ],
        SETTLE,
        "node a: no pod of it is there",
    ),
    ("no pod yet", [agent(1, 0), node("a")], SETTLE, "node a: no pod of it is there"),
    (
        "a pod on some other node is no pod",
        [agent(2, 1), node("a", network="False"), node("b"), agent_pod("a")],
        SETTLE,
        "node b: no pod of it is there",
    ),
    (
        "not wanted there, and Ready",
        [agent(1), node("a", network="False"), node("windows", system="windows"), agent_pod("a")],
        SETTLE,
        "",
    ),
    (
        "not wanted there, and not Ready",
        [agent(1), node("a", network="False"), node("windows", ready=False), agent_pod("a")],
        SETTLE,
        "node windows: the node is not Ready",
    ),
    (
        "without one that is not Ready, and whose pod is not",
        [agent(2, 1), node("a", network="False"), node("b", ready=False), agent_pod("a"), agent_pod("b", ready=False)],
        msgspec.structs.replace(SETTLE, without=("b",)),
        "",
    ),
    (
        "without another one",
        [agent(2, 1), node("a", network="False"), node("b", ready=False), agent_pod("a"), agent_pod("b", ready=False)],
        msgspec.structs.replace(SETTLE, without=("a",)),
        "node b: the node is not Ready, and pod agent-b runs there and is not ready",
    ),
    (
        "without one, and yet with too few pods",
        [agent(3, 1), node("a", network="False"), node("b", ready=False), agent_pod("a"), agent_pod("b", ready=False)],
        msgspec.structs.replace(SETTLE, without=("b",)),
        "1 of 2 pods are available",
    ),
    ("wanted nowhere", [agent(0), node("a", network="False")], SETTLE, "node a: no pod of it is there"),
    (
        "several",
        [agent(3, 0), node("a"), node("b"), node("c")],
        SETTLE,
        "node a: no pod of it is there, and 2 more of 3 nodes",
    ),
    ("no nodes", [agent(1)], SETTLE, "there are no nodes"),
    ("no agent", [node("a")], SETTLE, "DaemonSet net/agent is not there yet"),
    (
        "an old generation",
        [agent(1, updatedNumberScheduled=0), node("a", network="False"), agent_pod("a")],
        SETTLE,
        "0 of 1 pods are of the newest generation",
    ),
    (
        "another version",
        [agent(1), node("a", network="False"), agent_pod("a")],
        msgspec.structs.replace(SETTLE, version="v2"),
        "DaemonSet net/agent is not of v2 yet",
    ),
]


@pytest.mark.parametrize(("name", "objects", "step", "why"), CASES, ids=[name for name, *_ in CASES])
async def test_a_node_is_served_or_told(name: str, objects: list[Any], step: Any, why: str) -> None:
    record = await carried_out(cluster_of(*objects), step)
    if not why:
        assert record.state is ChangeState.APPLIED, record.outcome
        return
    assert record.state is ChangeState.ROLLED_BACK
    assert record.steps[0].note == f"not within 60 s: {why}"
    assert why in record.outcome


async def test_a_version_is_what_the_image_says_with_or_without_its_v() -> None:
    """Weave's v2.9.0 is tagged 2.9.0."""
    for tag in ("v2.9.0", "2.9.0", "2.9.0@sha256:abc"):
        own = agent(1)
        own["spec"]["template"]["spec"]["containers"][0]["image"] = f"acme/net:{tag}"
        world = cluster_of(own, node("a"), agent_pod("a"))
        record = await carried_out(world, msgspec.structs.replace(SILENT, version="v2.9.0"))
        assert record.state is ChangeState.APPLIED, tag


async def test_it_waits_for_what_comes_up_and_keeps_its_lease() -> None:
    world = cluster_of(agent(1, 0), node("a", ready=False), agent_pod("a", ready=False, waiting="ContainerCreating"))

    def comes_up() -> None:
        for each in (agent(1), node("a", network="False"), agent_pod("a")):
            world.cluster.put(each)

    world.clock.later(2 * LEASE.total_seconds(), comes_up)
    record = await carried_out(world, msgspec.structs.replace(SETTLE, timeout_seconds=600))
    assert record.state is ChangeState.APPLIED
    assert record.steps[0].nodes[0].served


async def test_what_is_told_of_a_timeout_leads_to_the_fault() -> None:
    world = cluster_of(
        agent(2, 1),
        node("a", network="False"),
        node("b", ready=False),
        agent_pod("a"),
        agent_pod("b", ready=False, waiting="CrashLoopBackOff", restarts=3),
        *(event(pod_ref("b"), "BackOff", f"restart {minute}", minute) for minute in range(6)),
        event(pod_ref("b"), "Failed", "cannot log in with password=hunter2hunter2", 7),
        event(pod_ref("a"), "Pulled", "another pod's"),
    )
    lines = [f"line {at}" for at in range(9)]
    world.cluster.log_text[pod_ref("b")] = "\n".join([*lines, "token=abcdefghijklmnop", "\x1b[31mfatal: no route"])
    record = await carried_out(world, SETTLE)
    told = record.steps[0].evidence
    assert told[0] == "pod net/agent-b on b is CrashLoopBackOff"
    assert told[1:4] == ("event BackOff: restart 3", "event BackOff: restart 4", "event BackOff: restart 5")
    assert told[4].startswith("event Failed: cannot log in")
    assert told[5:9] == tuple(f"log of net: line {at}" for at in (5, 6, 7, 8))
    assert told[-1] == "log of net: fatal: no route"
    assert len(told) == 11
    assert "hunter2" not in str(record)
    assert "abcdefghijklmnop" not in str(record)
    assert [n.served for n in record.steps[0].nodes] == [True, False]


async def test_what_cannot_be_read_of_the_evidence_is_said() -> None:
    world = cluster_of(agent(1, 0), node("a"), agent_pod("a", ready=False))
    world.cluster.refuses["Event"] = Refused("Cannot list events")
    record = await carried_out(world, SETTLE)
    assert "its events could not be read: Cannot list events" in record.steps[0].evidence


async def test_without_a_pod_the_workloads_own_events_are_told() -> None:
    world = cluster_of(agent(1, 0), node("a"), event(AGENT, "FailedCreate", "pods are forbidden: quota"))
    record = await carried_out(world, SETTLE)
    assert record.steps[0].evidence == (
        "DaemonSet net/agent has no pod on a that could tell more",
        "event FailedCreate: pods are forbidden: quota",
    )


async def test_an_api_server_that_comes_back_in_time_is_waited_for() -> None:
    world = cluster_of(agent(1), node("a", network="False"), agent_pod("a"))
    world.cluster.refuses["Node"] = UNKNOWN_TO_API
    world.clock.later(30, lambda: world.cluster.refuses.clear())
    assert (await carried_out(world, SETTLE)).state is ChangeState.APPLIED


async def test_an_api_server_that_stays_away_is_the_reason_that_is_told() -> None:
    world = cluster_of(agent(1), node("a", network="False"), agent_pod("a"))
    world.cluster.refuses["Node"] = UNKNOWN_TO_API
    record = await carried_out(world, SETTLE)
    assert record.steps[0].note == "not within 60 s: The API server does not answer"


async def test_a_node_that_goes_again_is_not_waited_for() -> None:
    world = cluster_of(agent(1), node("a", network="False"), node("gone", ready=False), agent_pod("a"))
    world.clock.later(10, lambda: world.cluster.remove(ref_to(NODE, "", "gone")))
    record = await carried_out(world, SETTLE)
    assert record.state is ChangeState.APPLIED
    assert [each.name for each in record.steps[0].nodes] == ["a"]


async def test_another_process_that_took_it_over_is_left_to_it() -> None:
    world = cluster_of(agent(1, 0), node("a"))

    def taken_over() -> None:
        (record,) = world.storage.state.changes.values()
        world.storage.state.changes[record.id] = msgspec.structs.replace(record, revision=record.revision + 1)

    world.clock.later(20, taken_over)
    with pytest.raises(LeaseLost):
        await carried_out(world, SETTLE)
    (record,) = world.storage.state.changes.values()
    assert record.steps[0].state is StepState.STARTED
