"""Taking one's own part of a field back, and keeping what somebody else did to it since.

A three-way comparison: what we left (`written`), what stood before (`prior`), and what stands now. Where nobody touched
anything, exactly what stood before comes back, in its order. Items of a list are known by what Kubernetes knows them
by: the port and protocol of a Service's port, a host, a path and its type, a name
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import msgspec

from bot.domain.changes.change import FieldValue
from bot.domain.changes.fields import at
from bot.domain.network.references import JSON, JSONObject

_MISSING = object()
_KEYS: tuple[tuple[str, ...], ...] = (
    ("port", "protocol"),
    ("path", "pathType"),
    ("host",),
    ("secretName",),
    ("name", "namespace", "sectionName"),
    ("name",),
    ("type", "value"),
)
"""By what items of a list may be known, the first that tells all of them apart counts."""


@dataclass(slots=True)
class TakenBack:
    """What to write, and what somebody else did meanwhile."""

    fields: list[FieldValue] = field(default_factory=list)
    """Each field as it is to stand."""
    expected: list[FieldValue] = field(default_factory=list)
    """The same fields as they stand now."""
    kept: list[str] = field(default_factory=list)
    """What is kept as somebody else left it, as `spec.ports[port=443]`, besides what we take back."""


def taken_back(now: JSONObject, written: tuple[FieldValue, ...], prior: tuple[FieldValue, ...]) -> TakenBack:
    """How each written field is to stand. `fields` is empty when nothing of it is ours any more."""
    before = {each.path: each for each in prior}
    result = TakenBack()
    for ours in written:
        there = at(now, ours.path)
        back = before.get(ours.path, FieldValue(ours.path, None, present=False))
        if there == ours:
            wanted = back
        else:
            value = _value(_of(ours), _of(back), _of(there), ".".join(ours.path), result.kept)
            wanted = _field(ours.path, value)
        if wanted != there:
            result.fields.append(wanted)
            result.expected.append(there)
    return result


def _of(each: FieldValue) -> object:
    return each.value if each.present else _MISSING


def _field(path: tuple[str, ...], value: object) -> FieldValue:
    if value is _MISSING:
        return FieldValue(path, None, present=False)
    return FieldValue(path, copy.deepcopy(value))  # type: ignore[arg-type]  # it came out of an object


def _value(ours: object, back: object, there: object, where: str, kept: list[str]) -> object:
    """`there` without what we did to it."""
    if there == ours:
        return back
    if ours == back or there == back:
        if there != back:
            kept.append(where)
        return there
    if isinstance(ours, dict) and isinstance(there, dict) and (isinstance(back, dict) or back is _MISSING):
        return _dict(ours, back if isinstance(back, dict) else {}, there, where, kept)
    if isinstance(ours, list) and isinstance(there, list) and (isinstance(back, list) or back is _MISSING):
        known_by = _known_by(ours, back if isinstance(back, list) else [], there)
        if known_by is not None:
            return _list(ours, back if isinstance(back, list) else [], there, (where, known_by), kept)
    kept.append(where)
    return there


def _dict(ours: JSONObject, back: JSONObject, there: JSONObject, where: str, kept: list[str]) -> object:
    keys = [*there, *(key for key in back if key not in there)]
    found = {
        key: value
        for key in keys
        if (
            value := _value(
                ours.get(key, _MISSING), back.get(key, _MISSING), there.get(key, _MISSING), f"{where}.{key}", kept
            )
        )
        is not _MISSING
    }
    return found or (_MISSING if not back else found)


def _list(
    ours: list[JSON], back: list[JSON], there: list[JSON], how: tuple[str, tuple[str, ...]], kept: list[str]
) -> object:
    """Items that came back stand where they stood, as far as their neighbours are still there."""
    where, known_by = how
    was, before, now = ({_key(item, known_by): item for item in items} for items in (ours, back, there))
    found: list[object] = []
    for key in _order(list(before), list(now)):
        said = f"{where}[{_spelled(key, known_by)}]"
        value = _value(was.get(key, _MISSING), before.get(key, _MISSING), now.get(key, _MISSING), said, kept)
        if value is not _MISSING:
            found.append(value)
    return found or (_MISSING if not back else found)


def _order(before: list[str], now: list[str]) -> list[str]:
    """What was there before in its order; what is new after what it follows."""
    order = list(before)
    for index, key in enumerate(now):
        if key not in order:
            order.insert(order.index(now[index - 1]) + 1 if index else 0, key)
    return order


def _known_by(*lists: list[JSON]) -> tuple[str, ...] | None:
    """By what all items of each list can be told apart; `()`: by themselves. None: they cannot."""
    items = [item for each in lists for item in each]
    if all(not isinstance(item, dict | list) for item in items):
        return () if all(len({_key(item, ()) for item in each}) == len(each) for each in lists) else None
    if not all(isinstance(item, dict) for item in items):
        return None
    for keys in (*_KEYS, ()):
        has_first = not keys or all(isinstance(item, dict) and keys[0] in item for item in items)
        if has_first and all(len({_key(item, keys) for item in each}) == len(each) for each in lists):
            return keys
    return None


def _key(item: JSON, known_by: tuple[str, ...]) -> str:
    if isinstance(item, dict) and known_by:
        item = [item.get(key) for key in known_by]
    return msgspec.json.encode(item, order="sorted").decode()


def _spelled(key: str, known_by: tuple[str, ...]) -> str:
    values = msgspec.json.decode(key)
    if not known_by or not isinstance(values, list):
        return key if len(key) <= 60 else key[:59] + "…"
    return ",".join(f"{name}={value}" for name, value in zip(known_by, values, strict=True) if value is not None)
