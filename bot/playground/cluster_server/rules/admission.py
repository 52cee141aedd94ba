"""Admission policies and aggregated APIs: what is not said of them. `objects/policing.py` enforces the policies."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.naming import PATH_SEGMENT
from bot.playground.cluster_server.rules.contract import Object, Rules


def service_port(client: Any) -> None:
    """Where a webhook or an aggregated API is asked, when nothing is said of the port."""
    if isinstance(client, dict) and isinstance(client.get("service"), dict):
        client["service"].setdefault("port", 443)


def _fill_constraints(constraints: Any) -> None:
    if not isinstance(constraints, dict):
        return
    constraints.setdefault("matchPolicy", "Equivalent")
    for name in ("namespaceSelector", "objectSelector"):
        constraints.setdefault(name, {})
    for rules in ("resourceRules", "excludeResourceRules"):
        for rule in constraints.get(rules) or ():
            rule.setdefault("scope", "*")


def _fill_policy(policy: Object) -> None:
    spec = policy.setdefault("spec", {})
    spec.setdefault("failurePolicy", "Fail")
    _fill_constraints(spec.get("matchConstraints"))


def _fill_binding(binding: Object) -> None:
    _fill_constraints(binding.setdefault("spec", {}).get("matchResources"))


def _fill_api_service(service: Object) -> None:
    spec = service.setdefault("spec", {})
    if isinstance(spec.get("service"), dict):
        spec["service"].setdefault("port", 443)


POLICY = Rules(fill=_fill_policy)
BINDING = Rules(fill=_fill_binding)
API_SERVICE = Rules(fill=_fill_api_service, naming=PATH_SEGMENT)
