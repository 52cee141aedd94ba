"""An Ingress as it is wanted, and the object that says so: shaped as `kubectl create ingress` shapes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.network.references import INGRESS, JSON, JSONObject


@dataclass(frozen=True, slots=True)
class Backend:
    """A port of a Service in the Ingress's own namespace."""

    service: str
    port: str
    """A number or a name."""

    def __str__(self) -> str:
        return f"{self.service}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One host and path, and who answers there."""

    host: str
    """Empty: every host."""
    path: str
    path_type: str
    backend: Backend
    tls: str | None = None
    """The Secret of the host's certificate; empty: the controller's own. None: no TLS is asked for."""

    def __str__(self) -> str:
        return f"{self.host or '*'}{self.path}"


def manifest(namespace: str, name: str, spec: JSONObject, annotations: Mapping[str, str]) -> JSONObject:
    """The whole object to apply."""
    metadata: JSONObject = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": INGRESS.api_version, "kind": INGRESS.name, "metadata": metadata, "spec": spec}


def spec(rules: Sequence[Rule], default: Backend | None, class_name: str, tls: JSON) -> JSONObject:
    """What is wanted, without the fields that say nothing."""
    found: JSONObject = {}
    if class_name:
        found["ingressClassName"] = class_name
    if default is not None:
        found["defaultBackend"] = backend(default)
    if tls:
        found["tls"] = tls
    if rules:
        found["rules"] = grouped(rules)
    return found


def grouped(rules: Iterable[Rule]) -> list[JSON]:
    """Rules as the API has them: one for each host, in the order in which hosts are named first."""
    by_host: dict[str, list[JSON]] = {}
    for rule in rules:
        by_host.setdefault(rule.host, []).append(path(rule))
    return [{**({"host": host} if host else {}), "http": {"paths": paths}} for host, paths in by_host.items()]


def path(rule: Rule) -> JSONObject:
    return {"path": rule.path, "pathType": rule.path_type, "backend": backend(rule.backend)}


def backend(meant: Backend) -> JSONObject:
    port: JSON = {"number": int(meant.port)} if meant.port.isdigit() else {"name": meant.port}
    return {"service": {"name": meant.service, "port": port}}


def tls_entries(rules: Iterable[Rule]) -> list[JSON]:
    """One entry for each Secret, in order, with the hosts that ask for it; a host is in the first alone."""
    hosts_of: dict[str, list[JSON]] = {}
    known: set[str] = set()
    for rule in rules:
        if rule.tls is None or rule.host in known or (not rule.host and not rule.tls):
            continue
        known.add(rule.host)
        hosts_of.setdefault(rule.tls, []).extend([rule.host] if rule.host else [])
    return [tls_entry(secret, hosts) for secret, hosts in hosts_of.items()]


def tls_entry(secret: str, hosts: Sequence[JSON]) -> JSONObject:
    return {**({"hosts": list(hosts)} if hosts else {}), **({"secretName": secret} if secret else {})}
