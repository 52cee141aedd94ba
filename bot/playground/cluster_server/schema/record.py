"""Records what a real API server says about its built-in kinds, condensed and without any of its prose.

Run against a real cluster of the version wanted, as `kubectl proxy --port 8001` shows it, with the Go modules of
the same version:
`python -m bot.playground.cluster_server.schema.record http://127.0.0.1:8001 $(go env GOMODCACHE)/k8s.io`.

Types come from `/openapi/v3` (defaults, list types and merge keys), resources from discovery, columns from an empty
Table, and what shows when it is empty from the Go types (`gotypes`). A field is written as a list: type, then what is
special about it; the package's docstring tells how it is read.
"""

import json
import sys
from pathlib import Path
from typing import Any

import requests

from bot.playground.cluster_server.schema.gotypes import GoTypes

_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def main() -> None:
    server = sys.argv[1].rstrip("/")
    types: dict[str, Any] = {}
    documents = _get(server, "/openapi/v3")["paths"]
    resources = []
    for prefix in ("api", "apis"):
        for group in _get(server, f"/{prefix}", _AGGREGATED)["items"]:
            for version in group["versions"]:
                name = group["metadata"].get("name", "")
                path = f"{prefix}/{name}/{version['version']}" if name else f"{prefix}/{version['version']}"
                document = _get(server, documents[path]["serverRelativeURL"])
                schemas = document["components"]["schemas"]
                types |= {_short(type_name): _type(schema) for type_name, schema in schemas.items()}
                kinds = _kinds(schemas)
                resources += [_resource(server, path, name, version["version"], kinds, r) for r in version["resources"]]
    version = _get(server, "/version")["gitVersion"]
    go_types = GoTypes(Path(sys.argv[2]), version.replace("v1.", "v0."))
    for name, fields in types.items():
        if isinstance(fields, dict):
            _mark(fields, go_types.shows(name))
    recorded = {
        "source": "a real kube-apiserver (/openapi/v3, discovery, Table headers) and the Go types of k8s.io modules",
        "version": version,
        "resources": resources,
        "types": {name: types[name] for name in sorted(types)},
    }
    json.dump(recorded, sys.stdout, separators=(",", ":"))


def _mark(fields: dict[str, list[Any]], shows: dict[str, str]) -> None:
    for name, how in shows.items():
        if name in fields:
            field = fields[name]
            if len(field) == 1:
                field.append({})
            field[1]["shows"] = how


def _get(server: str, path: str, accept: str = "application/json") -> Any:
    return requests.get(server + path, headers={"Accept": accept}, timeout=60).json()


def _short(name: str) -> str:
    return name.removeprefix("io.k8s.").removeprefix("api.")


def _kinds(schemas: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The type of each kind, by group and kind."""
    found = {}
    for name, schema in schemas.items():
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            if len(schema["x-kubernetes-group-version-kind"]) == 1:
                found[gvk["group"], gvk["kind"]] = _short(name)
    return found


def _resource(server: str, path: str, group: str, version: str, kinds: dict[Any, str], said: dict[str, Any]) -> Any:
    kind = said["responseKind"]["kind"]
    recorded = {
        "group": group, "version": version, "plural": said["resource"], "singular": said["singularResource"],
        "kind": kind, "namespaced": said["scope"] == "Namespaced", "verbs": said["verbs"],
        "short": said.get("shortNames", []), "categories": said.get("categories", []),
        "type": kinds.get((group, kind), ""), "columns": [], "subresources": [],
    }  # fmt: skip
    for sub in said.get("subresources", ()):
        response = sub.get("responseKind", {})
        recorded["subresources"].append(
            [
                sub["subresource"],
                response.get("group", ""),
                response.get("version", ""),
                response.get("kind", ""),
                sub["verbs"],
            ]
        )
    if "list" in said["verbs"]:
        table = _get(server, f"/{path}/{said['resource']}?limit=1&includeObject=None", _TABLE)
        columns = table.get("columnDefinitions") or []
        recorded["columns"] = [[c["name"], c["type"], c["format"], c["priority"]] for c in columns]
    return recorded


def _type(schema: dict[str, Any]) -> Any:
    if "properties" not in schema:
        return _field(schema)
    required = set(schema.get("required", ()))
    fields = {name: _field(field, required=name in required) for name, field in sorted(schema["properties"].items())}
    if schema.get("x-kubernetes-map-type") == "atomic":
        fields["*"] = ["atomic"]
    return fields


def _field(schema: dict[str, Any], required: bool = False) -> list[Any]:
    referred = schema
    if "allOf" in schema and len(schema["allOf"]) == 1:
        referred = schema["allOf"][0]
    special: dict[str, Any] = {}
    if "$ref" in referred:
        kind = "@" + _short(referred["$ref"].rpartition("/")[2])
    elif schema.get("type") == "array":
        kind, special["of"] = "list", _field(schema["items"])
    elif "additionalProperties" in schema:
        kind, special["of"] = "map", _field(schema["additionalProperties"])
    else:
        kind = schema.get("type", "any")
        if "format" in schema:
            special["format"] = schema["format"]
    if required:
        special["required"] = True
    for theirs, ours in (
        ("default", "default"), ("enum", "enum"), ("x-kubernetes-list-type", "list"), ("x-kubernetes-map-type", "map"),
        ("x-kubernetes-list-map-keys", "keys"), ("x-kubernetes-patch-merge-key", "merge_key"),
        ("x-kubernetes-patch-strategy", "strategy"),
    ):  # fmt: skip
        if theirs in schema:
            special[ours] = schema[theirs]
    return [kind, special] if special else [kind]


if __name__ == "__main__":
    main()
