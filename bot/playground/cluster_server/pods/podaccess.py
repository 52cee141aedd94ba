"""What goes through the API server into pods, worded as a real 1.36 does it: logs and the HTTP proxy. What is a stream
in both directions is in `executing` and `forwarding`."""

from __future__ import annotations

import asyncio
import datetime
import itertools
from typing import Any

import aiohttp
from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.http.requests import Target, flag
from bot.playground.cluster_server.objects.registry import Registry
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.pods import executing, forwarding
from bot.playground.cluster_server.pods.programs import Refused, Sockets, containers_of, log_lines, status_of
from bot.playground.cluster_server.rules.services import EXTERNAL_NAME
from bot.playground.cluster_server.values import dig
from bot.playground.cluster_server.webhooks.calling import Unreachable

Object = dict[str, Any]

_KEPT = ("Content-Type", "Content-Encoding", "Location", "Set-Cookie", "WWW-Authenticate", "Retry-After")
_DROPPED = {"authorization", "host", "connection", "upgrade", "transfer-encoding", "content-length", "accept-encoding"}
_DIAL_SECONDS = 30.0


class PodAccess:
    """The subresources of pods and Services that carry bytes."""

    def __init__(self, registry: Registry, sockets: Sockets) -> None:
        self._registry = registry
        self._sockets = sockets
        self._pods = registry.kinds.named("v1", "Pod")
        self._endpoints = registry.kinds.named("v1", "Endpoints")
        self._services = registry.kinds.named("v1", "Service")
        self._turn = itertools.count()
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def log(self, request: web.Request, target: Target) -> web.StreamResponse:
        pod = self._registry.get(self._pods, target.namespace, target.name)
        query = request.query
        _check_options(query, pod)
        container = self._container(pod, query.get("container", ""))
        tail, limit, since = (
            _count(query.get(name), name, pod) for name in ("tailLines", "limitBytes", "sinceSeconds")
        )
        oldest = _time(query.get("sinceTime", ""))
        if since is not None:
            oldest = self._registry.clock() - datetime.timedelta(seconds=since)
        previous = flag(query, "previous")
        self._check_started(pod, container, previous=previous)
        lines = self._lines(pod, container, previous=previous)
        if oldest is not None:
            lines = [line for line in lines if line[0] >= oldest]
        if tail is not None:
            lines = lines[-tail:] if tail else []
        stamped = flag(query, "timestamps")
        data = _text(lines, stamped=stamped)
        data = data if limit is None else data[:limit]
        if not flag(query, "follow"):
            return web.Response(body=data, headers={"Content-Type": "text/plain"})
        return await self._followed(request, pod, container, data, stamped=stamped)

    def _lines(self, pod: Object, container: str, *, previous: bool = False) -> list[tuple[datetime.datetime, str]]:
        said = next(found for found in containers_of(pod) if found["name"] == container)
        return log_lines(self._sockets.program_of(said, pod), pod, container, previous)

    async def _followed(
        self, request: web.Request, pod: Object, container: str, data: bytes, *, stamped: bool
    ) -> web.StreamResponse:
        """What there is, then what comes, until the container ends, the pod is gone or the client goes."""
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(data)
        changed, uid = asyncio.Event(), pod["metadata"]["uid"]
        last: list[Change] = []

        def hear(change: Change) -> None:
            if change.resource == self._pods.resource and change.obj["metadata"]["uid"] == uid:
                last[:] = [change]
                changed.set()

        told = len(self._lines(pod, container))
        unsubscribe = self._registry.store.subscribe(hear)
        try:
            while "terminated" not in status_of(pod, container).get("state", {}):
                await changed.wait()
                changed.clear()
                pod = last[0].obj
                lines = self._lines(pod, container)
                await response.write(_text(lines[told:], stamped=stamped))
                told = max(told, len(lines))
                if last[0].type == "DELETED":
                    break
        finally:
            unsubscribe()
        await response.write_eof()
        return response

    def _container(self, pod: Object, asked: str) -> str:
        names = [container["name"] for container in containers_of(pod)]
        name = pod["metadata"]["name"]
        if asked and asked not in names:
            raise statuses.bad_request(f"container {asked} is not valid for pod {name}")
        if not asked and len(names) > 1:
            default = dig(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container")
            if default in names:
                return str(default)
            listed = " ".join(names)
            said = f"a container name must be specified for pod {name}, choose one of: [{listed}]"
            raise statuses.bad_request(said)
        return asked or str(names[0])

    def _check_started(self, pod: Object, container: str, *, previous: bool) -> None:
        status = status_of(pod, container)
        name = pod["metadata"]["name"]
        if previous:
            if not dig(status, "lastState", "terminated"):
                raise statuses.bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
            return
        reason = dig(status, "state", "waiting", "reason", default="" if status else "ContainerCreating")
        if not reason or dig(status, "lastState", "terminated"):
            return
        why = "trying and failing to pull image" if reason in ("ErrImagePull", "ImagePullBackOff") else reason
        raise statuses.bad_request(f'container "{container}" in pod "{name}" is waiting to start: {why}')

    async def proxy(self, request: web.Request, target: Target) -> web.StreamResponse:
        """HTTP through the API server to a pod, or to one of the ready pods of a Service."""
        if not target.rest:
            return web.Response(status=301, headers={"Location": request.path + "/"})
        scheme, name, port = _split(target.name)
        if target.kind.name == "Pod":
            pod = self._registry.get(self._pods, target.namespace, name)
            number = int(port) if port.isdecimal() else _first_port(pod)
        else:
            pod, number = self._endpoint(target.namespace, target.name, name, port)
        try:
            local = await self._sockets.dial(pod, number)
        except Refused as error:
            raise statuses.unavailable(f"error trying to reach service: {error}") from error
        if scheme == "https" and not self._sockets.speaks_tls(pod, number):
            said = "error trying to reach service: tls: first record does not look like a TLS handshake"
            raise statuses.unavailable(said)
        return await self._forwarded(request, target, local, scheme)

    async def _forwarded(self, request: web.Request, target: Target, local: int, scheme: str) -> web.StreamResponse:
        """Certificates are not looked at, as the API server does not."""
        if self._client is None:
            self._client = aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                timeout=aiohttp.ClientTimeout(total=_DIAL_SECONDS),
            )  # fmt: skip
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        query = f"?{request.query_string}" if request.query_string else ""
        url = f"{scheme}://127.0.0.1:{local}{target.rest}{query}"
        body = await request.read()
        try:
            async with self._client.request(
                request.method, url, headers=headers, data=body or None, allow_redirects=False, ssl=False
            ) as reply:
                kept = {name: reply.headers[name] for name in _KEPT if name in reply.headers}
                return web.Response(status=reply.status, headers=kept, body=await reply.read())
        except aiohttp.ClientResponseError as error:
            said = "net/http: HTTP/1.x transport connection broken: malformed HTTP response"
            raise statuses.unavailable(f"error trying to reach service: {said}") from error
        except aiohttp.ServerDisconnectedError as error:
            raise statuses.unavailable("error trying to reach service: EOF") from error
        except aiohttp.ClientError as error:
            raise statuses.unavailable(f"error trying to reach service: {error}") from error

    def _endpoint(self, namespace: str, asked: str, name: str, port: str) -> tuple[Object, int]:
        """One of the ready pods behind a Service's port, each in its turn. Raises 404 and 503."""
        service = self._registry.get(self._services, namespace, name)
        port_name = port
        if port.isdecimal():
            found = [said for said in service["spec"].get("ports") or () if said["port"] == int(port)]
            if not found:
                raise statuses.unavailable(f'no service port {port} found for service "{name}"')
            port_name = found[0].get("name", "")
        endpoints = self._registry.find(self._endpoints, namespace, name)
        if endpoints is None:  # the real one says so too of a Service without selector
            raise statuses.not_found("services", "", name)
        if not endpoints.get("subsets"):
            raise statuses.unavailable(f'no endpoints available for service "{name}"')
        choices = [
            (address, said["port"])
            for subset in endpoints["subsets"]
            for said in subset.get("ports") or ()
            for address in subset.get("addresses") or ()
            if said.get("name", "") == port_name
        ]
        if not choices:
            raise statuses.unavailable(f'no endpoints available for service "{asked}"')
        address, number = choices[next(self._turn) % len(choices)]
        return self._registry.get(self._pods, namespace, address["targetRef"]["name"]), number

    async def reach(self, namespace: str, name: str, port: int) -> int:
        """The port on 127.0.0.1 that stands for one of a Service. Raises Unreachable."""
        service = self._registry.find(self._services, namespace, name)
        if service is None:
            raise Unreachable(f'service "{name}" not found')
        spec = service["spec"]
        if spec["type"] == EXTERNAL_NAME:
            raise Unreachable(f"dial tcp: lookup {spec.get('externalName')}: no such host")
        if spec.get("clusterIP") == "None":
            raise Unreachable('cannot route to service with ClusterIP "None"')
        if not any(said["port"] == port for said in spec.get("ports") or ()):
            raise Unreachable(f'no service port {port} found for service "{name}"')
        try:
            pod, number = self._endpoint(namespace, name, name, str(port))
            return await self._sockets.dial(pod, number)
        except (statuses.APIError, Refused) as error:
            raise Unreachable(f"dial tcp {spec['clusterIP']}:{port}: connect: connection refused") from error

    async def port_forward(self, request: web.Request, target: Target) -> web.StreamResponse:
        pod = self._registry.get(self._pods, target.namespace, target.name)
        return await forwarding.port_forward(request, pod, self._sockets)

    async def run_in(self, request: web.Request, target: Target) -> web.StreamResponse:
        """Exec and attach."""
        pod = self._registry.get(self._pods, target.namespace, target.name)
        name = self._container(pod, request.query.get("container", ""))
        container = next(one for one in containers_of(pod) if one["name"] == name)
        attach = target.subresource == "attach"
        return await executing.run_in(request, pod, container, self._sockets, self._registry.store, attach=attach)


def _split(asked: str) -> tuple[str, str, str]:
    """`[scheme:]name[:port]`."""
    parts = asked.split(":")
    if len(parts) == 3:
        return parts[0] or "http", parts[1], parts[2]
    return "http", parts[0], parts[1] if len(parts) == 2 else ""


def _check_options(query: Any, pod: Object) -> None:
    """Raises 422 for options that do not go together."""
    causes = []
    if query.get("sinceTime") and query.get("sinceSeconds"):
        said = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(statuses.forbidden_field("[]", said))
    if query.get("stream") not in (None, "", "All"):
        causes.append(statuses.forbidden_field("stream", "may not be specified"))
    if causes:
        raise statuses.unprocessable("PodLogOptions", "", pod["metadata"]["name"], causes)


def _time(text: str) -> datetime.datetime | None:
    if not text:
        return None
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        said = f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}" as "2006"'
        raise statuses.bad_request(said) from error


def _text(lines: list[tuple[datetime.datetime, str]], *, stamped: bool) -> bytes:
    return "".join(
        f"{time.strftime('%Y-%m-%dT%H:%M:%S.%fZ')} {line}\n" if stamped else f"{line}\n" for time, line in lines
    ).encode()


def _first_port(pod: Object) -> int:
    ports = [port["containerPort"] for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return int(ports[0]) if ports else 80


def _count(text: str | None, name: str, pod: Object) -> int | None:
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError as error:
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
    least = 0 if name == "tailLines" else 1
    if value < least:
        said = "must be greater than or equal to 0" if least == 0 else "must be greater than 0"
        cause = statuses.invalid(name, value, said)
        raise statuses.unprocessable("PodLogOptions", "", pod["metadata"]["name"], [cause])
    return value
