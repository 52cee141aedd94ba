"""Patches of every kind: what is there is changed, and changed anew when somebody else was faster."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.http import answers, declaring, scaling
from bot.playground.cluster_server.http.answers import answer, answered
from bot.playground.cluster_server.http.bodies import PATCHED, STRATEGIC_PATCH, Bodies, read_body
from bot.playground.cluster_server.http.decoding import Unreadable
from bot.playground.cluster_server.http.parsing import duplicates, parsed_patch, parsed_yaml
from bot.playground.cluster_server.http.printing import printed
from bot.playground.cluster_server.http.requests import Form, Target, check_name, flag, form_of, other_name, where
from bot.playground.cluster_server.http.writing import APPLY_PATCH, telling, writing_at, writing_of
from bot.playground.cluster_server.objects.patching import json_patched, merge_patched, strategic_patched
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.schema import Node
from bot.playground.cluster_server.values import as_go, go_name_of

Object = dict[str, Any]
Answer = web.StreamResponse

_JSON_PATCH, _MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
_CONFLICT, _MOST_TRIES = 409, 6
T = TypeVar("T")


class Patches:
    """Changes of a part of an object, or of its scale."""

    def __init__(self, registry: Registry, guard: Guard, bodies: Bodies) -> None:
        self._registry = registry
        self._guard = guard
        self._bodies = bodies

    async def patch(self, request: web.Request, target: Target) -> Answer:
        form = form_of(request.headers.get("Accept", ""), request.query)
        if request.content_type == APPLY_PATCH:
            return await self._apply(request, target, form)
        if request.content_type not in (_JSON_PATCH, _MERGE_PATCH, STRATEGIC_PATCH):
            raise statuses.unsupported_media("415: Unsupported Media Type", {})
        if target.kind.custom and request.content_type == STRATEGIC_PATCH:
            accepted = ", ".join((_JSON_PATCH, _MERGE_PATCH, APPLY_PATCH))
            said = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
            raise statuses.unsupported_media(said)
        self._writing(request, target)
        patch = await self._said(request)
        return await self._retried(target, partial(self._patch_live, request, target, form, patch))

    async def _patch_live(self, request: web.Request, target: Target, form: Form, patch: Any, stored: Object) -> Answer:
        writing, live = self._writing(request, target), answers.versioned(stored, target.kind)
        patched = _patched(request.content_type, live, patch, target)
        try:
            obj, warnings = self._bodies.decoded(request, patched, target)
        except statuses.APIError as error:
            raise _unpatchable(error, request.content_type, patch, patched, target.kind.type) from error
        metadata = obj.get("metadata") or {}
        with telling(warnings, writing):
            check_name(metadata, target)
        if metadata.get("uid", live["metadata"]["uid"]) != live["metadata"]["uid"]:
            cause = statuses.invalid("metadata.uid", metadata["uid"], "field is immutable")
            raise statuses.unprocessable(target.kind.name, target.kind.group, target.name, [cause, cause])
        with telling(warnings, writing):
            updated = await self._registry.updating(*where(target), obj, writing)
        return self._answer(updated, target, form, 200, [*warnings, *writing.warnings])

    @staticmethod
    async def _said(request: web.Request) -> Any:
        """The patch, and beside it what it says twice, which is told of the object. Raises 400."""
        body, is_strategic = await request.read(), request.content_type == STRATEGIC_PATCH
        patch = parsed_patch(body, strategic=is_strategic)
        doubled = [f'duplicate field "{path}"' for path in duplicates(body)]
        if request.content_type == _JSON_PATCH:
            doubled = [f"json patch {said}" for said in doubled]
            operations = enumerate(patch) if isinstance(patch, list) else ()
            doubled += [
                f'json patch unknown field "[{number}].{name}"'
                for number, operation in operations
                for name in operation
                if isinstance(operation, dict) and name not in ("op", "path", "from", "value")
            ]
        request[PATCHED] = doubled
        return {} if patch is None and is_strategic else patch

    async def scale(self, request: web.Request, target: Target) -> Answer:
        kind = target.kind
        if request.method == "GET":
            return answered(scaling.scale_of(self._registry.get(*where(target)), kind))
        self._registry.get(*where(target))
        body = await read_body(request, scaling.SCALE) if request.method == "PUT" else await self._said(request)
        return await self._retried(target, partial(self._scale_live, request, target, body))

    async def _scale_live(self, request: web.Request, target: Target, body: Any, live: Object) -> Answer:
        kind, writing = target.kind, self._writing(request, target)
        scale, place = scaling.scale_of(live, kind), replace(target, kind=scaling.SCALE)
        changed = body if request.method == "PUT" else _patched(request.content_type, scale, body, place)
        try:
            wanted, warnings = self._bodies.decoded(request, changed, place)
        except statuses.APIError as error:
            if request.method == "PUT":
                raise
            raise _unpatchable(error, request.content_type, body, changed, scaling.SCALE.type) from error
        check_name(wanted.get("metadata") or {}, target)
        with telling(warnings, writing):
            written = await self._registry.updating(*where(target), scaling.scaled(live, wanted, kind), writing)
        return answered(scaling.scale_of(written, kind), 200, [*warnings, *writing.warnings])

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
            config, warnings = self._bodies.decoded(request, config, target)
        except statuses.APIError:
            if not kind.custom and not flag(request.query, "force"):
                self._registry.check_conflicts(kind, target.namespace, target.name, config, writing_of(request))
            raise
        given = (config.get("metadata") or {}).get("name") or target.name
        if given != target.name:
            raise statuses.bad_request(other_name(given, target.name))
        if (config.get("metadata") or {}).get("managedFields"):
            raise statuses.bad_request("metadata.managedFields must be nil")
        writing, force = self._writing(request, target), flag(request.query, "force")
        with telling(warnings, writing):
            obj, created = await self._registry.applying(
                kind, target.namespace, target.name, config, writing, force=force
            )  # fmt: skip
        return self._answer(obj, target, form, 201 if created else 200, [*warnings, *writing.warnings])

    async def _retried(self, target: Target, change: Callable[[Object], Awaitable[T]]) -> T:
        """Changes what is there, and does so anew when somebody else has changed it meanwhile."""
        for left in reversed(range(_MOST_TRIES)):
            live = self._registry.get(*where(target))
            try:
                return await change(live)
            except statuses.APIError as error:
                if error.code != _CONFLICT or not left or self._registry.find(*where(target)) is live:
                    raise
        raise AssertionError("the last try either gives something or raises")

    def _writing(self, request: web.Request, target: Target) -> Writing:
        return writing_at(request, target, self._guard)

    def _answer(self, obj: Object, target: Target, form: Form, status: int, warnings: list[str]) -> Answer:
        return answer(obj, target.kind, form, self._registry.clock(), status, warnings)


def _patched(patch_type: str, live: Object, patch: Any, target: Target) -> Any:
    """Raises 400, 422 and 500."""
    if patch_type == _JSON_PATCH:
        return json_patched(live, patch)
    if patch is None:
        raise statuses.bad_request("Invalid JSON Patch")
    if not isinstance(patch, dict):
        said = f"json: cannot unmarshal {go_name_of(patch)} into Go value of type map[string]interface {{}}"
        raise statuses.bad_request(said if patch_type == STRATEGIC_PATCH else f"error decoding patch: {said}")
    if patch_type != STRATEGIC_PATCH:
        return merge_patched(live, patch)
    head = {name: live[name] for name in ("kind", "apiVersion")}  # a struct is patched, whatever it is called
    return strategic_patched(live, patch, target.kind.type) | head


def _unpatchable(error: statuses.APIError, patch_type: str, patch: Any, patched: Any, node: Node) -> statuses.APIError:
    """What a patch makes of an object that is of a wrong type is said of the patch."""
    message = str(error.status["message"])
    _, strict, fields = message.partition("strict decoding error: ")
    other = re.search(r"(no kind \"[^\"]*\" is registered for version|converting) .*", message)
    if not strict and not other and not isinstance(error, Unreadable):
        return error
    said = error.said if isinstance(error, Unreadable) else f"{strict}{fields}" if strict else other[0] if other else ""
    shown = as_go(patch) if patch_type == STRATEGIC_PATCH else printed(patched, patch, node)
    return statuses.unprocessable("", "", "", [statuses.invalid("patch", shown, said)])
