"""Nobody mends the plugin any more: its makers have ended, or support younger versions only."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import Recognised, repository
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import numbers

_FIELD = "spec.template.spec.containers[].image"
_ENDED = {
    "weaveworks/weave-kube": "Weaveworks ended in 2024 and archived Weave Net; the fork rajch/weave goes on",
    "weaveworks/weave-npc": "Weaveworks ended in 2024 and archived Weave Net; the fork rajch/weave goes on",
    "coreos/flannel": "flannel has left quay.io/coreos in 2022: newer images are ghcr.io/flannel-io/flannel",
}
_MINORS = {"Calico": 2, "Canal": 2}
"""How many minor versions the makers look after: https://docs.tigera.io/calico/latest/releases"""


def find(facts: Facts) -> Iterator[Said]:
    for found in facts.found:
        if found.agent is None:
            continue
        if why := _why(facts, found):
            yield wrong(
                found.agent.ref,
                _FIELD,
                f"runs {found.title} {found.version}".rstrip() + ", which is not looked after any more",
                why,
                next_step="upgrade it (`help cni upgrade`), or plan to change to another plugin (`help cni migrate`)",
            )
        elif facts.plugin(found) is not None and found.title in (*_MINORS, "Weave Net", "flannel"):
            yield right(found.agent.ref, _FIELD, f"runs {found.title} {found.version}".rstrip())


def _why(facts: Facts, found: Recognised) -> str:
    assert found.agent is not None
    for container in found.agent.spec.template.spec.containers:
        name = repository(container.image)
        for ended, why in _ENDED.items():
            if name == ended or name.endswith("/" + ended):
                return why
    plugin, kept = facts.plugin(found), _MINORS.get(found.title)
    have = numbers(found.version)
    if kept is None or not have or plugin is None or plugin.install is None:
        return ""
    newest = numbers(plugin.install.releases[0].version)
    if have[0] < newest[0] or newest[1] - have[1] >= kept:
        return f"its makers look after the newest {kept} minor versions; {newest[0]}.{newest[1]} is out"
    return ""


AUDIT = Audit(
    code="plugin-out-of-support",
    severity=Severity.MEDIUM,
    about="whether its makers look after it",
    find=find,
    reads=(DAEMON_SET,),
)
