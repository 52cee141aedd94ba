"""Jobs and CronJobs."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from bot.playground.cluster_server.rules.contract import Object, Rules, immutable
from bot.playground.cluster_server.rules.pods import warnings
from bot.playground.cluster_server.rules.workloads import fill_template, judge_template, name_warnings, warn
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported
from bot.playground.cluster_server.values import dig

_LONGEST_CRON_NAME = 52
"""A Job's name adds eleven characters."""
_POLICIES = ("OnFailure", "Never")
_CONCURRENCY = ("Allow", "Forbid", "Replace")


def fill(job: Object) -> None:
    fill_template(job)
    spec = job["spec"]
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    for name, value in (
        ("backoffLimit", 6), ("completionMode", "NonIndexed"), ("suspend", False), ("manualSelector", False),
        ("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"),
    ):  # fmt: skip
        spec.setdefault(name, value)
    labels = dig(spec, "template", "metadata", "labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = labels  # the same ones: what is added to the template's shows here too


def prepare(job: Object, before: Object | None) -> None:
    """Its pods are told apart by its own uid."""
    spec = job["spec"]
    if before is not None or spec.get("manualSelector"):
        return
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    said = {
        "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
        "controller-uid": uid, "job-name": name,
    }  # fmt: skip
    template = spec["template"].setdefault("metadata", {})
    own = job["metadata"].get("labels")
    shared = not own or own is template.get("labels")
    template["labels"] = (template.get("labels") or {}) | said
    if shared:
        job["metadata"]["labels"] = dict(template["labels"])
    spec.setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})


def judge(job: Object, before: Object | None) -> Iterator[Cause]:
    wrong = list(_judge(job, before))
    yield from wrong
    if before is None:
        return
    yield from wrong  # the real server looks twice
    spec = job["spec"]
    for name in ("completions", "selector", "completionMode"):
        if before["spec"].get(name) != spec.get(name):
            yield immutable(f"spec.{name}", spec.get(name))
    if not before["spec"].get("suspend") and before["spec"]["template"] != spec["template"]:
        yield immutable("spec.template", spec["template"])


def _judge(job: Object, before: Object | None) -> Iterator[Cause]:
    spec = job["spec"]
    if before is None and spec.get("manualSelector") is not True and "selector" in spec:
        uid = dig(spec, "selector", "matchLabels", "batch.kubernetes.io/controller-uid")
        if uid != job["metadata"]["uid"]:
            yield invalid("spec.selector", spec["selector"], "`selector` not auto-generated")
    if spec["completionMode"] == "Indexed" and spec.get("completions") is None:
        yield required("spec.completions", "when completion mode is Indexed")
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        if spec.get(name, 0) is not None and spec.get(name, 0) < 0:
            yield invalid(f"spec.{name}", spec[name], "must be greater than or equal to 0")
    yield from judge_template(spec["template"], "spec.template")
    yield from _judge_policy(spec["template"]["spec"], "spec.template.spec.restartPolicy")
    selector, found = spec.get("selector"), dig(spec, "template", "metadata", "labels")
    if selector is None:
        yield required("spec.selector")
    if selector is None or not selector_matches(selector, found or {}):
        yield invalid("spec.template.metadata.labels", found, "`selector` does not match template `labels`")


def _judge_policy(spec: Object, at: str) -> Iterator[Cause]:
    policy = spec.get("restartPolicy")
    if policy not in _POLICIES:
        if policy == "Always":
            message = 'Required value: valid values: "OnFailure", "Never"'
            yield Cause(at, message, "FieldValueRequired")
        else:
            yield unsupported(at, policy, _POLICIES)


def fill_cron(cron: Object) -> None:
    spec = cron.setdefault("spec", {})
    for name, value in (
        ("concurrencyPolicy", "Allow"), ("suspend", False), ("successfulJobsHistoryLimit", 3),
        ("failedJobsHistoryLimit", 1),
    ):  # fmt: skip
        spec.setdefault(name, value)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    fill_template(template)


def judge_cron(cron: Object, before: Object | None) -> Iterator[Cause]:
    spec = cron["spec"]
    if not spec.get("schedule"):
        yield required("spec.schedule")
    elif len(spec["schedule"].split()) != 5 and not spec["schedule"].startswith("@"):
        found = len(spec["schedule"].split())
        said = f"expected exactly 5 fields, found {found}: [{' '.join(spec['schedule'].split())}]"
        yield invalid("spec.schedule", spec["schedule"], said)
    if len(cron["metadata"]["name"]) > _LONGEST_CRON_NAME:
        said = f"must be no more than {_LONGEST_CRON_NAME} characters"
        yield invalid("metadata.name", cron["metadata"]["name"], said)
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and deadline < 0:
        yield invalid("spec.startingDeadlineSeconds", deadline, "must be greater than or equal to 0")
    zone = spec.get("timeZone")
    if zone is not None and zone not in available_timezones():
        yield invalid("spec.timeZone", zone, f"unknown time zone {zone}")
    if spec["concurrencyPolicy"] not in _CONCURRENCY:
        yield unsupported("spec.concurrencyPolicy", spec["concurrencyPolicy"], _CONCURRENCY)
    template = spec["jobTemplate"]["spec"]["template"]
    yield from judge_template(template, "spec.jobTemplate.spec.template")
    yield from _judge_policy(template["spec"], "spec.jobTemplate.spec.template.spec.restartPolicy")


def _warn(job: Object) -> Iterator[str]:
    yield from name_warnings(job)
    yield from warn(job)


def _warn_cron(cron: Object) -> Iterator[str]:
    at = ("spec", "jobTemplate", "spec", "template", "spec")
    yield from warnings(dig(cron, *at, default={}), ".".join(at))


JOB = Rules(fill=fill, judge=judge, prepare=prepare, warn=_warn)
CRON_JOB = Rules(fill=fill_cron, judge=judge_cron, warn=_warn_cron)
