"""ValidatingAdmissionPolicies, enforced: what a policy that is bound refuses, and what it only warns of.

See https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/. Parameters (`paramKind`) and
the authorizer are not known to expressions here; a policy that calls what the CEL library lacks counts as content.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.customs.expressions import evaluated, is_unknown
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.statuses import APIError
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

GROUP = "admissionregistration.k8s.io"
_log = logging.getLogger(__name__)
_CODES = {"Unauthorized": 401, "Forbidden": 403, "Invalid": 422, "RequestEntityTooLarge": 413}


class Policies:
    """Looks at what is bound at each write; keeps nothing."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self._store = store
        self._policies = kinds.named(f"{GROUP}/v1", "ValidatingAdmissionPolicy")
        self._bindings = kinds.named(f"{GROUP}/v1", "ValidatingAdmissionPolicyBinding")
        self._namespaces = kinds.named("v1", "Namespace")

    def check(self, kind: Kind, operation: str, obj: Object | None, before: Object | None, warnings: list[str]) -> None:
        """Raises 422, or what a policy has as its reason. Warnings are added to the list."""
        if kind.group == GROUP or not self._store.count(self._bindings):
            return
        for stored in self._store.list(self._bindings):
            binding = stored.obj
            found = self._store.get(self._policies, "", dig(binding, "spec", "policyName", default=""))
            if found is not None:
                self._check_one(found.obj, binding, kind, operation, obj, before, warnings)

    def _check_one(
        self, policy: Object, binding: Object, kind: Kind, operation: str, obj: Object | None, before: Object | None,
        warnings: list[str],
    ) -> None:  # fmt: skip
        subject = obj if obj is not None else before
        assert subject is not None
        constraints = (dig(policy, "spec", "matchConstraints"), dig(binding, "spec", "matchResources"))
        if not all(self._matches(said, kind, operation, subject) for said in constraints if said):
            return
        names = self._names(kind, operation, obj, before)
        spec = policy["spec"]
        if not all(_holds(said["expression"], names, spec) for said in spec.get("matchConditions") or ()):
            return
        for failure in _failures(spec, names):
            names_of = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
            actions = dig(binding, "spec", "validationActions", default=("Deny",))
            if "Warn" in actions:
                warnings.append(f"Validation failed for ValidatingAdmissionPolicy {names_of}: {failure[0]}")
            if "Deny" in actions:
                said = f"ValidatingAdmissionPolicy {names_of} denied request: {failure[0]}"
                raise _denied(kind, subject["metadata"].get("name", ""), said, failure[1])

    def _matches(self, said: Object, kind: Kind, operation: str, subject: Object) -> bool:
        labels = subject["metadata"].get("labels") or {}
        if not selector_matches(said.get("objectSelector") or {}, labels):
            return False
        if namespace := subject["metadata"].get("namespace", ""):
            found = self._store.get(self._namespaces, "", namespace)
            given = (found.obj["metadata"].get("labels") or {}) if found else {}
            if not selector_matches(said.get("namespaceSelector") or {}, given):
                return False
        rules, excluded = said.get("resourceRules"), said.get("excludeResourceRules") or ()
        name = subject["metadata"].get("name", "")
        if any(_covers(rule, kind, operation, name) for rule in excluded):
            return False
        return rules is None or any(_covers(rule, kind, operation, name) for rule in rules)

    def _names(self, kind: Kind, operation: str, obj: Object | None, before: Object | None) -> Object:
        subject = obj if obj is not None else before or {}
        metadata = subject.get("metadata", {})
        found = self._store.get(self._namespaces, "", metadata.get("namespace", ""))
        gvk = {"group": kind.group, "version": kind.version, "kind": kind.name}
        resource = {"group": kind.group, "version": kind.version, "resource": kind.plural}
        return {
            "object": obj, "oldObject": before, "params": None, "namespaceObject": found.obj if found else None,
            "request": {
                "operation": operation, "kind": gvk, "resource": resource, "name": metadata.get("name", ""),
                "namespace": metadata.get("namespace", ""),
            },
        }  # fmt: skip


def _covers(rule: Object, kind: Kind, operation: str, name: str) -> bool:
    wanted = (("apiGroups", kind.group), ("apiVersions", kind.version), ("operations", operation))
    if any(not {"*", value} & set(rule.get(field) or ()) for field, value in wanted):
        return False
    names = rule.get("resourceNames") or ()
    return bool({"*", "*/*", kind.plural} & set(rule.get("resources") or ())) and (not names or name in names)


def _failures(spec: Object, names: Object) -> Iterator[tuple[str, str]]:
    """Message and reason of each validation that does not hold."""
    variables: Object = {}
    names = names | {"variables": variables}
    for said in spec.get("variables") or ():
        try:
            variables[said["name"]] = evaluated(said["expression"], names)
        except (RuntimeError, ValueError, TypeError) as error:
            _log.debug("a variable of a policy could not be evaluated: %s: %s", said, error)
    for said in spec.get("validations") or ():
        if not _holds(said["expression"], names, spec):
            message = said.get("message") or f"failed expression: {said['expression'].strip()}"
            if said.get("messageExpression"):
                try:
                    message = str(evaluated(said["messageExpression"], names))
                except (RuntimeError, ValueError, TypeError):
                    _log.debug("a message of a policy could not be evaluated: %s", said)
            yield message.strip(), said.get("reason") or "Invalid"


def _holds(expression: str, names: Object, spec: Object) -> bool:
    try:
        return evaluated(expression, names) is not False
    except (RuntimeError, ValueError, TypeError) as error:
        _log.debug("a policy could not be evaluated: %s: %s", expression, error)
        return is_unknown(error) or spec.get("failurePolicy", "Fail") == "Ignore"


def _denied(kind: Kind, name: str, said: str, reason: str) -> APIError:
    details: Object = {"name": name} | ({"group": kind.group} if kind.group else {})
    details |= {"kind": kind.plural, "causes": [{"message": said}]}
    what = f'{kind} "{name}"' if name else str(kind)
    return APIError(_CODES.get(reason, 422), reason, f"{what} is forbidden: {said}", details)
