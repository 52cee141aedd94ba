"""A controller as HTTP hears it: the rule that a request meets, what the rule does to it, and the pod's answer.

HTTP/1.1 alone. Bodies are bounded both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from bot.playground.cluster_server.edges import filters, gateway_rules, ingress_rules, nginx_annotations
from bot.playground.cluster_server.edges.attaching import Attaching
from bot.playground.cluster_server.edges.contract import Running
from bot.playground.cluster_server.edges.recognising import Edges
from bot.playground.cluster_server.fabric.backends import Backends

Object = dict[str, Any]
_TEXT = {404: "404 page not found\n", 500: "no backend\n", 502: "Bad Gateway\n", 503: "no available server\n"}
_OF_ONE_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "content-length",
}  # fmt: skip
"""Headers that a proxy does not pass on (RFC 9110, section 7.6.1)."""
_SECONDS = 30.0
_MOST_BYTES = 4 << 20
"""Of an answer that is passed on."""


class Answering:
    """Answers requests that have reached a controller's port."""

    def __init__(self, edges: Edges, backends: Backends) -> None:
        self._edges = edges
        self._attaching = Attaching(edges.registry)
        self._backends = backends
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def respond(self, request: web.BaseRequest, name: str, ports: frozenset[int], *, tls: bool) -> web.Response:
        """`name` is that of the controller's workload; it is looked up anew, with all that it serves."""
        running = self._edges.named(name)
        if running is None:
            return _said(503)
        asked = gateway_rules.Asked(
            _host(request), request.path, request.method, CIMultiDict(request.headers), dict(request.query)
        )
        if met := self._met_route(running, ports, asked, tls=tls):
            return await self._by_route(request, met, asked, tls=tls)
        if running.ingress_controller:
            return await self._by_ingress(request, running, asked, tls=tls)
        return _said(404)

    def _met_route(
        self, running: Running, ports: frozenset[int], asked: gateway_rules.Asked, *, tls: bool
    ) -> gateway_rules.Met | None:
        protocol = "HTTPS" if tls else "HTTP"
        found = [each for each in self._attaching.listeners(running, ports) if each[1]["protocol"] == protocol]
        best = gateway_rules.nearest([listener for _, listener in found], asked.host)
        routes = [
            (listener, route)
            for gateway, listener in found
            if listener in best
            for route in self._attaching.attached(gateway, listener, "HTTPRoute", "GRPCRoute")
        ]
        return gateway_rules.met(routes, asked)

    async def _by_route(
        self, request: web.BaseRequest, met: gateway_rules.Met, asked: gateway_rules.Asked, *, tls: bool
    ) -> web.Response:
        if filters.unknown(met.rule):
            return _said(500)
        scheme = "https" if tls else "http"
        if sent := filters.redirect(met, scheme, asked.host, asked.path, request.query_string):
            return web.Response(status=sent[0], headers={"Location": sent[1]})
        local, status = await self._backends.of_rule(met.route, met.rule, met.number)
        if not local:
            return _said(status)
        host, path = filters.rewritten(met, request.host, asked.path)
        headers = _passed_on(request, host, tls=tls)
        filters.change_request_headers(met.rule, headers)
        answer = await self._asked(request, local, path, headers)
        filters.change_response_headers(met.rule, answer.headers)
        return answer

    async def _by_ingress(
        self, request: web.BaseRequest, running: Running, asked: gateway_rules.Asked, *, tls: bool
    ) -> web.Response:
        edge = running.edge
        found = [each for each in self._edges.ingresses(running) if _is_served(running, each, asked.host, tls=tls)]
        plain = [each for each in found if not (edge.annotated and nginx_annotations.is_canary(each))]
        matches = nginx_annotations.path_matches if edge.annotated else ingress_rules.path_matches
        met = ingress_rules.met(plain, asked.host, asked.path, matches, further=edge.looks_further)
        if met is None:
            return _said(404)
        if sent := self._sent(request, running, met, asked, tls=tls):
            return web.Response(status=sent[0], headers={"Location": sent[1]})
        path = asked.path
        if edge.annotated:
            turn = self._backends.turn(met.ingress["metadata"]["uid"], 0)
            met = nginx_annotations.canary(found, met, asked.host, asked.headers, request.cookies, turn)
            path = nginx_annotations.rewritten(met, path)
        local, status = await self._backends.of_ingress(met.ingress, met.backend, edge.without_service)
        if not local:
            return _said(status)
        return await self._asked(request, local, path, _passed_on(request, request.host, tls=tls))

    @staticmethod
    def _sent(
        request: web.BaseRequest, running: Running, met: ingress_rules.Met, asked: gateway_rules.Asked, *, tls: bool
    ) -> tuple[int, str] | None:
        """Where an Ingress sends the client instead."""
        if not tls:
            forced = running.edge.annotated and nginx_annotations.said(met.ingress, "force-ssl-redirect") == "true"
            has_tls = ingress_rules.tls_of(met.ingress, asked.host) is not None
            code = running.edge.redirect(running, met.ingress) if has_tls else 0
            if code or forced:
                return code or 308, f"https://{asked.host}{request.path_qs}"
        return nginx_annotations.sent_elsewhere(met.ingress, asked.path) if running.edge.annotated else None

    async def _asked(self, request: web.BaseRequest, local: int, path: str, headers: CIMultiDict[str]) -> web.Response:
        """The pod's answer, as the client is given it."""
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                timeout=aiohttp.ClientTimeout(total=_SECONDS),
            )  # fmt: skip
        query = f"?{request.query_string}" if request.query_string else ""
        body = await request.read()
        url = f"http://127.0.0.1:{local}{path}{query}"
        try:
            async with self._client.request(
                request.method, url, headers=headers, data=body or None, allow_redirects=False
            ) as reply:
                data = await _bounded(reply)
                if data is None:
                    return _said(502)
                kept = [(name, value) for name, value in reply.headers.items() if name.lower() not in _OF_ONE_HOP]
                return web.Response(status=reply.status, headers=CIMultiDict(kept), body=data)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return _said(502)


async def _bounded(reply: aiohttp.ClientResponse) -> bytes | None:
    """The body; None: it is too large."""
    found = bytearray()
    async for piece in reply.content.iter_any():
        found += piece
        if len(found) > _MOST_BYTES:
            return None
    return bytes(found)


def _is_served(running: Running, ingress: Object, host: str, *, tls: bool) -> bool:
    edge = running.edge
    return edge.serves_tls(running, ingress, host) if tls else edge.serves_plain(running, ingress)


def _host(request: web.BaseRequest) -> str:
    """Without the port, in small letters."""
    host = request.host
    return (host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]).lower()


def _passed_on(request: web.BaseRequest, host: str, *, tls: bool) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in _OF_ONE_HOP
    )
    told: Mapping[str, str] = {
        "Host": host, "X-Forwarded-For": request.remote or "", "X-Forwarded-Host": request.host,
        "X-Forwarded-Proto": "https" if tls else "http",
    }  # fmt: skip
    headers.update(told)
    return headers


def _said(status: int) -> web.Response:
    return web.Response(status=status, text=_TEXT.get(status, f"{status}\n"))
