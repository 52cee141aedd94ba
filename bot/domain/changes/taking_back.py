"""Taking one's own part of a field back, and keeping what somebody else did to it since.

A three-way comparison: what we left (`written`), what stood before (`prior`), and what stands now. Where nobody touched
anything, exactly what stood before comes back, in its order. An item that we added and that others changed since stays
as they left it, since all of it is what makes it valid: of our own only what means something by itself goes, a path
among others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.changes import list_items, tls_hosts
from bot.domain.changes.change import FieldValue
from bot.domain.changes.fields import at
from bot.domain.network.references import JSON, JSONObject

_WHOLE = frozenset({"backend", "defaultBackend", "selector", "matches", "filters"})
"""Fields that mean something only as a whole: half of ours and half of theirs would lead where nobody led."""
_SEPARATE = frozenset({"paths", "backendRefs"})
"""Lists whose items mean something each by itself. Without any, what holds the list means nothing."""
_CERTIFICATES = ("spec", "tls")
_NARROWING = frozenset({"hostnames", "matches", "kinds", "loadBalancerSourceRanges"})
"""Lists that stand for everything when there are none."""


@dataclass(slots=True)
class TakenBack:
    """What to write, and what somebody else did meanwhile."""

    fields: list[FieldValue] = field(default_factory=list)
    """Each field as it is to stand."""
    expected: list[FieldValue] = field(default_factory=list)
    """The same fields as they stand now."""
    kept: list[str] = field(default_factory=list)
    """What is kept as somebody else left it, as `spec.ports[port=443]`, besides what we take back."""
    hindered: list[str] = field(default_factory=list)
    """What cannot be as it was beside what somebody else did, and stays as it is now."""


@dataclass(frozen=True, slots=True)
class _Merged:
    """A field as it is to stand, and what is told of it; see `TakenBack`."""

    field: FieldValue
    kept: tuple[str, ...] = ()
    hindered: tuple[str, ...] = ()
    emptied: bool = False
    """Nothing that means anything is left of it: what it is a part of goes, too."""


@dataclass(frozen=True, slots=True)
class _Times:
    """One field as we left it, as it stood before that, and as it stands now; all three have its path."""

    ours: FieldValue
    before: FieldValue
    now: FieldValue

    @property
    def path(self) -> tuple[str, ...]:
        return self.now.path

    @property
    def where(self) -> str:
        """For people: `spec.ports[port=80]`."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        return self.path[-1]

    def of_type(self, type_: type) -> bool:
        """Whether it is of that type at each time."""
        return all(isinstance(each.value, type_) for each in (self.ours, self.before, self.now))

    def inner(self, name: str) -> _Times:
        """A field of it."""
        return _Times(*(_inner(each, name) for each in (self.ours, self.before, self.now)))


def taken_back(now: JSONObject, written: tuple[FieldValue, ...], prior: tuple[FieldValue, ...]) -> TakenBack:
    """How each written field is to stand. `fields` is empty when nothing of it is ours any more."""
    before = {each.path: each for each in prior}
    torn = _torn(now, written)
    result = TakenBack()
    for ours in written:
        there = at(now, ours.path)
        back = before.get(ours.path, FieldValue(ours.path, None, present=False))
        if (whole := _whole(ours.path)) in torn:
            merged = _Merged(there, (".".join(whole),))
        else:
            merged = _merged(_Times(ours, back, there))
        result.kept += [each for each in merged.kept if each not in result.kept]
        result.hindered += merged.hindered
        if merged.field != there:
            result.fields.append(merged.field)
            result.expected.append(there)
    return result


def _whole(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of what a field is a part of and that means something only as a whole; empty: of nothing such."""
    return next((path[: index + 1] for index, part in enumerate(path[:-1]) if part in _WHOLE), ())


def _torn(now: JSONObject, written: Sequence[FieldValue]) -> set[tuple[str, ...]]:
    """The wholes of which somebody else changed a part."""
    return {_whole(each.path) for each in written if at(now, each.path) != each} - {()}


def _merged(times: _Times, *, parts: bool = True) -> _Merged:
    """The field as it stands now, without what we did to it. `parts`: whether parts of it may be somebody else's."""
    if times.now == times.ours:
        return _Merged(times.before)
    if times.now == times.before:
        return _Merged(times.now)
    widened = times.name in _NARROWING and not times.before.value
    if times.ours == times.before or times.name in _WHOLE or widened or not parts:
        return _stays(times)
    if times.of_type(dict):
        return _fields(times)
    if isinstance(times.now.value, list):
        return _certificates(times) if times.path == _CERTIFICATES else _items(times)
    if isinstance(times.now.value, dict):
        return _apart(times)
    return _stays(times)


def _stays(times: _Times) -> _Merged:
    return _Merged(times.now, (times.where,))


def _fields(times: _Times) -> _Merged:
    """Of what was there all the time each field counts by itself."""
    names = [*_object(times.now), *(name for name in _object(times.before) if name not in _object(times.now))]
    inner = {name: _merged(times.inner(name)) for name in names}
    value = {name: each.field.value for name, each in inner.items() if each.field.present}
    return _told(FieldValue(times.path, value), inner.values())


def _apart(times: _Times) -> _Merged:
    """What was not there before us, or not after: it stays as it is now. Only of such lists whose items mean something
    each by itself ours go, and those come back that we took away; when all was ours, the whole goes."""
    inner, theirs = {}, False
    for name in _object(times.now):
        each = times.inner(name)
        if each.now != each.ours and name in _SEPARATE and isinstance(each.now.value, list):
            inner[name] = _items(each)
        elif each.now != each.ours and name not in _WHOLE and isinstance(each.now.value, dict):
            inner[name] = _apart(each)
        else:
            theirs = theirs or each.now != each.ours
    if theirs and any(each.emptied for each in inner.values()):
        return _stays(times)
    told = _told(
        FieldValue(times.path, _object(times.now) | {name: each.field.value for name, each in inner.items()}),
        inner.values(),
    )
    return told if told.kept or told.emptied else _Merged(told.field, (times.where,), told.hindered)


def _items(times: _Times) -> _Merged:
    """Items that came back stand where they stood, as far as their neighbours are still there."""
    lists = [_list(each) for each in (times.ours, times.before, times.now)]
    known_by = list_items.known_by(times.name, *lists)
    if known_by is None:
        return _stays(times)
    ours, before, now = ({list_items.key(item, known_by): item for item in each} for each in lists)
    if not known_by and _undecidable(ours, before, now):
        return _stays(times)
    found = {}
    for key in list_items.order(list(before), list(now)):
        path = (*times.path[:-1], f"{times.name}[{list_items.spelled(key, known_by)}]")
        found[key] = _merged(_Times(*(_item(path, each, key) for each in (ours, before, now))))
    found = _fitting(times.path, found, now)
    value = [each.field.value for each in found.values() if each.field.present]
    told = _told(FieldValue(times.path, value), [each for each in found.values() if not each.emptied])
    if value or not now:
        return told
    if times.name in _SEPARATE:
        return _Merged(FieldValue(times.path, None, present=False), told.kept, told.hindered, emptied=True)
    return _stays(times) if before else _Merged(times.before)


def _certificates(times: _Times) -> _Merged:
    """Of an Ingress each host counts by itself, whichever entries it is and was in."""
    lists = [_list(each) for each in (times.ours, times.before, times.now)]
    ours, before, now = map(tls_hosts.by_host, lists)
    if ours is None or before is None or now is None:
        return _items(times)
    found = {}
    for host in list_items.order(list(before), list(now)):
        path = (*times.path[:-1], f"{times.name}[host={host or '*'}]")
        found[host] = _merged(_Times(*(_item(path, each, host) for each in (ours, before, now))), parts=False)
    wanted = {host: each.field.value for host, each in found.items() if each.field.present}
    value = tls_hosts.regrouped(lists[2], wanted)
    return _told(FieldValue(times.path, value or None, present=bool(value)), found.values())


def _undecidable(ours: Mapping[str, JSON], before: Mapping[str, JSON], now: Mapping[str, JSON]) -> bool:
    """Of items known only by all that they are: whether one of theirs may be ours, changed, which in turn may be one
    that was there before."""
    if not any(isinstance(item, dict) for item in now.values()):
        return False
    lost = ours.keys() - before.keys() - now.keys()
    return bool(lost and now.keys() - ours.keys() - before.keys() and before.keys() - ours.keys())


def _fitting(path: tuple[str, ...], found: Mapping[str, _Merged], now: Mapping[str, JSON]) -> dict[str, _Merged]:
    """With those items as they are now that could not stand beside the others as they were."""
    result = dict(found)
    while misfits := list(_misfits(path, result, now)):
        key = min(misfits, key=lambda each: list_items.named(result[each].field.value))  # that may do for all
        there = _item(result[key].field.path, now, key)
        result[key] = _Merged(there, result[key].kept, (".".join(there.path),))
    return result


def _misfits(path: tuple[str, ...], found: Mapping[str, _Merged], now: Mapping[str, JSON]) -> Iterator[str]:
    for key, each in found.items():
        if each.field.present and each.field != _item(each.field.path, now, key):
            others = [one.field.value for name, one in found.items() if name != key and one.field.present]
            if list_items.in_the_way(path, each.field.value, now.get(key), others):
                yield key


def _told(field: FieldValue, inner: Iterable[_Merged]) -> _Merged:
    """With all that is told of its parts."""
    parts = tuple(inner)
    emptied = any(each.emptied for each in parts)
    return _Merged(
        FieldValue(field.path, None, present=False) if emptied else field,
        tuple(word for each in parts for word in each.kept),
        tuple(word for each in parts for word in each.hindered),
        emptied,
    )


def _inner(of: FieldValue, name: str) -> FieldValue:
    value = _object(of)
    return FieldValue((*of.path, name), value.get(name), present=name in value)


def _item(path: tuple[str, ...], items: Mapping[str, JSON], key: str) -> FieldValue:
    return FieldValue(path, items.get(key), present=key in items)


def _object(of: FieldValue) -> JSONObject:
    return of.value if isinstance(of.value, dict) else {}


def _list(of: FieldValue) -> list[JSON]:
    return of.value if isinstance(of.value, list) else []
