"""Names, labels and what selects them: how they are judged, in the real server's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required

Object = dict[str, Any]

SUBDOMAIN = (
    re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"),
    253,
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
)
LABEL = (
    re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"),
    63,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
)
LABEL_1035 = (
    re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?"),
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')",
)
PATH_SEGMENT = (re.compile(r"(?!\.{1,2}$)[^/%]+"), 253, "")
"""Whatever a path can have between two slashes."""
WILDCARD = (
    re.compile(r"\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"),
    253,
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    r"regex used for validation is '\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
)
CONFIG_KEY = (
    re.compile(r"[-._a-zA-Z0-9]+"),
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
)
Naming = tuple[re.Pattern[str], int, str]


def name_causes(field: str, value: str, naming: Naming) -> Iterator[Cause]:
    pattern, longest, said = naming
    if naming is PATH_SEGMENT:
        if value in (".", ".."):
            yield invalid(field, value, f"may not be '{value}'")
        yield from (invalid(field, value, f"may not contain '{mark}'") for mark in "/%" if mark in value)
        return
    if len(value) > longest:
        yield invalid(field, value, f"must be no more than {longest} characters")
    if naming is LABEL and "." in value and SUBDOMAIN[0].fullmatch(value):
        yield invalid(field, value, "must not contain dots")
    elif not pattern.fullmatch(value):
        yield invalid(field, value, said)


_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_QUALIFIED_SAID = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LONGEST_LABEL = 63


def qualified_name(field: str, value: str) -> Iterator[Cause]:
    """`name` or `domain/name`."""
    parts = value.split("/")
    if len(parts) > 2:
        more = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        yield invalid(field, value, f"a valid label key {_QUALIFIED_SAID}{more}")
        return
    if len(parts) == 2 and not parts[0]:
        yield invalid(field, value, "prefix part must be non-empty")
    elif len(parts) == 2 and not SUBDOMAIN[0].fullmatch(parts[0]):
        yield invalid(field, value, f"prefix part {SUBDOMAIN[2]}")
    name = parts[-1]
    if not name:
        yield invalid(field, value, "name part must be non-empty")
    elif len(name) > _LONGEST_LABEL:
        yield invalid(field, value, f"name part must be no more than {_LONGEST_LABEL} bytes")
    if not _QUALIFIED.fullmatch(name):
        yield invalid(field, value, f"name part {_QUALIFIED_SAID}")


_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")


def label_value(field: str, value: str) -> Iterator[Cause]:
    if len(value) > _LONGEST_LABEL:
        yield invalid(field, value, f"must be no more than {_LONGEST_LABEL} bytes")
    if not _LABEL_VALUE.fullmatch(value):
        said = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
            "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )
        yield invalid(field, value, said)


def labels(field: str, found: Mapping[str, str] | None) -> Iterator[Cause]:
    for key, value in sorted((found or {}).items()):
        yield from qualified_name(field, key)
        yield from label_value(field, value)


def label_selector(field: str, selector: Object | None) -> Iterator[Cause]:
    yield from labels(f"{field}.matchLabels", (selector or {}).get("matchLabels"))
    for number, said in enumerate((selector or {}).get("matchExpressions") or ()):
        at = f"{field}.matchExpressions[{number}]"
        operator, values = said.get("operator", ""), said.get("values") or ()
        if operator in ("In", "NotIn"):
            if not values:
                yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                no_values = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                yield forbidden_field(f"{at}.values", no_values)
        else:
            yield invalid(f"{at}.operator", operator, "not a valid selector operator")
        yield from qualified_name(f"{at}.key", said.get("key", ""))
        for index, value in enumerate(values):
            yield from label_value(f"{at}.values[{index}]", value)


_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def finalizer_causes(field: str, value: str) -> Iterator[Cause]:
    """That a finalizer says whose it is."""
    if "/" not in value and value not in _FINALIZERS:
        yield invalid(field, value, "name is neither a standard finalizer name nor is it fully qualified")
