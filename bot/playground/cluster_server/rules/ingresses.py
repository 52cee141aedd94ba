"""Ingresses."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.rules.contract import LABEL_1035, SUBDOMAIN, Object, Rules, name_causes
from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported
from bot.playground.cluster_server.values import dig

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def fill(ingress: Object) -> None:
    ingress.setdefault("spec", {})
    ingress.setdefault("status", {}).setdefault("loadBalancer", {})


def judge(ingress: Object, before: Object | None) -> Iterator[Cause]:
    spec = ingress["spec"]
    rules = spec.get("rules") or []
    if not rules and not spec.get("defaultBackend"):
        yield invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if "defaultBackend" in spec:
        yield from _judge_backend(spec["defaultBackend"], "spec.defaultBackend")
    for number, rule in enumerate(rules):
        yield from _judge_host(rule.get("host", ""), f"spec.rules[{number}].host")
        if "http" in rule and not rule["http"].get("paths"):
            yield required(f"spec.rules[{number}].http.paths")
        for index, path in enumerate(dig(rule, "http", "paths", default=())):
            yield from _judge_path(path, f"spec.rules[{number}].http.paths[{index}]")


def _judge_host(host: str, at: str) -> Iterator[Cause]:
    if host.startswith("*."):
        yield from name_causes(at, host[2:], SUBDOMAIN)
    elif host:
        yield from name_causes(at, host, SUBDOMAIN)


def _judge_path(path: Object, at: str) -> Iterator[Cause]:
    kind = path.get("pathType")
    if not kind:
        yield required(f"{at}.pathType", "pathType must be specified")
    elif kind not in _PATH_TYPES:
        yield unsupported(f"{at}.pathType", kind, _PATH_TYPES)
    elif kind != "ImplementationSpecific" and not path.get("path", "").startswith("/"):
        yield invalid(f"{at}.path", path.get("path", ""), "must be an absolute path")
    yield from _judge_backend(path.get("backend") or {}, f"{at}.backend")


def _judge_backend(backend: Object, at: str) -> Iterator[Cause]:
    service = backend.get("service")
    if service is None and not backend.get("resource"):
        yield required(at, "cannot specify an empty backend")
    elif service is not None:
        if not service.get("name"):
            yield required(f"{at}.service.name")
        else:
            yield from name_causes(f"{at}.service.name", service["name"], LABEL_1035)
        if not dig(service, "port", "number") and not dig(service, "port", "name"):
            yield required(at, "port name or number is required")


RULES = Rules(fill=fill, judge=judge)
