"""Trying a new network: a pod on each node is given an address, and is gone afterwards whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

import fakes
import msgspec
import pytest
from plugged import TRY, carried_out, cluster_of, event, node

from bot.application.execution.working import LEASE, OUTAGE_SECONDS
from bot.application.routines.resume_changes import resume_changes
from bot.domain.changes.change import ChangeRecord, ChangeState, StepState
from bot.domain.network.references import POD, Kind, Ref
from bot.errors import Refused, Unreachable

ROLLED_BACK = ChangeState.ROLLED_BACK
BLOCKS = Kind("IPAMBlock", "ipamblocks", "crd.projectcalico.org/v1", namespaced=False)
AWAY = Unreachable("The API server does not answer")


def gives(world: fakes.World, **addresses: str) -> dict[str, Any]:
    """A kubelet that gives each new pod of a node its address; empty: none. Returns the pods that were made."""
    made: dict[str, Any] = {}

    def after(when: str, verb: str, ref: Ref) -> None:
        if (when, verb, ref.kind) == ("after", "apply", POD.name):
            pod: Any = world.cluster._objects[ref]
            made[pod["spec"]["nodeName"]] = pod
            if address := addresses.get(pod["spec"]["nodeName"]):
                world.cluster.touch(ref, ("status", "podIP"), address, manager="kubelet", subresource="status")

    world.cluster.on_write = after
    return made


async def pods_left(world: fakes.World) -> list[str]:
    return [str(pod["metadata"]["name"]) for pod in await world.cluster.list(POD)]  # type: ignore[index,call-overload]


async def failed(world: fakes.World, **more: Any) -> ChangeRecord:
    """The trial fails, the change goes back, and nothing is left."""
    record = await carried_out(world, msgspec.structs.replace(TRY, **more))
    assert record.state is ChangeState.ROLLED_BACK
    assert record.steps[0].state is StepState.FAILED
    assert await pods_left(world) == []
    return record


async def test_each_node_is_tried_and_the_pods_are_gone() -> None:
    world = cluster_of(node("a"), node("b"))
    made = gives(world, a="10.244.0.7", b="10.244.1.7")
    record = await carried_out(world, TRY)
    assert record.state is ChangeState.APPLIED
    assert record.steps[0].note == "10.244.0.7 on a, 10.244.1.7 on b"
    assert sorted(made) == ["a", "b"]
    assert await pods_left(world) == []


async def test_the_pod_may_do_nothing_and_goes_past_every_taint() -> None:
    world = cluster_of(node("a"))
    made = gives(world, a="10.244.0.7")
    await carried_out(world, TRY)
    spec = made["a"]["spec"]
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert made["a"]["metadata"]["labels"]["patchbay.dev/change"] == "1"


async def test_nodes_that_are_not_ready_or_not_linux_are_not_tried() -> None:
    world = cluster_of(node("a"), node("b", ready=False), node("c", system="windows"))
    made = gives(world, a="10.244.0.7")
    assert (await carried_out(world, TRY)).state is ChangeState.APPLIED
    assert list(made) == ["a"]


async def test_an_address_outside_of_the_range_is_told_with_what_may_be_behind_it() -> None:
    world = cluster_of(node("a"), node("b"))
    gives(world, a="10.244.0.7", b="192.168.5.5")
    record = await failed(world)
    assert "node b was given 192.168.5.5, which is not in 10.244.0.0/16" in record.outcome
    assert "/etc/cni/net.d" in record.outcome


@pytest.mark.parametrize(("address", "state"), [("10.244.1.7", ChangeState.APPLIED), ("10.244.9.7", ROLLED_BACK)])
async def test_an_address_has_to_be_of_its_own_node_where_the_plugin_takes_it_from_there(
    address: str, state: ChangeState
) -> None:
    world = cluster_of(node("a") | {"spec": {"podCIDRs": ["10.244.1.0/24"]}})
    gives(world, a=address)
    record = await carried_out(world, msgspec.structs.replace(TRY, of_node=True))
    assert record.state is state
    if state is ROLLED_BACK:
        assert "not in its node's own range, 10.244.1.0/24" in record.outcome


@pytest.mark.parametrize(("address", "state"), [("10.244.3.70", ChangeState.APPLIED), ("10.244.3.7", ROLLED_BACK)])
async def test_an_address_has_to_be_in_the_plugins_own_books(address: str, state: ChangeState) -> None:
    """Flannel's file was left on the node, and gives addresses of the same range as Calico's pool."""
    world = cluster_of(node("a"))
    block = {"apiVersion": BLOCKS.api_version, "kind": BLOCKS.name, "metadata": {"name": "10-244-3-64-26"}}
    world.cluster.put(block | {"spec": {"cidr": "10.244.3.64/26", "affinity": "host:a"}})
    gives(world, a=address)
    record = await carried_out(world, msgspec.structs.replace(TRY, blocks=BLOCKS))
    assert record.state is state
    if state is ROLLED_BACK:
        assert "blocks that the plugin has given to nodes" in record.outcome


@pytest.mark.parametrize(
    ("address", "ranges"),
    [
        ("fd00:1::7", ("10.244.0.0/16", "fd00:1::/56")),
        ("10.244.0.7", ("fd00:1::/56", "10.244.0.0/16")),
        ("172.16.0.9", ()),
    ],
)
async def test_any_of_several_ranges_will_do_and_without_one_any_address(address: str, ranges: tuple[str, ...]) -> None:
    world = cluster_of(node("a"))
    gives(world, a=address)
    assert (await carried_out(world, msgspec.structs.replace(TRY, ranges=ranges))).state is ChangeState.APPLIED


@pytest.mark.parametrize(
    ("second", "ranges", "note"),
    [
        ("fd00:1::7", ("10.244.0.0/16", "fd00:1::/56"), "10.244.0.7 and fd00:1::7 on a"),
        ("fd00:1::7", ("10.244.0.0/16",), "10.244.0.7 on a"),
        ("fd00:2::7", ("10.244.0.0/16", "fd00:1::/56"), "A new pod on node a was given fd00:2::7, which is not in"),
    ],
)
async def test_an_address_of_each_family_has_to_be_in_its_range(
    second: str, ranges: tuple[str, ...], note: str
) -> None:
    world = cluster_of(node("a"))
    gives(world, a="10.244.0.7")
    first = world.cluster.on_write

    def both(when: str, verb: str, ref: Ref) -> None:
        first(when, verb, ref)
        if (when, verb) == ("after", "apply"):
            addresses = [{"ip": "10.244.0.7"}, {"ip": second}]
            world.cluster.touch(ref, ("status", "podIPs"), addresses, manager="kubelet", subresource="status")

    world.cluster.on_write = both
    record = await carried_out(world, msgspec.structs.replace(TRY, ranges=ranges))
    assert record.steps[0].note.startswith(note)


async def test_no_address_is_told_with_the_pods_events() -> None:
    world = cluster_of(node("a"))
    made = gives(world)

    def sandbox_fails() -> None:
        name = made["a"]["metadata"]["name"]
        world.cluster.put(event(Ref("Pod", name, "kube-system", "v1"), "FailedCreatePodSandBox", "cni: no socket"))

    world.clock.later(5, sandbox_fails)
    record = await failed(world)
    assert "A new pod on node a was given no address within 60 s" in record.outcome
    assert "event FailedCreatePodSandBox: cni: no socket" in record.outcome


async def test_many_nodes_are_tried_within_one_lease() -> None:
    """Whoever looks at many nodes at once must not take its own lease away."""
    world = cluster_of(*(node(f"n{number:02}") for number in range(45)))
    made = gives(world, **{f"n{number:02}": "10.244.0.7" for number in range(42)})
    record = await failed(world, timeout_seconds=3 * LEASE.total_seconds())
    assert "node n42 was given no address" in record.outcome
    assert len(made) == 45


async def test_the_pods_of_other_nodes_are_gone_too_when_one_fails_at_once() -> None:
    world = cluster_of(*(node(name) for name in "abcd"))
    gives(world)
    apply = world.cluster.apply

    async def slow_but_for_one(manifest: Any, **how: Any) -> Any:
        if manifest["spec"]["nodeName"] == "b":
            raise Refused("pods are forbidden: quota")
        for _ in range(50):
            await asyncio.sleep(0)
        return await apply(manifest, **how)

    world.cluster.apply = slow_but_for_one  # type: ignore[method-assign]
    record = await failed(world)
    assert "quota" in record.outcome
    for _ in range(200):
        await asyncio.sleep(0)
    assert await pods_left(world) == []


async def test_an_address_that_comes_late_is_waited_for() -> None:
    world = cluster_of(node("a"))
    made = gives(world)

    def assigned() -> None:
        ref = Ref("Pod", made["a"]["metadata"]["name"], "kube-system", "v1")
        world.cluster.touch(ref, ("status", "podIP"), "10.244.0.9", manager="kubelet", subresource="status")

    world.clock.later(50, assigned)
    assert (await carried_out(world, TRY)).state is ChangeState.APPLIED


async def test_an_api_server_that_is_away_for_a_while_is_waited_for() -> None:
    world = cluster_of(node("a"))
    gives(world, a="10.244.0.7")
    world.cluster.refuses["Pod"] = AWAY
    world.clock.later(OUTAGE_SECONDS / 2, lambda: world.cluster.refuses.clear())
    record = await carried_out(world, TRY)
    assert record.state is ChangeState.APPLIED
    assert await pods_left(world) == []


async def test_why_it_failed_is_told_even_when_its_pods_cannot_be_removed() -> None:
    world = cluster_of(node("a"))
    gives(world, a="192.168.5.5")
    answered = world.cluster.on_write

    def keeping(when: str, verb: str, ref: Ref) -> None:
        if (when, verb) == ("before", "delete"):
            raise Refused("pods may not be deleted")
        answered(when, verb, ref)

    world.cluster.on_write = keeping
    record = await carried_out(world, TRY)
    assert "which is not in 10.244.0.0/16" in record.outcome


async def test_pods_of_a_process_that_died_are_used_again() -> None:
    class Killed(BaseException):
        pass

    world = cluster_of(node("a"))
    gives(world, a="10.244.0.7")
    answered = world.cluster.on_write

    def dying(when: str, verb: str, ref: Ref) -> None:
        answered(when, verb, ref)
        if (when, verb) == ("after", "apply"):
            raise Killed

    world.cluster.on_write = dying
    with pytest.raises(Killed):
        await carried_out(world, TRY)
    assert len(await pods_left(world)) == 1
    world.cluster.on_write = answered
    world.clock.advance(LEASE.total_seconds() + 1)
    await resume_changes(world.process("p2"))
    (record,) = world.storage.state.changes.values()
    assert record.state is ChangeState.APPLIED
    assert await pods_left(world) == []
