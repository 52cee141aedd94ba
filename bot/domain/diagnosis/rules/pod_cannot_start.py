"""A pod that does not come up: its image cannot be had, its container ends again and again, or no node takes it.

Told once for everything that one Deployment makes: replicas share the fault. A container that was restarted a short
while ago is neither wrong nor right: between two crashes it looks well.
"""

import datetime
from collections.abc import Iterator

from bot.domain.diagnosis.finding import Finding, Observations, Rule, Severity
from bot.domain.network.owners import owner_of
from bot.domain.network.pods import condition, finished
from bot.domain.network.references import DEPLOYMENT, POD, Ref
from bot.domain.network.snapshot import Container, ContainerStatus, Pod, Snapshot

CODE = "pod-cannot-start"

_IMAGE = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
    | {"RegistryUnavailable", "SignatureValidationFailed"}
)
_CONTAINER = frozenset(
    {"CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"}
    | {"PreCreateHookError", "PreStartHookError", "PostStartHookError", "ContainerCannotRun"}
)
_SETTLED = datetime.timedelta(minutes=10)
"""A container that has run so long since it last crashed is well again (the kubelet forgets its back-off then too)."""
_STARTING = datetime.timedelta(minutes=5)
"""Nobody is told of a pod that has been starting for less."""
_SCHEDULING = datetime.timedelta(minutes=1)


def find(snapshot: Snapshot, observations: Observations) -> Iterator[Finding]:
    owned: dict[Ref, list[Pod]] = {}
    for pod in snapshot.pods:
        if not finished(pod) and pod.metadata.deletion_timestamp is None:
            owned.setdefault(owner_of(pod), []).append(pod)
    for owner, pods in owned.items():
        wrong = {finding.field: finding for pod in reversed(pods) for finding in _wrong(snapshot, owner, pod)}
        yield from wrong.values()
        if not wrong and all(_settled(pod, snapshot.taken_at) for pod in pods):
            for field in _fields(pods[0].spec.init_containers or [], pods[0].spec.containers):
                yield _finding(snapshot, owner, pods[0].ref, field, "its pods run", right=True)
    yield from _asked_for_none(snapshot, owned)


def _wrong(snapshot: Snapshot, owner: Ref, pod: Pod) -> Iterator[Finding]:
    """At most one finding a pod: the first container that holds it up."""
    for path, status, container in _containers(pod):
        reason, message = _why(status, snapshot.taken_at)
        if not reason:
            continue
        image = container.image if container else ""
        if reason in _IMAGE:
            field, summary = f"{path}.image", f"cannot start: the image {image} cannot be had ({reason})"
        else:
            field, summary = path, f"cannot start: container {status.name} does not run ({reason})"
        yield _finding(snapshot, owner, pod.ref, field, summary, evidence=_evidence(pod, message, status))
        return
    if unplaced := _unplaced(pod, snapshot.taken_at):
        yield _finding(
            snapshot, owner, pod.ref, "spec.nodeName", "cannot start: no node takes it", evidence=(unplaced,)
        )
    elif _stuck(pod, snapshot.taken_at):
        yield _finding(
            snapshot,
            owner,
            pod.ref,
            "status.phase",
            "has been starting for more than five minutes",
            evidence=(f"on node {pod.spec.node_name}; containers are still being created",),
        )


def _why(status: ContainerStatus, now: datetime.datetime) -> tuple[str, str]:
    """The reason why it does not run, and what was said about it; empty when there is none."""
    state = status.state
    if state and state.waiting and state.waiting.reason in _IMAGE | _CONTAINER:
        return state.waiting.reason or "", state.waiting.message or ""
    ended = state.terminated if state else None
    if ended and ended.exit_code and status.restart_count:
        return ended.reason or "Error", ended.message or ""
    if status.restart_count >= 3 and not status.ready and not _calm(status, now):
        return "CrashLoopBackOff", "it was started again a moment ago"
    return "", ""


def _evidence(pod: Pod, message: str, status: ContainerStatus) -> tuple[str, ...]:
    lines = [message[:300]] if message else []
    last = status.last_state.terminated if status.last_state else None
    if last:
        why = f" ({last.reason})" if last.reason else ""
        lines.append(f"it last ended with exit code {last.exit_code}{why}, after {status.restart_count} restarts")
    lines.append(f"seen in pod {pod.name}")
    return tuple(lines)


def _containers(pod: Pod) -> Iterator[tuple[str, ContainerStatus, Container | None]]:
    """Each container that has a status, with its path in the pod: init containers first, as they are started."""
    groups = (
        ("spec.initContainers", pod.spec.init_containers, pod.status.init_container_statuses),
        ("spec.containers", pod.spec.containers, pod.status.container_statuses),
    )
    for path, specs, statuses in groups:
        order = {container.name: index for index, container in enumerate(specs or ())}
        for status in sorted(statuses or (), key=lambda each: order.get(each.name, len(order))):
            index = order.get(status.name, 0)
            yield f"{path}[{index}]", status, specs[index] if specs and status.name in order else None


def _unplaced(pod: Pod, now: datetime.datetime) -> str:
    scheduled = condition(pod, "PodScheduled")
    if not scheduled or scheduled.reason != "Unschedulable":
        return ""
    since = scheduled.last_transition_time
    return scheduled.message or "no reason was given" if since is None or now - since > _SCHEDULING else ""


def _stuck(pod: Pod, now: datetime.datetime) -> bool:
    """Placed long ago, and still without an address of its own: the network or a volume does not come."""
    if pod.status.phase != "Pending" or not pod.spec.node_name or pod.status.start_time is None:
        return False
    waiting = [s.state.waiting.reason for s in pod.status.container_statuses or () if s.state and s.state.waiting]
    return "ContainerCreating" in waiting and now - pod.status.start_time > _STARTING


def _settled(pod: Pod, now: datetime.datetime) -> bool:
    """Whether every container of it runs, or did its work, and none crashed a short while ago."""
    if pod.status.phase != "Running":
        return False
    return all(
        status.state is not None
        and (status.state.running is not None or status.state.terminated is not None)
        and _calm(status, now)
        for _, status, _ in _containers(pod)
    )


def _calm(status: ContainerStatus, now: datetime.datetime) -> bool:
    last = status.last_state.terminated if status.last_state else None
    if last is None or not last.exit_code or last.finished_at is None:
        return True
    return now - last.finished_at > _SETTLED


def _asked_for_none(snapshot: Snapshot, owned: dict[Ref, list[Pod]]) -> Iterator[Finding]:
    """A Deployment that was told to make no pods has none that cannot start."""
    if not snapshot.could_read(DEPLOYMENT):
        return
    for deployment in snapshot.deployments:
        if deployment.spec.replicas == 0 and deployment.ref not in owned:
            spec = deployment.spec.template.spec
            for field in _fields(spec.init_containers or [], spec.containers):
                yield _finding(snapshot, deployment.ref, deployment.ref, field, "is asked to make no pods", right=True)


def _fields(init_containers: list[Container], containers: list[Container]) -> Iterator[str]:
    """Every field that a wrong finding could be about, and all of them together: a container may be gone."""
    yield from ("", "spec.nodeName", "status.phase")
    for path, group in (("spec.initContainers", init_containers), ("spec.containers", containers)):
        for index in range(len(group)):
            yield from (f"{path}[{index}]", f"{path}[{index}].image")


def _finding(
    snapshot: Snapshot,
    owner: Ref,
    object: Ref,
    field: str,
    summary: str,
    *,
    evidence: tuple[str, ...] = (),
    right: bool = False,
) -> Finding:
    return Finding(
        cluster=snapshot.cluster.uid,
        rule=CODE,
        severity=Severity.HIGH,
        object=object,
        owner=owner,
        field=field,
        summary=summary,
        evidence=evidence,
        next_step=""
        if right
        else f"look at its last words: `logs {object.name} -n {object.namespace} --previous`"
        if not field.endswith((".image", "Name", "phase"))
        else f"see its state: `pods -n {object.namespace} -o wide`",
        right=right,
    )


RULE = Rule(code=CODE, severity=Severity.HIGH, reads=(POD,), find=find)
