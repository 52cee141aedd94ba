"""The plugin's makers have not tested this release of it with this Kubernetes."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import numbers


def find(facts: Facts) -> Iterator[Said]:
    kubernetes = facts.around.kubernetes
    for found in facts.found:
        plugin = facts.plugin(found)
        releases = plugin.install.releases if plugin and plugin.install else ()
        release = next((each for each in releases if numbers(each.version) == numbers(found.version)), None)
        if found.agent is None or release is None or not all(release.kubernetes) or not kubernetes:
            continue
        oldest, newest = release.kubernetes
        if numbers(oldest) <= numbers(kubernetes) <= numbers(newest):
            yield right(found.agent.ref, "", f"{found.version} was tested with Kubernetes {kubernetes}")
        else:
            yield wrong(
                found.agent.ref,
                "spec.template.spec.containers[].image",
                f"runs {found.title} {found.version}, which was not tested with Kubernetes {kubernetes}",
                f"its makers tested {oldest} to {newest}",
                next_step="choose a release that was: `help cni upgrade`",
            )


AUDIT = Audit(
    code="kubernetes-untested",
    severity=Severity.LOW,
    about="the plugin's release and Kubernetes",
    find=find,
    reads=(DAEMON_SET,),
)
