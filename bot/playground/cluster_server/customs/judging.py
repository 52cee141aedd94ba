"""What a CustomResourceDefinition may not say: of its names, versions and conversion, and within its schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.naming import LABEL_1035, SUBDOMAIN, name_causes
from bot.playground.cluster_server.statuses import Cause, forbidden_field, invalid, required, unsupported
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_LIST_TYPES = ("atomic", "set", "map")
_REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
_SCALE_PATHS = {
    "specReplicasPath": (".spec",), "statusReplicasPath": (".status",), "labelSelectorPath": (".spec", ".status"),
}  # fmt: skip
_SIMPLE = re.compile(r"\..+")
_EITHER = [{"type": "integer"}, {"type": "string"}]
_KEEPS = "x-kubernetes-preserve-unknown-fields"
_EMBEDS = "x-kubernetes-embedded-resource"


def spec_causes(spec: Object) -> Iterator[Cause]:
    names, conversion, versions = spec["names"], spec.get("conversion") or {}, spec.get("versions") or []
    for field in ("shortNames", "categories"):
        for number, name in enumerate(names.get(field) or ()):
            yield from name_causes(f"spec.names.{field}[{number}]", name, LABEL_1035)
    if names.get("kind") and names.get("kind") == names.get("listKind"):
        yield invalid("spec.names.listKind", names["listKind"], "kind and listKind may not be the same")
    if spec.get("group") and "." not in spec["group"] and SUBDOMAIN[0].fullmatch(spec["group"]):
        yield invalid("spec.group", spec["group"], "should be a domain with at least one dot")
    if spec.get("preserveUnknownFields"):
        said = f"cannot set to true, set {_KEEPS} to true in spec.versions[*].schema instead"
        yield invalid("spec.preserveUnknownFields", True, said)
    if conversion.get("strategy") not in ("None", "Webhook"):
        yield unsupported("spec.conversion.strategy", conversion.get("strategy"), ("None", "Webhook"))
    elif conversion["strategy"] == "Webhook":
        if not dig(conversion, "webhook", "clientConfig"):
            yield required("spec.conversion.webhookClientConfig", "required when strategy is set to Webhook")
        if not dig(conversion, "webhook", "conversionReviewVersions"):
            yield required("spec.conversion.conversionReviewVersions")
    for number, version in enumerate(versions):
        at = "spec" if len(versions) == 1 else f"spec.versions[{number}]"
        yield from _deprecation(version, f"spec.versions[{number}]")
        for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
            yield from _column(column, f"{at}.additionalPrinterColumns[{index}]")
        if scale := dig(version, "subresources", "scale"):
            yield from _scale(scale, f"{at}.subresources.scale")
        for index, field in enumerate(version.get("selectableFields") or ()):
            yield from _selectable(field.get("jsonPath", ""), version, f"{at}.selectableFields[{index}].jsonPath")


def _deprecation(version: Object, at: str) -> Iterator[Cause]:
    warning = version.get("deprecationWarning")
    if warning is not None and not version.get("deprecated"):
        yield invalid(f"{at}.deprecationWarning", warning, "can only be set for deprecated versions")
    elif warning == "":
        yield invalid(f"{at}.deprecationWarning", warning, "must not be an empty string")


def _column(column: Object, at: str) -> Iterator[Cause]:
    if not column.get("name"):
        yield required(f"{at}.name")
    if not column.get("type"):
        yield required(f"{at}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
    elif column["type"] not in _COLUMN_TYPES:
        yield invalid(f"{at}.type", column["type"], f"must be one of {','.join(_COLUMN_TYPES)}")
    if column.get("format") and column["format"] not in _COLUMN_FORMATS:
        yield invalid(f"{at}.format", column["format"], f"must be one of {','.join(_COLUMN_FORMATS)}")
    yield from _path(column.get("jsonPath", ""), f"{at}.JSONPath")


def _path(path: str, at: str) -> Iterator[Cause]:
    if not path:
        yield required(at)
    elif not _SIMPLE.match(path):
        yield invalid(at, path, "must be a simple json path starting with .")


def _scale(scale: Object, at: str) -> Iterator[Cause]:
    for field, roots in _SCALE_PATHS.items():
        path = scale.get(field, "")
        if not path and field == "labelSelectorPath":
            continue
        wrong = list(_path(path, f"{at}.{field}"))
        yield from wrong
        if not wrong and not path.startswith(tuple(f"{root}." for root in roots)):
            either = "either " if len(roots) > 1 else ""
            yield invalid(f"{at}.{field}", path, f"should be a json path under {either}{' or '.join(roots)}")


def _selectable(path: str, version: Object, at: str) -> Iterator[Cause]:
    if not path.startswith((".", "[")):
        yield invalid(at, path, f"is an invalid path: expected [ or . but got: {path}")
        return
    node: Any = dig(version, "schema", "openAPIV3Schema", default={})
    for name in path.strip(".").split("."):
        node = (node.get("properties") or {}).get(name)
        if node is None:
            yield invalid(at, path, "is an invalid path: does not refer to a valid field")
            return


def schema_causes(schema: Object, at: str, *, root: bool) -> Iterator[Cause]:
    """Of one level of a schema; the levels below are looked at each by itself."""
    if schema.get(_KEEPS) is False:
        yield invalid(f"{at}.{_KEEPS}", False, "must be true or undefined")
    if schema.get("uniqueItems"):
        said = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden_field(f"{at}.uniqueItems", said)
    if "$ref" in schema:
        yield forbidden_field(f"{at}.$ref", "$ref is not supported")
    if schema.get(_EMBEDS):
        if not schema.get("properties") and (not schema.get(_KEEPS)):
            said = f"must not be empty if {_EMBEDS} is true without {_KEEPS}"
            yield required(f"{at}.properties", said)
        if schema.get("type") != "object":
            yield invalid(f"{at}.type", schema.get("type", ""), f"must be object if {_EMBEDS} is true")
    if root and set(dig(schema, "properties", "metadata", "properties", default=())) - {"name", "generateName"}:
        said = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden_field(f"{at}.properties[metadata]", said)
    yield from _list_causes(schema, at)
    for number, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        yield from _rule_causes(rule, f"{at}.x-kubernetes-validations[{number}]")
    for junctor in ("allOf", "anyOf", "oneOf"):
        for number, below in enumerate(schema.get(junctor) or ()):
            if not (schema.get("x-kubernetes-int-or-string") and _is_either(schema, below)):
                yield from _unstructural(below, f"{at}.{junctor}[{number}]")


def _list_causes(schema: Object, at: str) -> Iterator[Cause]:
    how, items = schema.get("x-kubernetes-list-type"), schema.get("items") or {}
    if how is not None and how not in _LIST_TYPES:
        yield unsupported(f"{at}.x-kubernetes-list-type", how, _LIST_TYPES)
    if how == "set" and items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        said = "must be atomic as item of a list with x-kubernetes-list-type=set"
        yield invalid(f"{at}.items.x-kubernetes-map-type", items.get("x-kubernetes-map-type"), said)
    keys, properties = schema.get("x-kubernetes-list-map-keys") or [], items.get("properties") or {}
    if how == "map" and any(key not in properties for key in keys):
        yield invalid(f"{at}.x-kubernetes-list-map-keys", keys, "entries must all be names of item properties")
    elif how == "map":
        for key in keys:
            if key not in (items.get("required") or ()) and "default" not in properties[key]:
                said = "so it must have a default or be a required property"
                said = f"this property is in x-kubernetes-list-map-keys, {said}"
                yield required(f"{at}.items.properties[{key}].default", said)


def _rule_causes(rule: Object, at: str) -> Iterator[Cause]:
    if not rule.get("rule", "").strip():
        yield required(f"{at}.rule", "rule is not specified")
    if rule.get("reason") is not None and rule["reason"] not in _REASONS:
        yield unsupported(f"{at}.reason", rule["reason"], _REASONS)


def _is_either(schema: Object, below: Object) -> bool:
    """Whether it is one of the two forms in which a number or a text may be said to be either."""
    return schema.get("anyOf") == _EITHER or below.get("anyOf") == _EITHER


def _unstructural(schema: Object, at: str) -> Iterator[Cause]:
    """What belongs to the structure may not depend on a choice."""
    if schema.get("type"):
        yield forbidden_field(f"{at}.type", "must be empty to be structural")
    for name, below in sorted((schema.get("properties") or {}).items()):
        yield from _unstructural(below, f"{at}.properties[{name}]")
