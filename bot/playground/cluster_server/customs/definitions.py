"""A CustomResourceDefinition: its defaults, what is refused, and the rows that it adds to the table of kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from bot.playground.cluster_server.customs import judging, reading, structural
from bot.playground.cluster_server.naming import LABEL_1035, SUBDOMAIN, name_causes
from bot.playground.cluster_server.objects.kinds import Column, Custom, Kind, Subresource
from bot.playground.cluster_server.rules.admission import service_port
from bot.playground.cluster_server.rules.contract import Rules
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, shown, unsupported
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

GROUP, PLURAL, KIND = "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
APPROVED = "api-approved.kubernetes.io"
_POLICY = "https://github.com/kubernetes/enhancements/pull/1111"
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
_SUB_VERBS = ("get", "patch", "update")
_GO_FIELDS = (
    ("Name", "name"), ("Served", "served"), ("Storage", "storage"), ("Deprecated", "deprecated"),
)  # fmt: skip


_REFUSED = {
    "missing )": "missing closing )", "unterminated character set": "missing closing ]",
    "nothing to repeat": "missing argument to repetition operator", "unbalanced parenthesis": "unexpected )",
}  # fmt: skip
"""What both dialects refuse: Python's words for it, and Go's."""


def fill(definition: Object) -> None:
    spec = definition.setdefault("spec", {})
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", names["kind"] + "List")
    spec.setdefault("conversion", {"strategy": "None"})
    spec["conversion"].setdefault("strategy", "None")
    service_port(dig(spec, "conversion", "webhook", "clientConfig"))
    status = definition.setdefault("status", {})
    status.setdefault("acceptedNames", {"plural": "", "kind": ""})
    status.setdefault("conditions", None)
    stored = list(status.get("storedVersions") or ())
    for version in spec.get("versions") or ():
        if version.get("storage") and version.get("name") not in stored:
            stored.append(version.get("name"))
            break
    status["storedVersions"] = stored or None


def judge(definition: Object, before: Object | None) -> Iterator[Cause]:
    spec, name = definition["spec"], definition["metadata"]["name"]
    names, versions = spec["names"], spec.get("versions") or []
    group = spec.get("group", "")
    if name != f"{names.get('plural', '')}.{group}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    if not group:
        yield required("spec.group")
    else:
        yield from name_causes("spec.group", group, SUBDOMAIN)
    if not spec.get("scope"):
        yield required("spec.scope")
    elif spec["scope"] not in ("Cluster", "Namespaced"):
        yield unsupported("spec.scope", spec["scope"], ("Cluster", "Namespaced"))
    yield from _judge_versions(versions, spec)
    yield from _judge_names(names)
    yield from judging.spec_causes(spec)
    stored = definition["status"]["storedVersions"]
    storage = [version.get("name") for version in versions if version.get("storage")]
    if not stored:
        yield invalid("status.storedVersions", None, "must have at least one stored version")
    elif storage and storage[-1] not in stored:
        yield invalid("status.storedVersions", stored, f"must have the storage version {storage[-1]}")
    if protected(group) and APPROVED not in (definition["metadata"].get("annotations") or {}):
        said = f'protected groups must have approval annotation "{APPROVED}", see {_POLICY}'
        yield required(f"metadata.annotations[{APPROVED}]", said)
    if before is not None and before["spec"].get("scope") != spec.get("scope"):
        yield invalid("spec.scope", spec.get("scope"), "field is immutable")


def protected(group: str) -> bool:
    """Whether only the Kubernetes project may define things there."""
    return group in ("k8s.io", "kubernetes.io") or group.endswith((".k8s.io", ".kubernetes.io"))


def _judge_versions(versions: list[Object], spec: Object) -> Iterator[Cause]:
    for number, version in enumerate(versions):
        at = f"spec.versions[{number}]"
        yield from name_causes(f"{at}.name", version.get("name", ""), LABEL_1035)
        if dig(version, "schema", "openAPIV3Schema") is None:
            yield required(f"{at}.schema.openAPIV3Schema")
    if len({version.get("name") for version in versions}) < len(versions):
        said = "must contain unique version names"
        yield Cause("spec.versions", f"Invalid value: {_as_go(spec.get('versions'))}: {said}")
    if sum(bool(version.get("storage")) for version in versions) != 1:
        said = "must have exactly one version marked as storage version"
        yield Cause("spec.versions", f"Invalid value: {_as_go(spec.get('versions'))}: {said}")
    if versions:
        yield from name_causes("spec.version", versions[0].get("name", ""), LABEL_1035)
    where = "spec.validation.openAPIV3Schema"
    for number, version in enumerate(versions):
        schema = dig(version, "schema", "openAPIV3Schema")
        if schema is not None:
            yield from _judge_root(
                schema, where if len(versions) == 1 else f"spec.versions[{number}].schema.openAPIV3Schema"
            )


def _as_go(versions: list[Object] | None) -> str:
    """As the real server prints its own structs: fields by their Go names, in their order."""
    if versions is None:
        return "null"
    printed = [
        {**{go: version.get(name, False) for go, name in _GO_FIELDS}, "DeprecationWarning": None, "Schema": None,
         "Subresources": None, "AdditionalPrinterColumns": None, "SelectableFields": None}
        for version in versions
    ]  # fmt: skip
    return msgspec.json.encode(printed).decode()


def _judge_root(schema: Object, at: str) -> Iterator[Cause]:
    if schema.get("x-kubernetes-preserve-unknown-fields") and "type" not in schema:
        yield required(f"{at}.type", "must not be empty at the root")
        return
    if not schema.get("type"):
        yield required(f"{at}.type", "must not be empty at the root")
    elif schema["type"] != "object":
        yield invalid(f"{at}.type", schema["type"], "must be object at the root")
    else:
        yield from _judge_schema(schema, at, root=True)


def _judge_schema(schema: Object, at: str, *, root: bool = False, item: bool = False) -> Iterator[Cause]:
    yield from judging.schema_causes(schema, at, root=root)
    free = (
        "$ref" in schema
        or schema.get("x-kubernetes-int-or-string")
        or schema.get("x-kubernetes-preserve-unknown-fields")
    )
    kind = schema.get("type")
    if not kind and not free:
        said = (
            "must not be empty for specified array items" if item else "must not be empty for specified object fields"
        )
        yield required(f"{at}.type", said)
    elif kind and kind not in _TYPES:
        yield unsupported(f"{at}.type", kind, _TYPES)
    if schema.get("properties") and schema.get("additionalProperties"):
        yield forbidden_field(f"{at}.additionalProperties", "additionalProperties and properties are mutual exclusive")
    if kind == "array" and "items" not in schema:
        yield required(f"{at}.items", "must be specified")
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get("x-kubernetes-list-map-keys"):
        said = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{at}.x-kubernetes-list-map-keys", said)
    if "pattern" in schema:
        yield from _judge_pattern(schema["pattern"], at)
    if "default" in schema and not root:
        wrong = list(reading.causes(schema["default"], schema))
        yield from (Cause(f"{at}.default", cause.message, cause.reason) for cause in wrong)
        if (
            not wrong
            and reading.pruned(schema["default"], schema)[1]
            and not schema.get("x-kubernetes-embedded-resource")
        ):
            yield invalid(f"{at}.default", schema["default"], "must not have unknown fields")
    for name in sorted(schema.get("properties") or ()):
        yield from _judge_schema(schema["properties"][name], f"{at}.properties[{name}]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _judge_schema(schema["additionalProperties"], f"{at}.additionalProperties")
    if isinstance(schema.get("items"), dict):
        yield from _judge_schema(schema["items"], f"{at}.items", item=True)


def _judge_pattern(pattern: str, at: str) -> Iterator[Cause]:
    try:
        re.compile(pattern)
    except re.error as error:
        words = str(error)
        reason = next((go for python, go in _REFUSED.items() if python in words), "")
        if not reason:
            return  # Go's dialect takes a few things that Python's does not
        said = f"must be a valid regular expression, but isn't: error parsing regexp: {reason}: `{pattern}`"
        yield invalid(f"{at}.pattern", pattern, said)


_FORMATS = {
    "string": frozenset({
        "bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4", "uuid5",
        "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password", "date",
        "duration", "datetime", "k8sshortname", "k8slongname",
    }),
    "integer": frozenset({"int32", "int64"}),
    "number": frozenset({"float", "double"}),
}  # fmt: skip
"""Dashes do not count in a format's name."""


def warnings(definition: Object) -> list[str]:
    """What the real server remarks on and accepts all the same."""
    found: dict[str, None] = {}
    for version in dig(definition, "spec", "versions", default=()):
        for kind, name in _formats(dig(version, "schema", "openAPIV3Schema", default={})):
            if name.replace("-", "") not in _FORMATS.get(kind, ()):
                found[f'unrecognized format "{name}"'] = None
    return list(found)


def _formats(schema: Any) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        if isinstance(schema.get("format"), str):
            yield schema.get("type") or "string", schema["format"]
        for below in schema.values():
            yield from _formats(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from _formats(below)


def _judge_names(names: Object) -> Iterator[Cause]:
    for field in ("plural", "singular", "kind", "listKind"):
        at, value = f"spec.names.{field}", names.get(field)
        if not value:
            yield required(at)
            continue
        mixed = field in ("kind", "listKind")
        for cause in name_causes(at, value.lower() if mixed else value, LABEL_1035):
            said = cause.message.partition(f"{shown(value.lower() if mixed else value)}: ")[2]
            yield invalid(at, value, f"may have mixed case, but should otherwise match: {said}") if mixed else cause


RULES = Rules(fill=fill, judge=judge, finalizers=(CLEANUP,))


def rows_of(definition: Object) -> list[Kind]:
    """A row for each version that is served, the storage version's schema with all of them."""
    spec = definition["spec"]
    names = definition["status"]["acceptedNames"]
    storage = next(version["name"] for version in spec["versions"] if version.get("storage"))
    return [_row(spec, names, version, storage) for version in spec["versions"] if version.get("served")]


def _row(spec: Object, names: Object, version: Object, storage: str) -> Kind:
    schema = version["schema"]["openAPIV3Schema"]
    subresources = version.get("subresources") or {}
    said = version.get("additionalPrinterColumns")
    columns: list[Object] = (
        said if said else [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]
    )
    group, name = spec["group"], version["name"]
    subs = []
    if "status" in subresources:
        subs.append(Subresource("status", group, name, names["kind"], _SUB_VERBS))
    if "scale" in subresources:
        subs.append(Subresource("scale", "autoscaling", "v1", "Scale", _SUB_VERBS))
    custom = Custom(
        schema, tuple(columns), f"{group}/{storage}", names["listKind"], subresources.get("scale"),
        structural.root_type(schema),
        tuple(said["jsonPath"].lstrip(".") for said in version.get("selectableFields") or ()), _has_rules(schema),
    )  # fmt: skip
    return Kind(
        group, name, names["plural"], names["singular"], names["kind"], spec["scope"] == "Namespaced", _VERBS,
        tuple(names.get("shortNames") or ()), tuple(names.get("categories") or ()), "",
        (Column("Name", "string", "name", 0),
         *(Column(c["name"], c["type"], c.get("format", ""), c.get("priority", 0)) for c in columns)),
        tuple(subs), custom,
    )  # fmt: skip


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "x-kubernetes-validations" in schema or any(map(_has_rules, schema.values()))
    return isinstance(schema, list) and any(map(_has_rules, schema))
