"""What stands behind a Service: its pods, its endpoints, its ports; and whether it is one that should have any."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.domain.network.owners import stands_alone
from bot.domain.network.pods import finished
from bot.domain.network.references import POD, Ref
from bot.domain.network.selectors import matches
from bot.domain.network.snapshot import (
    Endpoint,
    EndpointSlice,
    Pod,
    Service,
    ServicePort,
    Snapshot,
    Workload,
)

Labelled = TypeVar("Labelled")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one Service, each pod counted once however many address families and slices it is in."""

    ready: int
    total: int


class EndpointIndex:
    """A snapshot's EndpointSlices by Service, so that thousands of Services are judged in one pass."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._slices: dict[tuple[str, str], list[EndpointSlice]] = {}
        for each in snapshot.endpoint_slices:
            self._slices.setdefault((each.namespace, each.service_name), []).append(each)

    def slices(self, service: Service) -> list[EndpointSlice]:
        return self._slices.get((service.namespace, service.name), [])

    def count(self, service: Service) -> Endpoints:
        """Ready ones and all. A terminating endpoint is not one any more."""
        ready: set[str] = set()
        total: set[str] = set()
        for endpoint in (e for each in self.slices(service) for e in each.endpoints or ()):
            if endpoint.conditions.terminating:
                continue
            identity = _identity(endpoint)
            total.add(identity)
            if is_ready(endpoint):
                ready.add(identity)
        return Endpoints(len(ready), len(total))

    def ready_pods(self, service: Service, port: ServicePort) -> list[tuple[Ref, int]]:
        """Pods that are ready endpoints of this port, with the port of the pod that it leads to, by name."""
        found: dict[Ref, int] = {}
        for each in self.slices(service):
            for endpoint_port in each.ports or ():
                if endpoint_port.port is None or (endpoint_port.name or "") != (port.name or ""):
                    continue
                if (endpoint_port.protocol or "TCP") != port.protocol:
                    continue
                for endpoint in each.endpoints or ():
                    target = endpoint.target_ref
                    if is_ready(endpoint) and target and target.kind == "Pod" and target.name:
                        found[Ref(POD.name, target.name, service.namespace)] = endpoint_port.port
        return sorted(found.items())


def is_ready(endpoint: Endpoint) -> bool:
    """Whether traffic is sent there. Absent means yes, says the API's reference for EndpointConditions."""
    return endpoint.conditions.ready is not False and not endpoint.conditions.terminating


def _identity(endpoint: Endpoint) -> str:
    """Slices of two address families name the same pod twice."""
    target = endpoint.target_ref
    if target and target.name:
        return f"{target.kind} {target.name}"
    return ",".join(endpoint.addresses)


class PodIndex:
    """Pods, and what makes pods, by namespace and label, so that thousands of Services are judged in one pass."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._pods = _ByLabel((pod, pod.namespace, pod.labels) for pod in snapshot.pods if not finished(pod))
        self._makers = _ByLabel((each, each.namespace, template_labels(each)) for each in _makers(snapshot))

    def pods(self, namespace: str) -> list[Pod]:
        """All pods there that have not ended."""
        return self._pods.everything(namespace)

    def selected(self, service: Service) -> list[Pod]:
        """Pods that the Service selects and that have not ended."""
        return self.with_labels(service.namespace, service.spec.selector or {})

    def with_labels(self, namespace: str, selector: Mapping[str, str]) -> list[Pod]:
        """Pods there that the selector selects and that have not ended."""
        return self._pods.matching(namespace, selector)

    def makers_with_labels(self, namespace: str, selector: Mapping[str, str]) -> list[Workload]:
        """What would make pods there that the selector selects."""
        return self._makers.matching(namespace, selector)

    def makers(self, service: Service) -> list[Workload]:
        """What would make pods that the Service selects."""
        return self.makers_with_labels(service.namespace, service.spec.selector or {})

    def labels_in(self, namespace: str) -> Iterator[dict[str, str]]:
        """The labels of all pods there, and of all that would be made there."""
        for pod in self.pods(namespace):
            yield pod.labels
        for maker in self._makers.everything(namespace):
            yield template_labels(maker)


class _ByLabel(Generic[Labelled]):
    """Things with labels. What a selector selects is looked for among those that have its rarest label."""

    def __init__(self, things: Iterable[tuple[Labelled, str, Mapping[str, str]]]) -> None:
        self._all: dict[str, list[Labelled]] = {}
        self._labelled: dict[tuple[str, str, str], list[tuple[Labelled, Mapping[str, str]]]] = {}
        for thing, namespace, labels in things:
            self._all.setdefault(namespace, []).append(thing)
            for key, value in labels.items():
                self._labelled.setdefault((namespace, key, value), []).append((thing, labels))

    def everything(self, namespace: str) -> list[Labelled]:
        return self._all.get(namespace, [])

    def matching(self, namespace: str, selector: Mapping[str, str]) -> list[Labelled]:
        candidates = (self._labelled.get((namespace, key, value), []) for key, value in selector.items())
        rarest = min(candidates, key=len, default=[])
        return [thing for thing, labels in rarest if matches(selector, labels)]


def _makers(snapshot: Snapshot) -> Iterator[Workload]:
    yield from snapshot.deployments
    yield from snapshot.stateful_sets
    yield from snapshot.daemon_sets
    # The ReplicaSets of a Deployment are its past: what its pods were labelled once says nothing about now.
    yield from (each for each in snapshot.replica_sets if stands_alone(each))


def template_labels(workload: Workload) -> dict[str, str]:
    """The labels that its pods get."""
    metadata = workload.spec.template.metadata
    return (metadata.labels if metadata else None) or {}


def wanted_pods(workload: Workload) -> int:
    """How many pods it should have; unset means one, for a DaemonSet what its status says."""
    if workload.status.desired_number_scheduled is not None:
        return workload.status.desired_number_scheduled
    return 1 if workload.spec.replicas is None else workload.spec.replicas


def is_headless(service: Service) -> bool:
    return service.spec.cluster_ip == "None"


def selects(service: Service) -> bool:
    """Whether Kubernetes makes its endpoints from a selector."""
    return bool(service.spec.selector) and service.spec.type != "ExternalName"


def scaled_to_zero(service: Service, pods: PodIndex) -> bool:
    """Whether it has no pods because everything that would make them was told to make none."""
    makers = pods.makers(service)
    return bool(makers) and not pods.selected(service) and all(wanted_pods(maker) == 0 for maker in makers)


def only_idle(service: Service, pods: PodIndex) -> bool:
    """Whether all that makes its pods was told to make none, whatever pods still end; of specs alone."""
    alone = any(pod.controller is None for pod in pods.selected(service))
    makers = pods.makers(service)
    return bool(makers) and not alone and all(maker.spec.replicas == 0 for maker in makers)


def ports_text(service: Service) -> str:
    """As kubectl prints them: `80/TCP,443:31234/TCP`; `<none>` when there are none."""
    return ",".join(_port_text(port) for port in service.spec.ports or ()) or "<none>"


def _port_text(port: ServicePort) -> str:
    return f"{port.port}:{port.node_port}/{port.protocol}" if port.node_port else f"{port.port}/{port.protocol}"


def external_text(service: Service) -> str:
    """As kubectl prints it: addresses from outside, `<pending>` when a load balancer owes one, else `<none>`."""
    spec = service.spec
    if spec.type == "ExternalName":
        return spec.external_name or "<none>"
    addresses = [*(spec.external_ips or ())]
    if spec.type == "LoadBalancer":
        addresses = [*service.status.addresses, *addresses]
        return ",".join(addresses) or "<pending>"
    return ",".join(addresses) or "<none>"
