"""The HTTP side: who may come in, which place a path names, and failures as Status objects.

The request path, in order: `serving` (`access`, path) → `handlers` (method, body) → `registry` (rules) → `store`.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.reviews import Reviews, is_review
from bot.playground.cluster_server.access.tokens import Tokens
from bot.playground.cluster_server.http.about import About
from bot.playground.cluster_server.http.answers import answered
from bot.playground.cluster_server.http.bodies import Bodies, read_body
from bot.playground.cluster_server.http.disrupting import Disruptions
from bot.playground.cluster_server.http.handlers import Handlers
from bot.playground.cluster_server.http.requests import Target, UnknownPath, connect_options, target_of
from bot.playground.cluster_server.http.writing import USER, asker_of, writing_of
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Registry, Writing
from bot.playground.cluster_server.pods.podaccess import PodAccess
from bot.playground.cluster_server.webhooks.asking import CONNECT, CREATE, Asking

Object = dict[str, Any]

_log = logging.getLogger(__name__)
_STREAMED = ("GET", "POST")
_BELOW = {
    "token": Kind("authentication.k8s.io", "v1", "tokenrequests", "", "TokenRequest", True, (),
                  type_name="authentication.v1.TokenRequest"),
    "eviction": Kind("policy", "v1", "evictions", "", "Eviction", True, (), type_name="policy.v1.Eviction"),
    "binding": Kind("", "v1", "bindings", "", "Binding", True, (), type_name="core.v1.Binding"),
}  # fmt: skip
"""What is created below an object."""
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
        self._about = About(self._kinds, tokens)
        self._bodies = Bodies(registry)

    @property
    def address(self) -> str:
        """Host and port, as discovery tells them."""
        return self._about.address

    @address.setter
    def address(self, address: str) -> None:
        self._about.address = address

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
            if len(parts) == 3 and self._is_served_elsewhere(request.path):
                raise UnknownPath(request.path)
            return self._about.answer(request, parts)
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
                asked, writing = await self._read(request, target)
                writing = replace(writing, asker=asker_of(request, target))
                return answered(await self._disruptions.bind(target, asked, writing), 201, writing.warnings)
        return await self._handlers.handle(request, target)

    async def _asked(self, request: web.Request, target: Target) -> tuple[Object, Writing]:
        """What is created without being stored, as the webhooks want it, and how."""
        asked, writing = await self._read(request, target)
        if self._registry.webhooks.are_any():
            name = target.name or (asked.get("metadata") or {}).get("name") or ""
            asked = await self._heard(request, target, CREATE, name, asked, writing)
        return asked, writing

    async def _read(self, request: web.Request, target: Target) -> tuple[Object, Writing]:
        kind, writing = _BELOW.get(target.subresource, target.kind), writing_of(request)
        body = await read_body(request, kind)
        if target.subresource == "eviction" and body.get("apiVersion") == "policy/v1beta1":
            body["apiVersion"] = "policy/v1"  # which is not served any more, and still read
        asked, warnings = self._bodies.decoded(request, body, replace(target, kind=kind))
        writing.warnings.extend(warnings)
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
