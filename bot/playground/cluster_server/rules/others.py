"""Kinds of which a default or two, and a rule or two, are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.playground.cluster_server.naming import qualified_name
from bot.playground.cluster_server.rules.contract import Object, Rules, immutable, network
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required

_MOST_PRIORITY = 1_000_000_000
_QUOTA = re.compile(
    r"(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|cpu|memory|storage"
    r"|ephemeral-storage|services\.nodeports|services\.loadbalancers|(requests|limits)\..+|count/.+|.+\..+/.+)"
)


def _judge_lease(lease: Object, before: Object | None) -> Iterator[Cause]:
    spec = lease.get("spec") or {}
    lasts, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if lasts is not None and lasts <= 0:
        yield invalid("spec.leaseDurationSeconds", lasts, "must be greater than 0")
    if transitions is not None and transitions < 0:
        yield invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")


def _fill_priority(priority: Object) -> None:
    priority.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _judge_priority(priority: Object, before: Object | None) -> Iterator[Cause]:
    if priority["value"] > _MOST_PRIORITY and not priority["metadata"]["name"].startswith("system-"):
        yield forbidden_field("value", f"maximum allowed value of a user defined priority is {_MOST_PRIORITY}")
    if before is not None and before["value"] != priority["value"]:
        yield forbidden_field("value", "may not be changed in an update.")


def _judge_event(event: Object, before: Object | None) -> Iterator[Cause]:
    about = event.get("involvedObject") or {}
    namespace = event["metadata"].get("namespace")
    if about.get("namespace", "default") != namespace and not (not about.get("namespace") and namespace == "default"):
        yield invalid("involvedObject.namespace", about.get("namespace", ""), "does not match event.namespace")


def _judge_class(ingress_class: Object, before: Object | None) -> Iterator[Cause]:
    controller = (ingress_class.get("spec") or {}).get("controller", "")
    if not controller:
        yield required("spec.controller")
    elif "/" not in controller:
        yield invalid("spec.controller", controller, 'must be a domain-prefixed path (such as "acme.io/foo")')
    elif before is not None and before.get("spec", {}).get("controller") != controller:
        yield immutable("spec.controller", controller)


def _judge_quota(quota: Object, before: Object | None) -> Iterator[Cause]:
    for name in sorted((quota.get("spec") or {}).get("hard") or {}):
        field = f"spec.hard[{name}]"
        wrong = list(qualified_name(field, name))
        yield from wrong
        if not wrong and not _QUOTA.fullmatch(name):
            yield invalid(field, name, "must be a standard resource type or fully qualified")
            yield invalid(field, name, "must be a standard resource for quota")


def _fill_claim(claim: Object) -> None:
    claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    claim.setdefault("status", {}).setdefault("phase", "Pending")


def _prepare_claim(claim: Object, before: Object | None) -> None:
    if before is None:
        finalizers = claim["metadata"].setdefault("finalizers", [])
        if "kubernetes.io/pvc-protection" not in finalizers:
            finalizers.append("kubernetes.io/pvc-protection")


def _judge_claim(claim: Object, before: Object | None) -> Iterator[Cause]:
    if not claim["spec"].get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")


def _judge_service_cidr(service_cidr: Object, before: Object | None) -> Iterator[Cause]:
    cidrs = (service_cidr.get("spec") or {}).get("cidrs") or ()
    if not cidrs:
        yield required("spec.cidrs", "at least one CIDR required")
    for number, cidr in enumerate(cidrs):
        yield from network(f"spec.cidrs[{number}]", cidr)


LEASE = Rules(judge=_judge_lease)
PRIORITY_CLASS = Rules(fill=_fill_priority, judge=_judge_priority)
EVENT = Rules(judge=_judge_event)
INGRESS_CLASS = Rules(judge=_judge_class)
QUOTA = Rules(judge=_judge_quota)
CLAIM = Rules(fill=_fill_claim, prepare=_prepare_claim, judge=_judge_claim)
SERVICE_CIDR = Rules(judge=_judge_service_cidr)
