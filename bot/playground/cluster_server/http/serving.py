"""The HTTP side: who may come in, which place a path names, and failures as Status objects.

The request path, in order: `serving` (`access`, path) → `handlers` (method, body) → `registry` (rules) → `store`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.reviews import Reviews, is_review
from bot.playground.cluster_server.access.tokens import Tokens
from bot.playground.cluster_server.http import describing
from bot.playground.cluster_server.http.answers import answered
from bot.playground.cluster_server.http.bodies import read_body
from bot.playground.cluster_server.http.disrupting import Disruptions
from bot.playground.cluster_server.http.handlers import Handlers
from bot.playground.cluster_server.http.requests import Target, UnknownPath, connect_options, target_of
from bot.playground.cluster_server.http.writing import USER, asker_of, writing_of
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.pods.podaccess import PodAccess
from bot.playground.cluster_server.webhooks.asking import CONNECT, CREATE, Asking

Object = dict[str, Any]

_log = logging.getLogger(__name__)
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_OPENAPI_WIRE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_HEALTH = ("healthz", "livez", "readyz")
_STREAMED = ("GET", "POST")
_BODY_BYTES = 3 * 1024 * 1024


class Serving:
    """One API server on one socket."""

    def __init__(self, registry: Registry, pods: PodAccess, guard: Guard, tokens: Tokens) -> None:
        self._registry = registry
        self._kinds = registry.kinds
        self._handlers = Handlers(registry, guard)
        self._pods = pods
        self._guard = guard
        self._reviews = Reviews(guard, registry.now)
        self._tokens = tokens
        self._disruptions = Disruptions(registry)
        self.address = ""

    def application(self) -> web.Application:
        application = web.Application(client_max_size=_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", self._serve)
        return application

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            request[USER] = self._guard.let_in(request)
            return await self._answer(request)
        except statuses.APIError as error:
            response = answered(error.status, error.code, error.warnings)
            response.headers.update(error.headers)
            return response
        except UnknownPath:
            if self._is_served_elsewhere(request.path):
                return web.Response(text="service unavailable\n", status=503)
            return web.Response(text="404 page not found\n", status=404)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:  # noqa: BLE001 - where a request starts: it is answered, whatever went wrong
            _log.exception("the API server failed at %s %s", request.method, request.path)
            said = "Internal error occurred: see the log of the playground"
            return answered(statuses.APIError(500, "InternalError", said).status, 500)

    def _is_served_elsewhere(self, path: str) -> bool:
        """Whether an APIService names a Service for this group and version: nothing here answers for those."""
        parts = path.strip("/").split("/")
        if len(parts) < 3 or parts[0] != "apis":
            return False
        kind = self._kinds.named("apiregistration.k8s.io/v1", "APIService")
        found = self._registry.find(kind, "", f"{parts[2]}.{parts[1]}")
        return found is not None and bool(found["spec"].get("service"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw_path = request.rel_url.raw_path
        parts = [part for part in raw_path.split("/") if part]
        if not parts or parts[0] not in ("api", "apis") or len(parts) < (3 if parts[0] == "api" else 4):
            return self._described(request, parts)
        target = target_of(raw_path, self._kinds)
        if is_review(target.kind) and request.method == "POST":
            asked, writing = await self._asked(request, target)
            return answered(self._reviews.answer(request[USER], target, asked, writing), 201, writing.warnings)
        match target.subresource:
            case "token" if request.method == "POST":
                asked, writing = await self._asked(request, target)
                return answered(self._tokens.answer(target, asked, writing), 201, writing.warnings)
            case "log":
                return await self._pods.log(request, target)
            case "proxy":
                await self._connected(request, target)
                return await self._pods.proxy(request, target)
            case "portforward" if request.method in _STREAMED:
                await self._connected(request, target)
                return await self._pods.port_forward(request, target)
            case "exec" | "attach" if request.method in _STREAMED:
                await self._connected(request, target)
                return await self._pods.run_in(request, target)
            case "eviction" if request.method == "POST":
                asked, writing = await self._asked(request, target)
                return answered(await self._disruptions.evict(target, asked, writing), 201, writing.warnings)
            case "binding" if request.method == "POST":
                asked = await read_body(request, target.kind)
                writing = replace(writing_of(request), asker=asker_of(request, target))
                return answered(await self._disruptions.bind(target, asked, writing), 201, writing.warnings)
        return await self._handlers.handle(request, target)

    async def _asked(self, request: web.Request, target: Target) -> tuple[Object, Writing]:
        """What is created without being stored, as the webhooks want it, and how."""
        asked, writing = await read_body(request, target.kind), writing_of(request)
        if self._registry.webhooks.are_any():
            name = target.name or (asked.get("metadata") or {}).get("name") or ""
            asked = await self._heard(request, target, CREATE, name, asked, writing)
        return asked, writing

    async def _connected(self, request: web.Request, target: Target) -> None:
        """Lets webhooks judge who wants a stream, or a proxy, to what."""
        if self._registry.webhooks.are_any():
            options = connect_options(target, request.query)
            await self._heard(request, target, CONNECT, target.name, options, Writing())

    async def _heard(
        self, request: web.Request, target: Target, operation: str, name: str, asked: Object, writing: Writing
    ) -> Object:
        asker = asker_of(request, target)
        assert asker.view is not None
        group, version, kind = asker.view.shown_as
        head: Object = {"kind": kind, "apiVersion": f"{group}/{version}" if group else version}
        shown = head | asked
        if "metadata" in shown and target.namespace:
            shown["metadata"] = shown["metadata"] | {"namespace": target.namespace}
        asking = Asking(
            asker, asker.view, operation, target.namespace, name, target.subresource, writing.dry_run, writing.warnings
        )  # fmt: skip
        return await self._registry.webhooks.admit(asking, shown)

    def _described(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        """What is not about objects."""
        pages: dict[tuple[str, ...], Callable[[], Any]] = {
            ("version",): lambda: describing.VERSION,
            ("openapi", "v2"): lambda: describing.openapi_v2(self._kinds),
            ("openapi", "v3"): lambda: describing.openapi_v3_index(self._kinds),
        }
        place = tuple(parts)
        if place == ("openapi", "v2") and "protobuf" in request.headers.get("Accept", "").split(",")[0]:
            return web.Response(body=describing.openapi_v2_wire(), content_type=_OPENAPI_WIRE)
        if page := pages.get(place):
            return answered(page())
        if place and place[0] in _HEALTH:
            return self._health(request, place[0])
        aggregated = _wants_aggregated(request)
        if place in (("api",), ("apis",)):
            if aggregated:
                found = describing.aggregated(self._kinds, core=place == ("api",))
                response = answered(found)
                response.headers["Content-Type"] = _AGGREGATED
                return response
            return answered(
                describing.core_versions(self.address) if place == ("api",) else describing.group_list(self._kinds)
            )
        match parts:
            case ["api", version]:
                return answered(describing.resource_list(self._kinds, "", version))
            case ["apis", group]:
                return answered({"kind": "APIGroup", "apiVersion": "v1"} | describing.group(self._kinds, group))
            case ["apis", group, version] if self._is_served_elsewhere(request.path):
                raise UnknownPath(request.path)
            case ["apis", group, version]:
                return answered(describing.resource_list(self._kinds, group, version))
            case ["openapi", "v3", "api", version]:
                return answered(describing.openapi_v3(self._kinds, "", version))
            case ["openapi", "v3", "apis", group, version]:
                return answered(describing.openapi_v3(self._kinds, group, version))
            case []:
                return answered({"paths": self._paths()})
        raise UnknownPath(request.path)

    def _paths(self) -> list[str]:
        groups = self._kinds.groups()
        found = [f"/apis/{name}/{version}" for name, versions in groups.items() if name for version in versions]
        found += [f"/apis/{name}" for name in groups if name]
        return sorted(
            [*found, "/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version", *(f"/{h}" for h in _HEALTH)]
        )

    def _health(self, request: web.Request, name: str) -> web.Response:
        if "verbose" not in request.query:
            return web.Response(text="ok")
        checks = "".join(f"[+]{check} ok\n" for check in ("ping", "log", "etcd", "informer-sync"))
        return web.Response(text=f"{checks}{name} check passed\n")


def _wants_aggregated(request: web.Request) -> bool:
    first = request.headers.get("Accept", "").split(",")[0].replace(" ", "")
    return "as=APIGroupDiscoveryList" in first and "v=v2" in first and "v=v2beta1" not in first
