"""A structural schema as the types that everything else here works with: ownership, patches, `kubectl explain`.

See https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.
"""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.schema import ANY, LIST, MAP, STRUCT, Node, types

Object = dict[str, Any]

OBJECT_META = "apimachinery.pkg.apis.meta.v1.ObjectMeta"


def free_form() -> Node:
    """What a schema lets pass unseen: objects are owned field by field, everything else as one value."""
    node = Node(MAP, atomic=False)
    node.of = node
    return node


def root_type(schema: Object) -> Node:
    """The type of a whole custom resource."""
    node = type_of(schema)
    if node.kind != STRUCT:
        node = Node(STRUCT, atomic=False, of=free_form())
    node.fields = node.fields | {
        "apiVersion": Node("string"), "kind": Node("string"), "metadata": types().named(OBJECT_META),
    }  # fmt: skip
    return node


def type_of(schema: Object) -> Node:
    """A struct whose `of` is set takes fields that it does not name."""
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    if schema.get("type") == "array":
        return _list(schema)
    if schema.get("type") == "object" or schema.get("x-kubernetes-embedded-resource"):
        return _object(schema, atomic=atomic)
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return free_form()
    node = Node(ANY if schema.get("x-kubernetes-int-or-string") else schema.get("type", ANY))
    node.format, node.enum = schema.get("format", ""), tuple(map(str, schema.get("enum") or ()))
    return node


def _object(schema: Object, *, atomic: bool) -> Node:
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and "properties" not in schema:
        return Node(MAP, of=type_of(more), atomic=atomic)
    if more is True and "properties" not in schema:
        return free_form()
    properties = schema.get("properties") or {}
    if not properties and schema.get("x-kubernetes-preserve-unknown-fields"):
        return free_form()
    node = Node(STRUCT, atomic=atomic)
    node.fields = {name: type_of(said) for name, said in properties.items()}
    if schema.get("x-kubernetes-embedded-resource"):
        own = {"apiVersion": Node("string"), "kind": Node("string"), "metadata": types().named(OBJECT_META)}
        node.fields = own | node.fields
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        node.of = free_form()
    required = set(schema.get("required") or ())
    for name, below in node.fields.items():
        below.required = below.required or name in required
    return node


def _list(schema: Object) -> Node:
    items = schema.get("items")
    node = Node(LIST, of=type_of(items) if isinstance(items, dict) else free_form())
    how = schema.get("x-kubernetes-list-type", "atomic")
    node.is_set = how == "set"
    node.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ()) if how == "map" else ()
    node.atomic = how == "atomic"
    if node.of is not None and isinstance(items, dict):
        for name, said in (items.get("properties") or {}).items():
            if "default" in said and name in node.keys:
                node.of.fields[name].default = said["default"]  # keys may be told apart by a default
    return node
