"""The agent is not ready on nodes where it should be. It is the fault that the rule of this name finds, under its key,
so that `status` and `cni check` speak of one incident; here the nodes are named, and every known agent is judged."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.pods import state_of
from bot.domain.network.references import DAEMON_SET
from bot.domain.network.snapshot import Pod
from bot.domain.plugins.audit import AGENT_NOT_READY, Audit, Said, right, wrong
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import some

_FIELD = "status.numberReady"


def find(facts: Facts) -> Iterator[Said]:
    pods = facts.pods_by_agent()
    for found in facts.found:
        if found.agent is None:
            continue
        ref, status = found.agent.ref, found.agent.status
        wanted, ready = status.desired_number_scheduled or 0, status.number_ready or 0
        summary = f"is ready on {ready} of {wanted} nodes"
        if ready >= wanted:
            yield right(ref, _FIELD, summary)
            continue
        waiting = sorted((pod for pod in pods[ref] if not pod.ready), key=lambda pod: pod.name)
        evidence = ("it brings the pod network to each node", *([some(map(_told, waiting), 5)] if waiting else ()))
        yield wrong(ref, _FIELD, summary, *evidence, next_step=f"see its pods: `pods -n {ref.namespace} -o wide`")


def _told(pod: Pod) -> str:
    return f"{pod.spec.node_name or 'no node'}: {pod.name} is {state_of(pod).status}"


AUDIT = Audit(
    code=AGENT_NOT_READY,
    severity=Severity.HIGH,
    about="the agent on each node",
    find=find,
    reads=(DAEMON_SET,),
)
