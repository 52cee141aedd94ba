"""Nothing brings a pod network: nodes stay not ready, and pods wait. The namespace stands for the cluster, whatever
nodes come and go."""

from collections.abc import Iterator, Sequence

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET, NAMESPACE, NODE, ref_to
from bot.domain.network.snapshot import Node
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import last_told, plugin_names
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import without_agent
from bot.domain.plugins.ranges import some
from bot.domain.plugins.steps import TRIAL_NAMESPACE


def find(facts: Facts) -> Iterator[Said]:
    cluster = ref_to(NAMESPACE, "", TRIAL_NAMESPACE)
    if facts.found:
        yield right(cluster, "", f"has {plugin_names(facts.found)}, or another namespace has")
        return
    waiting = [node.name for node in facts.snapshot.nodes if not node.ready]
    before = last_told(facts.snapshot.nodes, facts.known)
    if without_agent(facts) and not waiting:
        return  # told as such, by agent-gone
    yield wrong(
        cluster,
        "",
        "has no network plugin, and no other namespace has one",
        "no DaemonSet looks like the agent of one",
        *(_left(facts, title, nodes) for title, nodes in before.items()),
        *([f"{len(waiting)} nodes are not ready: {some(waiting)}"] if waiting else ()),
        next_step="install one: `help cni install` tells how, as `cni install flannel --dry-run`"
        + ("; when the hosts were given a network of their own since, acknowledge this" if before else ""),
        # Of nodes that are ready one cannot tell: the hosts may have been given a network since.
        severity=None if waiting or not before else Severity.MEDIUM,
    )


def _left(facts: Facts, title: str, nodes: Sequence[Node]) -> str:
    plugin = next(each for each in facts.known if each.title == title)
    files = ", ".join(plugin.leftovers.configuration)
    return (
        f"{title} was the last on {some(node.name for node in nodes)} (NetworkUnavailable), and is gone: a kubelet "
        f"that still finds its file in /etc/cni/net.d ({files}) takes its node for Ready, "
        "although nobody keeps that network any more"
    )


AUDIT = Audit(
    code="no-network-plugin",
    severity=Severity.HIGH,
    about="that there is a network plugin",
    find=find,
    reads=(DAEMON_SET, NODE),
)
