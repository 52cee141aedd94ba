"""A Service that selects pods, none of which is ready to receive traffic."""

from collections import Counter
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.pods import condition, state_of
from bot.domain.network.references import DEPLOYMENT, ENDPOINT_SLICE, POD, REPLICA_SET, SERVICE, STATEFUL_SET
from bot.domain.network.services import EndpointIndex, PodIndex, selects, wanted_pods
from bot.domain.network.snapshot import Pod, Service, Snapshot, Workload

CODE = "service-without-ready-endpoints"
_SHOWN_REASONS = 5


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    endpoints, pods = EndpointIndex(snapshot), PodIndex(snapshot)
    for service in snapshot.services:
        if not selects(service):
            continue
        count = endpoints.count(service)
        if count.ready:
            yield _finding(snapshot, service, f"{count.ready} of {count.total} endpoints are ready", right=True)
            continue
        selected, makers = pods.selected(service), pods.makers(service)
        if selected:
            yield _wrong(snapshot, service, tuple(reasons(selected)))
        elif any(wanted_pods(maker) for maker in makers):
            yield _wrong(snapshot, service, tuple(missing(maker) for maker in makers if wanted_pods(maker)))


def _wrong(snapshot: Snapshot, service: Service, evidence: tuple[str, ...]) -> Finding:
    return _finding(
        snapshot,
        service,
        "has no ready endpoints",
        evidence=evidence[:_SHOWN_REASONS],
        next_step=f"see what keeps its pods from being ready: `pods -n {service.namespace}`, "
        f"`logs svc/{service.name} -n {service.namespace}`",
    )


def reasons(pods: list[Pod]) -> Iterator[str]:
    """Why not, each reason once, with how many pods it holds for."""
    for reason, count in Counter(why_not_ready(pod) for pod in pods).most_common():
        yield reason if len(pods) == 1 else f"{count} of {len(pods)} pods: {reason}"


def why_not_ready(pod: Pod) -> str:
    """In words, for a pod that its Service does not send traffic to."""
    if pod.metadata.deletion_timestamp is not None:
        return "it is being deleted"
    if not pod.spec.node_name:
        scheduled = condition(pod, "PodScheduled")
        return f"no node takes it: {scheduled.message}" if scheduled and scheduled.message else "no node has taken it"
    for status in (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())):
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason not in (None, "PodInitializing"):
            return f"container {status.name} is waiting: {waiting.reason}" + _shortened(waiting.message)
    specs = {container.name: container for container in pod.spec.containers}
    for status in pod.status.container_statuses or ():
        if status.ready:
            continue
        if status.state and status.state.running:
            probe = specs[status.name].readiness_probe if status.name in specs else None
            asked = f" ({probe})" if probe else ""
            return f"container {status.name} runs, but its readiness probe{asked} does not succeed"
        if status.state and status.state.terminated:
            return f"container {status.name} ended: {status.state.terminated.reason or 'without a reason'}"
    ready = condition(pod, "Ready")
    if ready and ready.status != "True" and ready.message:
        return ready.message
    return "it is ready, but is not among the endpoints yet" if pod.ready else f"it is {state_of(pod).status}"


def _shortened(message: str | None, longest: int = 160) -> str:
    if not message:
        return ""
    return ": " + (message if len(message) <= longest else message[: longest - 1] + "…")


def missing(maker: Workload) -> str:
    """That it has no pods, and what hinders it if it says so."""
    kind = type(maker).__name__
    failure = next(
        (c for c in maker.status.conditions or () if c.type == "ReplicaFailure" and c.status == "True"), None
    )
    wanted = wanted_pods(maker)
    text = f"{kind} {maker.namespace}/{maker.name} should have {wanted} pod{'s' if wanted > 1 else ''} and has none"
    return text + _shortened(failure.message if failure else None)


def _finding(
    snapshot: Snapshot,
    service: Service,
    summary: str,
    *,
    evidence: tuple[str, ...] = (),
    next_step: str = "",
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=service.ref,
        owner=service.ref,
        summary=summary,
        evidence=evidence,
        next_step=next_step,
        right=right,
    )


RULE = Rule(
    code=CODE,
    severity=Severity.HIGH,
    reads=(SERVICE, ENDPOINT_SLICE, POD, DEPLOYMENT, STATEFUL_SET, REPLICA_SET),
    find=find,
)
