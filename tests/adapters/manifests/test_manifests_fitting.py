from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.adapters.manifests.fitting import misfits
from bot.adapters.manifests.parsing import objects_in
from bot.errors import NotFound


def definition(spec: dict[str, Any], **more: Any) -> Any:
    """A definition of Nets, whose `spec` has this schema."""
    properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    schema = {"type": "object", "properties": properties | {"spec": spec}}
    versions = [
        {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema} | more},
        {"name": "v0", "served": False, "schema": {"openAPIV3Schema": schema}},
        {"name": "v2", "served": True},
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "nets.acme.io"},
        "spec": {"group": "acme.io", "names": {"kind": "Net", "plural": "nets"}, "versions": versions},
    }


def net(spec: Any, version: str = "v1", **more: Any) -> Any:
    return {"apiVersion": f"acme.io/{version}", "kind": "Net", "metadata": {"name": "a"}, "spec": spec, **more}


def said(schema: dict[str, Any], spec: Any) -> list[str]:
    return list(misfits(net(spec), [definition(schema)]))


def of(field: dict[str, Any], value: Any) -> list[str]:
    """What is said of the field `spec.x`."""
    return said({"type": "object", "properties": {"x": field}}, {"x": value})


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ({"type": "string"}, 7, '@: Invalid value: "integer": @ in body must be of type string: "integer"'),
        ({"type": "integer"}, True, '@: Invalid value: "boolean": @ in body must be of type integer: "boolean"'),
        ({"type": "integer"}, 1.5, '@: Invalid value: "number": @ in body must be of type integer: "number"'),
        ({"type": "string"}, None, '@: Invalid value: "null": @ in body must be of type string: "null"'),
        ({"enum": ["Y", "Z"], "type": "string"}, "x", '@: Unsupported value: "x": supported values: "Y", "Z"'),
        ({"type": "string", "pattern": "^a+$"}, "b", "@: Invalid value: \"b\": @ in body should match '^a+$'"),
        ({"type": "string", "pattern": "^a+$"}, "a\n", "@: Invalid value: \"a\\n\": @ in body should match '^a+$'"),
        ({"type": "string", "minLength": 2}, "b", '@: Invalid value: "b": @ in body should be at least 2 chars long'),
        ({"type": "string", "maxLength": 2}, "bbb", "@: Too long: may not be more than 2 bytes"),
        ({"type": "integer", "minimum": 2}, 1, "@: Invalid value: 1: @ in body should be greater than or equal to 2"),
        ({"type": "integer", "maximum": 2}, 3, "@: Invalid value: 3: @ in body should be less than or equal to 2"),
        (
            {"type": "integer", "maximum": 2, "exclusiveMaximum": True}, 2,
            "@: Invalid value: 2: @ in body should be less than 2",
        ),
        ({"type": "integer", "multipleOf": 4}, 6, "@: Invalid value: 6: @ in body should be a multiple of 4"),
        ({"type": "array", "minItems": 1}, [], "@: Invalid value: []: @ in body should have at least 1 items"),
        ({"type": "array", "maxItems": 1}, [1, 2], "@: Too many: 2: must have at most 1 item"),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "a"], '@[1]: Duplicate value: "a"'),
        (
            {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
             "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}}},
            [{"k": "a", "v": 1}, {"k": "a", "v": 2}], '@[1]: Duplicate value: {"k":"a"}',
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string"}}, {"a": 7},
            '@.a: Invalid value: "integer": @.a in body must be of type string: "integer"',
        ),
        (
            {"x-kubernetes-int-or-string": True}, 1.5,
            '@: Invalid value: "number": @ in body must be of type integer,string: "number"',
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}, [],
            '@: Invalid value: "array": @ in body must be of type integer,string: "array"',
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]}, {},
            '@: Invalid value: "@" must validate at least one schema (anyOf)',
        ),
        (
            {"type": "string", "oneOf": [{"minLength": 1}, {"minLength": 2}]}, "aaa",
            '@: Invalid value: "@" must validate one and only one schema (oneOf)',
        ),
        ({"type": "string", "not": {"enum": ["a"]}}, "a", '@: Invalid value: "@" must not validate the schema (not)'),
        ({"type": "string", "allOf": [{"maxLength": 1}]}, "aa", "@: Too long: may not be more than 1 bytes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_worded_as_the_api_server_does(field: dict[str, Any], value: Any, line: str) -> None:
    assert of(field, value) == [line.replace("@", "spec.x")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, None),
        ({"type": "object", "nullable": True, "anyOf": [{"required": ["a"]}]}, None),
        ({"type": "integer"}, 1.0),
        ({"type": "number"}, 1),
        ({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}, "50%"),
        ({"x-kubernetes-int-or-string": True, "pattern": "^[0-9]+%?$"}, 7),
        ({"x-kubernetes-preserve-unknown-fields": True}, {"a": [{"b": 1}]}),
        ({"type": "object", "additionalProperties": True}, {"a": {"b": 1}}),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, {"apiVersion": "v1", "kind": "A", "metadata": {}}),
        ({"type": "string", "pattern": r"\pL"}, "no pattern of Python's"),
        ({"type": "string", "default": "a"}, None),
        ({"type": "object", "$ref": "https://example.org/schema.json"}, {}),
    ],
)
def test_what_fits_is_not_mentioned(field: dict[str, Any], value: Any) -> None:
    assert of(field, value) == []


@pytest.mark.parametrize(
    ("schema", "spec", "paths"),
    [
        ({"type": "object"}, {"x": 1}, ["spec.x"]),
        ({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}}, {"a": [{}, {"b": 1}]},
         ["spec.a[1].b"]),
        ({"type": "object", "properties": {"a": {"type": "object", "x-kubernetes-embedded-resource": True}}},
         {"a": {"kind": "A", "b": 1}}, ["spec.a.b"]),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {"type": "object"}}},
         {"free": {"b": 1}, "a": {"c": 1}}, ["spec.a.c"]),
        ({"type": "object", "additionalProperties": {"type": "object"}}, {"a": {"b": 1}}, ["spec.a.b"]),
    ],
)  # fmt: skip
def test_unknown_fields_are_named(schema: dict[str, Any], spec: Any, paths: list[str]) -> None:
    assert said(schema, spec) == [f'strict decoding error: unknown field "{path}"' for path in paths]


def test_what_is_beside_the_schema_is_unknown_and_metadata_is_not() -> None:
    found = misfits(net({}, status={"a": 1}), [definition({"type": "object"})])
    assert found == ('strict decoding error: unknown field "status"',)


def test_what_is_required_is_missed_unless_it_has_a_default() -> None:
    schema = {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string", "default": "x"}}}
    schema["properties"]["b"] = {"type": "string"}  # type: ignore[index]
    assert said(schema, {}) == ["spec.b: Required value"]


def test_the_object_is_left_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    object = net({"a": None})
    assert misfits(object, [definition(schema)]) == ()
    assert object == net({"a": None})


def test_a_version_without_a_schema_takes_everything() -> None:
    assert misfits(net({"a": {"b": 1}}, "v2"), [definition({})]) == ()


def test_true_is_not_one() -> None:
    assert of({"type": "integer", "enum": [1]}, True)[1:] == ["spec.x: Unsupported value: true: supported values: 1"]


def test_a_long_value_is_cut() -> None:
    (line,) = of({"type": "string", "enum": ["a"]}, "b" * 10_000)
    assert len(line) < 500


def test_an_undefined_kind_or_version_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"No CustomResourceDefinition among 1 defines Other of acme.io"):
        misfits(
            net({}) | {"kind": "Other"}, [definition({}), {"kind": "ConfigMap"}, {"kind": "CustomResourceDefinition"}]
        )
    with pytest.raises(NotFound, match=r"Net of acme.io is not defined in version v0. there is v1, v2"):
        misfits(net({}, "v0"), [definition({})])


class TestCalico:
    @pytest.fixture
    def definitions(self, shared: Callable[[str], bytes]) -> Any:
        return objects_in(shared("calico/v3.32.1/operator-crds.yaml"), "x")

    def resources(self, shared: Callable[[str], bytes], name: str) -> Any:
        return objects_in(shared(f"calico/v3.32.1/{name}.yaml"), name)

    @pytest.mark.parametrize("name", ["custom-resources", "custom-resources-bpf"])
    def test_its_own_resources_fit(self, shared: Callable[[str], bytes], definitions: Any, name: str) -> None:
        for object in self.resources(shared, name):
            assert misfits(object, definitions) == ()

    def test_a_pool_with_mistakes_does_not(self, shared: Callable[[str], bytes], definitions: Any) -> None:
        installation = self.resources(shared, "custom-resources")[0]
        pool = installation["spec"]["calicoNetwork"]["ipPools"][0]
        pool |= {"natOutgoing": True, "blockSise": 26}
        del pool["cidr"]
        at = "spec.calicoNetwork.ipPools[0]"
        found = misfits(installation, definitions)
        assert f'strict decoding error: unknown field "{at}.blockSise"' in found
        assert f'{at}.natOutgoing: Unsupported value: true: supported values: "Enabled", "Disabled"' in found
        assert f"{at}.cidr: Required value" in found
        assert len(found) == 4  # natOutgoing's type is wrong as well
