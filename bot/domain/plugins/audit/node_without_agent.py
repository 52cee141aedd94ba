"""A node waits for a network, and no agent is meant for it: another system, a taint, a selector. DaemonSets count only
nodes that they want, so that nothing else is wrong to be seen."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET, NODE, POD
from bot.domain.network.snapshot import Node
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import plugin_names, waits_for_network
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import some

_FIELD = "status.conditions[Ready]"


def find(facts: Facts) -> Iterator[Said]:
    agents = facts.pods_by_agent()
    served = {pod.spec.node_name for pods in agents.values() for pod in pods}
    wanted = sum(each.agent.status.desired_number_scheduled or 0 for each in facts.found if each.agent)
    if not agents or sum(map(len, agents.values())) < wanted:
        return  # more pods are to come
    for node in facts.snapshot.nodes:
        if node.name in served:
            yield right(node.ref, _FIELD, "an agent is there")
        elif waits_for_network(node):
            yield wrong(
                node.ref,
                _FIELD,
                f"waits for a network, and {plugin_names(facts.found)} has no agent there",
                *_why(node),
                next_step="see which nodes it wants, and what it tolerates: nodeSelector, affinity and tolerations of "
                + some(map(str, sorted(agents))),
            )


def _why(node: Node) -> Iterator[str]:
    system = node.status.node_info.operating_system
    if system and system != "linux":
        yield f"its system is {system}, which agents for Linux do not run on"
    taints = [f"{taint.key}:{taint.effect}" for taint in node.spec.taints or ()]
    if taints:
        yield f"it has the taints {', '.join(taints)}"


AUDIT = Audit(
    code="node-without-agent",
    severity=Severity.HIGH,
    about="an agent for each node that waits for one",
    find=find,
    reads=(DAEMON_SET, POD, NODE),
)
