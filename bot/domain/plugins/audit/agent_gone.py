"""A plugin's agent was taken away and the rest of it stands: pods of before keep their addresses and nodes stay ready,
so nothing is seen until a pod or a node is new."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET, NODE
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import without_agent


def find(facts: Facts) -> Iterator[Said]:
    gone = without_agent(facts)
    for plugin in facts.known:
        if plugin.install is None:
            continue
        agent = plugin.install.agent
        if plugin.title not in gone:
            yield right(agent, "", f"is there, or nothing else of {plugin.title} is seen")
            continue
        name = plugin.title.lower().split()[0]
        yield wrong(
            agent,
            "",
            f"is gone, and what is left of {plugin.title} stands: new pods and nodes get no network from it",
            *gone[plugin.title],
            f"/etc/cni/net.d may still have {', '.join(plugin.leftovers.configuration)}: that is not seen from here",
            next_step=f"take away what is left, `cni uninstall {name} --dry-run`, then install a plugin: "
            f"`cni install {name} --dry-run`",
        )


AUDIT = Audit(
    code="agent-gone",
    severity=Severity.HIGH,
    about="agents of which only the rest stands",
    find=find,
    reads=(DAEMON_SET, NODE),
)
