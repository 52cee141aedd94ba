"""Bodies of requests: in which form they come, whether they are objects of their kind, and what they have too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.customs import definitions, resources
from bot.playground.cluster_server.http import declaring, wire
from bot.playground.cluster_server.http.answers import JSON
from bot.playground.cluster_server.http.decoding import decoded, restored
from bot.playground.cluster_server.http.parsing import duplicates, parsed_object, parsed_yaml
from bot.playground.cluster_server.http.requests import Target
from bot.playground.cluster_server.http.writing import APPLY_PATCH
from bot.playground.cluster_server.objects import converting
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Registry, rules_of

Object = dict[str, Any]

STRATEGIC_PATCH = "application/strategic-merge-patch+json"
SAID = web.RequestKey("said", bytes)
"""The body as it came, for the words of an error."""
PATCHED = web.RequestKey("patched", list)
"""What a patch says twice, or too much."""


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
    request[SAID] = body
    return found


class Bodies:
    """What requests carry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def decoded(self, request: web.Request, body: Object, target: Target) -> tuple[Object, list[str]]:
        """Checks that this is an object of this kind for this place, and what it has too much."""
        kind = target.kind
        if kind.custom:
            obj, unknown = resources.decoded(body, kind, request.get(SAID, b"").decode("utf-8", "replace"))
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
        if request.content_type == STRATEGIC_PATCH:
            obj, unknown = restored(body, kind)
        elif request.content_type == APPLY_PATCH:
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
        twice = duplicates(request[SAID]) if SAID in request and validation != "Ignore" else []
        fields = [*request.get(PATCHED, ()), *(f'duplicate field "{path}"' for path in twice)]
        fields += [f'unknown field "{path}"' for path in unknown]
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
            live = self._store.get(target.kind, target.namespace, target.name) if target.name else None
            known = definitions.warnings(live.obj) if live else []
            warnings = [*warnings, *(said for said in definitions.warnings(obj) if said not in known)]
        return obj, warnings
