"""A node says that it has no network: nothing but what tolerates that is put there."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import NODE
from bot.domain.plugins.audit import Audit, Said, right
from bot.domain.plugins.cni import clearing, last_told
from bot.domain.plugins.facts import Facts

_FIELD = "status.conditions[NetworkUnavailable]"


def find(facts: Facts) -> Iterator[Said]:
    there = {each.title for each in facts.found if each.agent}
    gone = {node.name: title for title, nodes in last_told(facts.snapshot.nodes, facts.known).items() for node in nodes}
    waiting = {pod.spec.node_name for pods in facts.pods_by_agent().values() for pod in pods if not pod.ready}
    for node in facts.snapshot.nodes:
        condition = node.condition("NetworkUnavailable")
        if condition is None:
            continue
        if condition.status == "False":
            yield right(node.ref, _FIELD, "has a network")
            continue
        said = ": ".join(filter(None, (condition.reason, condition.message)))
        title = gone.get(node.name, "")
        left = title if title not in there else ""
        yield Said(
            object=node.ref,
            field=_FIELD,
            summary="says that it has no network",
            evidence=(*([said] if said else []), *([f"{left} said so, and is not there any more"] if left else [])),
            next_step=f"install a plugin that says otherwise, or clear it: `{clearing(node.name)}`"
            if left
            else "see what the agent there says: `cni status`, then `logs` of its pod",
            symptom=node.name in waiting,
        )


AUDIT = Audit(
    code="node-network-unavailable",
    severity=Severity.HIGH,
    about="nodes' own word for their network",
    find=find,
    reads=(NODE,),
)
