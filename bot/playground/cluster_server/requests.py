"""What a URL of the Kubernetes API means, and the ways a client may want the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from bot.playground.cluster_server.kinds import Kind, Kinds
from bot.playground.cluster_server.statuses import no_such_resource


@dataclass(frozen=True, slots=True)
class Target:
    """The place that a path names. `rest` is what follows a proxy."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


class UnknownPath(Exception):
    """No API group lives there: answered in plain text, as the real server does."""


def target_of(raw_path: str, kinds: Kinds) -> Target:
    """Raises UnknownPath or APIError."""
    parts = raw_path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, parts = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, parts = parts[1], parts[2], parts[3:]
    else:
        raise UnknownPath(raw_path)
    if not kinds.in_version(group, version):
        if any(row.group == group and not row.custom for row in kinds.rows):
            raise no_such_resource()
        raise UnknownPath(raw_path)
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in ("status", "finalize"):
        namespace, parts = unquote(parts[1]), parts[2:]
    kind = kinds.served(group, version, parts[0])
    if kind is None and any(row.custom for row in kinds.in_version(group, version)):
        raise UnknownPath(raw_path)
    if kind is None or (namespace and not kind.namespaced):
        raise no_such_resource()
    name = unquote(parts[1]) if len(parts) > 1 else ""
    subresource = parts[2] if len(parts) > 2 else ""
    if kind.namespaced and not namespace and name:
        raise no_such_resource()
    rest = raw_path.split(f"/{parts[1]}/proxy", 1)[1] if subresource == "proxy" else ""
    if (len(parts) > 3 and subresource != "proxy") or (subresource and not kind.subresource(subresource)):
        raise no_such_resource()
    return Target(kind, namespace, name, subresource, rest)


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is wanted: as it is, as a Table, or as metadata only."""

    name: str = ""
    """"" | Table | PartialObjectMetadata"""
    include_object: str = "Metadata"


def form_of(accept: str, query: Mapping[str, str]) -> Form:
    for choice in accept.split(","):
        said = dict(re.findall(r"(as|g|v)=([^;,\s]+)", choice))
        if said.get("as") == "Table" and said.get("g") == "meta.k8s.io":
            return Form("Table", query.get("includeObject") or "Metadata")
        if said.get("as", "").startswith("PartialObjectMetadata"):
            return Form("PartialObjectMetadata")
        if "json" in choice or "*/*" in choice:
            break
    return Form()


def flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("true", "1", "True", "t", "T", "TRUE")


def manager_of(query: Mapping[str, str], user_agent: str) -> str:
    return query.get("fieldManager") or user_agent.split("/")[0].split(" ")[0] or "unknown"
