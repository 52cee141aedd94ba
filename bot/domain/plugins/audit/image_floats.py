"""An agent's image has no version: a node that starts tomorrow runs something else than those of today."""

from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.references import DAEMON_SET
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import tag_of
from bot.domain.plugins.facts import Facts


def find(facts: Facts) -> Iterator[Said]:
    for found in facts.found:
        if found.agent is None:
            continue
        spec = found.agent.spec.template.spec
        floating = [
            (kind, each)
            for kind, listed in (("initContainers", spec.init_containers), ("containers", spec.containers))
            for each in listed or ()
            if "@" not in each.image and tag_of(each.image) in ("", "latest", "master", "main")
        ]
        for kind, container in floating:
            yield wrong(
                found.agent.ref,
                f"spec.template.spec.{kind}[{container.name}].image",
                f"runs {container.image}, which names no version",
                "what is pulled under this name changes",
                next_step="pin it to a version or a digest",
            )
        if not floating:
            yield right(found.agent.ref, "", "runs images that name a version")


AUDIT = Audit(
    code="image-floats", severity=Severity.MEDIUM, about="images that name a version", find=find, reads=(DAEMON_SET,)
)
