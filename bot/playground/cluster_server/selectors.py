"""Label and field selectors of requests, with the words that a real server has for a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.playground.cluster_server.naming import label_value, qualified_name
from bot.playground.cluster_server.statuses import Cause, Object, bad_request

Matches = Callable[[Object], bool]

_Test = Callable[[Mapping[str, str]], bool]

_TOKENS = re.compile(r"==|!=|[!(),=<>]|[^\s!(),=<>]+")
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt", ">", "<")

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
            "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    "Event": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
              "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
              "reportingComponent", "source", "type"),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "Namespace": ("status.phase",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicationController": ("status.replicas",),
    "Job": ("status.successful",),
}  # fmt: skip
"""What may be selected by beside name and namespace."""


def label_matches(text: str) -> Matches | None:
    """None: everything. Raises 400 for what cannot be read."""
    if not text.strip():
        return None
    tests = _Parser(text).requirements()
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


def _all(tests: list[_Test], labels: Mapping[str, str]) -> bool:
    return all(test(labels) for test in tests)


class _Parser:
    """Reads label selectors as the real server does, token by token, so that its words for a mistake are the same."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKENS.findall(text)
        self._place = 0

    def requirements(self) -> list[_Test]:
        found: list[_Test] = []
        while True:
            word = self._next
            if not word and not found:
                return found
            if not _is_word(word) and word != "!":
                raise bad_request(f"found '{word}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self._requirement())
            except ValueError as error:
                raise bad_request(f"unable to parse requirement: {error}") from error
            word = self._take()
            if not word:
                return found
            if word != ",":
                raise bad_request(f"found '{word}', expected: ',' or 'end of string'")
            if not _is_word(self._next) and self._next != "!":
                raise bad_request(f"found '{self._next}', expected: identifier after ','")

    @property
    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        word = self._next
        self._place += 1
        return word

    def _requirement(self) -> _Test:
        absent = self._next == "!"
        if absent:
            self._take()
        key = self._take()
        if not _is_word(key):
            raise ValueError(f"found '{key}', expected: identifier")
        _raise_first(qualified_name("<nil>", key))
        if absent:
            return lambda labels: key not in labels
        if self._next in ("", ","):
            return lambda labels: key in labels
        operator = self._take()
        if operator not in _OPERATORS:
            raise ValueError(f"found '{operator}', expected: {', '.join(_OPERATORS[:7])}")
        values = self._values() if operator in ("in", "notin") else {self._value()}
        for number, value in enumerate(sorted(values)):
            _raise_first(label_value(f"values[{number}][{key}]", value))
        return _test(key, operator, values)

    def _value(self) -> str:
        if self._next in ("", ","):
            return ""
        word = self._take()
        if not _is_word(word):
            raise ValueError(f"found '{word}', expected: identifier")
        return word

    def _values(self) -> set[str]:
        word = self._take()
        if word != "(":
            raise ValueError(f"found '{word}' expected: '('")
        found: set[str] = set()
        expects_value = True
        while (word := self._take()) != ")":
            if word == ",":
                if expects_value:
                    found.add("")
                expects_value = True
            elif _is_word(word) and expects_value:
                found.add(word)
                expects_value = False
            else:
                raise ValueError(f"found '{word}', expected: ',' or ')'")
        return found | ({""} if expects_value else set())


def _is_word(text: str) -> bool:
    return bool(text) and text not in ("!", "(", ")", ",", "=", "==", "!=", "<", ">")


def _raise_first(causes: Iterator[Cause]) -> None:
    for cause in causes:
        raise ValueError(str(cause))


def _test(key: str, operator: str, values: set[str]) -> _Test:
    if operator in ("in", "=", "=="):
        return lambda labels: labels.get(key) in values
    if operator in ("notin", "!="):
        return lambda labels: labels.get(key) not in values
    (limit,) = values
    if not re.fullmatch(r"[+-]?\d+", limit):
        said = "for 'Gt', 'Lt' operators, the value must be an integer"
        raise ValueError(f'values[0]: Invalid value: "{limit}": {said}')

    def compared(labels: Mapping[str, str]) -> bool:
        value = labels.get(key, "")
        if not re.fullmatch(r"[+-]?\d+", value):
            return False
        return int(value) > int(limit) if operator in (">", "gt") else int(value) < int(limit)

    return compared


def field_matches(kind: str, text: str, custom: tuple[str, ...] | None = None) -> Matches | None:
    """None: everything. `custom` is what a custom resource may be selected by besides name and namespace.

    Raises 400 for a field that this kind cannot be selected by.
    """
    if not text.strip():
        return None
    tests = [_field_test(kind, part, custom) for part in re.split(r"(?<!\\),", text) if part.strip()]
    return lambda obj: all(test(obj) for test in tests)


def _field_test(kind: str, part: str, custom: tuple[str, ...] | None) -> Matches:
    operator = next((word for word in ("!=", "==", "=") if word in part), "")
    if not operator:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    path, _, wanted = part.partition(operator)
    if escaped := re.search(r"\\[^\\,=]|\\$", wanted.replace("\\\\", "")):
        raise bad_request(f"invalid field selector: invalid escape sequence: {escaped[0]}")
    wanted = wanted.replace("\\,", ",").replace("\\=", "=").replace("\\\\", "\\")
    known = ("metadata.name", "metadata.namespace", *(_FIELDS.get(kind, ()) if custom is None else custom))
    if path not in known:
        listed = ", ".join(f'"{name}"' for name in known)
        if kind == "Job" and custom is None:
            raise bad_request(f'field label "{path}" not supported for Job')
        if kind in _FIELDS or custom is not None:
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
