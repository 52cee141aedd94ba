"""Kinds of which a default or two, and a rule or two, are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, PATH_SEGMENT, SUBDOMAIN, name_causes
from bot.playground.cluster_server.rules.contract import (
    Object,
    Rules,
    immutable,
    local_reference,
    member,
    network,
)
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported

_MOST_PRIORITY = 1_000_000_000
_LONGEST_CONTROLLER = 250
_HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")


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
    policy = priority["preemptionPolicy"]
    if before is not None:
        if before["value"] != priority["value"]:
            yield forbidden_field("value", "may not be changed in an update.")
        if before["preemptionPolicy"] != policy:
            yield immutable("preemptionPolicy", policy)
        return
    if priority["value"] > _MOST_PRIORITY and not priority["metadata"]["name"].startswith("system-"):
        yield forbidden_field("value", f"maximum allowed value of a user defined priority is {_MOST_PRIORITY}")
    if not policy:
        yield required("preemptionPolicy")
    else:
        yield from member("preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))


def _judge_event(event: Object, before: Object | None) -> Iterator[Cause]:
    about = event.get("involvedObject") or {}
    namespace = event["metadata"].get("namespace")
    if about.get("namespace", "default") != namespace and not (not about.get("namespace") and namespace == "default"):
        yield invalid("involvedObject.namespace", about.get("namespace", ""), "does not match event.namespace")


def _fill_class(ingress_class: Object) -> None:
    parameters = (ingress_class.get("spec") or {}).get("parameters")
    if parameters is not None:
        parameters.setdefault("scope", "Cluster")


def _judge_class(ingress_class: Object, before: Object | None) -> Iterator[Cause]:
    spec = ingress_class.get("spec") or {}
    controller = spec.get("controller", "")
    host, _, path = controller.partition("/")
    if before is not None and before.get("spec", {}).get("controller") != controller:
        yield immutable("spec.controller", controller)
    if len(controller) > _LONGEST_CONTROLLER:
        said = f"Too long: may not be more than {_LONGEST_CONTROLLER} bytes"
        yield Cause("spec.controller", said, "FieldValueTooLong")
    if not controller:
        yield required("spec.controller")
    elif not host or not path:
        yield invalid("spec.controller", controller, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from name_causes("spec.controller", host, SUBDOMAIN)
        if not _HTTP_PATH.fullmatch(path):
            yield invalid(
                "spec.controller", path, f"Invalid path (regex used for validation is '{_HTTP_PATH.pattern}')"
            )
    if spec.get("parameters") is not None:
        yield from _judge_parameters(spec["parameters"], "spec.parameters")


def _judge_parameters(parameters: Object, at: str) -> Iterator[Cause]:
    yield from local_reference(parameters, at)
    scope, namespace = parameters["scope"], parameters.get("namespace", "")
    if scope not in ("Cluster", "Namespace"):
        yield unsupported(f"{at}.scope", scope, ("Cluster", "Namespace"))
    elif scope == "Namespace" and "namespace" not in parameters:
        yield required(f"{at}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif scope == "Namespace":
        yield from name_causes(f"{at}.namespace", namespace, LABEL)
    elif "namespace" in parameters:
        yield forbidden_field(f"{at}.namespace", "`parameters.scope` is set to 'Cluster'")


def _judge_service_cidr(service_cidr: Object, before: Object | None) -> Iterator[Cause]:
    cidrs = (service_cidr.get("spec") or {}).get("cidrs") or []
    if before is not None:
        was = (before.get("spec") or {}).get("cidrs") or []
        if len(was) != len(cidrs) and (len(was), len(cidrs)) != (1, 2):
            yield immutable("spec.cidrs", (service_cidr.get("spec") or {}).get("cidrs"))
            return
        yield from (
            immutable(f"spec.cidrs[{n}]", now)
            for n, (then, now) in enumerate(zip(was, cidrs, strict=False))
            if then != now
        )
        if len(was) == len(cidrs):
            return
    if not cidrs:
        yield required("spec.cidrs", "at least one CIDR required")
    for number, cidr in enumerate(cidrs):
        yield from network(f"spec.cidrs[{number}]", cidr)


def _drop_coordination(lease: Object, before: Object | None) -> None:
    """Coordinated elections are no part of a server that has not switched them on."""
    for name in ("strategy", "preferredHolder"):
        (lease.get("spec") or {}).pop(name, None)


def _name_secrets(account: Object, before: Object | None) -> None:
    """Of what an account may mount only names count."""
    if account.get("secrets"):
        account["secrets"] = [{"name": secret["name"]} if "name" in secret else {} for secret in account["secrets"]]


SERVICE_ACCOUNT = Rules(prepare=_name_secrets)
LEASE = Rules(judge=_judge_lease, prepare=_drop_coordination)
PRIORITY_CLASS = Rules(fill=_fill_priority, judge=_judge_priority)
EVENT = Rules(judge=_judge_event, naming=PATH_SEGMENT)
INGRESS_CLASS = Rules(fill=_fill_class, judge=_judge_class)
SERVICE_CIDR = Rules(judge=_judge_service_cidr)
