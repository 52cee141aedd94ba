"""How a path of an Ingress, and what it is rewritten to, are said by an HTTPRoute.

ingress-nginx as it is, not as one would think (https://kubernetes.io/blog/2026/02/27/ingress-nginx-before-you-migrate/,
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/):

- Once one Ingress of a host has `use-regex` or a `rewrite-target`, ALL paths of the host are regular expressions that
  ignore case and need only match the beginning.
- Without, a path of type ImplementationSpecific is a plain prefix: `/app` takes `/application` too.
- A `rewrite-target` without a group sends everything below a path to that one target; one that equals the path does
  nothing.

Regular expressions are given so that implementations that match whole paths (Envoy) and those that search agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.domain.migration.gateway_api import LONGEST_PATH
from bot.domain.network.references import JSONObject

_SPECIAL = re.compile(r"[$()*+?\[\]{}^|\\]")
# What the definition of HTTPRoute takes in paths of type Exact and PathPrefix (CEL rules of `path`).
_PLAIN = re.compile(r"/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*")
_NEVER_PLAIN = re.compile(r"//|/\.\.?(/|$)|%2f|#", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Tail:
    """A usual end of a pattern that means "and all below"."""

    pattern: str
    group: int
    """Which group holds the rest of the path; 0: none."""
    slash: bool
    """Whether that rest begins with the slash."""
    needs_more: bool = False
    """The path itself, without anything below, did not match."""
    takes_more: bool = False
    """Names that only begin like it did match: `/appendix` for `/app`."""


_TAILS = (
    _Tail(r"(/|$)(.*)", 2, slash=False),
    _Tail(r"(|/)(.*)", 2, slash=False, takes_more=True),
    _Tail(r"(?:/|$)(.*)", 1, slash=False),
    _Tail(r"(/|$)", 0, slash=False),
    _Tail(r"(/(.*))?", 2, slash=False),
    _Tail(r"(?:/(.*))?", 1, slash=False),
    _Tail(r"(/.*)?", 1, slash=True),
    _Tail(r"(/.*|$)", 1, slash=True),
    _Tail(r"(/|$)(.+)", 2, slash=False, needs_more=True),
    _Tail(r"(/.*)", 1, slash=True, needs_more=True),
    _Tail(r"/?(.*)", 1, slash=False, takes_more=True),
    _Tail(r"(/?)(.*)", 2, slash=False, takes_more=True),
    _Tail(r"()(.*)", 2, slash=True, takes_more=True),
    _Tail(r"/(.*)", 1, slash=False, needs_more=True),
    _Tail(r"/(.+)", 1, slash=False, needs_more=True),
    _Tail(r"/.*", 0, slash=False, needs_more=True),
    _Tail(r"/.+", 0, slash=False, needs_more=True),
    _Tail(r"(.*)", 1, slash=True, takes_more=True),
    _Tail(r".*", 0, slash=False, takes_more=True),
)


@dataclass(frozen=True, slots=True)
class PathMatch:
    """What requests are taken, and what their path becomes."""

    type: str
    """`Exact`, `PathPrefix` or `RegularExpression`."""
    value: str
    rewrite: JSONObject | None = None
    """`path` of a URLRewrite filter."""
    differs: str = ""
    lost: str = ""
    """Why the rewriting, or (with an empty value) the path itself, cannot be said."""
    is_pattern: bool = False
    """It was taken for a regular expression, and would mean something else if it were not."""


def match_of(path: str, path_type: str, *, regex: bool, target: str = "") -> PathMatch:
    """`regex`: whether ingress-nginx takes it for a regular expression. `target`: its `rewrite-target`, or empty."""
    path = path or "/"
    if len(path) > LONGEST_PATH - len("(?i).*"):
        return PathMatch("", "", lost=f"a route takes paths of {LONGEST_PATH} characters at the most")
    if not regex:
        return _literal(path, path_type)
    if not _SPECIAL.search(path):
        return _rewritten(_literal(path, path_type, regex=True), path, target)
    return replace(_pattern(path, target), is_pattern=True)


def _literal(path: str, path_type: str, *, regex: bool = False) -> PathMatch:
    kind = "Exact" if path_type == "Exact" else "PathPrefix"
    if not _PLAIN.fullmatch(path) or _NEVER_PLAIN.search(path):
        ending = "" if kind == "Exact" else ".*"
        return PathMatch(
            "RegularExpression", re.escape(path) + ending, differs="a regular expression, as it has unusual characters"
        )
    if regex and path != "/":
        return PathMatch(
            kind,
            path,
            differs=f"{path} was matched as the beginning of paths in any case: {path.rstrip('/')}x no longer is",
        )
    if kind == "PathPrefix" and path_type != "Prefix" and not path.endswith("/"):
        return PathMatch(
            kind, path, differs=f"it took names that begin like it, such as {path}x, too; now only {path}/…"
        )
    return PathMatch(kind, path)


def _rewritten(match: PathMatch, path: str, target: str) -> PathMatch:
    """To one target, whatever the request: a path without groups, or a target that names none. What a group that is
    not there would hold is nothing, as in nginx."""
    if not target or target == path:
        return match
    fixed = re.sub(r"\$\d", "", target)
    if "$" in fixed or "?" in fixed or "#" in fixed or not fixed.startswith("/"):
        return _without(match, f"`{_shown(target)}` is more than a path")
    differs = (
        f"every request below {path} becomes {fixed}, as it did; if that was not meant, ReplacePrefixMatch "
        f"replaces the "
        "beginning alone"
    )
    return PathMatch(match.type, match.value, _full(fixed), "" if match.type == "Exact" else differs)


def _pattern(path: str, target: str) -> PathMatch:
    bare = path.removeprefix("^")
    ended = bare.endswith("$") and not bare.endswith("\\$")
    for tail in _TAILS:
        whole = bare.removesuffix("$") if ended else bare
        prefix = whole.removesuffix(tail.pattern)
        if prefix != whole and not _SPECIAL.search(prefix) and (not prefix or _PLAIN.fullmatch(prefix)):
            return _prefixed(path, prefix, tail, target)
    value = "(?i)" + bare + ("" if ended or re.search(r"\.[*+]\)?$", bare) else ".*")
    match = PathMatch("RegularExpression", value)
    if target and re.search(r"\$\d", target):
        return _without(
            match, f"only a prefix can be replaced: `{_shown(path)}` is rewritten to `{_shown(target)}` by its groups"
        )
    return _rewritten(match, path, target)


def _prefixed(path: str, prefix: str, tail: _Tail, target: str) -> PathMatch:
    """A pattern that means a prefix and all below: said so, which every implementation takes (and orders) alike."""
    value = prefix.rstrip("/") or "/"
    differs = ""
    if value != "/" and tail.needs_more:
        differs = f"{value} itself is taken too"
    elif value != "/" and tail.takes_more:
        differs = f"names that only begin like it, such as {value}x, are no longer taken"
    match = PathMatch("PathPrefix", value, differs=differs)
    if not target or target == path:
        return match
    said = re.fullmatch(r"([^$?#]*)\$(\d)", target)
    if said is None:
        return _rewritten(match, path, target) if "$" not in target else _without(match, _by_groups(path, target))
    to, group = said[1], int(said[2])
    slash = tail.slash and not prefix.endswith("/")
    if group != tail.group or not (slash or to.endswith("/")) or (to and not to.startswith("/")):
        return _without(match, _by_groups(path, target))
    replacement = to.rstrip("/") or "/"
    if replacement == value:
        return match
    return PathMatch("PathPrefix", value, {"type": "ReplacePrefixMatch", "replacePrefixMatch": replacement}, differs)


def _by_groups(path: str, target: str) -> str:
    return f"only a prefix can be replaced: `{_shown(path)}` is rewritten to `{_shown(target)}` by its groups"


def _without(match: PathMatch, why: str) -> PathMatch:
    return PathMatch(match.type, match.value, None, match.differs, why)


def _full(target: str) -> JSONObject:
    return {"type": "ReplaceFullPath", "replaceFullPath": target}


def _shown(value: str) -> str:
    """Not longer than a line, and without the mark that would end code."""
    value = value.replace("`", "'")
    return value if len(value) <= 80 else value[:79] + "…"
