"""A node whose kubelet says that it cannot run pods, or says nothing any more."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.references import NODE
from bot.domain.network.snapshot import Node, Snapshot

CODE = "node-not-ready"


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    for node in snapshot.nodes:
        yield Finding(
            cluster=snapshot.cluster.uid,
            rule=CODE,
            severity=Severity.HIGH,
            object=node.ref,
            owner=node.ref,
            field="status.conditions[Ready]",
            summary="is ready" if node.ready else "is not ready",
            evidence=() if node.ready else (why_not_ready(node),),
            next_step="" if node.ready else "see what its kubelet says, and whether the machine can be reached",
            right=node.ready,
        )


def why_not_ready(node: Node) -> str:
    """What the kubelet said, or that it has fallen silent."""
    condition = node.condition("Ready")
    if condition is None:
        return "its kubelet has not yet said whether it is ready"
    if condition.status == "Unknown":
        return f"its kubelet has fallen silent: {condition.message or condition.reason or 'no reason was given'}"
    return condition.message or condition.reason or "no reason was given"


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(NODE,), find=find)
