"""Printer columns of custom resources: simple JSONPath, as https://kubernetes.io/docs/reference/kubectl/jsonpath/."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

from bot.playground.cluster_server.ages import age_text
from bot.playground.cluster_server.statuses import shown

Object = dict[str, Any]

_STEP = re.compile(
    r"""\.(?P<name>[\w-]+(?:\\.[\w.\\/-]+)*) | \['(?P<quoted>[^']+)'\] | \[(?P<number>-?\d+)\] | \[(?P<all>\*)\]
    | \[\?\(@\.(?P<field>[\w.-]+)\s*==\s*["'](?P<wanted>[^"']*)["']\)\]""",
    re.VERBOSE,
)


def found(obj: Any, path: str) -> list[Any]:
    """What stands at a path; empty when nothing does, or when the path says more than this understands."""
    values = [obj]
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return []
        values = [below for value in values for below in _below(value, step)]
        position = step.end()
    return values


def _below(value: Any, step: re.Match[str]) -> Iterator[Any]:
    name = step["name"] or step["quoted"]
    if name is not None:
        name = name.replace("\\.", ".")
        if isinstance(value, dict) and name in value:
            yield value[name]
    elif step["number"] is not None:
        if isinstance(value, list) and -len(value) <= int(step["number"]) < len(value):
            yield value[int(step["number"])]
    elif step["all"]:
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif isinstance(value, list):
        for item in value:
            if any(str(each) == step["wanted"] for each in found(item, "." + step["field"])):
                yield item


def cell(obj: Object, column: Object, now: datetime.datetime) -> Any:
    """The value of one column, null when there is none."""
    values = found(obj, column["jsonPath"])
    if not values or values[0] is None:
        return None
    value = values[0]
    match column["type"]:
        case "date":
            return age_text(value, now) if isinstance(value, str) else "<invalid>"
        case "integer":
            return int(value) if isinstance(value, int | float) else None
        case "number":
            return float(value) if isinstance(value, int | float) else None
        case "boolean":
            return value if isinstance(value, bool) else None
    if isinstance(value, str):
        return value
    return shown(value)
