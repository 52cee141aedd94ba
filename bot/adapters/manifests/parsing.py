"""A manifest's bytes as objects: what kubectl would read in them, or a refusal.

PyYAML's C parser cuts the text into events; values are made from them here, in one pass and without recursion, so that
depth, size and aliases are counted before anything grows. Calico's 3 MB take half as long so as with its constructors.

Stricter than kubectl: keys have to be strings, merge keys (`<<`) and tags beyond YAML's plain ones are refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, MappingStartEvent, NodeEvent, ScalarEvent

from bot.adapters.manifests.pinning import summary
from bot.adapters.manifests.scalars import Unreadable, tagged, untagged
from bot.domain.network.references import JSON, JSONObject
from bot.errors import Refused

MOST_OBJECTS = 2_000
MOST_VALUES = 500_000
"""In one file, what aliases repeat counted each time. Calico's definitions, the largest known, have 58,000."""
MOST_ALIASES = 100
MOST_DEPTH = 100

_SHOWN = 60
_Container: TypeAlias = "dict[str, JSON] | list[JSON]"


def objects_in(content: bytes, path: str) -> list[JSONObject]:
    """Its objects in order, lists taken apart. Raises Refused, with the line at fault."""
    found: list[JSONObject] = []
    try:
        for line, document in _Reader(content).documents():
            with _at(line):
                found += _objects(document)
                if len(found) > MOST_OBJECTS:
                    raise Unreadable(f"it has more than {MOST_OBJECTS} objects")
    except Unreadable as error:
        raise _refused(path, str(error), error.line) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(path, f"it is no YAML: {error.problem}", mark.line + 1 if mark else 0) from error
    except yaml.YAMLError as error:
        raise _refused(path, f"it is no YAML: {getattr(error, 'reason', '') or 'not even text'}", 0) from error
    return found


@contextlib.contextmanager
def _at(line: int) -> Iterator[None]:
    """What is wrong here is wrong in this line."""
    try:
        yield
    except Unreadable as error:
        error.line = line
        raise


def _refused(path: str, why: str, line: int) -> Refused:
    return Refused(summary(path), cause=f"line {line}: {why}" if line else why, next_step="see what that file is")


def _objects(document: JSON) -> Iterator[JSONObject]:
    """What a document holds: nothing, an object, or a list of them."""
    if document is None:
        return
    if not isinstance(document, dict):
        raise Unreadable("a document is no object with apiVersion, kind and metadata.name")
    kind, items = document.get("kind"), document.get("items")
    if kind == "List" or (isinstance(kind, str) and kind.endswith("List") and isinstance(items, list)):
        if not isinstance(items, list | None):
            raise Unreadable(f"the items of a {kind} are no list")
        for item in items or ():
            yield from _objects(item)
        return
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    for what, value in (("apiVersion", document.get("apiVersion")), ("kind", kind), ("metadata.name", name)):
        if not isinstance(value, str) or not value:
            raise Unreadable(f"an object has no {what}")
    yield document


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled."""

    value: _Container
    anchor: str | None
    before: int
    """How many values there were before it."""
    key: str | None = None
    """Of a mapping: the key whose value comes next."""


@dataclass(slots=True)
class _Reader:
    content: bytes
    _stack: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[JSON, int]] = field(default_factory=dict)
    """What can be repeated, with the number of values in it."""
    _values: int = 0
    _aliases: int = 0

    def documents(self) -> Iterator[tuple[int, JSON]]:
        """Each document with the line that it begins in."""
        loader = yaml.CSafeLoader(self.content)
        try:
            start = 0
            while (event := loader.get_event()) is not None:
                if isinstance(event, yaml.DocumentStartEvent):
                    self._anchors.clear()
                    start = _line(event)
                elif isinstance(event, NodeEvent | CollectionEndEvent):
                    try:
                        whole = self._take(event)
                    except Unreadable as error:
                        error.line = _line(event)
                        raise
                    if whole and not self._stack:
                        yield start, whole[0]
        finally:
            loader.dispose()

    def _take(self, event: yaml.Event) -> tuple[JSON] | None:
        """The value that this event completes, put where it belongs."""
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, CollectionStartEvent):
            self._begin(event)
            return None
        if isinstance(event, AliasEvent):
            return self._repeat(event.anchor or "")
        return self._end()

    def _scalar(self, event: ScalarEvent) -> tuple[JSON] | None:
        plain, quoted = event.implicit
        top = self._stack[-1] if self._stack else None
        if top and isinstance(top.value, dict) and top.key is None:
            self._key(top, event, plain)
            return None
        if plain:
            value = untagged(event.value)
        elif quoted or event.tag in (None, "!"):
            value = event.value
        else:
            value = tagged(event.value, event.tag)
        self._count(1)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        return self._put(value)

    def _key(self, top: _Open, event: ScalarEvent, plain: bool) -> None:
        key = event.value
        if plain and key == "<<":
            raise Unreadable("merge keys (`<<`) are not read")
        if plain and not isinstance(untagged(key), str):
            raise Unreadable(f"the key {_shown(key)} is no string: it needs quotes")
        if not plain and event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise Unreadable(f"the key {_shown(key)} is no string")
        if key in top.value:
            raise Unreadable(f"the key {_shown(key)} is there twice")
        if event.anchor:
            self._anchors[event.anchor] = (key, 1)
        top.key = key

    def _begin(self, event: CollectionStartEvent) -> None:
        value: _Container = {} if isinstance(event, MappingStartEvent) else []
        sort = "map" if isinstance(event, MappingStartEvent) else "seq"
        if event.tag not in (None, "!", f"tag:yaml.org,2002:{sort}"):
            raise Unreadable(f"the tag {_shown(str(event.tag))} means nothing here")
        self._no_key("a mapping or list")
        if len(self._stack) >= MOST_DEPTH:
            raise Unreadable(f"it is nested more than {MOST_DEPTH} deep")
        self._stack.append(_Open(value, event.anchor, self._values))
        self._count(1)

    def _end(self) -> tuple[JSON]:
        done = self._stack.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.value, self._values - done.before)
        return self._put(done.value)

    def _repeat(self, anchor: str) -> tuple[JSON]:
        self._no_key("an alias")
        self._aliases += 1
        if self._aliases > MOST_ALIASES:
            raise Unreadable(f"it has more than {MOST_ALIASES} aliases")
        if anchor not in self._anchors:
            raise Unreadable(f"the alias {_shown(anchor)} repeats nothing that is complete")
        value, number = self._anchors[anchor]
        self._count(number)
        return self._put(value)

    def _put(self, value: JSON) -> tuple[JSON]:
        top = self._stack[-1] if self._stack else None
        if top is None:
            return (value,)
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            assert top.key is not None
            top.value[top.key] = value
            top.key = None
        return (value,)

    def _no_key(self, what: str) -> None:
        top = self._stack[-1] if self._stack else None
        if top and isinstance(top.value, dict) and top.key is None:
            raise Unreadable(f"{what} is used as a key")

    def _count(self, number: int) -> None:
        self._values += number
        if self._values > MOST_VALUES:
            raise Unreadable(f"it has more than {MOST_VALUES} values")


def _line(event: yaml.Event) -> int:
    return (event.start_mark.line if event.start_mark else -1) + 1


def _shown(word: str) -> str:
    return repr(word if len(word) <= _SHOWN else word[: _SHOWN - 1] + "…")
