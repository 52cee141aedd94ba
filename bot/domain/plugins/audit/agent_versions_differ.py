"""Agents of different versions run on different nodes: a rollout that is under way, or one that stands still."""

from collections import defaultdict
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Severity
from bot.domain.network.pods import finished
from bot.domain.network.references import DAEMON_SET, POD
from bot.domain.network.snapshot import Pod
from bot.domain.plugins.audit import Audit, Said, right, wrong
from bot.domain.plugins.cni import tag_of
from bot.domain.plugins.facts import Facts
from bot.domain.plugins.ranges import some

_FIELD = "status.updatedNumberScheduled"


def find(facts: Facts) -> Iterator[Said]:
    for agent, pods in sorted(facts.pods_by_agent().items()):
        nodes: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for pod in pods:
            if pod.metadata.deletion_timestamp is None and not finished(pod):
                nodes[_images(pod)].append(pod.spec.node_name or "no node yet")
        if len(nodes) > 1:
            lines = (f"{_short(images, nodes)} on {some(sorted(names))}" for images, names in sorted(nodes.items()))
            yield wrong(
                agent,
                _FIELD,
                f"runs {len(nodes)} versions on different nodes",
                *lines,
                next_step="wait for its rollout when one is under way; else see which pod holds it up: `cni status`",
            )
        elif nodes:
            yield right(agent, _FIELD, "runs one version on every node")


def _images(pod: Pod) -> tuple[str, ...]:
    return tuple(sorted(container.image for container in pod.spec.containers))


def _short(images: tuple[str, ...], all: dict[tuple[str, ...], list[str]]) -> str:
    """What is not the same everywhere, by tag."""
    common = set.intersection(*(set(each) for each in all))
    differing = [each for each in images if each not in common]
    return ", ".join(tag_of(each) or each for each in differing) or "other images"


AUDIT = Audit(
    code="agent-versions-differ",
    severity=Severity.LOW,
    about="one version on every node",
    find=find,
    reads=(DAEMON_SET, POD),
)
