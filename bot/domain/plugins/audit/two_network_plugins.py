"""Two plugins bring the pod network: which of them a pod gets is decided by the names of files on its node."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import Recognised
from bot.domain.plugins.facts import Facts

_OF_CLOUDS = frozenset({"AWS VPC CNI", "Azure CNI", "GKE Dataplane V2"})
_BESIDE = frozenset({"Calico", "Cilium"})
"""They enforce policies beside a cloud's plugin, which gives pods their addresses: that is meant."""


def find(facts: Facts) -> Iterator[Said]:
    agents = [each for each in facts.found if each.agent and not _idle(each)]
    clouds = any(each.title in _OF_CLOUDS for each in agents)
    rivals = [each for each in agents if not (clouds and each.title in _BESIDE)]
    for number, each in enumerate(agents):
        assert each.agent is not None
        others = [other for other in rivals if other.title != each.title]
        if each in rivals and number and others:
            told = ", ".join(f"{other.title} by {other.agent.ref}" for other in others if other.agent)
            yield wrong(
                each.agent.ref,
                "",
                f"brings {each.title}, and {others[0].title} is there too",
                f"besides: {told}",
                "a node takes the first file in /etc/cni/net.d by name; an unknown one may be chained to another",
                next_step="remove the one that is not meant (`cni uninstall`), then restart the pods",
                severity=Severity.LOW if facts.plugin(each) is None or facts.plugin(others[0]) is None else None,
            )
        else:
            yield right(each.agent.ref, "", f"{each.title} is the one that is meant")


def _idle(found: Recognised) -> bool:
    """Chosen for no node: it does nothing."""
    return found.agent is not None and found.agent.status.desired_number_scheduled == 0


AUDIT = Audit(
    code="two-network-plugins",
    severity=Severity.HIGH,
    about="one plugin alone",
    find=find,
    reads=(DAEMON_SET,),
)
