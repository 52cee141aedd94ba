"""What a URL of the Kubernetes API means, and the ways a client may want the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from multidict import MultiMapping

from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.selectors import Matches, field_matches, label_matches
from bot.playground.cluster_server.statuses import APIError, bad_request, no_such_resource, not_found


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
    if subresource and kind.custom and len(parts) == 3 and not kind.subresource(subresource):
        raise not_found(kind.plural, kind.group, name)  # as the server of custom resources says it
    if (len(parts) > 3 and subresource != "proxy") or (subresource and not kind.subresource(subresource)):
        raise no_such_resource()
    return Target(kind, namespace, name, subresource, rest)


TABLE, METADATA, METADATA_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
_FORMS = {(TABLE, "v1"), (TABLE, "v1beta1"), (METADATA, "v1"), (METADATA, "v1beta1"), (METADATA_LIST, "v1"),
          (METADATA_LIST, "v1beta1")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is wanted: as it is, as a Table, or as metadata only; and written in which way."""

    name: str = ""
    """"" | Table | PartialObjectMetadata"""
    include_object: str = "Metadata"
    yaml: bool = False


def form_of(accept: str, query: Mapping[str, str]) -> Form:
    """Raises 406 when nothing that is accepted can be had."""
    if not accept.strip():
        return Form()
    said_so = False
    for choice in accept.split(","):
        media, _, rest = (part.strip() for part in choice.partition(";"))
        said = dict(re.findall(r"(as|g|v)=([^;,\s]+)", rest))
        readable = media in ("application/json", "*/*", "application/yaml", "application/vnd.kubernetes.protobuf")
        if not readable:
            continue
        if "as" in said:
            said_so = True
            if (said["as"], said.get("v")) not in _FORMS or said.get("g") != "meta.k8s.io":
                continue
            if media == "application/vnd.kubernetes.protobuf":
                continue
            name = METADATA if said["as"] == METADATA_LIST else said["as"]
            return Form(name, query.get("includeObject") or "Metadata", media == "application/yaml")
        if media == "application/vnd.kubernetes.protobuf":
            continue
        return Form(yaml=media == "application/yaml")
    if "application/vnd.kubernetes.protobuf" in accept and not said_so:
        return Form()  # whoever reads protobuf reads JSON: answers say what they are
    if said_so:
        accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        raise APIError(406, "NotAcceptable", f"only the following media types are accepted: {accepted}")
    kinds = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
    listed = ", ".join((*kinds, "application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"))
    raise APIError(406, "NotAcceptable", f"406: Not Acceptable\n\nAvailable representations: {listed}", {})


def flag(query: Mapping[str, str], name: str) -> bool:
    return query.get(name, "") in ("true", "1", "True", "t", "T", "TRUE")


_CONNECT_FLAGS = ("stdin", "stdout", "stderr", "tty")


def connect_options(target: Target, query: MultiMapping[str]) -> dict[str, Any]:
    """What a stream or a proxy is asked for, as an object: PodExecOptions and its like."""
    if target.subresource == "proxy":
        return {"path": target.rest} if target.rest else {}
    if target.subresource == "portforward":
        texts: list[str] = query.getall("ports", default=[])
        ports = [int(port) for text in texts for port in text.split(",") if port.isdecimal()]
        return {"ports": ports} if ports else {}
    options: dict[str, Any] = {name: True for name in _CONNECT_FLAGS if flag(query, name)}
    if query.get("container"):
        options["container"] = query["container"]
    if target.subresource == "exec" and "command" in query:
        options["command"] = query.getall("command")
    return options


def manager_of(query: Mapping[str, str], user_agent: str) -> str:
    return query.get("fieldManager") or user_agent.split("/")[0].split(" ")[0] or "unknown"


def check_name(metadata: dict[str, Any], target: Target) -> None:
    """Raises 400 when an object that is to replace another does not have its name."""
    given = metadata.get("name", "")
    if not given:
        said = f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        raise bad_request(said)
    if given != target.name:
        raise bad_request(other_name(given, target.name))


def other_name(given: str, wanted: str) -> str:
    return f"the name of the object ({given}) does not match the name on the URL ({wanted})"


def where(target: Target) -> tuple[Kind, str, str]:
    return target.kind, target.namespace, target.name


def selection(target: Target, labels: str, fields: str) -> Matches | None:
    """None: everything."""
    tests = [
        test
        for test in (label_matches(labels), field_matches(target.kind.name, fields, custom=bool(target.kind.custom)))
        if test
    ]
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)
