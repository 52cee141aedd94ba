"""`cni status`: which network plugin is there, who put it there, and how it is on each node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.application.execution.plugin_facts import facts_notes, read_facts
from bot.application.ports import Context, Look
from bot.domain.chat.report import Block, Bullets, Plain, Report, Status, Table, Text, table, text
from bot.domain.chat.values import Nothing
from bot.domain.chat.wording import counted
from bot.domain.network.ages import age
from bot.domain.network.owners import owner_of
from bot.domain.network.pods import PodState, finished, state_of
from bot.domain.network.references import DAEMON_SET, NODE, POD, Ref
from bot.domain.network.snapshot import Node, Pod
from bot.domain.plugins import configured, ranges
from bot.domain.plugins.cni import Recognised, last_told, plugin_names
from bot.domain.plugins.components import components, conditions, installer, replicas
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import without_agent
from bot.domain.plugins.usage import Usage, usage

_SHOWN_ROWS = 100


async def show_plugins(request: Nothing, context: Context) -> Report:
    facts = await read_facts(context.cluster)
    name = facts.snapshot.cluster.name
    if not facts.could_read(DAEMON_SET):
        return Report(
            status=Status.FAILED,
            title=f"{name}: which network plugin there is could not be read",
            footnotes=facts_notes(facts),
        )
    return await asyncio.to_thread(_report, facts)


def _report(facts: Facts) -> Report:
    counted_addresses = usage(facts)
    nodes = _nodes(facts, counted_addresses)
    title = f"{plugin_names(facts.found) or 'No network plugin is seen'} on {facts.snapshot.cluster.name}"
    lines = [line for found in facts.found for line in _lines(facts, found)]
    if mtus := [f"{each.bytes} ({each.object}, {each.field})" for each in configured.mtus(facts)]:
        lines.append(text("MTU: ", Plain("; ".join(mtus))))
    trouble = _trouble(facts)
    if trouble and any(each.agent for each in facts.found):
        lines.append(text(Plain(trouble), ". Why: `cni check`"))
    blocks: list[Block] = [Bullets(tuple(lines))] if lines else []
    blocks += [each for each in (_pools(facts, counted_addresses), nodes, _components(facts)) if each is not None]
    return Report(
        status=Status.FINDINGS if trouble else Status.OK,
        title=f"{title}: {trouble}" if trouble else title,
        blocks=tuple(blocks),
        footnotes=facts_notes(facts),
    )


def _trouble(facts: Facts) -> str:
    """The one line that says whether to look further."""
    if gone := without_agent(facts):
        return f"the agent of {' or '.join(gone)} is gone, and what is left of it stands; `cni check` tells more"
    if not facts.found and facts.snapshot.nodes:
        before = last_told(facts.snapshot.nodes, facts.known)
        if before and all(node.ready for node in facts.snapshot.nodes):
            was = " and ".join(before)
            return f"{was} was here before, and nodes are ready by a file on their hosts; `cni check` tells more"
        return "nodes wait for one; `help cni install` tells how"
    for found in facts.found:
        if found.agent is not None:
            status = found.agent.status
            ready, wanted = status.number_ready or 0, status.desired_number_scheduled or 0
            if ready < wanted:
                return f"{found.title} is ready on {ready} of {counted(wanted, 'node')}"
    cut_off = [node.name for node in facts.snapshot.nodes if _network(node) == "unavailable"]
    if cut_off:
        return f"{ranges.some(cut_off)} without network"
    waiting = [each.ref.short for each in components(facts) if replicas(each)[0] < replicas(each)[1]]
    waiting += [f"TigeraStatus {row[0]}" for row in _tigera(facts) if row[2] != "available"]
    return f"{ranges.some(waiting)} not ready" if waiting else ""


def _lines(facts: Facts, found: Recognised) -> list[Text]:
    name, plugin = f"{found.title} {found.version}".strip(), facts.plugin(found)
    if found.agent is None:
        return [text(Plain(name), ": nothing in the API stands for it"), *_why_not(plugin.why_not if plugin else "")]
    status = found.agent.status
    told = f"{name}, by {found.agent.ref}, ready on {status.number_ready or 0} of "
    lines = [text(Plain(told + counted(status.desired_number_scheduled or 0, "node")))]
    if object := facts.agents.get(found.agent.ref):
        lines.append(text("Installed by ", Plain(installer(object))))
    if plugin is None:
        lines.append(text("Patchbay does not know this plugin: its pools and settings are not read"))
    elif plugin.install is None:
        lines += _why_not(plugin.why_not)
    return lines


def _why_not(why: str) -> list[Text]:
    return [text("Recognised, and not installed from here: ", Plain(why))] if why else []


def _pools(facts: Facts, addresses: Usage) -> Table | None:
    found = configured.pools(facts)
    if not found:
        return None

    def row(pool: configured.Pool) -> list[str]:
        return [
            pool.name + (" (disabled)" if pool.disabled else ""),
            str(pool.range),
            str(addresses.pools.get(pool, "?")),
            pool.encapsulation or "?",
            str(pool.object),
        ]

    by = f", addresses counted by {addresses.by}" if addresses.by else ""
    return table(("POOL", "CIDR", "USED", "ENCAPSULATION", "SAID BY"), map(row, found), f"Pools{by}")


def _nodes(facts: Facts, addresses: Usage) -> Table | None:
    """A row for each node and agent, those in trouble first."""
    if not facts.could_read(NODE):
        return None
    pods = {(pod.spec.node_name, agent): pod for agent, listed in facts.pods_by_agent().items() for pod in listed}
    agents: list[Ref | None] = [each.agent.ref for each in facts.found if each.agent]
    rows = []
    for node in facts.snapshot.nodes:
        for agent in agents or [None]:
            pod = pods.get((node.name, agent)) if agent else None
            state = state_of(pod) if pod else None
            well = (
                node.ready and _network(node) != "unavailable" and (pod is None or pod.ready) and bool(pod or not agent)
            )
            rows.append((well, node.name, _row(facts, node, pod, state, str(addresses.nodes.get(node.name, "?")))))
    columns = ("NODE", "READY", "NETWORK", "POD", "STATE", "RESTARTS", "AGE", "ADDRESSES")
    title = "" if len(rows) <= _SHOWN_ROWS else f"{_SHOWN_ROWS} of {len(rows)}, those in trouble first"
    return table(columns, (row for _, _, row in sorted(rows)[:_SHOWN_ROWS]), title) if rows else None


def _row(facts: Facts, node: Node, pod: Pod | None, state: PodState | None, addresses: str) -> list[str]:
    now = facts.snapshot.taken_at
    if pod is None or state is None:
        agent = ["?" if not facts.could_read(POD) else "<none>", "-", "-", "-"]
    else:
        restarts = str(state.restarts)
        if state.restarts and state.last_restart_at:
            restarts += f" ({age(state.last_restart_at, now)} ago)"
        ready = f"{state.status} {state.ready}/{state.total}"
        agent = [pod.name, ready, restarts, age(pod.metadata.creation_timestamp, now)]
    condition = node.condition("Ready")
    ready = "unknown" if condition is None or condition.status == "Unknown" else "yes" if node.ready else "no"
    return [node.name, ready, _network(node), *agent, addresses]


def _network(node: Node) -> str:
    """What NetworkUnavailable says; most plugins that do not run in a cloud leave it out."""
    condition = node.condition("NetworkUnavailable")
    if condition is None:
        return "-"
    return {"False": "available", "True": "unavailable"}.get(condition.status, "unknown")


def _components(facts: Facts) -> Table | None:
    now = facts.snapshot.taken_at
    pods: dict[Ref, list[Pod]] = {}
    for pod in facts.snapshot.pods:
        pods.setdefault(owner_of(pod), []).append(pod)
    rows = []
    for each in components(facts):
        ready, wanted = replicas(each)
        states = [state_of(pod) for pod in pods.get(each.ref, ()) if not finished(pod)]
        restarts = str(sum(state.restarts for state in states)) if facts.could_read(POD) else "?"
        old = age(each.metadata.creation_timestamp, now)
        rows.append([str(each.ref), f"{ready}/{wanted}", _state(ready, wanted, states), restarts, old])
    rows += [[f"TigeraStatus {name}", ready, state, "-", "-"] for name, ready, state in _tigera(facts)]
    columns = ("COMPONENT", "READY", "STATE", "RESTARTS", "AGE")
    return table(columns, rows, "Operators and controllers") if rows else None


def _state(ready: int, wanted: int, pods: Sequence[PodState]) -> str:
    """With what kubectl prints of the pods that hold it up."""
    if ready >= wanted:
        return "ready" if wanted else "scaled to none"
    waiting = sorted({pod.status for pod in pods if pod.ready < pod.total})
    return f"not ready: {', '.join(waiting)}" if waiting else "not ready"


def _tigera(facts: Facts) -> list[tuple[str, str, str]]:
    """Name, `-`, and its conditions in a word with the message of what is not well."""
    rows = []
    for object in facts.tigera_statuses:
        said = conditions(object)
        held = {kind for kind, each in said.items() if each.get("status") == "True"}
        word = next((kind for kind in ("Degraded", "Available", "Progressing") if kind in held), "Unavailable")
        message = str((said.get(word) or said.get("Available") or {}).get("message") or "")
        state = "available" if word == "Available" else f"{word.lower()}: {message[:200]}".rstrip(": ")
        rows.append((configured.reference(object).name, "-", state))
    return rows


COMMAND = Look(
    name="cni status",
    model=Nothing,
    handler=show_plugins,
    summary="show the network plugin: version, installer, pools, addresses, and its agent on each node",
    examples=("cni status",),
    details="It is what `kubectl get pods -n calico-system -o wide` tells, by node, for whichever plugin there is. "
    "Addresses are counted from Calico's IPAMBlocks, else from the pods. `cni check` says what is wrong.",
)
