"""Jobs: pods until enough have done their work, or too many have failed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.eventing import record
from bot.playground.cluster_server.controllers.podmaking import PodMaking, pod_of
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Idle,
    Key,
    Pause,
    Scene,
    is_going,
    is_ready,
    key_of,
    owner_of,
)
from bot.playground.cluster_server.objects.evaluating import OVER
from bot.playground.cluster_server.objects.registry import Deleting
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_COMPONENT = "job-controller"
_INDEX = "batch.kubernetes.io/job-completion-index"
_REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
_EXCEEDED = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")


class Jobs(Controller):
    account = "job-controller"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._making = PodMaking(scene, _MANAGER, _COMPONENT)

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("batch", "jobs"):
            return [key_of(change.obj)]
        owner = owner_of(change.obj) if change.resource == ("", "pods") else None
        if owner and owner["kind"] == "Job":
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        job = self.registry.find(self.scene.kind("batch/v1", "Job"), *key)
        if job is None or is_going(job):
            return None
        if _is_over(job):
            return self._after(job)
        pods = self.registry.owned(self.scene.kind("v1", "Pod"), job)
        spec = job["spec"]
        good, bad = (sum(dig(pod, "status", "phase") == phase for pod in pods) for phase in ("Succeeded", "Failed"))
        active = [p for p in pods if dig(p, "status", "phase") not in OVER and not is_going(p)]
        conditions: list[Object] = []
        needed = spec.get("completions") or 1
        if bad > spec["backoffLimit"]:
            conditions = self._told(job, "Failed", "FailureTarget", _EXCEEDED, "Warning", "BackoffLimitExceeded")
        elif good >= needed and (spec.get("completions") is not None or not active):
            conditions = self._told(job, "Complete", "SuccessCriteriaMet", _REACHED, "Normal", "Completed")
        if conditions or spec.get("suspend"):
            for pod in active:
                self._making.delete(job, pod)
            active = []
        refusal: APIError | None = None
        try:
            if not conditions and not spec.get("suspend"):
                self._start(job, pods, active, min(spec["parallelism"], needed - good) - len(active))
        except APIError as error:
            refusal = error
        self._write(job, active, good, bad, conditions)
        if refusal:
            raise refusal
        return None

    def _start(self, job: Object, pods: list[Object], active: list[Object], missing: int) -> None:
        """Adds to `active` what is missing, up to the first that is refused."""
        taken = list(pods)
        for _ in range(max(0, missing)):
            pod = pod_of(job)
            if job["spec"]["completionMode"] == "Indexed":
                self._indexed(pod, taken)
            made = self._making.create(job, pod)
            taken.append(made)
            active.append(made)

    @staticmethod
    def _indexed(pod: Object, pods: list[Object]) -> None:
        taken = {
            dig(other, "metadata", "annotations", _INDEX) for other in pods if dig(other, "status", "phase") != "Failed"
        }
        index = next(str(number) for number in range(len(taken) + 1) if str(number) not in taken)
        for group in ("annotations", "labels"):
            pod["metadata"][group] = pod["metadata"].get(group, {}) | {_INDEX: index}

    def _told(self, job: Object, end: str, sign: str, why: tuple[str, str], kind: str, reason: str) -> list[Object]:
        now = self.registry.now()
        said = "Job completed" if end == "Complete" else why[1]
        record(self.registry, job, kind, reason, said, component=_COMPONENT)
        return [
            {"type": name, "status": "True", "lastProbeTime": now, "lastTransitionTime": now, "reason": why[0],
             "message": why[1]}
            for name in (sign, end)
        ]  # fmt: skip

    def _write(self, job: Object, active: list[Object], good: int, bad: int, conditions: list[Object]) -> None:
        counts = {"active": len(active), "succeeded": good, "failed": bad}
        status: Object = {name: count for name, count in counts.items() if count}
        now = self.registry.now()
        status |= {
            "ready": sum(map(is_ready, active)), "terminating": 0, "uncountedTerminatedPods": {},
        }  # fmt: skip
        if not job["spec"].get("suspend"):
            status["startTime"] = dig(job, "status", "startTime", default=now)
        if conditions:
            status["conditions"] = conditions
            if conditions[-1]["type"] == "Complete":
                status["completionTime"] = now
        self.registry.write_status(self.scene.kind("batch/v1", "Job"), job, status, _MANAGER)

    def _after(self, job: Object) -> Pause:
        """One that is over goes, when it says after how long."""
        stays = job["spec"].get("ttlSecondsAfterFinished")
        if stays is None:
            return None
        ended = next(
            c["lastTransitionTime"] for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed")
        )
        left = stays - (self.registry.clock() - _time(ended)).total_seconds()
        if left > 0:
            return Idle(left)
        deleting = Deleting(propagation="Background")
        self.registry.delete(self.scene.kind("batch/v1", "Job"), *key_of(job), deleting)
        return None


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _is_over(job: Object) -> bool:
    conditions = dig(job, "status", "conditions", default=())
    return any(said["type"] in ("Complete", "Failed") and said["status"] == "True" for said in conditions)
