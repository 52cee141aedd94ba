"""An object as the server's Go types write it: nothing empty that Go leaves out, everything that always shows, and
quantities in their one form. What a client sent is read through this before anything is decided on it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from bot.playground.cluster_server.schema import LIST, MAP, STRUCT, Node

Object = dict[str, Any]

QUANTITY = "apimachinery.pkg.api.resource.Quantity"
_GROUP_OR_NULL = ("core.v1.TypedLocalObjectReference", "core.v1.TypedObjectReference")
"""References that show the core's group as null."""
_ZERO: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False}


def without_empties(value: Any, node: Node) -> Any:
    """What Go keeps of a value: empty fields that nobody can tell from absent ones are gone."""
    if node.kind == STRUCT and isinstance(value, dict):
        kept = {}
        for name, child in value.items():
            below = node.fields.get(name)
            if below is None:
                kept[name] = child
            elif child is None:
                if below.shows == "always" and (below.kind in (LIST, MAP) or below.format == "date-time"):
                    kept[name] = None
            else:
                child = without_empties(child, below)
                if below.shows or not _is_empty(child, below):
                    kept[name] = child
        return kept
    if node.kind == LIST and isinstance(value, list) and node.of is not None:
        of = node.of
        return [without_empties(item, of) for item in value]
    if node.kind == MAP and isinstance(value, dict) and node.of is not None:
        of = node.of
        zero = _ZERO.get(of.kind)
        return {name: zero if child is None else without_empties(child, of) for name, child in value.items()}
    if node.kind == "number" and isinstance(value, float) and value.is_integer():
        return int(value)
    if node.type_name == QUANTITY:
        return quantity(value)
    return value


def _is_empty(value: Any, node: Node) -> bool:
    if node.kind in (LIST, MAP):
        return not value
    return node.kind in _ZERO and value == _ZERO[node.kind]


def with_what_shows(value: Any, node: Node) -> Any:
    """Puts in, in place, what Go writes though nobody set it."""
    if node.kind == STRUCT and isinstance(value, dict):
        for name, below in node.fields.items():
            if name in value:
                with_what_shows(value[name], below)
            elif below.shows == "always" and name not in ("metadata", "apiVersion", "kind"):
                is_null = name == "apiGroup" and node.type_name in _GROUP_OR_NULL
                value[name] = None if is_null else _shown(below)
    elif node.of is not None and isinstance(value, list):
        for item in value:
            with_what_shows(item, node.of)
    elif node.of is not None and node.kind == MAP and isinstance(value, dict):
        for child in value.values():
            with_what_shows(child, node.of)
    return value


def as_stored(value: Any, node: Node) -> Any:
    """Puts nothing, in place, where an empty list or map is: stored objects know no difference."""
    if node.kind == STRUCT and isinstance(value, dict):
        for name, child in value.items():
            below = node.fields.get(name)
            if below is None or child is None:
                continue
            if below.kind in (LIST, MAP) and not child:
                value[name] = None
            elif below.kind in (LIST, MAP, STRUCT):
                as_stored(child, below)
    elif node.of is not None and node.of.kind in (LIST, MAP, STRUCT) and value:
        for child in value if node.kind == LIST else value.values():
            as_stored(child, node.of)
    return value


def _shown(node: Node) -> Any:
    if node.kind == STRUCT:
        return with_what_shows({}, node)
    return None if node.format == "date-time" else _ZERO.get(node.kind)


_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|([eE][+-]?\d+))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def quantity(value: Any) -> Any:
    """The canonical form: the largest suffix of its family that leaves a whole number, see
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/. Others stay as they are."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    found = _NUMBER.fullmatch(str(value))
    if found is None:
        return value
    number, suffix, exponent = Decimal(found[1]), found[2] or "", found[3]
    if exponent:
        return str(value)
    if suffix in _BINARY:
        amount = number * 2 ** _BINARY[suffix]
        return _binary(amount)
    return _decimal(number * Decimal(10) ** _DECIMAL[suffix])


def amount(value: Any) -> Decimal:
    """What a quantity is worth; 0 for what is none."""
    found = _NUMBER.fullmatch(str(value))
    if found is None:
        return Decimal(0)
    number, suffix, exponent = Decimal(found[1]), found[2] or "", found[3]
    if exponent:
        return number * Decimal(10) ** int(exponent[1:])
    return number * (2 ** _BINARY[suffix] if suffix in _BINARY else Decimal(10) ** _DECIMAL[suffix])


def sum_of(first: str, second: str) -> str:
    """In the family of suffixes of the first, or of the second when the first is nothing."""
    total = amount(first) + amount(second)
    return _binary(total) if (first if amount(first) else second).endswith("i") else _decimal(total)


def is_quantity(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, str | int | float) and bool(_NUMBER.fullmatch(str(value)))


def _binary(amount: Decimal) -> str:
    if amount != amount.to_integral_value():
        return _decimal(amount)
    whole = int(amount)
    for suffix, power in reversed(_BINARY.items()):
        if whole and whole % 2**power == 0:
            return f"{whole // 2**power}{suffix}"
    return str(whole)


def _decimal(amount: Decimal) -> str:
    for suffix, power in reversed(_DECIMAL.items()):
        scaled = amount / Decimal(10) ** power
        if amount and scaled == scaled.to_integral_value():
            return f"{int(scaled)}{suffix}"
    return "0" if not amount else str(amount)
