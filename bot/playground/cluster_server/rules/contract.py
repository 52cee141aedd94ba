"""What the rules of a kind consist of, and how names are judged."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.naming import PATH_SEGMENT, SUBDOMAIN, Naming, name_causes
from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported

Object = dict[str, Any]


def _nothing(obj: Object) -> None:
    """A kind without defaults."""


def _as_it_is(obj: Object, before: Object | None) -> None:
    """A kind of which nothing is decided by the server."""


def _no_warning(obj: Object) -> Iterator[str]:
    """A kind of which nothing is deprecated."""
    yield from ()


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
    warn: Callable[[Object], Iterator[str]] = _no_warning
    """What a writer is warned of."""
    warns_again: bool = False
    """Whether it is warned of at each change, and not only when what is wanted changes."""
    warn_always: tuple[str, ...] = ()
    """What everybody is warned of who asks for such objects at all."""
    names_itself: bool = False
    """Whether a new object without a name is given one."""
    finalizers: tuple[str, ...] = ()
    """What a delete adds to the object, for a controller that has to clear up first."""


def immutable(field: str, value: Any) -> Cause:
    return invalid(field, value, "field is immutable")


def one_of(field: str, value: str, choices: tuple[str, ...]) -> Iterator[Cause]:
    if not value:
        yield required(field)
    elif value not in choices:
        yield unsupported(field, value, sorted(choices))


def at_least(field: str, value: int | None, least: int = 0) -> Iterator[Cause]:
    """None is nothing to judge."""
    if value is not None and value < least:
        said = "must be greater than or equal to 0" if least == 0 else f"must be greater than {least - 1}"
        yield invalid(field, value, said)


def port_number(field: str, value: Any) -> Iterator[Cause]:
    if not 1 <= value <= 65535:
        yield invalid(field, value, "must be between 1 and 65535, inclusive")


_PORT_NAME, _LETTER = re.compile(r"[-a-z0-9]+"), re.compile(r"[a-z]")
_LONGEST_PORT_NAME = 15


def port_name(field: str, value: str) -> Iterator[Cause]:
    """A name as IANA has them for services (RFC 6335)."""
    if len(value) > _LONGEST_PORT_NAME:
        yield invalid(field, value, f"must be no more than {_LONGEST_PORT_NAME} characters")
    if not _PORT_NAME.fullmatch(value):
        yield invalid(field, value, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not _LETTER.search(value):
        yield invalid(field, value, "must contain at least one letter (a-z)")
    if "--" in value:
        yield invalid(field, value, "must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        yield invalid(field, value, "must not begin or end with a hyphen")


def port_or_name(field: str, value: int | str) -> Iterator[Cause]:
    yield from port_number(field, value) if isinstance(value, int) else port_name(field, value)


_PERCENT = re.compile(r"[0-9]+%")


def number_or_percentage(field: str, value: int | str | None, *, at_most_all: bool = True) -> Iterator[Cause]:
    if isinstance(value, int):
        yield from at_least(field, value)
    elif value is not None and not _PERCENT.fullmatch(value):
        said = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
        yield invalid(field, value, said + "regex used for validation is '[0-9]+%')")
    elif value is not None and at_most_all and int(value[:-1]) > 100:
        yield invalid(field, value, "must not be greater than 100%")


_LEADING_ZEROS = re.compile(r"(?:\d+\.){3}\d+(?:/\d+)?")


def _has_leading_zeros(value: str) -> bool:
    return bool(_LEADING_ZEROS.fullmatch(value)) and any(len(n) > 1 and n[0] == "0" for n in re.split(r"[./]", value))


def address(field: str, value: str) -> Iterator[Cause]:
    if _has_leading_zeros(value):
        yield invalid(field, value, "must not have leading 0s")
        return
    try:
        ipaddress.ip_address(value)
    except ValueError:
        yield invalid(field, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def endpoint_address(field: str, value: str) -> Iterator[Cause]:
    """An address that others can reach."""
    try:
        said = ipaddress.ip_address(value)
    except ValueError:
        yield invalid(field, value, "must be a valid IP address")
        return
    for is_so, words in (
        (said.is_unspecified, f"may not be unspecified ({value})"),
        (said.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (said.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    ):
        if is_so:
            yield invalid(field, value, words)


def network(field: str, value: str) -> Iterator[Cause]:
    if _has_leading_zeros(value):
        yield invalid(field, value, "must not have leading 0s in IP or prefix length")
        return
    try:
        found = ipaddress.ip_interface(value if "/" in value else "")
    except ValueError:
        yield invalid(field, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
        return
    if isinstance(found, ipaddress.IPv6Interface) and found.ip.ipv4_mapped:
        yield invalid(field, value, "must not have an IPv4-mapped IPv6 address")
        return
    try:
        ipaddress.ip_network(value)
    except ValueError:
        yield invalid(field, value, "must not have bits set beyond the prefix length")


def local_reference(reference: Object, at: str) -> Iterator[Cause]:
    """One that names an object by group, kind and name."""
    if reference.get("apiGroup") is not None:
        yield from name_causes(f"{at}.apiGroup", reference["apiGroup"], SUBDOMAIN)
    for name in ("kind", "name"):
        if not reference.get(name):
            yield required(f"{at}.{name}")
        else:
            yield from name_causes(f"{at}.{name}", reference[name], PATH_SEGMENT)


def member(field: str, value: Any, choices: Iterable[str]) -> Iterator[Cause]:
    """None is nothing to judge."""
    listed = tuple(choices)
    if value not in (None, *listed):
        yield unsupported(field, value, listed)
