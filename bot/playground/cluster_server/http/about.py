"""What a client may ask that is not about objects: discovery, OpenAPI, health, the version, and keys of tokens."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.tokens import Tokens
from bot.playground.cluster_server.http import describing
from bot.playground.cluster_server.http.answers import answered
from bot.playground.cluster_server.http.requests import REPRESENTATIONS, UnknownPath, not_acceptable
from bot.playground.cluster_server.objects.kinds import Kinds

Object = dict[str, Any]

_AGGREGATED = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_OPENAPI_WIRE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_WRITTEN = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "*/*", "application/*")
_CHECKS = {
    "healthz": ("ping", "log", "etcd"),
    "livez": ("ping", "log", "etcd"),
    "readyz": ("ping", "log", "etcd", "etcd-readiness", "informer-sync", "shutdown"),
}  # fmt: skip
_HOOK = "poststarthook"


class About:
    def __init__(self, kinds: Kinds, tokens: Tokens) -> None:
        self._kinds = kinds
        self._tokens = tokens
        self.address = ""

    def answer(self, request: web.Request, parts: list[str]) -> web.Response:
        """Raises APIError and UnknownPath."""
        match parts:
            case ["version"]:
                _only_get(request)
                return _written(request, describing.VERSION)
            case ["api" | "apis"] if (form := _wants_aggregated(request)) is not None:
                found = describing.aggregated(self._kinds, core=parts == ["api"])
                response = answered(found, yaml=form == "application/yaml")
                response.headers["Content-Type"] = f"{form};{_AGGREGATED}"
                response.headers["Vary"] = "Accept"
                return response
            case ["api"]:
                _only_get(request)
                return _written(request, describing.core_versions(self.address))
            case ["apis"]:
                return _written(request, describing.group_list(self._kinds), is_aggregator=True)
            case ["apis", group]:
                found = {"kind": "APIGroup", "apiVersion": "v1"} | describing.group(self._kinds, group)
                return _written(request, found, is_aggregator=True)
            case ["api", version]:
                _only_get(request)
                return _written(request, describing.resource_list(self._kinds, "", version))
            case ["apis", group, version]:
                _only_get(request)
                return _written(request, describing.resource_list(self._kinds, group, version))
            case ["openapi", *rest]:
                return self._openapi(request, rest)
            case [".well-known", "openid-configuration"]:
                return _kept(self._tokens.configuration(self.address), "application/json")
            case ["openid", "v1", "jwks"]:
                return _kept(self._tokens.keys(), "application/jwk-set+json")
            case [("healthz" | "livez" | "readyz") as name, *checks]:
                return _health(request, name, "/".join(checks))
            case []:
                return answered({"paths": self._paths()})
        raise UnknownPath(request.path)

    def _openapi(self, request: web.Request, rest: list[str]) -> web.Response:
        match rest:
            case ["v2"]:
                if "protobuf" in request.headers.get("Accept", "").split(",")[0]:
                    return web.Response(body=describing.openapi_v2_wire(), content_type=_OPENAPI_WIRE)
                return answered(describing.openapi_v2(self._kinds))
            case ["v3"]:
                response = answered(describing.openapi_v3_index(self._kinds))
                response.headers["Content-Type"] = "text/plain; charset=utf-8"
                return response
            case ["v3", "api", version] if self._kinds.in_version("", version):
                return self._openapi_v3(request, "", version)
            case ["v3", "apis", group, version] if self._kinds.in_version(group, version):
                return self._openapi_v3(request, group, version)
            case ["v3", *_]:
                return web.Response(status=404)
        raise UnknownPath(request.path)

    def _openapi_v3(self, request: web.Request, group: str, version: str) -> web.Response:
        """Whoever asks by the hash that the index told may keep the answer; whoever asks by an old one is led on."""
        asked, current = request.query.get("hash"), describing.openapi_v3_hash(self._kinds, group, version)
        if asked is not None and asked != current:
            return web.Response(status=301, headers={"Location": f"{request.path}?hash={current}"})
        response = answered(describing.openapi_v3(self._kinds, group, version))
        response.headers["Cache-Control"] = "public, immutable" if asked else "no-cache, private"
        return response

    def _paths(self) -> list[str]:
        groups = self._kinds.groups()
        found = [f"/apis/{name}/{version}" for name, versions in groups.items() if name for version in versions]
        found += [f"/apis/{name}" for name in groups if name]
        found += [f"/{name}" for name in _CHECKS] + [f"/{name}/{check}" for name in _CHECKS for check in _CHECKS[name]]
        own = ("/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/", "/openapi/v2", "/openapi/v3",
               "/openid/v1/jwks", "/version")  # fmt: skip
        return sorted([*found, *own])


def _kept(found: Object, written: str) -> web.Response:
    """What may be kept for an hour."""
    response = answered(found)
    response.headers["Content-Type"], response.headers["Cache-Control"] = written, "public, max-age=3600"
    return response


def _only_get(request: web.Request) -> None:
    if request.method != "GET":
        raise statuses.method_not_allowed()


def _choices(request: web.Request) -> list[tuple[str, str]]:
    """What is accepted, and its parameters."""
    said = request.headers.get("Accept", "") or "*/*"
    return [(media.strip(), rest.replace(" ", "")) for media, _, rest in (c.partition(";") for c in said.split(","))]


def _wants_aggregated(request: web.Request) -> str | None:
    """In which form everything is wanted in one answer; None: it is not wanted, or not before something else."""
    for media, rest in _choices(request):
        said = dict(part.split("=", 1) for part in rest.split(";") if "=" in part)
        if media not in ("application/json", "application/yaml"):
            continue
        if "as" not in said:
            return None
        if (said["as"], said.get("v"), said.get("g")) == ("APIGroupDiscoveryList", "v2", "apidiscovery.k8s.io"):
            return media
    return None


def _written(request: web.Request, found: Object, *, is_aggregator: bool = False) -> web.Response:
    """Raises 406, in words of their own where the aggregator answers."""
    for media, rest in _choices(request):
        if media in _WRITTEN and "as=" not in rest:
            return answered(found, yaml=media == "application/yaml")
    if is_aggregator:
        said = f"only the following media types are accepted: {REPRESENTATIONS}"
        raise statuses.APIError(406, "NotAcceptable", said)
    raise not_acceptable()


def _health(request: web.Request, name: str, check: str) -> web.Response:
    if check and check not in _CHECKS[name] and not check.startswith(f"{_HOOK}/"):
        raise UnknownPath(request.path)
    if check or "verbose" not in request.query:
        return web.Response(text="ok")
    excluded = request.query.getall("exclude", [])
    lines = (f"[+]{one} excluded: ok\n" if one in excluded else f"[+]{one} ok\n" for one in _CHECKS[name])
    return web.Response(text=f"{''.join(lines)}{name} check passed\n")
