"""What the rules of a kind consist of, and how names are judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported

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
PATH_SEGMENT = (re.compile(r"(?!\.{1,2}$)[^/%]+"), 253, "may not contain '/'")
Naming = tuple[re.Pattern[str], int, str]


def _nothing(obj: Object) -> None:
    """A kind without defaults."""


def _as_it_is(obj: Object, before: Object | None) -> None:
    """A kind of which nothing is decided by the server."""


def _everything_goes(obj: Object, before: Object | None) -> Iterator[Cause]:
    """A kind of which only the schema is judged."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of one kind beyond its schema."""

    fill: Callable[[Object], None] = _nothing
    judge: Callable[[Object, Object | None], Iterator[Cause]] = _everything_goes
    naming: Naming = SUBDOMAIN
    prepare: Callable[[Object, Object | None], None] = _as_it_is
    """What the server itself decides on, after defaults: nobody is said to own it."""
    finalizers: tuple[str, ...] = ()
    """What a delete adds to the object, for a controller that has to clear up first."""


def name_causes(field: str, value: str, naming: Naming) -> Iterator[Cause]:
    pattern, longest, said = naming
    if len(value) > longest:
        yield invalid(field, value, f"must be no more than {longest} characters")
    if not pattern.fullmatch(value):
        yield invalid(field, value, said)


def immutable(field: str, value: Any) -> Cause:
    return invalid(field, value, "field is immutable")


def one_of(field: str, value: str, choices: tuple[str, ...]) -> Iterator[Cause]:
    if not value:
        yield required(field)
    elif value not in choices:
        yield unsupported(field, value, sorted(choices))


def port_number(field: str, value: Any) -> Iterator[Cause]:
    if not 1 <= value <= 65535:
        yield invalid(field, value, "must be between 1 and 65535, inclusive")
