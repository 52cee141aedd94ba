"""The plugin's makers have not tested this release of it with this Kubernetes."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.preflight.kubernetes_version import said_of
from bot.domain.plugins.present import numbers


def find(facts: Facts) -> Iterator[Said]:
    kubernetes = facts.around.kubernetes
    for found in facts.found:
        plugin = facts.plugin(found)
        releases = plugin.install.releases if plugin and plugin.install else ()
        release = next((each for each in releases if numbers(each.version) == numbers(found.version)), None)
        if found.agent is None or release is None:
            continue
        (judged,) = said_of(f"{found.title} {found.version}", release, kubernetes)
        if judged.verdict == "ok":
            yield right(found.agent.ref, "", f"Kubernetes is {judged.evidence}")
        elif judged.verdict == "doubt":
            yield wrong(
                found.agent.ref,
                "spec.template.spec.containers[].image",
                f"runs {found.title} {found.version}, which was not tested with Kubernetes {kubernetes}",
                f"Kubernetes is {judged.evidence}",
                next_step="choose a release that was: `help cni upgrade`",
            )


AUDIT = Audit(
    code="kubernetes-untested",
    severity=Severity.LOW,
    about="the plugin's release and Kubernetes",
    find=find,
    reads=(DAEMON_SET,),
)
