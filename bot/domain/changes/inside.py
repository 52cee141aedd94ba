"""What a step changes inside of lists and maps that are too long to be shown whole: containers, rules, schemas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from bot.domain.changes import fields
from bot.domain.changes.change import Apply
from bot.domain.changes.differences import is_long, line, shown
from bot.domain.network.references import JSON

_LINES = 8
"""Of one field; of a schema of thousands of lines only how many there are."""


def differences_inside(step: Apply) -> list[str]:
    """One line for each place that it changes, of a long field the first few; empty for what creates an object. What
    only stands there is not told: it stays, as what the API server fills in does."""
    wanted = {field.path: field for field in fields.leaves(step.manifest)}
    told: list[str] = []
    for old in step.prior:
        new = wanted.get(old.path)
        if step.creates or new is None or (old.present and fields.covers(old.value, new.value)):
            continue
        if not (is_long(old.value) or is_long(new.value)):
            told.append(line(old, new))
            continue
        at, most = ".".join(old.path), 0 if step.ref.kind == "CustomResourceDefinition" else _LINES
        found = list(_inside(old.value, new.value, at))
        more = f"{len(found) - most} {'more ' if most else ''}difference{'s' * (len(found) > most + 1)}"
        told += [*found[:most], *([f"{at}: {more}"] if len(found) > most else [])]
    return told


def _inside(old: JSON, new: JSON, at: str) -> Iterator[str]:
    if old == new or (old is None and new in ("", [], {})):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            # Words about a field of a definition change nothing.
            if not (key == "description" and isinstance(value, str)):
                yield from _inside(old.get(key), value, f"{at}.{key}")
    elif _named(old) and _named(new):
        yield from _by_name(old, new, at)
    elif fields.covers(old, new):
        return
    elif isinstance(old, list) and isinstance(new, list):
        yield from (f"{at}: {shown(each)} → removed" for each in old if each not in new)
        yield from (f"{at}: nothing → {shown(each)}" for each in new if each not in old)
    else:
        yield f"{at}: {'nothing' if old is None else shown(old)} → {shown(new)}"


def _by_name(old: Sequence[JSON], new: Sequence[JSON], at: str) -> Iterator[str]:
    before, after = ({str(each["name"]): each for each in those if isinstance(each, dict)} for those in (old, new))
    yield from (f"{at}[{name}]: removed" for name in before if name not in after)
    for name, value in after.items():
        if name in before:
            yield from _inside(before[name], value, f"{at}[{name}]")
        else:
            yield f"{at}[{name}]: nothing → {shown(value)}"


def _named(value: JSON) -> TypeGuard[list[JSON]]:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "name" in each for each in value)
