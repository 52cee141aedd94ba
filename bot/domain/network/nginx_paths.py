"""Paths that ingress-nginx takes for regular expressions, in the order in which it tries them, and what can be known
for sure of two of them.

Once one Ingress of a host has `use-regex`, or a `rewrite-target` other than its path, ALL paths of the host are regular
expressions, whatever their type: they match the beginning, in any case of letters, the longest one first, and of two as
long the one that comes later in the alphabet
(https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/; in internal/ingress/controller the file
controller.go sorts the locations of a server, and buildLocation of template/template.go writes them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.network.ingresses import RETIRED, Route, class_of, default_classes, is_canary, routes
from bot.domain.network.snapshot import Ingress, IngressClass

_PREFIX = "nginx.ingress.kubernetes.io/"
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
    return of_class.spec.controller == RETIRED if of_class is not None else name == _NAMED


def asks(ingress: Ingress, path: str = "") -> bool:
    """Whether its annotations make regular expressions of all paths of the host of this path."""
    said = ingress.annotations
    target = said.get(f"{_PREFIX}rewrite-target", "")
    return said.get(f"{_PREFIX}use-regex", "").lower() == "true" or bool(target and target != path)


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
    for number, later in enumerate(ordered):
        for earlier in ordered[:number]:
            if takes_all(earlier.text, later.text):
                if earlier.same_backend != later.same_backend:
                    yield later, earlier
                break


def undecided(ordered: list[Expression]) -> Iterator[tuple[Expression, Expression]]:
    """Pairs of which nobody here can tell whether the second, tried first, takes all requests of the first."""
    for number, later in enumerate(ordered):
        for earlier in ordered[:number]:
            if earlier.same_backend == later.same_backend or takes_all(earlier.text, later.text):
                continue
            stem, _ = _parted(earlier.text)
            if _SPECIAL.search(stem) and _may_meet(earlier.text, later.text):
                yield later, earlier


def takes_all(first: str, second: str) -> bool:
    """Whether whatever the second expression matches is surely matched by the first, each from the beginning."""
    if _alternates(first) or _alternates(second):
        return first == second
    stem, bound = _parted(first)
    if "$" in stem:
        return first == second
    if not bound:
        return _goes_on(stem, second)
    return _goes_on(f"{stem}/", second) or (stem, True) == _parted(second)


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


def _may_meet(first: str, second: str) -> bool:
    """Whether their literal beginnings do not exclude that a path matches both."""
    one, other = _literal(first), _literal(second)
    return one.startswith(other) or other.startswith(one)


def _literal(text: str) -> str:
    if _alternates(text):
        return ""
    found = _SPECIAL.search(text)
    if found is None:
        return text
    # What a quantifier stands behind need not be there.
    return text[: found.start() - 1 if found.group() in _QUANTIFIERS else found.start()]
