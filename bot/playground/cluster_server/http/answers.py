"""Shapes of an answer beside the object itself: Table, PartialObjectMetadata, and YAML."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import msgspec
import yaml

from bot.playground.cluster_server.http.requests import Form
from bot.playground.cluster_server.objects import converting
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.tables import cells, in_order

Object = dict[str, Any]


def shaped(obj: Object, kind: Kind, form: Form, now: datetime.datetime) -> Object:
    """One object in the form asked for."""
    if form.name == "Table":
        return table([obj], kind, form, now, {"resourceVersion": obj["metadata"].get("resourceVersion", "")})
    if form.name == "PartialObjectMetadata":
        return partial(obj)
    return versioned(obj, kind)


def versioned(obj: Object, kind: Kind) -> Object:
    """As the group asked for has it: a few kinds are served by two."""
    if obj["apiVersion"] == kind.api_version:
        return obj
    return converting.shown(obj, kind) if kind.converted else obj | {"apiVersion": kind.api_version}


def as_yaml(obj: Any) -> bytes:
    """Of bytes too, which are JSON."""
    found = msgspec.json.decode(obj) if isinstance(obj, bytes) else obj
    text: str = yaml.dump(found, Dumper=yaml.CSafeDumper, sort_keys=True, allow_unicode=True)
    return text.encode()


def encoded_in_list(obj: Object, kind: Kind) -> bytes:
    """One element of a list of a kind that is stored as another."""
    found = versioned(obj, kind)
    return msgspec.json.encode({name: value for name, value in found.items() if name not in ("kind", "apiVersion")})


def partial(obj: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(objects: Iterable[Object], kind: Kind, form: Form, now: datetime.datetime, metadata: Object) -> Object:
    """Columns as a real server has them; what stands in them is one function a kind."""
    rows: list[Object] = []
    for obj in in_order(objects, kind):
        row: Object = {"cells": cells(obj, kind, now)}
        if form.include_object == "Object":
            row["object"] = obj
        elif form.include_object != "None":
            row["object"] = partial(obj)
        rows.append(row)
    columns = [
        {"name": c.name, "type": c.type, "format": c.format, "description": "", "priority": c.priority}
        for c in kind.columns
    ]
    head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return head | {"columnDefinitions": columns, "rows": rows}
