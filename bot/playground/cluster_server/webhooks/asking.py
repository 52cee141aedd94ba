"""A request as webhooks hear of it: who wants what of which object, and how that object looks to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.cluster_server.objects import converting
from bot.playground.cluster_server.objects.kinds import Kind, Kinds

Object = dict[str, Any]
GroupVersionKind = tuple[str, str, str]

CREATE, UPDATE, DELETE, CONNECT = "CREATE", "UPDATE", "DELETE", "CONNECT"
OPTIONS = {CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions"}


def _same(obj: Object) -> Object:
    return obj


def _replaced(shown: Object, _: Object) -> Object:
    return shown


@dataclass(frozen=True, slots=True)
class View:
    """How the objects of a resource look through one version of it, or through one of its subresources."""

    resource: Kind
    shown_as: GroupVersionKind
    show: Callable[[Object], Object] = _same
    read: Callable[[Object, Object], Object] = _replaced
    """From what is shown, and the object as it is, to the object that is meant."""
    is_whole: bool = True
    """Whether what is shown is an object of the resource's own kind."""


def view_of(kind: Kind) -> View:
    """Through a version of the kind itself."""
    gvk = (kind.group, kind.version, kind.name)
    if kind.converted:
        return View(kind, gvk, lambda obj: converting.shown(obj, kind), lambda shown, _: converting.stored(shown))
    if kind.api_version == kind.stored_as:
        return View(kind, gvk)
    return View(
        kind, gvk, lambda obj: obj | {"apiVersion": kind.api_version},
        lambda shown, _: shown | {"apiVersion": kind.stored_as},
    )  # fmt: skip


def other_views(view: View, kinds: Kinds) -> Iterable[View]:
    """The same objects through the other versions, and groups, that serve them."""
    if not view.is_whole:
        return ()
    kind = view.resource
    return [view_of(row) for row in kinds.rows if row.resource == kind.resource and row is not kind]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and with which options: what webhooks are told of both."""

    user: Object
    options: Object = field(default_factory=dict)
    view: View | None = None
    """Through what the object is seen, where that is not the kind under which it is kept."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of one object."""

    asker: Asker
    view: View
    operation: str
    namespace: str
    name: str
    """Empty where none is known yet."""
    subresource: str = ""
    dry_run: bool = False
    warnings: list[str] = field(default_factory=list)
