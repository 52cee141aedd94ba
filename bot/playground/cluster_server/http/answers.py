"""Shapes of an answer beside the object itself: Table, PartialObjectMetadata, and YAML."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import msgspec
import yaml
from aiohttp import web

from bot.playground.cluster_server.http.requests import Form
from bot.playground.cluster_server.objects import converting
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import rules_of
from bot.playground.cluster_server.objects.store import Stored
from bot.playground.cluster_server.tables import cells, in_order

Object = dict[str, Any]

JSON = "application/json"
_encoder = msgspec.json.Encoder()


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


def answered(obj: Any, status: int = 200, warnings: Iterable[str] = (), *, yaml: bool = False) -> web.Response:
    """Objects are written as JSON, unless YAML was asked for; bytes are JSON already."""
    if yaml:
        body, written = as_yaml(obj), "application/yaml"
    else:
        body, written = obj if isinstance(obj, bytes) else _encoder.encode(obj), JSON
    response = web.Response(body=body, status=status, content_type=written)
    for warning in warnings:
        quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def answer(
    obj: Object, kind: Kind, form: Form, now: datetime.datetime, status: int = 200, warnings: Iterable[str] = ()
) -> web.Response:
    """One object in the form asked for."""
    return answered(shaped(obj, kind, form, now), status, warnings, yaml=form.yaml)


def listed(found: list[Stored], kind: Kind, form: Form, now: datetime.datetime, metadata: Object) -> web.Response:
    """Objects as a list in the form asked for."""
    warnings = rules_of(kind).warn_always
    if form.name == "Table":
        rows = table((stored.obj for stored in found), kind, form, now, metadata)
        return answered(rows, 200, warnings, yaml=form.yaml)
    if form.name:
        items = [partial(stored.obj) for stored in found] or None
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        return answered(head | {"items": items}, 200, warnings, yaml=form.yaml)
    head = {"kind": kind.list_name, "apiVersion": kind.api_version, "metadata": metadata}
    if form.yaml:
        objects = [versioned(stored.obj, kind) for stored in found]
        return answered(head | {"items": objects}, 200, warnings, yaml=True)
    if kind.custom:  # as the real one, which names kind and version in each element of these
        head["metadata"] = {"continue": ""} | metadata
        body = b",".join(_encoder.encode(versioned(stored.obj, kind)) for stored in found)
    elif kind.converted:
        body = b",".join(encoded_in_list(stored.obj, kind) for stored in found)
    else:
        body = b",".join(stored.encoded_in_list for stored in found)
    return answered(_encoder.encode(head)[:-1] + b',"items":[' + body + b"]}", 200, warnings)
