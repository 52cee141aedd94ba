"""Kinds that the bot reads seldom or never, but people do."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from bot.playground.cluster_server.ages import age_text
from bot.playground.cluster_server.tables.common import NONE, UNSET, age, containers_and_images, name_of, selector_text
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_NOT_APPLICABLE = "N/A"


def _stateful_set(obj: Object, now: datetime.datetime) -> list[Any]:
    ready = f"{dig(obj, 'status', 'readyReplicas', default=0)}/{obj['spec'].get('replicas', 0)}"
    return [name_of(obj), ready, age(obj, now), *containers_and_images(obj)]


def _job(job: Object, now: datetime.datetime) -> list[Any]:
    spec, status = job["spec"], job.get("status") or {}
    good, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is not None:
        completions = f"{good}/{wanted}"
    else:
        parallel = spec.get("parallelism") or 0
        completions = f"{good}/1 of {parallel}" if parallel > 1 else f"{good}/1"
    holds = {said["type"] for said in status.get("conditions") or () if said["status"] == "True"}
    order = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
    state = next((name for name in order if name in holds), "Running")
    state = {"SuccessCriteriaMet": "SuccessCriteriaMet"}.get(state, state)
    if state == "Running" and job["metadata"].get("deletionTimestamp"):
        state = "Terminating"
    lasted = ""
    if began := status.get("startTime"):
        lasted = age_text(began, _time(status["completionTime"]) if status.get("completionTime") else now)
    return [
        name_of(job), state, completions, lasted, age(job, now), *containers_and_images(job),
        selector_text(spec.get("selector")),
    ]  # fmt: skip


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _cron_job(cron: Object, now: datetime.datetime) -> list[Any]:
    spec, status = cron["spec"], cron.get("status") or {}
    last = status.get("lastScheduleTime")
    template = {"spec": spec["jobTemplate"]["spec"]}
    return [
        name_of(cron), spec["schedule"], spec.get("timeZone") or NONE, str(bool(spec.get("suspend"))),
        len(status.get("active") or ()), age_text(last, now) if last else NONE, age(cron, now),
        *containers_and_images(template), selector_text(dig(template, "spec", "selector")),
    ]  # fmt: skip


def _revision(revision: Object, now: datetime.datetime) -> list[Any]:
    owner = next((o for o in revision["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    who = f"{owner['kind'].lower()}.{owner['apiVersion'].partition('/')[0]}/{owner['name']}" if owner else NONE
    return [name_of(revision), who, revision.get("revision", 0), age(revision, now)]


def _budget(budget: Object, now: datetime.datetime) -> list[Any]:
    spec = budget.get("spec") or {}
    least, most = (str(spec.get(name, _NOT_APPLICABLE)) for name in ("minAvailable", "maxUnavailable"))
    allowed = dig(budget, "status", "disruptionsAllowed", default=0)
    return [name_of(budget), least, most, allowed, age(budget, now)]


def _account(account: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(account), age(account, now)]


def _binding(binding: Object, now: datetime.datetime) -> list[Any]:
    by_kind: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in binding.get("subjects") or ():
        name = f"{subject['namespace']}/{subject['name']}" if subject.get("namespace") else subject["name"]
        by_kind.get(subject["kind"], []).append(name)
    reference = binding["roleRef"]
    return [
        name_of(binding), f"{reference['kind']}/{reference['name']}", age(binding, now),
        *(", ".join(names) for names in by_kind.values()),
    ]  # fmt: skip


def _api_service(service: Object, now: datetime.datetime) -> list[Any]:
    behind = dig(service, "spec", "service")
    where = f"{behind.get('namespace')}/{behind.get('name')}" if behind else "Local"
    said: Object = next((c for c in dig(service, "status", "conditions", default=()) if c["type"] == "Available"), {})
    state = said.get("status", "Unknown")
    if state != "True" and said.get("reason"):
        state += f" ({said['reason']})"
    return [name_of(service), where, state, age(service, now)]


def _webhooks(configuration: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(configuration), len(configuration.get("webhooks") or ()), age(configuration, now)]


def _admission_policy(policy: Object, now: datetime.datetime) -> list[Any]:
    kind = dig(policy, "spec", "paramKind")
    shown = f"{kind['apiVersion']}/{kind['kind']}" if kind else UNSET
    return [name_of(policy), len(dig(policy, "spec", "validations", default=())), shown, age(policy, now)]


def _admission_binding(binding: Object, now: datetime.datetime) -> list[Any]:
    parameter = dig(binding, "spec", "paramRef")
    shown = "/".join(filter(None, (parameter.get("namespace"), parameter.get("name", "*")))) if parameter else UNSET
    return [name_of(binding), dig(binding, "spec", "policyName", default=""), shown, age(binding, now)]


def _priority(priority: Object, now: datetime.datetime) -> list[Any]:
    return [
        name_of(priority), priority["value"], bool(priority.get("globalDefault")), age(priority, now),
        priority.get("preemptionPolicy", ""),
    ]  # fmt: skip


def _scaler(scaler: Object, now: datetime.datetime) -> list[Any]:
    spec = scaler["spec"]
    reference = spec.get("scaleTargetRef") or {}
    targets = []
    for metric in spec.get("metrics") or ():
        resource = metric.get("resource") or {}
        wanted = dig(resource, "target", "averageUtilization")
        if wanted is not None:
            targets.append(f"{resource['name']}: <unknown>/{wanted}%")
        else:
            targets.append("<unknown>")
    return [
        name_of(scaler), f"{reference.get('kind')}/{reference.get('name')}", ", ".join(targets) or NONE,
        str(spec.get("minReplicas", UNSET)), spec.get("maxReplicas", 0),
        dig(scaler, "status", "currentReplicas", default=0), age(scaler, now),
    ]  # fmt: skip


def _quota(quota: Object, now: datetime.datetime) -> list[Any]:
    hard = dig(quota, "status", "hard", default={})
    used = dig(quota, "status", "used", default={})
    requests: list[str] = []
    limits: list[str] = []
    for name in sorted(hard):
        shown = f"{name}: {used.get(name, 0)}/{hard[name]}"
        (limits if name.startswith("limits.") else requests).append(shown)
    return [name_of(quota), ", ".join(requests), ", ".join(limits), age(quota, now)]


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _claim(claim: Object, now: datetime.datetime) -> list[Any]:
    spec, status = claim["spec"], claim.get("status") or {}
    bound = bool(spec.get("volumeName"))
    modes = ",".join(_MODES.get(mode, mode) for mode in status.get("accessModes") or ()) if bound else ""
    state = "Terminating" if claim["metadata"].get("deletionTimestamp") else status.get("phase", "")
    capacity = dig(status, "capacity", "storage", default="") if bound else ""
    return [
        name_of(claim), state, spec.get("volumeName", ""), capacity, modes, spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName", UNSET), age(claim, now), spec.get("volumeMode", UNSET),
    ]  # fmt: skip


def _storage_class(storage: Object, now: datetime.datetime) -> list[Any]:
    name, default = name_of(storage), "storageclass.kubernetes.io/is-default-class"
    if dig(storage, "metadata", "annotations", default) == "true":
        name += " (default)"
    return [
        name, storage.get("provisioner", ""), storage.get("reclaimPolicy", "Delete"),
        storage.get("volumeBindingMode", "Immediate"), bool(storage.get("allowVolumeExpansion")), age(storage, now),
    ]  # fmt: skip


def _address(address: Object, now: datetime.datetime) -> list[Any]:
    parent = dig(address, "spec", "parentRef", default={})
    parts = (parent.get("resource"), parent.get("namespace"), parent.get("name"))
    return [name_of(address), "/".join(filter(None, parts))]


def _service_cidr(service_cidr: Object, now: datetime.datetime) -> list[Any]:
    return [name_of(service_cidr), ",".join(dig(service_cidr, "spec", "cidrs", default=())), age(service_cidr, now)]


def _flow_schema(schema: Object, now: datetime.datetime) -> list[Any]:
    spec = schema.get("spec") or {}
    dangling: Object = next((c for c in dig(schema, "status", "conditions", default=()) if c["type"] == "Dangling"), {})
    return [
        name_of(schema), dig(spec, "priorityLevelConfiguration", "name", default=""), spec.get("matchingPrecedence", 0),
        dig(spec, "distinguisherMethod", "type", default=NONE), age(schema, now), dangling.get("status", "?"),
    ]  # fmt: skip


def _priority_level(level: Object, now: datetime.datetime) -> list[Any]:
    spec = level.get("spec") or {}
    limited = spec.get("limited") or {}
    queues = dig(limited, "limitResponse", "queuing", default={})
    counts = [queues.get(name, NONE) for name in ("queues", "handSize", "queueLengthLimit")]
    shares = limited.get("nominalConcurrencyShares", NONE)
    return [name_of(level), spec.get("type", ""), shares, *counts, age(level, now)]


def _scale(scale: Object, now: datetime.datetime) -> list[Any]:
    wanted, there = dig(scale, "spec", "replicas", default=0), dig(scale, "status", "replicas", default=0)
    return [name_of(scale), wanted, there, age(scale, now)]


_RBAC, _ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
BY_KIND: dict[tuple[str, str], Callable[[Object, datetime.datetime], list[Any]]] = {
    ("apps", "StatefulSet"): _stateful_set, ("apps", "ControllerRevision"): _revision, ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job, ("policy", "PodDisruptionBudget"): _budget, ("", "ServiceAccount"): _account,
    (_RBAC, "RoleBinding"): _binding, (_RBAC, "ClusterRoleBinding"): _binding,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _webhooks, (_ADMISSION, "MutatingWebhookConfiguration"): _webhooks,
    (_ADMISSION, "ValidatingAdmissionPolicy"): _admission_policy,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): _admission_binding,
    ("scheduling.k8s.io", "PriorityClass"): _priority, ("autoscaling", "HorizontalPodAutoscaler"): _scaler,
    ("", "ResourceQuota"): _quota, ("", "PersistentVolumeClaim"): _claim,
    ("storage.k8s.io", "StorageClass"): _storage_class, ("networking.k8s.io", "IPAddress"): _address,
    ("networking.k8s.io", "ServiceCIDR"): _service_cidr, ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _flow_schema,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): _priority_level, ("autoscaling", "Scale"): _scale,
}  # fmt: skip
