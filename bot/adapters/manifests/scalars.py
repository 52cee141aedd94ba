"""What a word in a manifest means to Kubernetes.

kubectl reads YAML with sigs.k8s.io/yaml, whose parser is a fork of go-yaml v2 (`goyaml.v2/resolve.go` there): it knows
YAML 1.1's booleans and octal numbers with and without an `o`, knows no numbers to base 60, and leaves times as text.
PyYAML reads several of these otherwise, so its own resolvers are not used.
"""

from __future__ import annotations

import math
import re

from bot.domain.network.references import JSON

_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_WORDS: dict[str, bool | None] = (
    dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False) | dict.fromkeys(("", "~", "null", "Null", "NULL"))
)
_NO_NUMBERS = frozenset(
    sign + word for sign, words in {"": "nan NaN NAN inf Inf INF", "+": "inf Inf INF", "-": "inf Inf INF"}.items()
    for word in (f".{each}" for each in words.split())
)  # fmt: skip
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMERIC_START = frozenset("+-.0123456789")
_LEAST, _MOST, _MOST_FROM_FLOAT = -(2**63), 2**64 - 1, 2**63 - 1
_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "null": (type(None),)}


class Unreadable(Exception):
    """What is wrong with a manifest, in words; `line` counts from 1, 0 when it is not known."""

    line = 0


def untagged(text: str) -> JSON:
    """The value of a plain scalar: no quotes, no tag. Raises Unreadable for what JSON has no value for."""
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC_START else text


def tagged(text: str, tag: str) -> JSON:
    """The value of a scalar with an explicit tag."""
    sort = tag.removeprefix(_TAG)
    if sort in ("str", "timestamp"):
        return text
    value = untagged(text)
    if sort not in _TYPES or not isinstance(value, _TYPES[sort]) or (sort == "int" and isinstance(value, bool)):
        raise Unreadable(f"the tag {tag[:60]!r} does not go with its value")
    return value


def _number(text: str) -> JSON:
    if text in _NO_NUMBERS:
        raise Unreadable(f"{text} is no number that JSON has")
    # As Go does it: underscores may stand in numbers, but not in one that begins with a point.
    word = text if text[0] == "." else text.replace("_", "")
    if found := _INTEGER.fullmatch(word):
        base = next(name for name in _BASES if found[name] is not None)
        number = int(found["sign"] + found[base], _BASES[base]) if len(word) <= 80 else _MOST + 1
        if _LEAST <= number <= _MOST:
            return number
        if base != "dec" and base != "oct":
            raise Unreadable(f"{text[:40]} is too large a number")
    if not _FLOAT.fullmatch(word):
        return text
    value = float(word)
    if math.isinf(value):
        return text
    # Go writes 1.0 into JSON as 1, and the API server reads that as an integer.
    return int(value) if value.is_integer() and _LEAST <= value <= _MOST_FROM_FLOAT else value
