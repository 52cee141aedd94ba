"""What state a pod is in, in the words that kubectl has taught everybody (`CrashLoopBackOff`, `Init:0/1`)."""

import datetime
from dataclasses import dataclass

from bot.domain.network.snapshot import Condition, Container, ContainerStatus, Pod, Terminated


@dataclass(frozen=True, slots=True)
class PodState:
    """A row of `kubectl get pods`, before times become ages."""

    ready: int
    total: int
    status: str
    restarts: int
    last_restart_at: datetime.datetime | None


def condition(pod: Pod, type_: str) -> Condition | None:
    """The pod's condition of this type."""
    return next((c for c in pod.status.conditions or () if c.type == type_), None)


def is_sidecar(container: Container | None) -> bool:
    """Whether an init container goes on running beside the others."""
    return container is not None and container.restart_policy == "Always"


def finished(pod: Pod) -> bool:
    """Whether all its containers ended and none will be started again."""
    return pod.status.phase in ("Succeeded", "Failed")


def state_of(pod: Pod) -> PodState:
    """What kubectl shows of the pod: the first init container that is not done decides, then the containers do."""
    total = len(pod.spec.containers) + sum(is_sidecar(c) for c in pod.spec.init_containers or ())
    status = pod.status.reason or pod.status.phase or "Unknown"
    scheduled = condition(pod, "PodScheduled")
    if scheduled and scheduled.reason == "SchedulingGated":
        status = "SchedulingGated"
    ready_sidecars, init_word = _initialising(pod)
    initialised = condition(pod, "Initialized")
    ready = ready_sidecars
    counted: list[ContainerStatus] = list(pod.status.init_container_statuses or ())
    if init_word:
        status = init_word
    if not init_word or (initialised is not None and initialised.status == "True"):
        sidecars = {c.name for c in pod.spec.init_containers or () if is_sidecar(c)}
        counted = [s for s in counted if s.name in sidecars] + list(pod.status.container_statuses or ())
        running = sum(_is_running(s) for s in pod.status.container_statuses or ())
        ready += running
        status = _main_word(pod, status)
        if status == "Completed" and running:
            status = "Running" if pod.ready else "NotReady"
    if pod.metadata.deletion_timestamp is not None:
        if pod.status.reason == "NodeLost":
            status = "Unknown"
        elif not finished(pod):
            status = "Terminating"
    return PodState(ready, total, status, sum(s.restart_count for s in counted), _last_restart(counted))


def _initialising(pod: Pod) -> tuple[int, str]:
    """How many sidecars are ready, and `Init:…` when an init container is not done; empty when all are."""
    specs = {c.name: c for c in pod.spec.init_containers or ()}
    ready = 0
    for index, status in enumerate(pod.status.init_container_statuses or ()):
        terminated = status.state.terminated if status.state else None
        waiting = status.state.waiting if status.state else None
        if terminated and terminated.exit_code == 0:
            continue
        if is_sidecar(specs.get(status.name)) and status.started:
            ready += status.ready
            continue
        if terminated:
            return ready, "Init:" + _ending(terminated)
        if waiting and waiting.reason and waiting.reason != "PodInitializing":
            return ready, "Init:" + waiting.reason
        return ready, f"Init:{index}/{len(specs)}"
    return ready, ""


def _main_word(pod: Pod, otherwise: str) -> str:
    """Why the first container that does not run does not run."""
    for status in pod.status.container_statuses or ():
        state = status.state
        if state and state.waiting and state.waiting.reason:
            return state.waiting.reason
        if state and state.terminated:
            return _ending(state.terminated)
    return otherwise


def _ending(terminated: Terminated) -> str:
    if terminated.reason:
        return terminated.reason
    return f"Signal:{terminated.signal}" if terminated.signal else f"ExitCode:{terminated.exit_code}"


def _is_running(status: ContainerStatus) -> bool:
    return status.ready and status.state is not None and status.state.running is not None


def _last_restart(statuses: list[ContainerStatus]) -> datetime.datetime | None:
    ends = [s.last_state.terminated.finished_at for s in statuses if s.last_state and s.last_state.terminated]
    return max((end for end in ends if end is not None), default=None)
