"""Shapes of an answer beside the object itself: Table, PartialObjectMetadata, and lists in pages."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterable
from typing import Any

import msgspec

from bot.playground.cluster_server.kinds import Kind
from bot.playground.cluster_server.requests import Form
from bot.playground.cluster_server.statuses import bad_request
from bot.playground.cluster_server.tables import cells

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
    return obj if obj["apiVersion"] == kind.api_version else obj | {"apiVersion": kind.api_version}


def partial(obj: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def table(objects: Iterable[Object], kind: Kind, form: Form, now: datetime.datetime, metadata: Object) -> Object:
    """Columns as a real server has them; what stands in them is one function a kind."""
    rows: list[Object] = []
    for obj in objects:
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


def continue_token(revision: int, last: tuple[str, str]) -> str:
    said = msgspec.json.encode({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(last) + "\0"})
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def read_token(token: str) -> tuple[int, tuple[str, str]]:
    """The revision of the first page, and the last object that was on a page. Raises 400."""
    try:
        said = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = said["start"].rstrip("\0").partition("/")
        return int(said["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise bad_request("continue key is not valid: " + str(error)[:80]) from error
