"""The network plugin does not run on every node it should: pods there get no address, or no routes to others."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.foundations import network_agents
from bot.domain.network.references import DAEMON_SET
from bot.domain.network.snapshot import Snapshot

CODE = "network-plugin-not-ready"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    for agent in network_agents(snapshot):
        wanted, ready = agent.status.desired_number_scheduled or 0, agent.status.number_ready or 0
        right = ready >= wanted
        yield Finding(
            cluster=snapshot.cluster.uid,
            rule=CODE,
            severity=Severity.HIGH,
            object=agent.ref,
            owner=agent.ref,
            field="status.numberReady",
            summary=f"is ready on {ready} of {wanted} nodes",
            evidence=() if right else ("it brings the pod network to each node",),
            next_step="" if right else f"see its pods: `pods -n {agent.namespace} -o wide`",
            right=right,
        )


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(DAEMON_SET,), find=find)
