"""From a request to an answer: what each method does at each place. Subresources have files of their own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.people import User
from bot.playground.cluster_server.customs import definitions, resources
from bot.playground.cluster_server.http import answers, declaring, listing, scaling, watching, wire
from bot.playground.cluster_server.http.decoding import Unreadable, decoded, restored
from bot.playground.cluster_server.http.parsing import duplicates, go_name_of, parsed, parsed_object, parsed_yaml
from bot.playground.cluster_server.http.requests import Form, Target, flag, form_of, manager_of
from bot.playground.cluster_server.objects import converting
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.patching import json_patched, merge_patched, strategic_patched
from bot.playground.cluster_server.objects.registry import Deleting, Registry, Writing, rules_of
from bot.playground.cluster_server.objects.store import Stored
from bot.playground.cluster_server.selectors import Matches, field_matches, label_matches
from bot.playground.cluster_server.values import as_go
from bot.playground.cluster_server.webhooks.asking import Asker, View, view_of

Object = dict[str, Any]
Answer = web.StreamResponse

JSON = "application/json"
_JSON_PATCH, _MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
_STRATEGIC_PATCH, _APPLY_PATCH = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
USER = web.RequestKey("user", User)
"""Who asks."""
_SAID = web.RequestKey("said", bytes)
"""The body as it came, for the words of an error."""
_encoder = msgspec.json.Encoder()
_CONFLICT, _MOST_TRIES = 409, 6
T = TypeVar("T")


def answered(obj: Any, status: int = 200, warnings: Iterable[str] = (), *, yaml: bool = False) -> web.Response:
    """Objects are written as JSON, unless YAML was asked for; bytes are JSON already."""
    if yaml:
        body, written = answers.as_yaml(obj), "application/yaml"
    else:
        body, written = obj if isinstance(obj, bytes) else _encoder.encode(obj), JSON
    response = web.Response(body=body, status=status, content_type=written)
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


class Handlers:
    """Reading and writing of objects."""

    def __init__(self, registry: Registry, guard: Guard) -> None:
        self._registry = registry
        self._store = registry.store
        self._guard = guard

    async def handle(self, request: web.Request, target: Target) -> Answer:
        """Raises APIError."""
        methods: dict[str, Callable[[web.Request, Target], Awaitable[Answer]]] = {
            "GET": self._read, "HEAD": self._read, "POST": self._create, "PUT": self._update, "PATCH": self._patch,
            "DELETE": self._delete,
        }  # fmt: skip
        if target.subresource == "scale" and request.method in ("GET", "PUT", "PATCH"):
            return await self._scale(request, target)
        method = methods.get(request.method)
        if method is None or not _allowed(request.method, target) or (request.method == "PUT" and not target.name):
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

    def _answer(self, obj: Object, kind: Kind, form: Form, status: int = 200, warnings: Iterable[str] = ()) -> Answer:
        shaped = answers.shaped(obj, kind, form, self._registry.clock())
        return answered(shaped, status, warnings, yaml=form.yaml)

    def _list(self, request: web.Request, target: Target, form: Form) -> Answer:
        query, kind = request.query, target.kind
        options = listing.options_of(query, watch=False)
        matches = selection(target, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        page = listing.page(self._store, kind, target.namespace, options, matches)
        return self._listed(page.found, kind, form, page.metadata)

    def _listed(self, found: list[Stored], kind: Kind, form: Form, metadata: Object) -> Answer:
        warnings = rules_of(kind).warn_always
        if form.name == "Table":
            now = self._registry.clock()
            table = answers.table((stored.obj for stored in found), kind, form, now, metadata)
            return answered(table, 200, warnings, yaml=form.yaml)
        if form.name:
            items = [answers.partial(stored.obj) for stored in found] or None
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            return answered(head | {"items": items}, 200, warnings, yaml=form.yaml)
        head = {"kind": kind.list_name, "apiVersion": kind.api_version, "metadata": metadata}
        if form.yaml:
            objects = [answers.versioned(stored.obj, kind) for stored in found]
            return answered(head | {"items": objects}, 200, warnings, yaml=True)
        if kind.custom:  # as the real one, which names kind and version in each element of these
            head["metadata"] = {"continue": ""} | metadata
            body = b",".join(_encoder.encode(answers.versioned(stored.obj, kind)) for stored in found)
        elif kind.converted:
            body = b",".join(answers.encoded_in_list(stored.obj, kind) for stored in found)
        else:
            body = b",".join(stored.encoded_in_list for stored in found)
        return answered(_encoder.encode(head)[:-1] + b',"items":[' + body + b"]}", 200, warnings)

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
        writing = self._writing(request, target)
        body = await read_body(request, target.kind)
        obj, warnings = self._decoded(request, body, target)
        form = form_of(request.headers.get("Accept", ""), request.query)
        kept = self._stored(target.kind)
        with _telling(warnings, writing):
            created = await self._registry.creating(kept, target.namespace, obj, writing)
        return self._answer(created, target.kind, form, 201, [*warnings, *writing.warnings])

    async def _update(self, request: web.Request, target: Target) -> Answer:
        writing = self._writing(request, target)
        kind, form = target.kind, form_of(request.headers.get("Accept", ""), request.query)
        obj, warnings = self._decoded(request, await read_body(request, kind), target)
        metadata = obj.get("metadata") or {}
        with _telling(warnings, writing):
            _check_name(metadata, target)
        if kind.created_by_update and not target.subresource and not self._store.get(*_where(target)):
            with _telling(warnings, writing):
                created = await self._registry.creating(kind, target.namespace, obj, writing)
            return self._answer(created, kind, form, 201, [*warnings, *writing.warnings])
        if kind.needs_revision and metadata.get("resourceVersion", "0") == "0":
            self._registry.get(*_where(target))
            cause = statuses.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise statuses.unprocessable(kind.plural, kind.group, target.name, [cause])
        with _telling(warnings, writing):
            updated = await self._registry.updating(*_where(target), obj, writing)
        return self._answer(updated, kind, form, 200, [*warnings, *writing.warnings])

    def _stored(self, kind: Kind) -> Kind:
        """The kind under which objects of this one are kept."""
        return self._registry.kinds.named("v1", kind.name) if kind.converted else kind

    async def _retried(self, target: Target, change: Callable[[Object], Awaitable[T]]) -> T:
        """Changes what is there, and does so anew when somebody else has changed it meanwhile."""
        for left in reversed(range(_MOST_TRIES)):
            live = self._registry.get(*_where(target))
            try:
                return await change(live)
            except statuses.APIError as error:
                if error.code != _CONFLICT or not left or self._registry.find(*_where(target)) is live:
                    raise
        raise AssertionError("the last try either gives something or raises")

    async def _patch(self, request: web.Request, target: Target) -> Answer:
        form = form_of(request.headers.get("Accept", ""), request.query)
        if request.content_type == _APPLY_PATCH:
            return await self._apply(request, target, form)
        if request.content_type not in (_JSON_PATCH, _MERGE_PATCH, _STRATEGIC_PATCH):
            raise statuses.unsupported_media("415: Unsupported Media Type", {})
        if target.kind.custom and request.content_type == _STRATEGIC_PATCH:
            accepted = ", ".join((_JSON_PATCH, _MERGE_PATCH, _APPLY_PATCH))
            said = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
            raise statuses.unsupported_media(said)
        self._writing(request, target)
        patch = parsed(await request.read(), target.kind.name)
        return await self._retried(target, partial(self._patch_live, request, target, form, patch))

    async def _patch_live(self, request: web.Request, target: Target, form: Form, patch: Any, stored: Object) -> Answer:
        writing, live = self._writing(request, target), answers.versioned(stored, target.kind)
        if request.content_type != _JSON_PATCH and not isinstance(patch, dict):
            found = go_name_of(patch)
            raise statuses.bad_request(
                f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
            )
        if request.content_type == _JSON_PATCH:
            patched = json_patched(live, patch)
        elif request.content_type == _MERGE_PATCH:
            patched = merge_patched(live, patch)
        else:
            patched = strategic_patched(live, patch, target.kind.type)
        try:
            obj, warnings = self._decoded(request, patched, target)
        except statuses.APIError as error:
            raise _unpatchable(error, request.content_type, patch, patched) from error
        metadata = obj.get("metadata") or {}
        with _telling(warnings, writing):
            _check_name(metadata, target)
        if metadata.get("uid", live["metadata"]["uid"]) != live["metadata"]["uid"]:
            cause = statuses.invalid("metadata.uid", metadata["uid"], "field is immutable")
            raise statuses.unprocessable(target.kind.name, target.kind.group, target.name, [cause])
        with _telling(warnings, writing):
            updated = await self._registry.updating(*_where(target), obj, writing)
        return self._answer(updated, target.kind, form, 200, [*warnings, *writing.warnings])

    async def _scale(self, request: web.Request, target: Target) -> Answer:
        kind = target.kind
        if request.method == "GET":
            return answered(scaling.scale_of(self._registry.get(*_where(target)), kind))
        self._registry.get(*_where(target))
        body = await read_body(request, kind) if request.method == "PUT" else parsed(await request.read(), kind.name)
        return await self._retried(target, partial(self._scale_live, request, target, body))

    async def _scale_live(self, request: web.Request, target: Target, body: Any, live: Object) -> Answer:
        kind, writing = target.kind, self._writing(request, target)
        scale = scaling.scale_of(live, kind)
        if request.content_type == _JSON_PATCH:
            wanted = json_patched(scale, body)
        else:
            wanted = body if request.method == "PUT" else merge_patched(scale, body)
        with _telling([], writing):
            written = await self._registry.updating(*_where(target), scaling.scaled(live, wanted, kind), writing)
        return answered(scaling.scale_of(written, kind), 200, writing.warnings)

    async def _apply(self, request: web.Request, target: Target, form: Form) -> Answer:
        if not request.query.get("fieldManager"):
            cause = statuses.required("fieldManager", "is required for apply patch")
            raise statuses.unprocessable("PatchOptions", "meta.k8s.io", "", [cause])
        kind = target.kind
        config = parsed_yaml(await request.read(), kind.name)
        if (config.get("apiVersion"), config.get("kind")) != (kind.api_version, kind.name):
            group, _, version = str(config.get("apiVersion") or "/").rpartition("/")
            said = f"{group}/{version}, Kind={config.get('kind') or ''}"
            raise statuses.bad_request(f"invalid object type: {said}")
        if not isinstance(config.get("metadata") or {}, dict) or not kind.custom:
            declaring.check(config, kind)
        try:
            config, warnings = self._decoded(request, config, target)
        except statuses.APIError:
            if not kind.custom and not flag(request.query, "force"):
                self._registry.check_conflicts(kind, target.namespace, target.name, config, writing_of(request))
            raise
        given = (config.get("metadata") or {}).get("name") or target.name
        if given != target.name:
            raise statuses.bad_request(_other_name(given, target.name))
        if (config.get("metadata") or {}).get("managedFields"):
            raise statuses.bad_request("metadata.managedFields must be nil")
        writing, force = self._writing(request, target), flag(request.query, "force")
        with _telling(warnings, writing):
            obj, created = await self._registry.applying(
                kind, target.namespace, target.name, config, writing, force=force
            )  # fmt: skip
        return self._answer(obj, kind, form, 201 if created else 200, [*warnings, *writing.warnings])

    async def _delete(self, request: web.Request, target: Target) -> Answer:
        deleting = await _deleting(request, target.kind)
        if not target.name:
            return await self._delete_collection(request, target, deleting)
        with _telling([], deleting):
            obj, gone = await self._registry.deleting(*_where(target), deleting)
        form = form_of(request.headers.get("Accept", ""), request.query)
        if not gone or target.kind.shown_when_gone:
            return self._answer(obj, target.kind, form, 200, deleting.warnings)
        metadata, kind = obj["metadata"], target.kind
        details: Object = {"name": metadata["name"]}
        if kind.group:
            details["group"] = kind.group
        success = statuses.success(details | {"kind": kind.plural, "uid": metadata["uid"]})
        return answered(success, 200, deleting.warnings)

    async def _delete_collection(self, request: web.Request, target: Target, deleting: Deleting) -> Answer:
        query = request.query
        matches = selection(target, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        found = [
            stored for stored in self._store.list(target.kind, target.namespace) if not matches or matches(stored.obj)
        ]
        deleting = replace(deleting, is_one_of_many=True)
        for stored in found:
            with _telling([], deleting):
                await self._registry.deleting(target.kind, *listing.place_of(stored), deleting)
        form = form_of(request.headers.get("Accept", ""), query)
        return self._listed(found, target.kind, form, {"resourceVersion": str(self._store.revision)})

    def _decoded(self, request: web.Request, body: Object, target: Target) -> tuple[Object, list[str]]:
        """Checks that this is an object of this kind for this place, and what it has too much."""
        kind = target.kind
        if kind.custom:
            obj, unknown = resources.decoded(body, kind, request.get(_SAID, b"").decode("utf-8", "replace"))
            return self._checked(request, obj, unknown, target)
        if body.get("kind", kind.name) != kind.name or body.get("apiVersion", kind.api_version) != kind.api_version:
            version = str(body.get("apiVersion", kind.api_version)).rpartition("/")[2]
            found = body.get("kind", kind.name)
            if not self._registry.kinds.of(body.get("apiVersion", kind.api_version), found):
                said = f'no kind "{found}" is registered for version "{body.get("apiVersion", kind.api_version)}"'
                raise statuses.bad_request(
                    f'{found} in version "{kind.version}" cannot be handled as a {kind.name}: '
                    f'{said} in scheme "pkg/runtime/scheme.go:111"'
                )
            package = f"{kind.group.partition('.')[0] or 'core'}.{kind.name}"
            raise statuses.bad_request(
                f'{found} in version "{version}" cannot be handled as a {kind.name}: '
                f"converting ({version}.{found}) to ({package}): unknown conversion"
            )
        if request.content_type == _STRATEGIC_PATCH:
            obj, unknown = restored(body, kind)
        elif request.content_type == _APPLY_PATCH:
            obj, unknown = declaring.converted(body, kind)
        else:
            obj, unknown = decoded(body, kind)
        if kind.converted:
            obj, target = converting.stored(obj), replace(target, kind=self._registry.kinds.named("v1", kind.name))
        return self._checked(request, obj, unknown, target)

    def _checked(
        self, request: web.Request, obj: Object, unknown: list[str], target: Target
    ) -> tuple[Object, list[str]]:
        kind = target.kind
        validation = request.query.get("fieldValidation") or "Warn"
        twice = duplicates(request[_SAID]) if _SAID in request and validation != "Ignore" else []
        fields = [f'duplicate field "{path}"' for path in twice] + [f'unknown field "{path}"' for path in unknown]
        if fields and validation == "Strict":
            said = "strict decoding error: " + ", ".join(fields)
            raise statuses.bad_request(
                f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}: {said}'
            )
        given = (obj.get("metadata") or {}).get("namespace")
        if given and kind.namespaced and given != target.namespace:
            said = "the namespace of the provided object does not match the namespace sent on the request"
            raise statuses.bad_request(said)
        warnings = fields if validation == "Warn" else []
        warnings = [*rules_of(kind).warn_always, *warnings]
        if kind.resource == (definitions.GROUP, definitions.PLURAL):
            live = self._store.get(*_where(target)) if target.name else None
            known = definitions.warnings(live.obj) if live else []
            warnings = [*warnings, *(said for said in definitions.warnings(obj) if said not in known)]
        return obj, warnings

    def _writing(self, request: web.Request, target: Target) -> Writing:
        admit = partial(self._guard.check_grant, request[USER])
        return replace(
            writing_of(request), subresource=target.subresource, admit=admit, asker=asker_of(request, target)
        )  # fmt: skip


@contextlib.contextmanager
def _telling(warnings: list[str], by: Writing | Deleting) -> Iterator[None]:
    """What is warned of is told also when the write is refused."""
    try:
        yield
    except statuses.APIError as error:
        error.warnings = [*warnings, *by.warnings]
        raise


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


_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_LONGEST_MANAGER = 128


def writing_of(request: web.Request) -> Writing:
    """Who writes, by which name, and whether only to try. Raises 422."""
    query, causes = request.query, []
    if query.get("dryRun") not in (None, "", "All"):
        causes.append(statuses.unsupported("dryRun", query.getall("dryRun"), ("All",)))
    if len(query.get("fieldManager", "")) > _LONGEST_MANAGER:
        said = f"Too long: may not be more than {_LONGEST_MANAGER} bytes"
        causes.append(statuses.Cause("fieldManager", said, "FieldValueTooLong"))
    if query.get("fieldValidation", "") not in ("", "Ignore", "Strict", "Warn"):
        choices = ("", "Ignore", "Strict", "Warn")
        causes.append(statuses.unsupported("fieldValidation", query["fieldValidation"], choices))
    if causes:
        raise statuses.unprocessable(_OPTIONS.get(request.method, ""), "meta.k8s.io", "", causes)
    manager = manager_of(query, request.headers.get("User-Agent", ""))
    return Writing(manager, query.get("dryRun") == "All")


def _allowed(method: str, target: Target) -> bool:
    if target.subresource not in ("", "status", "ephemeralcontainers", "resize", "finalize"):
        return False
    named = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    listed = named | {"GET": "list", "HEAD": "list", "DELETE": "deletecollection"}
    sub = target.kind.subresource(target.subresource)
    verbs = sub.verbs if sub else target.kind.verbs
    return (named if target.name else listed)[method] in verbs


def _check_name(metadata: Object, target: Target) -> None:
    """Raises 400 when an object that is to replace another does not have its name."""
    given = metadata.get("name", "")
    if not given:
        said = f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        raise statuses.bad_request(said)
    if given != target.name:
        raise statuses.bad_request(_other_name(given, target.name))


def _other_name(given: str, wanted: str) -> str:
    return f"the name of the object ({given}) does not match the name on the URL ({wanted})"


def _unpatchable(error: statuses.APIError, patch_type: str, patch: Any, patched: Any) -> statuses.APIError:
    """What a patch makes of an object that is of a wrong type is said of the patch."""
    message = str(error.status["message"])
    _, strict, fields = message.partition("strict decoding error: ")
    unknown = re.search(r"no kind \"[^\"]*\" is registered for version .*", message)
    if strict or unknown:
        said = f"{strict}{fields}" if strict else unknown[0] if unknown else ""
        shown = _encoder.encode(patched).decode()
        return statuses.unprocessable("", "", "", [statuses.invalid("patch", shown, said)])
    if not isinstance(error, Unreadable):
        return error
    shown = as_go(patch) if patch_type == _STRATEGIC_PATCH else _encoder.encode(patched).decode()
    return statuses.unprocessable("", "", "", [statuses.invalid("patch", shown, error.said)])


def _where(target: Target) -> tuple[Kind, str, str]:
    return target.kind, target.namespace, target.name


def selection(target: Target, labels: str, fields: str) -> Matches | None:
    """None: everything."""
    tests = [
        test
        for test in (label_matches(labels), field_matches(target.kind.name, fields, custom=bool(target.kind.custom)))
        if test
    ]
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)


async def read_body(request: web.Request, kind: Kind) -> Object:
    """Raises 415 or 400."""
    body = await request.read()
    if request.content_type == "application/yaml":
        return parsed_yaml(body, kind.name)
    if request.content_type == wire.CONTENT_TYPE and not kind.custom:
        return wire.decoded(body, kind)
    if request.content_type not in (JSON, "application/octet-stream"):
        accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        said = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        raise statuses.unsupported_media(said)
    found = parsed_object(body, kind.name)
    request[_SAID] = body
    return found


_PROPAGATIONS = ("Foreground", "Background", "Orphan", "nil")


async def _deleting(request: web.Request, kind: Kind) -> Deleting:
    """From the body, or from the query where there is none. Raises 400 and 422."""
    body, query = await request.read(), request.query
    said = (await read_body(request, kind)) if body else {}
    if said.get("kind", "DeleteOptions") != "DeleteOptions":
        wrong = f'no kind "{said["kind"]}" is registered for version "{said.get("apiVersion", "")}"'
        raise statuses.bad_request(f'{wrong} in scheme "pkg/runtime/scheme.go:111"')
    names = ("propagationPolicy", "gracePeriodSeconds")
    given: Object = said if body else {name: query[name] for name in names if name in query}
    if not body and "dryRun" in query:
        given["dryRun"] = query.getall("dryRun")
    conditions, propagation = given.get("preconditions") or {}, given.get("propagationPolicy") or ""
    orphans = given.get("orphanDependents", flag(query, "orphanDependents") or None)
    causes = []
    if orphans is not None and propagation:
        both = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(statuses.invalid("propagationPolicy", propagation, both))
    elif propagation not in ("", *_PROPAGATIONS[:3]):
        causes.append(statuses.unsupported("propagationPolicy", propagation, _PROPAGATIONS))
    dry_run: list[str] = given.get("dryRun") or query.getall("dryRun", []) or []
    if any(value != "All" for value in dry_run):
        causes.append(statuses.unsupported("dryRun", dry_run, ("All",)))
    if causes:
        raise statuses.unprocessable("DeleteOptions", "meta.k8s.io", "", causes)
    if orphans is not None:
        propagation = "Orphan" if orphans else "Background"
    grace = given.get("gracePeriodSeconds")
    try:
        seconds = None if grace is None else int(grace)
    except ValueError as error:
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{grace}": invalid syntax') from error
    return Deleting(
        bool(dry_run), conditions.get("uid") or "", conditions.get("resourceVersion") or "",
        propagation or kind.propagation, seconds, Asker(request[USER].info(), _told(given), view_of(kind)),
    )  # fmt: skip


def _told(given: Object) -> Object:
    """DeleteOptions as webhooks are told them."""
    return {name: value for name, value in given.items() if name not in ("kind", "apiVersion") and value is not None}
