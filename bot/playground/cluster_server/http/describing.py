"""What a client may learn about the API itself: groups, resources, and OpenAPI made from the recorded types."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from typing import Any

import msgspec

from bot.playground.cluster_server.http.requests import UnknownPath
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.schema import recorded
from bot.playground.cluster_server.statuses import no_such_resource

Object = dict[str, Any]

VERSION = {
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip


_DOCUMENTED = f"{VERSION['major']}.{VERSION['minor']}"


def core_versions(address: str) -> Object:
    cidrs = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": cidrs}


def group(kinds: Kinds, name: str) -> Object:
    """Raises 404 for a group that is not served."""
    versions = kinds.groups().get(name)
    if not name or versions is None:
        raise UnknownPath(f"/apis/{name}")
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in _preferred_first(versions)]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def group_list(kinds: Kinds) -> Object:
    groups = [group(kinds, name) for name in kinds.groups() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _preferred_first(versions: list[str]) -> list[str]:
    """v2 before v1 before v1beta2 before v1beta1 before v1alpha1, as the real server orders them."""

    def rank(version: str) -> tuple[int, int, int]:
        found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
        if not found:
            return (-1, 0, 0)
        return {None: 2, "beta": 1, "alpha": 0}[found[2]], int(found[1]), int(found[3] or 0)

    return sorted(versions, key=rank, reverse=True)


def resource_list(kinds: Kinds, group_name: str, version: str) -> Object:
    rows = kinds.in_version(group_name, version)
    if not rows and not any(row.group == group_name and not row.custom for row in kinds.rows):
        raise UnknownPath(f"/apis/{group_name}/{version}")
    if not rows:
        raise no_such_resource()
    head: Object = {"kind": "APIResourceList"}
    if group_name:
        head["apiVersion"] = "v1"
    listed = [entry for row in sorted(rows, key=lambda row: row.plural) for entry in _resources(row)]
    return head | {"groupVersion": rows[0].api_version, "resources": listed}


def _resources(kind: Kind) -> list[Object]:
    said: Object = {
        "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.name,
        "verbs": list(kind.verbs),
    }  # fmt: skip
    if kind.short_names:
        said["shortNames"] = list(kind.short_names)
    if kind.categories:
        said["categories"] = list(kind.categories)
    if "list" in kind.verbs:
        hashed = hashlib.sha256(f"{kind.group}/{kind.stored_as.rpartition('/')[2]}/{kind.name}".encode()).digest()
        said["storageVersionHash"] = base64.b64encode(hashed[:8]).decode()
    found = [said]
    for sub in kind.subresources:
        entry: Object = {"name": f"{kind.plural}/{sub.name}", "singularName": "", "namespaced": kind.namespaced}
        if (sub.group or kind.group, sub.version or kind.version) != (kind.group, kind.version):
            entry |= {"group": sub.group, "version": sub.version}
        found.append(entry | {"kind": sub.kind, "verbs": list(sub.verbs)})
    return found


def aggregated(kinds: Kinds, *, core: bool) -> Object:
    """All groups and resources in one answer (apidiscovery.k8s.io/v2)."""
    items = []
    for name, versions in kinds.groups().items():
        if (name == "") is core:
            listed = [_aggregated_version(kinds, name, version) for version in _preferred_first(versions)]
            items.append({"metadata": {"name": name} if name else {}, "versions": listed})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_version(kinds: Kinds, name: str, version: str) -> Object:
    resources = []
    for kind in kinds.in_version(name, version):
        said: Object = {
            "resource": kind.plural,
            "responseKind": _response_kind(kind, kind.group, kind.version, kind.name),
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "singularResource": kind.singular, "verbs": list(kind.verbs),
        }  # fmt: skip
        if kind.short_names:
            said["shortNames"] = list(kind.short_names)
        if kind.categories:
            said["categories"] = list(kind.categories)
        if kind.subresources:
            said["subresources"] = [
                {
                    "subresource": sub.name,
                    "responseKind": _response_kind(
                        kind, sub.group or kind.group, sub.version or kind.version, sub.kind
                    ),
                    "verbs": list(sub.verbs),
                }
                for sub in kind.subresources
            ]
        resources.append(said)
    return {"version": version, "resources": resources, "freshness": "Current"}


def _response_kind(kind: Kind, group_name: str, version: str, name: str) -> Object:
    """Of a built-in kind, what its place tells already is left empty."""
    is_own = (group_name, version) == (kind.group, kind.version) and not kind.custom
    return {"group": "" if is_own else group_name, "version": "" if is_own else version, "kind": name}


def openapi_v3_index(kinds: Kinds) -> Object:
    paths = {}
    for name, versions in kinds.groups().items():
        for version in versions:
            path = f"apis/{name}/{version}" if name else f"api/{version}"
            said = openapi_v3_hash(kinds, name, version)
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={said}"}
    return {"paths": paths}


def openapi_v3_hash(kinds: Kinds, group_name: str, version: str) -> str:
    """Another one whenever the document is another one."""
    rows = kinds.in_version(group_name, version)
    told = [VERSION["gitVersion"], *(row.custom.schema if row.custom else row.name for row in rows)]
    return hashlib.sha512(msgspec.json.encode(told)).hexdigest().upper()


def openapi_v3(kinds: Kinds, group_name: str, version: str) -> Object:
    """The types of one group with all that they refer to, and the paths by which clients look for abilities."""
    rows = kinds.in_version(group_name, version)
    if not rows:
        raise no_such_resource()
    needed = _reached({row.type_name for row in rows if row.type_name})
    schemas: Object = {_long(name): _schema(name, "#/components/schemas/") for name in sorted(needed)}
    for row in rows:
        if row.type_name:
            schemas[_long(row.type_name)]["x-kubernetes-group-version-kind"] = [_gvk(row)]
        elif row.custom:
            schemas |= _custom_schemas(row)
    paths = {path: operations for row in rows for path, operations in _paths(row)}
    info = {"title": "Kubernetes", "version": _DOCUMENTED}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _custom_schemas(kind: Kind) -> Object:
    """Of a custom resource: what its definition says, with the head that every object has, and of its list."""
    assert kind.custom is not None
    said = kind.custom.schema
    meta = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1."
    head = {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"},
        "metadata": {"allOf": [{"$ref": f"{meta}ObjectMeta"}]},
    }  # fmt: skip
    name = ".".join([*reversed(kind.group.split(".")), kind.version, kind.name])
    gvk = {"x-kubernetes-group-version-kind": [_gvk(kind)]}
    listed = {
        "type": "object", "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"},
            "items": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
            "metadata": {"$ref": f"{meta}ListMeta"},
        },
        "x-kubernetes-group-version-kind": [_gvk(kind) | {"kind": kind.list_name}],
    }  # fmt: skip
    own: Object = {name: said | {"properties": (said.get("properties") or {}) | head} | gvk, f"{name}List": listed}
    needed = _reached({f"apimachinery.pkg.apis.meta.v1.{found}" for found in ("ObjectMeta", "ListMeta")})
    return {_long(found): _schema(found, "#/components/schemas/") for found in needed} | own


def openapi_v2_wire() -> bytes:
    """The least that is a document of OpenAPI v2 in protobuf, for kubectl, which reads no other form, and only for
    kinds that v3 does not have. See https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto."""

    def field(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    info = field(1, b"Kubernetes") + field(2, VERSION["gitVersion"].encode())
    return field(1, b"2.0") + field(2, info)


def openapi_v2(kinds: Kinds) -> Object:
    needed = _reached({row.type_name for row in kinds.rows if row.type_name})
    definitions: Object = {_long(name): _schema(name, "#/definitions/") for name in sorted(needed)}
    for row in kinds.rows:
        if row.type_name:
            definitions[_long(row.type_name)]["x-kubernetes-group-version-kind"] = [_gvk(row)]
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"swagger": "2.0", "info": info, "paths": {}, "definitions": definitions}


def _gvk(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.name}


def _long(name: str) -> str:
    return (
        f"io.k8s.{name}"
        if name.startswith(("apimachinery", "apiextensions", "kube-aggregator"))
        else f"io.k8s.api.{name}"
    )


@cache
def _referred(name: str) -> frozenset[str]:
    found: set[str] = set()

    def look(said: Any) -> None:
        if isinstance(said, list) and said and isinstance(said[0], str):
            if said[0].startswith("@"):
                found.add(said[0][1:])
            if len(said) > 1 and "of" in said[1]:
                look(said[1]["of"])

    said = recorded()["types"].get(name, {})
    for field in [said] if isinstance(said, list) else said.values():
        look(field)
    return frozenset(found)


def _reached(names: set[str]) -> set[str]:
    reached, ahead = set(names), list(names)
    while ahead:
        new = _referred(ahead.pop()) - reached
        reached |= new
        ahead += new
    return reached


def _schema(name: str, prefix: str) -> Object:
    said = recorded()["types"].get(name, {})
    if isinstance(said, list):
        return _field_schema(said, prefix)
    fields = {key: value for key, value in said.items() if key != "*"}
    schema: Object = {"type": "object"}
    if fields:
        schema["properties"] = {key: _field_schema(value, prefix) for key, value in fields.items()}
    required = [key for key, value in fields.items() if len(value) > 1 and value[1].get("required")]
    if required:
        schema["required"] = required
    if "*" in said:
        schema["x-kubernetes-map-type"] = "atomic"
    return schema


_EXTENSIONS = {
    "list": "x-kubernetes-list-type", "map": "x-kubernetes-map-type", "keys": "x-kubernetes-list-map-keys",
    "merge_key": "x-kubernetes-patch-merge-key", "strategy": "x-kubernetes-patch-strategy", "enum": "enum",
    "default": "default",
}  # fmt: skip


def _field_schema(said: list[Any], prefix: str) -> Object:
    kind, special = said[0], said[1] if len(said) > 1 else {}
    schema: Object = {}
    if kind.startswith("@"):
        reference = {"$ref": prefix + _long(kind[1:])}
        schema = {"allOf": [reference]} if special and "components" in prefix else reference
    elif kind == "list":
        schema = {"type": "array", "items": _field_schema(special["of"], prefix)}
    elif kind == "map":
        schema = {"type": "object", "additionalProperties": _field_schema(special["of"], prefix)}
    elif kind != "any":
        schema = {"type": kind}
    if "format" in special:
        schema["format"] = special["format"]
    if "$ref" not in schema:
        schema |= {theirs: special[ours] for ours, theirs in _EXTENSIONS.items() if ours in special}
    return schema


def _paths(kind: Kind) -> list[tuple[str, Object]]:
    base = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    collection = f"{base}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{base}/{kind.plural}"
    validated = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("fieldValidation", "dryRun")]
    said = {"x-kubernetes-group-version-kind": _gvk(kind), "parameters": validated, "responses": {}}
    return [
        (collection, {"post": said | {"x-kubernetes-action": "post"}}),
        (f"{collection}/{{name}}", {m: said | {"x-kubernetes-action": m} for m in ("put", "patch")}),
    ]
