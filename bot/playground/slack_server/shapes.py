"""The small language in which Block Kit's rules are tables: a checker looks at one value and notes what is wrong.

The sentences are Slack's, each with the JSON pointer of the place (slack.md, "Wording of a refusal").
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Problems = list[str]
Checker = Callable[[Any, str, Problems], None]


def problem(sentence: str, pointer: str) -> str:
    return f"{sentence} [json-pointer:{pointer}]"


@dataclass(frozen=True, slots=True)
class Text:
    """A string of so many characters."""

    longest: int
    shortest: int = 1
    prefixes: tuple[str, ...] = ()

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.append(problem("must provide a string", pointer))
        elif len(value) < self.shortest:
            problems.append(problem(f"must be more than {self.shortest - 1} characters", pointer))
        elif len(value) > self.longest:
            problems.append(problem(f"must be less than {self.longest + 1} characters", pointer))
        elif self.prefixes and not value.startswith(self.prefixes):
            problems.append(problem("invalid url", pointer))


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds."""

    least: int
    most: int

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(problem("must provide a number", pointer))
        elif not self.least <= value <= self.most:
            problems.append(problem(f"must be between {self.least} and {self.most}", pointer))


def flag(value: Any, pointer: str, problems: Problems) -> None:
    """true or false."""
    if not isinstance(value, bool):
        problems.append(problem("must be a boolean", pointer))


def anything(value: Any, pointer: str, problems: Problems) -> None:
    """Not looked at: what it holds is checked elsewhere, or by nobody."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: Collection[str]

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if value not in self.words:
            problems.append(problem("must be a valid enum value", pointer))


@dataclass(frozen=True, slots=True)
class Many:
    """A list of so many."""

    item: Checker
    most: int
    least: int = 1

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.append(problem("must provide an array", pointer))
            return
        if len(value) > self.most:
            problems.append(problem(f"no more than {self.most} items allowed", pointer))
        if len(value) < self.least:
            problems.append(problem(f"no fewer than {self.least} items allowed", pointer))
        for index, item in enumerate(value[: self.most + 1]):
            self.item(item, f"{pointer}/{index}", problems)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: fields that must be, fields that may be, and groups of which at least one must be."""

    must: Mapping[str, Checker] = field(default_factory=dict)
    may: Mapping[str, Checker] = field(default_factory=dict)
    any_of: tuple[str, ...] = ()

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(problem("must provide an object", pointer))
            return
        for name in self.must:
            if value.get(name) is None:
                problems.append(problem(f"missing required field: {name}", pointer))
        if self.any_of and all(value.get(name) is None for name in self.any_of):
            problems.append(problem(f"missing required field: {self.any_of[0]}", pointer))
        known = {**self.must, **self.may}
        for name, item in value.items():
            if name not in known and name != "type":
                problems.append(problem(f"invalid additional property: {name}", pointer))
            elif name in known and item is not None:
                known[name](item, f"{pointer}/{name}", problems)


@dataclass(frozen=True, slots=True)
class Kinds:
    """An object whose `type` says which shape it must have; only some types are allowed in this place."""

    table: Mapping[str, Checker]
    allowed: Collection[str]

    def __call__(self, value: Any, pointer: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.append(problem("must provide an object", pointer))
            return
        kind = value.get("type")
        if kind is None:
            problems.append(problem("missing required field: type", pointer))
        elif not isinstance(kind, str) or kind not in self.allowed or kind not in self.table:
            problems.append(problem(f"unsupported type: {kind}", f"{pointer}/type"))
        else:
            self.table[kind](value, pointer, problems)
