"""Waiting until a network plugin serves every node, and trying it: a new pod on each node is given an address."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Any

from bot.application.execution.evidence import events_of, evidence, pods_of
from bot.application.execution.verifying import POLL_SECONDS, not_rolled_out, own_words
from bot.application.execution.working import OUTAGE_SECONDS, LeaseLost, Work
from bot.application.execution.writing import StepFailed, look
from bot.domain.changes import fields
from bot.domain.changes.change import Apply, NodeState, Settle, StepState, TryAddresses
from bot.domain.chat.masking import masked
from bot.domain.network.pods import state_of
from bot.domain.network.references import JSON, NODE, POD, JSONObject, Ref, ref_to
from bot.domain.network.snapshot import Pod
from bot.errors import BotError, Conflict, NotFound, Unreachable

PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
"""What kubelets run for every pod anyway. A pod has its address before this is pulled, so a node that cannot pull it
is tried as well."""
CHANGE_LABEL = "patchbay.dev/change"
_AT_ONCE = 20
_IN_FRONT = "another network plugin's configuration may be in front there (/etc/cni/net.d, the first file by name wins)"


async def settle(work: Work, index: int, step: Settle) -> None:
    """Raises StepFailed, with the node at fault, when it does not come to hold in time."""
    await work.mark(index, state=StepState.STARTED, started_at=work.step(index).started_at or work.now())
    deadline = work.ports.clock.monotonic() + step.timeout_seconds
    reached_at, gone = work.ports.clock.monotonic(), False
    while True:
        nodes = work.step(index).nodes
        try:
            nodes, why = await _look(work, step)
            reached_at = work.ports.clock.monotonic()
            gone = await _taken_away(work, step) if why else False
        except Unreachable as error:
            why = str(error)
            if work.ports.clock.monotonic() - reached_at >= OUTAGE_SECONDS:
                raise
        except BotError as error:
            why = str(error)
        if nodes != work.step(index).nodes:
            await work.mark(index, nodes=nodes)
        if not why:
            await work.mark(index, state=StepState.DONE, ended_at=work.now())
            return
        if gone or work.ports.clock.monotonic() >= deadline:
            break
        await work.ports.clock.sleep(POLL_SECONDS)
        await work.breathe()
    unserved = next((node.name for node in _waiting(work.step(index).nodes, step)), "")
    words = await own_words(work)
    told = (*words, *await _word_of(work, unserved), *await evidence(work, step.ref, unserved))
    why = "; ".join([why, *words[:1]])
    note = "somebody else has deleted it" if gone else f"not within {step.timeout_seconds:g} s: {why}"
    await work.mark(index, state=StepState.FAILED, ended_at=work.now(), note=note, evidence=told)
    raise StepFailed(f"{step.ref}, {note}")


async def _taken_away(work: Work, step: Settle) -> bool:
    """Whether an agent that this change made itself is gone: nobody will make it again. An operator's own it would."""
    made = any(isinstance(each, Apply) and each.ref == step.ref for each in work.record.change.steps)
    return made and await look(work, step.ref) is None


async def _word_of(work: Work, node: str) -> tuple[str, ...]:
    """Why a node is not Ready, by its kubelet or by who misses that, and who says that its network is unavailable."""
    try:
        there = await look(work, ref_to(NODE, "", node)) if node else None
    except BotError:
        return ()
    conditions: Any = fields.at(there, ("status", "conditions")).value if there else None
    said: dict[str, Any] = {str(each.get("type")): each for each in conditions or ()}
    found = []
    ready, network = said.get("Ready", {}), said.get("NetworkUnavailable", {})
    if ready.get("status") != "True" and ready.get("message"):
        found.append(f"node {node} is not Ready: {ready['message']}")
    if network.get("status") == "True":
        words = ": ".join(str(network[key]) for key in ("reason", "message") if network.get(key))
        found.append(f"node {node} has NetworkUnavailable: {words or 'nobody says why'}")
    return tuple(masked(line)[0] for line in found)


async def _look(work: Work, step: Settle) -> tuple[tuple[NodeState, ...], str]:
    """Every node, and why they are not all served; empty: they are."""
    agent = await look(work, step.ref)
    pods = await pods_of(work, agent) if agent else []
    on = {pod.spec.node_name: pod for pod in pods if pod.spec.node_name and not pod.metadata.deletion_timestamp}
    wanted: Any = fields.at(agent, ("status", "desiredNumberScheduled")).value if agent else None
    everywhere = agent is not None and len(on) >= int(wanted or 0) > 0
    listed = await work.call(work.cluster.list(NODE))
    states = sorted((_state(node, on, step, everywhere) for node in listed), key=lambda state: state.name)
    return tuple(states), _why(states, agent, everywhere, step)


def _why(states: Sequence[NodeState], agent: JSONObject | None, everywhere: bool, step: Settle) -> str:
    if agent is None:
        return f"{step.ref} is not there yet"
    if step.version and not _is_of(agent, step.version):
        return f"{step.ref} is not of {step.version} yet"
    if not states:
        return "there are no nodes"
    waiting = _waiting(states, step)
    if not waiting:
        spared = sum(bool(state.pod) and not state.pod_ready for state in states if state.name in step.without)
        return not_rolled_out(agent, spared)
    first = waiting[0]
    if first.pod_state == "Running" and not first.pod_ready and not first.ready:
        why = f"the node is not Ready, and pod {first.pod} runs there and is not ready"
    elif first.pod and not first.pod_ready:
        why = f"pod {first.pod} is {first.pod_state}"
    elif not first.pod and not everywhere:
        why = "no pod of it is there"
    elif not first.ready:
        why = "the node is not Ready"
    elif first.network:
        why = "it says that its network is unavailable"
    else:
        why = "nobody has said yet that its network is available"
    others = f", and {len(waiting) - 1} more of {len(states)} nodes" if len(waiting) > 1 else ""
    return f"node {first.name}: {why}{others}"


def _waiting(states: Sequence[NodeState], step: Settle) -> list[NodeState]:
    """The nodes that are not served, and should be."""
    return [state for state in states if not state.served and state.name not in step.without]


def _is_of(agent: JSONObject, version: str) -> bool:
    """Weave's v2.9.0 is tagged 2.9.0."""
    spec: Any = fields.at(agent, ("spec", "template", "spec")).value or {}
    images = [str(each.get("image") or "") for each in spec.get("containers") or ()]
    tags = (f":{version}", f":{version.removeprefix('v')}")
    return any(image.partition("@")[0].endswith(tags) for image in images)


def _state(node: JSONObject, on: dict[str, Pod], step: Settle, everywhere: bool) -> NodeState:
    name = str(fields.metadata(node)["name"])
    conditions: Any = fields.at(node, ("status", "conditions")).value or []
    said = {each.get("type"): each.get("status") for each in conditions}
    network = {"False": "available", "True": "unavailable"}.get(str(said.get("NetworkUnavailable")), "")
    ready = said.get("Ready") == "True"
    pod = on.get(name)
    has_network = network == "available" if step.tells_network and pod else network != "unavailable"
    return NodeState(
        name=name,
        pod=pod.name if pod else "",
        pod_state=state_of(pod).status if pod else "",
        pod_ready=bool(pod and pod.ready),
        ready=ready,
        network=network,
        # A DaemonSet need not want every node (another system, a taint): then Ready is all there is to ask of it.
        served=ready and has_network and (pod.ready if pod else everywhere),
    )


async def try_addresses(work: Work, index: int, step: TryAddresses) -> None:
    """Raises StepFailed when a pod is given no address, or one that is in no range. Its pods are gone afterwards."""
    await work.mark(index, state=StepState.STARTED, started_at=work.step(index).started_at or work.now())
    try:
        given: dict[str, str] = {}
        own = await _ready_nodes(work)
        nodes = list(own)
        if not nodes:
            raise StepFailed("No Linux node is Ready: there is none on which a new pod could be tried")
        for at in range(0, len(nodes), _AT_ONCE):
            given |= await _try(work, step, nodes[at : at + _AT_ONCE])
        for node, addresses in given.items():
            await _check_origin(work, step, node, addresses, own[node])
    except (LeaseLost, Unreachable):
        raise  # the one is no longer ours; the other is tried again for a while, by whoever holds the lease
    except (StepFailed, BotError) as error:
        with contextlib.suppress(BotError):  # what is told is why it failed; going back removes them once more
            await clean_up(work, step)
        await work.mark(index, state=StepState.FAILED, ended_at=work.now(), note=str(error))
        raise
    await clean_up(work, step)
    note = ", ".join(f"{given[node]} on {node}" for node in nodes[:5])
    more = f" and {len(nodes) - 5} more" if len(nodes) > 5 else ""
    await work.mark(index, state=StepState.DONE, ended_at=work.now(), note=f"{note}{more}")


async def clean_up(work: Work, step: TryAddresses) -> None:
    """Removes the pods of a trial; those that are gone already are no matter. Raises BotError."""
    left = await work.call(work.cluster.list(POD, step.namespace, f"{CHANGE_LABEL}={work.record.id}"))
    for pod in left:
        if not fields.metadata(pod).get("deletionTimestamp"):
            try:
                await work.call(work.cluster.delete(fields.ref_of(pod), uid=fields.uid(pod)))
            except (NotFound, Conflict):
                continue


async def _ready_nodes(work: Work) -> dict[str, list[str]]:
    """Each ready Linux node by name, sorted, with its own ranges for pods."""
    found = {}
    for node in await work.call(work.cluster.list(NODE)):
        conditions: Any = fields.at(node, ("status", "conditions")).value or []
        linux = (fields.metadata(node).get("labels") or {}).get("kubernetes.io/os", "linux") == "linux"
        if linux and any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions):
            listed: Any = fields.at(node, ("spec", "podCIDRs")).value or []
            found[str(fields.metadata(node)["name"])] = [str(each) for each in listed]
    return dict(sorted(found.items()))


async def _try(work: Work, step: TryAddresses, nodes: Sequence[str]) -> dict[str, str]:
    """The address that a new pod is given on each of these nodes. All pods are made, then looked at in turn by this one
    task: two that save the record at once would take its lease from each other."""
    pods: dict[str, Ref] = {}
    for node in nodes:
        manifest = _pod(work.record.id, step.namespace, node)
        await work.call(work.cluster.apply(manifest))
        pods[node] = fields.ref_of(manifest)
        await work.breathe()
    given: dict[str, str] = {}
    deadline = work.ports.clock.monotonic() + step.timeout_seconds
    while True:
        for node in [node for node in nodes if node not in given]:
            pod = await look(work, pods[node])
            if addresses := _addresses(pod, step) if pod else []:
                given[node] = " and ".join(_in_range(address, step, node) for address in addresses)
            await work.breathe()
        waiting = [node for node in nodes if node not in given]
        if not waiting:
            return given
        if work.ports.clock.monotonic() >= deadline:
            raise StepFailed(await _no_address(work, step, waiting, pods[waiting[0]]))
        await work.ports.clock.sleep(POLL_SECONDS)


async def _check_origin(work: Work, step: TryAddresses, node: str, addresses: str, own: Sequence[str]) -> None:
    """That this plugin has given the addresses, and not one whose configuration was left on the node. Raises
    StepFailed. What a plugin's own books say (Calico's blocks) is looked at where they can be read."""
    parsed = [ipaddress.ip_address(each) for each in addresses.split(" and ")]
    where, ranges = f"its node's own range, {' or '.join(own)}", own if step.of_node else []
    if step.blocks is not None:
        try:
            blocks = await work.call(work.cluster.list(step.blocks))
        except BotError:
            blocks = []
        ranges = [str(fields.at(each, ("spec", "cidr")).value) for each in blocks]
        where = f"any of the {len(ranges)} blocks that the plugin has given to nodes"
    networks = [ipaddress.ip_network(each, strict=False) for each in ranges]
    strange = [each for each in parsed if networks and not any(each in network for network in networks)]
    if strange:
        raise StepFailed(f"A new pod on node {node} was given {strange[0]}, which is not in {where}: {_IN_FRONT}")


async def _no_address(work: Work, step: TryAddresses, nodes: Sequence[str], pod: Ref) -> str:
    told = "; ".join(await events_of(work, pod))
    more = f", nor on {len(nodes) - 1} more nodes" if len(nodes) > 1 else ""
    return f"A new pod on node {nodes[0]} was given no address within {step.timeout_seconds:g} s{more}" + (
        f": {told}" if told else ""
    )


def _addresses(pod: JSONObject, step: TryAddresses) -> list[str]:
    """Its first one, and those of other families that there is a range for."""
    first = fields.at(pod, ("status", "podIP")).value
    if not first:
        return []
    families = {ipaddress.ip_network(each).version for each in step.ranges}
    listed: Any = fields.at(pod, ("status", "podIPs")).value or []
    others = [str(each["ip"]) for each in listed if each["ip"] != first]
    return [str(first), *(each for each in others if ipaddress.ip_address(each).version in families)]


def _in_range(address: str, step: TryAddresses, node: str) -> str:
    if step.ranges and not any(ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in step.ranges):
        raise StepFailed(
            f"A new pod on node {node} was given {address}, which is not in {' or '.join(step.ranges)}: {_IN_FRONT}"
        )
    return address


def _pod(change: int, namespace: str, node: str) -> JSONObject:
    """Bound to its node, past the scheduler and every taint; it may do nothing."""
    name = f"patchbay-try-{change}-{hashlib.sha256(node.encode()).hexdigest()[:8]}"
    container: JSON = {
        "name": "pause",
        "image": PAUSE_IMAGE,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "patchbay", CHANGE_LABEL: str(change)},
        },
        "spec": {
            "nodeName": node,
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65535,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        },
    }
