"""From a request to an answer: what each method does at each place. Subresources have files of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.http import answers, listing, watching
from bot.playground.cluster_server.http.answers import JSON, answer, answered, listed
from bot.playground.cluster_server.http.bodies import Bodies, read_body
from bot.playground.cluster_server.http.deleting import Deletions
from bot.playground.cluster_server.http.patching import Patches
from bot.playground.cluster_server.http.requests import Form, Target, check_name, flag, form_of, selection, where
from bot.playground.cluster_server.http.writing import telling, writing_at
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Registry, rules_of

Object = dict[str, Any]
Answer = web.StreamResponse


class Handlers:
    """Reading and writing of objects."""

    def __init__(self, registry: Registry, guard: Guard) -> None:
        self._registry = registry
        self._store = registry.store
        self._guard = guard
        self._bodies = Bodies(registry)
        self._patches = Patches(registry, guard, self._bodies)
        self._deletions = Deletions(registry)

    async def handle(self, request: web.Request, target: Target) -> Answer:
        """Raises APIError."""
        methods: dict[str, Callable[[web.Request, Target], Awaitable[Answer]]] = {
            "GET": self._read, "POST": self._create, "PUT": self._update, "PATCH": self._patches.patch,
            "DELETE": self._deletions.delete,
        }  # fmt: skip
        if target.subresource == "scale" and request.method in ("GET", "PUT", "PATCH"):
            return await self._patches.scale(request, target)
        method = methods.get(request.method)
        if method is None or not _allowed(request.method, target):
            raise statuses.method_not_allowed()
        try:
            return await method(request, target)
        except statuses.APIError as error:
            error.warnings = error.warnings or rules_of(target.kind).warn_always
            raise

    async def _read(self, request: web.Request, target: Target) -> Answer:
        query = request.query
        form = form_of(request.headers.get("Accept", ""), query)
        if not target.name:
            return (
                await self._watch(request, target, form) if flag(query, "watch") else self._list(request, target, form)
            )
        stored = self._store.get(target.kind, target.namespace, target.name)
        if stored is None:
            raise statuses.not_found(target.kind.plural, target.kind.group, target.name)
        warnings = rules_of(target.kind).warn_always
        if form == Form() and stored.obj["apiVersion"] == target.kind.api_version:
            return answered(stored.encoded, 200, warnings)
        return self._answer(stored.obj, target.kind, form, 200, warnings)

    def _list(self, request: web.Request, target: Target, form: Form) -> Answer:
        query, kind = request.query, target.kind
        options = listing.options_of(query, watch=False)
        matches = selection(target, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        page = listing.page(self._store, kind, target.namespace, options, matches)
        return listed(page.found, kind, form, self._registry.clock(), page.metadata)

    async def _watch(self, request: web.Request, target: Target, form: Form) -> Answer:
        query = request.query
        options = listing.options_of(query, watch=True)
        revision = None if options.initial_events or not options.revision else options.revision
        matches = selection(target, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        watched = watching.Watched(
            target.kind, target.namespace, target.name, matches or (lambda _: True), revision,
            flag(query, "allowWatchBookmarks"), options.initial_events,
            options.timeout_seconds or watching.default_timeout(),
            lambda obj: answers.shaped(obj, target.kind, form, self._registry.clock()),
        )  # fmt: skip
        response = web.StreamResponse(headers={"Content-Type": JSON})
        for warning in rules_of(target.kind).warn_always:
            response.headers.add("Warning", f'299 - "{warning}"')
        await response.prepare(request)
        async for lines in watching.events(self._store, watched):
            await response.write(lines)
        await response.write_eof()
        return response

    async def _create(self, request: web.Request, target: Target) -> Answer:
        if target.name:
            raise statuses.method_not_allowed()
        writing = writing_at(request, target, self._guard)
        body = await read_body(request, target.kind)
        obj, warnings = self._bodies.decoded(request, body, target)
        form = form_of(request.headers.get("Accept", ""), request.query)
        kept = self._stored(target.kind)
        with telling(warnings, writing):
            created = await self._registry.creating(kept, target.namespace, obj, writing)
        return self._answer(created, target.kind, form, 201, [*warnings, *writing.warnings])

    async def _update(self, request: web.Request, target: Target) -> Answer:
        writing = writing_at(request, target, self._guard)
        kind, form = target.kind, form_of(request.headers.get("Accept", ""), request.query)
        obj, warnings = self._bodies.decoded(request, await read_body(request, kind), target)
        metadata = obj.get("metadata") or {}
        with telling(warnings, writing):
            check_name(metadata, target)
        if kind.created_by_update and not target.subresource and not self._store.get(*where(target)):
            with telling(warnings, writing):
                created = await self._registry.creating(kind, target.namespace, obj, writing)
            return self._answer(created, kind, form, 201, [*warnings, *writing.warnings])
        if kind.needs_revision and metadata.get("resourceVersion", "0") == "0":
            self._registry.get(*where(target))
            cause = statuses.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise statuses.unprocessable(kind.plural, kind.group, target.name, [cause])
        with telling(warnings, writing):
            updated = await self._registry.updating(*where(target), obj, writing)
        return self._answer(updated, kind, form, 200, [*warnings, *writing.warnings])

    def _stored(self, kind: Kind) -> Kind:
        """The kind under which objects of this one are kept."""
        return self._registry.kinds.named("v1", kind.name) if kind.converted else kind

    def _answer(self, obj: Object, kind: Kind, form: Form, status: int = 200, warnings: Iterable[str] = ()) -> Answer:
        return answer(obj, kind, form, self._registry.clock(), status, warnings)


def _allowed(method: str, target: Target) -> bool:
    if method in ("PUT", "PATCH") and not target.name:
        return False
    if target.subresource not in ("", "status", "ephemeralcontainers", "resize", "finalize"):
        return False
    named = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    listed = named | {"GET": "list", "HEAD": "list", "DELETE": "deletecollection"}
    sub = target.kind.subresource(target.subresource)
    verbs = sub.verbs if sub else target.kind.verbs
    return (named if target.name else listed)[method] in verbs
