"""Paths that ingress-nginx takes for regular expressions, in the order in which it tries them, and what can be known
for sure of two of them.

Once one Ingress of a host has `use-regex`, or a `rewrite-target` other than its path, ALL paths of the host are regular
expressions, whatever their type: they match the beginning, in any case of letters, the longest one first, and of two as
long the one that comes later in the alphabet
(https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/; in internal/ingress/controller the file
controller.go sorts the locations of a server, and buildLocation of template/template.go writes them).
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.network.ingresses import RETIRED, Route, class_of, default_classes, is_canary, routes
from bot.domain.network.snapshot import Ingress, IngressClass

PREFIX = "nginx.ingress.kubernetes.io/"
_NAMED = "nginx"
"""Its class where no IngressClass says so, by the annotation of old."""
_SPECIAL = re.compile(r"[$()*+?\[\]{}^|\\]")
_ODD_CLASS = re.compile(r"\[[^\]]*[()|\[]")
_QUANTIFIERS = ("*", "+", "?", "{")
# Ends of an expression after which anything may follow, the longest first.
_OPEN = (
    *("(?:/(.*))?", "(|/)(.*)", "(/?)(.*)", "(/(.*))?", "()(.*)", "(/.*)?", "/?(.*)", "(.*)$", "/?.*"),
    *("(.*)", ".*$", ".*"),
)
# Those after which the path ends, or goes on with a slash.
_BOUND = ("(?:/|$)(.*)", "(/|$)(.*)", "(/.*|$)", "(/.*)?$", "(/|$)")


@dataclass(frozen=True, slots=True)
class Expression:
    """One path of a host whose paths are regular expressions."""

    ingress: Ingress
    route: Route

    @property
    def text(self) -> str:
        """What stands there, as it is compared: case counts only where it may change the meaning."""
        path = self.route.path.removeprefix("^")
        return path if "\\" in path else path.lower()

    def __str__(self) -> str:
        return f"{self.route} of {self.ingress.ref}"

    @property
    def same_backend(self) -> tuple[str, object]:
        return self.ingress.namespace, self.route.backend


def is_served(ingress: Ingress, classes: Iterable[IngressClass]) -> bool:
    """Whether ingress-nginx serves it, as far as its class tells."""
    there = list(classes)
    default = default_classes(there)
    name = class_of(ingress) or (default[0] if len(default) == 1 else "")
    of_class = next((each for each in there if each.name == name), None)
    if of_class is not None:
        return of_class.spec.controller == RETIRED
    return not ingress.spec.ingress_class_name and name == _NAMED


def asks(ingress: Ingress, path: str = "") -> bool:
    """Whether its annotations make regular expressions of all paths of the host of this path."""
    said = ingress.annotations
    target = said.get(f"{PREFIX}rewrite-target", "")
    return said.get(f"{PREFIX}use-regex", "").lower() == "true" or bool(target and target != path)


def expressions(ingresses: Iterable[Ingress]) -> dict[str, list[Expression]]:
    """By host, where its paths are regular expressions: in the order in which they are tried. `ingresses` are those
    that ingress-nginx serves; canaries have no paths of their own."""
    by_host: dict[str, list[Expression]] = {}
    for ingress in sorted(ingresses, key=_age):
        for route in () if is_canary(ingress.annotations) else routes(ingress.spec):
            by_host.setdefault(route.host.lower(), []).append(Expression(ingress, route))
    return {host: _ordered(all_) for host, all_ in by_host.items() if any(asks(e.ingress, e.route.path) for e in all_)}


def _age(ingress: Ingress) -> tuple[bool, str, str, str]:
    """One that is not there yet is the youngest."""
    made = ingress.metadata.creation_timestamp
    return (made is None, made.isoformat() if made else "", ingress.namespace, ingress.name)


def _ordered(found: list[Expression]) -> list[Expression]:
    by_text = sorted(found, key=lambda each: each.route.path, reverse=True)  # stable, also when reversed
    return sorted(by_text, key=lambda each: -len(each.route.path))


def never_reached(ordered: list[Expression]) -> Iterator[tuple[Expression, Expression]]:
    """Each expression all of whose requests an earlier one takes and leads elsewhere, with that one. For sure: those
    that cannot be told are not among them."""
    # As `takes_all` of each pair, by looking up the beginnings of each: a host may have thousands of paths.
    open_, bound, odd = _Earlier(), _Earlier(), _Earlier()
    for number, later in enumerate(ordered):
        text = later.text
        stem, ends = _parted(text)
        found = odd.first([text])
        if not _alternates(text):
            beginnings = [text[:end] for end in range(len(text) + 1) if not text.startswith(_QUANTIFIERS, end)]
            slashed = [each[:-1] for each in beginnings if each.endswith("/")]
            found = min(found, open_.first(beginnings), bound.first([*slashed, *([stem] if ends else [])]))
        if found < number and ordered[found].same_backend != later.same_backend:
            yield later, ordered[found]
        index, key = (odd, text) if _is_odd(text, stem) else (bound if ends else open_, stem)
        index.places.setdefault(key, number)


class _Earlier:
    """Where an expression was tried first, by what tells what it takes."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def first(self, keys: Iterable[str]) -> int:
        """The place of the first of them; beyond all places where there is none."""
        return min((self.places[key] for key in keys if key in self.places), default=sys.maxsize)


def undecided(ordered: list[Expression]) -> Iterator[tuple[Expression, Expression]]:
    """Pairs of which nobody here can tell whether the second, tried first, takes all requests of the first."""
    earlier: list[tuple[str, Expression]] = []
    for later in ordered:
        literal = _literal(later.text)
        for own, first in earlier:
            meet = own.startswith(literal) or literal.startswith(own)
            if meet and first.same_backend != later.same_backend and not takes_all(first.text, later.text):
                yield later, first
        stem, _ = _parted(later.text)
        if _SPECIAL.search(stem):
            earlier.append((literal, later))


def takes_all(first: str, second: str) -> bool:
    """Whether whatever the second expression matches is surely matched by the first, each from the beginning."""
    (stem, bound), other = _parted(first), _parted(second)
    if _is_odd(first, stem) or _alternates(second):
        return first == second
    if not bound:
        return _goes_on(stem, second)
    return _goes_on(f"{stem}/", second) or (stem, True) == other


def _is_odd(text: str, stem: str) -> bool:
    """Whether it is not looked into: of such ones only the very same is known to be so."""
    return _alternates(text) or "$" in stem


@functools.lru_cache(maxsize=8192)
def _parted(text: str) -> tuple[str, bool]:
    """The expression without a usual end; True: what follows has to begin with a slash."""
    for end in _BOUND:
        if _ends(text, end):
            return text.removesuffix(end), True
    for end in _OPEN:
        if _ends(text, end):
            return text.removesuffix(end), False
    return text, False


def _ends(text: str, end: str) -> bool:
    return text.endswith(end) and not text.removesuffix(end).endswith("\\")


def _goes_on(stem: str, text: str) -> bool:
    """Whether the expression is this stem and something after it."""
    return text.startswith(stem) and not text[len(stem) :].startswith(_QUANTIFIERS)


@functools.lru_cache(maxsize=8192)
def _alternates(text: str) -> bool:
    """Whether a `|` stands outside of all groups: then the expression does not begin as it looks."""
    if _ODD_CLASS.search(text):
        return True  # not read any closer
    depth = 0
    for index, character in enumerate(text):
        if index and text[index - 1] == "\\":
            continue
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            return True
    return False


@functools.lru_cache(maxsize=8192)
def _literal(text: str) -> str:
    if _alternates(text):
        return ""
    found = _SPECIAL.search(text)
    if found is None:
        return text
    # What a quantifier stands behind need not be there.
    return text[: found.start() - 1 if found.group() in _QUANTIFIERS else found.start()]
