"""Pods in kubectl's words; the table was compared with `kubectl get pods` of Kubernetes 1.36."""

from typing import Any

import pytest

from bot.domain.network.pods import state_of
from bot.domain.network.snapshot import Pod
from tests.builders import ago, container, crashed, pod, running, terminated, waiting

_SIDECAR = container("mesh", restartPolicy="Always")


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (pod(), ("1/1", "Running", 0)),
        (pod(phase="Pending", statuses=[]), ("0/1", "Pending", 0)),
        (pod(statuses=[waiting("ContainerCreating")]), ("0/1", "ContainerCreating", 0)),
        (pod(statuses=[waiting("CrashLoopBackOff", restarts=4)]), ("0/1", "CrashLoopBackOff", 4)),
        (pod(phase="Succeeded", statuses=[terminated(0, "Completed")]), ("0/1", "Completed", 0)),
        (pod(phase="Failed", statuses=[terminated(3, "Error")]), ("0/1", "Error", 0)),
        (pod(statuses=[terminated(3)]), ("0/1", "ExitCode:3", 0)),
        (pod(statuses=[terminated(137, signal=9)]), ("0/1", "Signal:9", 0)),
        (pod(phase="Failed", statuses=[], status={"reason": "Evicted"}), ("0/1", "Evicted", 0)),
        (pod(deletionTimestamp=ago(seconds=5)), ("1/1", "Terminating", 0)),
        (
            pod(phase="Succeeded", statuses=[terminated(0, "Completed")], deletionTimestamp=ago()),
            ("0/1", "Completed", 0),
        ),
        (pod(deletionTimestamp=ago(), status={"reason": "NodeLost"}), ("1/1", "Unknown", 0)),
        (
            pod(statuses=[], conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
            ("0/1", "SchedulingGated", 0),
        ),
    ],
)
def test_a_pod_without_init_containers(taken: Pod, expected: tuple[str, str, int]) -> None:
    state = state_of(taken)
    assert (f"{state.ready}/{state.total}", state.status, state.restarts) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([running("a"), running("b")], ("2/2", "Running")),
        ([running("a"), terminated(0, "Completed", "b")], ("1/2", "NotReady")),
        ([running("a"), waiting("CrashLoopBackOff", "b")], ("1/2", "CrashLoopBackOff")),
        ([terminated(1, "Error", "a"), waiting("CrashLoopBackOff", "b")], ("0/2", "Error")),
    ],
)
def test_of_two_containers_the_first_that_does_not_run_speaks(statuses: list[Any], expected: tuple[str, str]) -> None:
    ready = all("running" in status["state"] for status in statuses)
    state = state_of(pod(ready=ready, containers=[container("a"), container("b")], statuses=statuses))
    assert (f"{state.ready}/{state.total}", state.status) == expected


@pytest.mark.parametrize(
    ("init_statuses", "expected"),
    [
        ([waiting("PodInitializing", "i")], "Init:0/2"),
        ([terminated(0, "Completed", "i"), running("j", ready=False)], "Init:1/2"),
        ([terminated(1, "Error", "i", restarts=2)], "Init:Error"),
        ([terminated(1, "", "i")], "Init:ExitCode:1"),
        ([terminated(137, "", "i", signal=9)], "Init:Signal:9"),
        ([waiting("CrashLoopBackOff", "i")], "Init:CrashLoopBackOff"),
    ],
)
def test_the_first_init_container_that_is_not_done_speaks(init_statuses: list[Any], expected: str) -> None:
    taken = pod(
        ready=False,
        phase="Pending",
        statuses=[waiting("PodInitializing")],
        init=[container("i"), container("j")],
        init_statuses=init_statuses,
    )
    assert state_of(taken).status == expected


def test_a_sidecar_counts_as_a_container() -> None:
    state = state_of(pod(init=[_SIDECAR], init_statuses=[running("mesh", restarts=1)]))
    assert (state.ready, state.total, state.status, state.restarts) == (2, 2, "Running", 1)


def test_restarts_of_an_init_container_are_forgotten_once_it_is_done() -> None:
    done = terminated(0, "Completed", "i", restarts=3)
    assert state_of(pod(init=[container("i")], init_statuses=[done], statuses=[running(restarts=1)])).restarts == 1


def test_the_latest_restart_is_told() -> None:
    both = [
        running("a", restarts=1, lastState=crashed(hours=2)),
        running("b", restarts=1, lastState=crashed(minutes=3)),
    ]
    state = state_of(pod(containers=[container("a"), container("b")], statuses=both))
    assert state.last_restart_at is not None
    assert state.last_restart_at.isoformat() == "2026-11-24T02:57:00+00:00"
