"""Kinds of which a default or two, and a rule or two, are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, PATH_SEGMENT, SUBDOMAIN, name_causes
from bot.playground.cluster_server.rules.contract import Object, Rules, immutable, network
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported

_MOST_PRIORITY = 1_000_000_000
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
    if priority["value"] > _MOST_PRIORITY and not priority["metadata"]["name"].startswith("system-"):
        yield forbidden_field("value", f"maximum allowed value of a user defined priority is {_MOST_PRIORITY}")
    if before is not None and before["value"] != priority["value"]:
        yield forbidden_field("value", "may not be changed in an update.")


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
    if parameters.get("apiGroup") is not None:
        yield from name_causes(f"{at}.apiGroup", parameters["apiGroup"], SUBDOMAIN)
    for name in ("kind", "name"):
        if not parameters.get(name):
            yield required(f"{at}.{name}")
        else:
            yield from name_causes(f"{at}.{name}", parameters[name], PATH_SEGMENT)
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


LEASE = Rules(judge=_judge_lease)
PRIORITY_CLASS = Rules(fill=_fill_priority, judge=_judge_priority)
EVENT = Rules(judge=_judge_event, naming=PATH_SEGMENT)
INGRESS_CLASS = Rules(fill=_fill_class, judge=_judge_class)
SERVICE_CIDR = Rules(judge=_judge_service_cidr)
