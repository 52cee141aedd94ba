"""Upgrading what somebody has fitted: the new file, but for what was changed in the cluster since the old one.

A three-way comparison of the old published object, the new one and what stands in the cluster. What stands as it was
published is ours to change; what somebody changed is kept, and named when both sides changed it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.domain.network.references import JSON, JSONObject
from bot.domain.plugins.fitting import from_registry

_SERVED = ("status",)


@dataclass(slots=True)
class Merged:
    """The object to apply, and what was found on the way."""

    object: JSONObject
    kept: list[str] = field(default_factory=list)
    """Fields that somebody changed and that the new release has as the old one had: kept as they stand."""
    clashes: list[str] = field(default_factory=list)
    """Fields that somebody changed and that the new release changes too: the new release's value is taken."""
    dropped: list[str] = field(default_factory=list)
    """Fields that the new release has no more and that stand in the cluster."""


def merged(old: JSONObject, new: JSONObject, live: JSONObject) -> Merged:
    """What to apply over `live`, from the old and the new published object."""
    result = Merged({})
    value = _value(old, new, live, "", result)
    assert isinstance(value, dict)
    result.object = value
    result.dropped = [path for path in _gone(old, new, live, "") if not path.startswith(_SERVED)]
    return result


def _value(old: JSON, new: JSON, live: JSON, at: str, result: Merged) -> JSON:
    if isinstance(new, dict):
        before, there = _dict(old), _dict(live)
        return {
            key: _value(before.get(key), inner, there.get(key), f"{at}.{key}" if at else key, result)
            if key in there
            else copy.deepcopy(inner)
            for key, inner in new.items()
        }
    if _named(new) and _named(live):
        before, there = _by_name(old), _by_name(live)
        return [
            _value(before.get(name), inner, there[name], f"{at}[{name}]", result)
            if name in there
            else copy.deepcopy(inner)
            for name, inner in _by_name(new).items()
        ]
    if live in (old, new):
        return copy.deepcopy(new)
    if at.endswith(".image") and (moved := _moved(old, new, live)):
        return moved
    if old is None or _alike(old, live):
        return copy.deepcopy(new)
    if new == old:
        result.kept.append(f"{at}: {_short(live)}")
        return copy.deepcopy(live)
    result.clashes.append(f"{at}: it is {_short(live)}, was published as {_short(old)}, and becomes {_short(new)}")
    return copy.deepcopy(new)


def _moved(old: JSON, new: JSON, live: JSON) -> str:
    """The new image from the registry that the cluster takes the old one from; empty when it is another image."""
    if not (isinstance(old, str) and isinstance(new, str) and isinstance(live, str)):
        return ""
    path = from_registry(old, "").lstrip("/")
    if not live.endswith(f"/{path}"):
        return ""
    return from_registry(new, live[: -len(path) - 1])


def _alike(old: JSON, live: JSON) -> bool:
    """Lists that the API server only filled in: every item of before is there with all it had."""
    if isinstance(old, dict):
        return isinstance(live, dict) and all(key in live and _alike(old[key], live[key]) for key in old)
    if isinstance(old, list):
        return isinstance(live, list) and len(old) == len(live) and all(map(_alike, old, live))
    return old == live


def _gone(old: JSON, new: JSON, live: JSON, at: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(live, dict):
        after = _dict(new)
        for key, inner in old.items():
            where = f"{at}.{key}" if at else key
            if key in live and key not in after:
                yield where
            elif key in live:
                yield from _gone(inner, after[key], live[key], where)
    elif _named(old) and _named(live):
        after, there = _by_name(new), _by_name(live)
        for name, inner in _by_name(old).items():
            if name in there and name not in after:
                yield f"{at}[{name}]"
            elif name in there:
                yield from _gone(inner, after[name], there[name], f"{at}[{name}]")


def _dict(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _named(value: JSON) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "name" in each for each in value)


def _by_name(value: JSON) -> dict[str, Any]:
    return {str(each["name"]): each for each in value if isinstance(each, dict)} if isinstance(value, list) else {}


def _short(value: JSON) -> str:
    words = " ".join(str(value).split())
    return words if len(words) <= 120 else words[:119] + "…"
