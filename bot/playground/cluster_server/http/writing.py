"""Who writes, how, and what is said of it beside the answer."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.people import User
from bot.playground.cluster_server.http import scaling
from bot.playground.cluster_server.http.requests import Target, manager_of
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.webhooks.asking import Asker, View, view_of

Object = dict[str, Any]

APPLY_PATCH = "application/apply-patch+yaml"
USER = web.RequestKey("user", User)
"""Who asks."""
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_LONGEST_MANAGER = 128


def writing_at(request: web.Request, target: Target, guard: Guard) -> Writing:
    """As `writing_of`, with what this user may not write at this place."""
    admit = partial(guard.check_grant, request[USER])
    return replace(
        writing_of(request), subresource=target.subresource, admit=admit, asker=asker_of(request, target)
    )  # fmt: skip


def writing_of(request: web.Request) -> Writing:
    """Who writes, by which name, and whether only to try. Raises 422."""
    query, causes = request.query, []
    if query.get("dryRun") not in (None, "", "All"):
        causes.append(statuses.unsupported("dryRun", query.getall("dryRun"), ("All",)))
    if len(query.get("fieldManager", "")) > _LONGEST_MANAGER:
        said = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
        causes.append(statuses.Cause("fieldManager", said, "FieldValueTooLong"))
    for place, mark in enumerate(query.get("fieldManager", "")):
        if unicodedata.category(mark).startswith("C"):
            said = f"invalid character U+{ord(mark):04X} (at position {place})"
            causes.append(statuses.Cause("fieldManager", f"Invalid value: {_quoted(query['fieldManager'])}: {said}"))
            break
    if "force" in query and request.method == "PATCH" and request.content_type != APPLY_PATCH:
        causes.append(statuses.forbidden_field("force", "may not be specified for non-apply patch"))
    if query.get("fieldValidation", "") not in ("", "Ignore", "Strict", "Warn"):
        choices = ("", "Ignore", "Strict", "Warn")
        causes.append(statuses.unsupported("fieldValidation", query["fieldValidation"], choices))
    if causes:
        raise statuses.unprocessable(_OPTIONS.get(request.method, ""), "meta.k8s.io", "", causes)
    manager = manager_of(query, request.headers.get("User-Agent", ""))
    return Writing(manager, query.get("dryRun") == "All")


def _quoted(text: str) -> str:
    """As Go quotes what cannot be printed."""
    shown = (f"\\x{ord(c):02x}" if unicodedata.category(c).startswith("C") else c for c in text)
    return '"' + "".join(shown) + '"'


def asker_of(request: web.Request, target: Target) -> Asker:
    """Who asks, as webhooks hear of it."""
    options: Object = {"dryRun": ["All"]} if request.query.get("dryRun") else {}
    options |= {name: request.query[name] for name in ("fieldManager", "fieldValidation") if request.query.get(name)}
    return Asker(request[USER].info(), options, _view(target))


def _view(target: Target) -> View:
    kind, name = target.kind, target.subresource
    view = view_of(kind)
    found = kind.subresource(name) if name else None
    if found is None or found.kind == kind.name:
        return view
    view = replace(
        view, shown_as=(found.group or kind.group, found.version or kind.version, found.kind), is_whole=False
    )
    if name != "scale":
        return view
    return replace(
        view, show=lambda obj: scaling.scale_of(obj, kind), read=lambda scale, obj: scaling.scaled(obj, scale, kind)
    )  # fmt: skip


@contextlib.contextmanager
def telling(warnings: list[str], by: Writing | Deleting) -> Iterator[None]:
    """What is warned of is told also when the write is refused."""
    try:
        yield
    except statuses.APIError as error:
        error.warnings = [*warnings, *by.warnings]
        raise
