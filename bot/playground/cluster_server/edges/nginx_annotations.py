"""What annotations of ingress-nginx do to a request:
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/.

Here are those that change where a request goes: redirects, rewrites, regular expressions and canaries. Authentication,
limits, CORS and snippets are kept and do nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.playground.cluster_server.edges.ingress_rules import Met
from bot.playground.cluster_server.edges.ingress_rules import path_matches as plain_path_matches
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
PREFIX = "nginx.ingress.kubernetes.io/"
_LONGEST = 1024
"""Characters of a path that an expression is tried on."""
_GROUP = re.compile(r"\$(\d)")


def said(ingress: Object, name: str) -> str:
    return str(dig(ingress, "metadata", "annotations", PREFIX + name, default=""))


def is_canary(ingress: Object) -> bool:
    return said(ingress, "canary") == "true"


def path_matches(ingress: Object, entry: Object, path: str) -> bool:
    """With `use-regex` or a rewrite, a path is an expression from the beginning, in any case of letters."""
    if entry.get("pathType") == "Exact" or not _is_expression(ingress):
        return plain_path_matches(ingress, entry, path)
    return _found(entry, path) is not None


def rewritten(met: Met, path: str) -> str:
    """The path as the backend is asked for it."""
    target = said(met.ingress, "rewrite-target")
    if not target or not met.entry:
        return path
    found = _found(met.entry, path)
    if found is None:
        return target
    return _GROUP.sub(lambda group: _group(found, int(group.group(1))), target)


def sent_elsewhere(ingress: Object, path: str) -> tuple[int, str] | None:
    """Status and address of a redirect that an annotation asks for."""
    if to := said(ingress, "temporal-redirect"):
        return 302, to
    if to := said(ingress, "permanent-redirect"):
        code = said(ingress, "permanent-redirect-code")
        return int(code) if code in ("301", "302", "303", "307", "308") else 301, to
    if path == "/" and (to := said(ingress, "app-root")):
        return 302, to
    return None


def canary(
    ingresses: Iterable[Object], met: Met, host: str, headers: Mapping[str, str], cookies: Mapping[str, str], turn: int
) -> Met:
    """The canary of a rule where a request is for it, else the rule; `turn` counts requests, to keep shares."""
    for ingress in ingresses:
        for rule in ingress["spec"].get("rules") or ():
            for entry in dig(rule, "http", "paths", default=()) if (rule.get("host") or "") == host else ():
                same = entry.get("path") == met.entry.get("path")
                if same and is_canary(ingress) and _is_for(ingress, headers, cookies, turn):
                    return Met(ingress, entry["backend"], entry)
    return met


def _is_for(ingress: Object, headers: Mapping[str, str], cookies: Mapping[str, str], turn: int) -> bool:
    """Header first, then cookie, then weight."""
    if name := said(ingress, "canary-by-header"):
        value, wanted = headers.get(name, ""), said(ingress, "canary-by-header-value")
        if wanted:
            if value == wanted:
                return True
        elif value in ("always", "never"):
            return value == "always"
    if (name := said(ingress, "canary-by-cookie")) and cookies.get(name) in ("always", "never"):
        return cookies[name] == "always"
    weight, total = said(ingress, "canary-weight"), said(ingress, "canary-weight-total")
    if not weight.isdecimal():
        return False
    return turn % max(int(total) if total.isdecimal() else 100, 1) < int(weight)


def _is_expression(ingress: Object) -> bool:
    return said(ingress, "use-regex") == "true" or bool(said(ingress, "rewrite-target"))


def _found(entry: Object, path: str) -> re.Match[str] | None:
    try:
        return re.match(entry.get("path") or "/", path[:_LONGEST], re.IGNORECASE)
    except re.error:
        return None


def _group(found: re.Match[str], number: int) -> str:
    return (found.group(number) or "") if number <= (found.re.groups or 0) else ""
