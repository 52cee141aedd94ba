"""CronJobs: a Job whenever its schedule says so."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from typing import Any

from cronsim import CronSim, CronSimError

from bot.playground.cluster_server.controllers.eventing import record, told
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Idle,
    Key,
    Pause,
    is_going,
    key_of,
    owner_of,
    reference_to,
)
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import copied, dig

Object = dict[str, Any]
_MANAGER = "kube-controller-manager"
_WRITING = Writing(_MANAGER)
_COMPONENT = "cronjob-controller"
_SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class CronJobs(Controller):
    account = "cronjob-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("batch", "cronjobs"):
            return [key_of(change.obj)]
        owner = owner_of(change.obj) if change.resource == ("batch", "jobs") else None
        if owner and owner["kind"] == "CronJob":
            return [(change.obj["metadata"]["namespace"], owner["name"])]
        return ()

    def reconcile(self, key: Key) -> Pause:
        cron = self.registry.find(self.scene.kind("batch/v1", "CronJob"), *key)
        if cron is None or is_going(cron):
            return None
        jobs = self.registry.owned(self.scene.kind("batch/v1", "Job"), cron)
        self._clear_up(cron, jobs)
        due, following = self._times(cron)
        if due and not cron["spec"].get("suspend"):
            jobs = self._start(cron, jobs, due)
            cron = self.registry.get(self.scene.kind("batch/v1", "CronJob"), *key)
        self._tell(cron, jobs, due)
        if following is None:
            return None
        return Idle(max(0.0, (following - self.registry.clock()).total_seconds()))

    def _times(self, cron: Object) -> tuple[datetime.datetime | None, datetime.datetime | None]:
        """When it last should have run and has not, and when it is to run next."""
        zone = zoneinfo.ZoneInfo(cron["spec"].get("timeZone") or "UTC")
        last = dig(cron, "status", "lastScheduleTime", default=cron["metadata"]["creationTimestamp"])
        since, now = datetime.datetime.fromisoformat(last.replace("Z", "+00:00")), self.registry.clock()
        try:
            times = CronSim(cron["spec"]["schedule"], since.astimezone(zone))
            due = None
            for time in times:
                if time > now:
                    return due, time
                due = time
                if (now - time).total_seconds() > 7 * 86400:  # nobody catches up with a week
                    times = CronSim(cron["spec"]["schedule"], now.astimezone(zone))
        except (CronSimError, StopIteration):
            pass
        return None, None

    def _start(self, cron: Object, jobs: list[Object], due: datetime.datetime) -> list[Object]:
        running = [job for job in jobs if _is_active(job)]
        policy, kind = cron["spec"]["concurrencyPolicy"], self.scene.kind("batch/v1", "Job")
        if running and policy == "Forbid":
            said = "Not starting job because prior execution is running and concurrency policy is Forbid"
            record(self.registry, cron, "Normal", "JobAlreadyActive", said, component=_COMPONENT)
            return jobs
        if policy == "Replace":
            for job in running:
                self.registry.delete(kind, *key_of(job), Deleting(propagation="Background"))
        template, name = cron["spec"]["jobTemplate"], f"{cron['metadata']['name']}-{int(due.timestamp()) // 60}"
        stamp = {_SCHEDULED: due.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        metadata = copied(template.get("metadata") or {}) | {"name": name, "ownerReferences": [reference_to(cron)]}
        metadata["annotations"] = metadata.get("annotations", {}) | stamp
        if self.registry.find(kind, cron["metadata"]["namespace"], name):
            return jobs
        job, said = {"metadata": metadata, "spec": copied(template["spec"])}, f"Created job {name}"
        made = told(
            lambda: self.registry.create(kind, cron["metadata"]["namespace"], job, _WRITING),
            lambda _: record(self.registry, cron, "Normal", "SuccessfulCreate", said, component=_COMPONENT),
        )
        return [*jobs, made]

    def _tell(self, cron: Object, jobs: list[Object], due: datetime.datetime | None) -> None:
        kind = self.scene.kind("batch/v1", "CronJob")
        status: Object = dict(cron.get("status") or {})
        active = [
            {"kind": "Job", "namespace": job["metadata"]["namespace"], "name": job["metadata"]["name"],
             "uid": job["metadata"]["uid"], "apiVersion": "batch/v1",
             "resourceVersion": job["metadata"]["resourceVersion"]}
            for job in jobs if _is_active(job)
        ]  # fmt: skip
        status.pop("active", None)
        if active:
            status["active"] = active
        if due is not None and not cron["spec"].get("suspend"):
            status["lastScheduleTime"] = due.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = [job["status"]["completionTime"] for job in jobs if dig(job, "status", "completionTime")]
        if ended:
            status["lastSuccessfulTime"] = max(ended)
        self.registry.write_status(kind, cron, status, _MANAGER)

    def _clear_up(self, cron: Object, jobs: list[Object]) -> None:
        for limit, end in (("successfulJobsHistoryLimit", "Complete"), ("failedJobsHistoryLimit", "Failed")):
            over = [job for job in jobs if end in _ends(job)]
            over.sort(key=lambda job: str(job["metadata"]["creationTimestamp"]))
            for job in over[: max(0, len(over) - cron["spec"][limit])]:
                self.registry.delete(
                    self.scene.kind("batch/v1", "Job"), *key_of(job), Deleting(propagation="Background")
                )
                jobs.remove(job)


def _ends(job: Object) -> list[str]:
    return [said["type"] for said in dig(job, "status", "conditions", default=()) if said["status"] == "True"]


def _is_active(job: Object) -> bool:
    return not {"Complete", "Failed"} & set(_ends(job))
