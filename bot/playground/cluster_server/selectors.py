"""Label and field selectors of requests, with the words that a real server has for a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.playground.cluster_server.statuses import Object, bad_request

Matches = Callable[[Object], bool]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^()]*)\)\s*$")
_TOKEN = re.compile(r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$")

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.nominatedNodeName"),
    "Event": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
              "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
              "reportingComponent", "source", "type"),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "Namespace": ("status.phase",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
}  # fmt: skip
"""What may be selected by beside name and namespace."""


def label_matches(text: str) -> Matches | None:
    """None: everything. Raises 400 for what cannot be read."""
    if not text.strip():
        return None
    tests = [_requirement(part) for part in _split(text)]
    return lambda obj: _all(tests, obj["metadata"].get("labels") or {})


def selector_matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """A LabelSelector as objects hold it; None selects nothing, an empty one everything."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(said, labels) for said in selector.get("matchExpressions") or ())


def _expression(said: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = said["key"], said.get("values") or ()
    match said["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _all(tests: list[Callable[[Mapping[str, str]], bool]], labels: Mapping[str, str]) -> bool:
    return all(test(labels) for test in tests)


def _split(text: str) -> list[str]:
    """At commas outside parentheses."""
    return [part for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _requirement(part: str) -> Callable[[Mapping[str, str]], bool]:
    if found := _SET.match(part):
        key, word = found[1], found[2]
        values = {value.strip() for value in found[3].split(",")}
        if word == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    for operator in ("!=", "==", "="):
        if operator in part:
            key, _, value = (piece.strip() for piece in part.partition(operator))
            if "=" in value:
                raise bad_request("found '=', expected: ',' or 'end of string'")
            _checked(key)
            if operator == "!=":
                return lambda labels: labels.get(key) != value
            return lambda labels: labels.get(key) == value
    key = part.strip()
    if key.startswith("!"):
        absent = _checked(key[1:].strip())
        return lambda labels: absent not in labels
    _checked(key)
    return lambda labels: key in labels


def _checked(key: str) -> str:
    if not _TOKEN.match(key):
        raise bad_request(f"unable to parse requirement: <nil>: Invalid value: {key!r}: name part must be valid")
    return key


def field_matches(kind: str, text: str, *, custom: bool = False) -> Matches | None:
    """None: everything. Raises 400 for a field that this kind cannot be selected by."""
    if not text.strip():
        return None
    tests = [_field_test(kind, part, custom) for part in text.split(",") if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field_test(kind: str, part: str, custom: bool) -> Matches:
    operator = next((word for word in ("!=", "==", "=") if word in part), "")
    if not operator:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    path, _, wanted = part.partition(operator)
    known = ("metadata.name", "metadata.namespace", *_FIELDS.get(kind, ()))
    if path not in known:
        listed = ", ".join(f'"{name}"' for name in known)
        if kind in _FIELDS or custom:
            raise bad_request(f"field label not supported: {path}")
        raise bad_request(f'"{path}" is not a known field selector: only {listed}')
    return lambda obj: (_value(obj, path) == wanted) is (operator != "!=")


def _value(obj: Object, path: str) -> str:
    if path == "source":
        return str(obj.get("source", {}).get("component", "")) or str(obj.get("reportingComponent", ""))
    value: Any = obj
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return "false" if path in ("spec.unschedulable", "spec.hostNetwork") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
