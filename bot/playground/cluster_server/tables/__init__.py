"""What `kubectl get` shows of each kind: one small function a kind, cells in the order of the kind's columns.

To add a kind, write its function in `common` (what the bot works with) or `others`, and list it there.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.customs import columns
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.tables import common, others
from bot.playground.cluster_server.tables.common import age, external_address, pod_state

__all__ = ["cells", "external_address", "in_order", "pod_state"]

Object = dict[str, Any]


def in_order(objects: Iterable[Object], kind: Kind) -> Iterable[Object]:
    """The rows of a table: by name, but for flow schemas, which are shown in the order in which they are asked."""
    if kind.name == "FlowSchema":
        return sorted(objects, key=lambda obj: (obj["spec"].get("matchingPrecedence", 0), obj["metadata"]["name"]))
    return objects


def cells(obj: Object, kind: Kind, now: datetime.datetime) -> list[Any]:
    """As many as the kind has columns."""
    if kind.custom:
        return [obj["metadata"]["name"], *(columns.cell(obj, column, now) for column in kind.custom.columns)]
    made = common.BY_KIND.get((kind.group, kind.name)) or others.BY_KIND.get((kind.group, kind.name))
    if made is not None:
        return made(obj, now)
    named = [obj["metadata"]["name"]]
    for column in kind.columns[1:]:
        match column.name:
            case "Age":
                named.append(age(obj, now))
            case "Created At":
                named.append(obj["metadata"]["creationTimestamp"])
            case _:
                named.append("")
    return named
