"""What a selector selects: pods, and what would make such pods, with the ports that their containers declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.network.pods import is_sidecar
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, POD, REPLICA_SET, STATEFUL_SET
from bot.domain.network.selectors import matches
from bot.domain.network.services import PodIndex, template_labels
from bot.domain.network.snapshot import ContainerPort, Pod, PodSpec, Snapshot, Workload

KINDS = (POD, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, DAEMON_SET)
"""What has to be read to know it all."""


@dataclass(frozen=True, slots=True)
class Selected:
    """Pods that have not ended, and makers of pods."""

    pods: tuple[Pod, ...]
    makers: tuple[Workload, ...]
    known: bool
    """False: not everything could be read, so that nobody there means nothing."""

    @property
    def nobody(self) -> bool:
        """Whether it is sure that nothing is selected, and that nothing would be."""
        return self.known and not self.pods and not self.makers

    @property
    def idle(self) -> bool:
        """Whether everything that makes such pods was told to make none; of the spec alone, whatever still ends."""
        alone = any(pod.controller is None for pod in self.pods)
        return bool(self.makers) and not alone and all(maker.spec.replicas == 0 for maker in self.makers)

    @property
    def ready(self) -> int:
        return sum(pod.ready for pod in self.pods)

    def port_lists(self) -> Iterator[list[ContainerPort]]:
        """The ports of each pod, and of each that would be made. Sidecars count
        (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/), other init containers do not."""
        for spec in (*(pod.spec for pod in self.pods), *(maker.spec.template.spec for maker in self.makers)):
            yield list(_ports(spec))

    def declares(self, target: str, protocol: str) -> tuple[int, int]:
        """How many of these lists have the port, by number or by name, and how many there are. A name counts only with
        the same protocol, as the endpoints controller looks it up."""
        lists = list(self.port_lists())
        having = sum(any(_is(port, target, protocol) for port in ports) for ports in lists)
        return having, len(lists)

    def port_names(self, protocol: str) -> list[str]:
        """All names that a target port could have."""
        return sorted({p.name for ports in self.port_lists() for p in ports if p.name and p.protocol == protocol})

    def numbers(self, target: str, protocol: str) -> list[int]:
        """The numbers that a target port stands for."""
        if target.isdigit():
            return [int(target)]
        found = {p.container_port for ports in self.port_lists() for p in ports if _is(p, target, protocol)}
        return sorted(found)

    def names(self, target: str, protocol: str) -> list[str]:
        """What containers call the target port."""
        return sorted({p.name for ports in self.port_lists() for p in ports if p.name and _is(p, target, protocol)})


def _is(port: ContainerPort, target: str, protocol: str) -> bool:
    if target.isdigit():
        return port.container_port == int(target)
    return port.name == target and port.protocol == protocol


def _ports(spec: PodSpec) -> Iterator[ContainerPort]:
    for container in (*spec.containers, *(each for each in spec.init_containers or () if is_sidecar(each))):
        yield from container.ports or ()


class SelectionIndex:
    """Of one snapshot, so that thousands of selectors are looked up in one pass."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._index = PodIndex(snapshot)
        self._known = snapshot.could_read(*KINDS)

    def selected(self, namespace: str, selector: Mapping[str, str], besides: Workload | None = None) -> Selected:
        """What the selector selects there. `besides` makes pods, too, and may be of a kind that snapshots do not
        hold."""
        makers = self._index.makers_with_labels(namespace, selector)
        if besides is not None and matches(selector, template_labels(besides)):
            makers = [each for each in makers if each.metadata.uid != besides.metadata.uid or not each.metadata.uid]
            makers.append(besides)
        return Selected(tuple(self._index.with_labels(namespace, selector)), tuple(makers), self._known)


def selected(
    snapshot: Snapshot, namespace: str, selector: Mapping[str, str], besides: Workload | None = None
) -> Selected:
    """The same for one selector alone."""
    return SelectionIndex(snapshot).selected(namespace, selector, besides)
