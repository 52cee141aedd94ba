"""The plugin is older than the newest release that is pinned here."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.present import numbers

_FIELD = "spec.template.spec.containers[].image"


def find(facts: Facts) -> Iterator[Said]:
    for found in facts.found:
        plugin = facts.plugin(found)
        releases = plugin.install.releases if plugin and plugin.install else ()
        have = numbers(found.version)
        if found.agent is None or not releases or not have:
            continue
        newest = releases[0].version
        if have < numbers(newest):
            yield wrong(
                found.agent.ref,
                _FIELD,
                f"runs {found.title} {found.version}, and {newest} is out",
                f"{newest} is the newest release that is pinned here",
                next_step="read its release notes, then upgrade: `help cni upgrade`",
                severity=None if have[:2] == numbers(newest)[:2] else Severity.LOW,
            )
        else:
            yield right(found.agent.ref, _FIELD, f"runs {found.title} {found.version}")


AUDIT = Audit(
    code="plugin-version-behind",
    severity=Severity.INFO,
    about="the newest release",
    find=find,
    reads=(DAEMON_SET,),
)
