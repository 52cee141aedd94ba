"""What tests about network plugins share: an agent and its pods as the API shows them, and a change carried out."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import fakes

from bot.application.execution.applying import carry_out
from bot.application.execution.working import LEASE
from bot.domain.changes.change import Change, ChangeRecord, ChangeState, Settle, Step, StepRecord, TryAddresses
from bot.domain.network.references import DAEMON_SET, POD, Ref, ref_to

AGENT = ref_to(DAEMON_SET, "net", "agent")
SETTLE = Settle(ref=AGENT, timeout_seconds=60, tells_network=True)
TRY = TryAddresses(namespace="kube-system", ranges=("10.244.0.0/16",), timeout_seconds=60)


def node(name: str, *, ready: bool = True, network: str = "", system: str = "linux") -> Any:
    """`network` is the status of its condition NetworkUnavailable; empty: it has none."""
    conditions = [{"type": "Ready", "status": str(ready)}]
    if network:
        conditions.append({"type": "NetworkUnavailable", "status": network})
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": system}},
        "spec": {},
        "status": {"conditions": conditions},
    }


def agent(wanted: int, available: int | None = None, **status: Any) -> Any:
    available = wanted if available is None else available
    counts = {"desiredNumberScheduled": wanted, "updatedNumberScheduled": wanted, "numberAvailable": available}
    return {
        "apiVersion": AGENT.api_version,
        "kind": AGENT.kind,
        "metadata": {"name": AGENT.name, "namespace": AGENT.namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "net"}]}},
        },
        "status": {"observedGeneration": 1, **counts, **status},
    }


def agent_pod(node: str, *, ready: bool = True, waiting: str = "", restarts: int = 0, **metadata: Any) -> Any:
    """The agent on a node: it runs, or waits for this reason."""
    state: dict[str, Any] = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    last = {"lastState": {"terminated": {"exitCode": 1}}} if restarts else {}
    container = {"name": "net", "ready": ready, "restartCount": restarts, "state": state, **last}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"agent-{node}", "namespace": "net", "labels": {"app": "agent"}, **metadata},
        "spec": {"nodeName": node, "containers": [{"name": "net", "image": "acme/net:v1"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [container],
        },
    }


def event(about: Ref, reason: str, message: str, minute: int = 0) -> Any:
    at = f"2026-11-24T03:{minute:02}:00Z"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{about.name}.{reason.lower()}{minute}", "namespace": about.namespace},
        "involvedObject": {"kind": about.kind, "name": about.name},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def pod_ref(node: str) -> Ref:
    return ref_to(POD, "net", f"agent-{node}")


def cluster_of(*objects: Any) -> fakes.World:
    world = fakes.world()
    for each in objects:
        world.cluster.put(each)
    return world


async def approved(world: fakes.World, steps: Iterable[Step]) -> ChangeRecord:
    """A change with these steps that this process may carry out."""
    taken, now = tuple(steps), world.clock.now()
    record = ChangeRecord(
        change=Change(cluster="c1", request="cni install acme", summary="install acme", steps=taken),
        author="terminal:ann",
        origin="serve",
        state=ChangeState.APPLYING,
        steps=tuple(StepRecord() for _ in taken),
        created_at=now,
        expires_at=now + datetime.timedelta(minutes=15),
        owner=world.ports.process.id,
        lease_until=now + LEASE,
    )
    async with world.storage.begin() as transaction:
        return await transaction.changes.add(record)


async def carried_out(world: fakes.World, *steps: Step) -> ChangeRecord:
    return await carry_out(world.ports, await approved(world, steps))
