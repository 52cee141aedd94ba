"""Nothing brings a pod network: nodes stay not ready, and pods wait. The namespace stands for the cluster, whatever
nodes come and go."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET, NAMESPACE, NODE, ref_to
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import plugin_names
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import some
from bot.domain.plugins.steps import TRIAL_NAMESPACE


def find(facts: Facts) -> Iterator[Said]:
    cluster = ref_to(NAMESPACE, "", TRIAL_NAMESPACE)
    if facts.found:
        yield right(cluster, "", f"has {plugin_names(facts.found)}, or another namespace has")
        return
    waiting = [node.name for node in facts.snapshot.nodes if not node.ready]
    yield wrong(
        cluster,
        "",
        "has no network plugin, and no other namespace has one",
        "no DaemonSet looks like the agent of one",
        *([f"{len(waiting)} nodes are not ready: {some(waiting)}"] if waiting else ()),
        next_step="install one: `help cni install` tells how, as `cni install flannel --dry-run`",
    )


AUDIT = Audit(
    code="no-network-plugin",
    severity=Severity.HIGH,
    about="that there is a network plugin",
    find=find,
    reads=(DAEMON_SET, NODE),
)
