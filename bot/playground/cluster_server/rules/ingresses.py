"""Ingresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, SUBDOMAIN, WILDCARD, name_causes
from bot.playground.cluster_server.rules.contract import (
    Object,
    Rules,
    address,
    local_reference,
    port_name,
    port_number,
)
from bot.playground.cluster_server.statuses import Cause, invalid, required, unsupported
from bot.playground.cluster_server.values import dig

_ANNOTATION = "kubernetes.io/ingress.class"
_NEVER, _LAST = ("//", "/./", "/../", "%2f", "%2F"), ("/..", "/.")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def fill(ingress: Object) -> None:
    for rule in ingress.setdefault("spec", {}).get("rules") or ():
        for path in dig(rule, "http", "paths", default=()):
            path.setdefault("pathType", None)  # told apart from an empty one when it is judged
    ingress.setdefault("status", {}).setdefault("loadBalancer", {})


def judge(ingress: Object, before: Object | None) -> Iterator[Cause]:
    spec = ingress["spec"]
    rules = spec.get("rules") or []
    if not rules and "defaultBackend" not in spec:
        yield invalid("spec", spec.get("rules"), "either `defaultBackend` or `rules` must be specified")
    for number, tls in enumerate(spec.get("tls") or ()):
        for index, host in enumerate(tls.get("hosts") or ()):
            yield from name_causes(f"spec.tls[{number}].hosts[{index}]", host, WILDCARD if "*" in host else SUBDOMAIN)
        if tls.get("secretName"):
            yield from name_causes(f"spec.tls[{number}].secretName", tls["secretName"], SUBDOMAIN)
    if "defaultBackend" in spec:
        yield from _judge_backend(spec["defaultBackend"], "spec.defaultBackend")
    if spec.get("ingressClassName") is not None:
        yield from name_causes("spec.ingressClassName", spec["ingressClassName"], SUBDOMAIN)
    for number, rule in enumerate(rules):
        yield from _judge_host(rule.get("host", ""), f"spec.rules[{number}].host")
        if "http" in rule and not rule["http"].get("paths"):
            yield required(f"spec.rules[{number}].http.paths")
        for index, path in enumerate(dig(rule, "http", "paths", default=())):
            yield from _judge_path(path, f"spec.rules[{number}].http.paths[{index}]")
    for number, entry in enumerate(dig(ingress, "status", "loadBalancer", "ingress", default=())):
        if entry.get("ip"):
            yield from address(f"status.loadBalancer.ingress[{number}].ip", entry["ip"])
        if entry.get("hostname"):
            yield from name_causes(f"status.loadBalancer.ingress[{number}].hostname", entry["hostname"], SUBDOMAIN)


def _annotated(ingress: Object) -> str:
    return str(dig(ingress, "metadata", "annotations", _ANNOTATION, default=""))


def _judge_host(host: str, at: str) -> Iterator[Cause]:
    if not host:
        return
    if _is_address(host):
        yield invalid(at, host, "must be a DNS name, not an IP address")
    yield from name_causes(at, host, WILDCARD if "*" in host else SUBDOMAIN)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _judge_path(path: Object, at: str) -> Iterator[Cause]:
    kind, value = path.get("pathType"), path.get("path", "")
    if kind is None:
        yield required(f"{at}.pathType", "pathType must be specified")
        return
    if kind not in _PATH_TYPES:
        yield unsupported(f"{at}.pathType", kind, _PATH_TYPES)
    elif (kind != "ImplementationSpecific" and not value.startswith("/")) or (value and not value.startswith("/")):
        yield invalid(f"{at}.path", value, "must be an absolute path")
    elif kind != "ImplementationSpecific":
        yield from (invalid(f"{at}.path", value, f"must not contain '{part}'") for part in _NEVER if part in value)
        yield from (invalid(f"{at}.path", value, f"cannot end with '{part}'") for part in _LAST if value.endswith(part))
    yield from _judge_backend(path.get("backend") or {}, f"{at}.backend")


def _judge_backend(backend: Object, at: str) -> Iterator[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield invalid(at, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from local_reference(resource, f"{at}.resource")
    elif service is None:
        yield invalid(at, "", "resource or service backend is required")
    elif service is not None:
        number, name = dig(service, "port", "number"), dig(service, "port", "name")
        if not service.get("name"):
            yield required(f"{at}.service.name")
        else:
            yield from name_causes(f"{at}.service.name", service["name"], LABEL)
        if number and name:
            yield invalid(at, "", "cannot set both port name & port number")
        elif name:
            yield from port_name(f"{at}.service.port.name", name)
        elif number:
            yield from port_number(f"{at}.service.port.number", number)
        else:
            yield required(at, "port name or number is required")


def _warn(ingress: Object) -> Iterator[str]:
    if _annotated(ingress) and not dig(ingress, "spec", "ingressClassName"):
        yield f"annotation \"{_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"


RULES = Rules(fill=fill, judge=judge, warn=_warn, warns_again=True)
