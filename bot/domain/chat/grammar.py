"""A command line becomes a typed model; from the same model come usage lines, help and error messages.

A model is a frozen dataclass whose fields are made with `argument`, `option` or `rest`. The type of a field says how a
word is read: `str`, `int`, `bool` (a flag without a value), an `Enum`, `X | None`, `tuple[X, ...]` (repeatable), or any
`Annotated[X, Value(...)]` from `values.py`. Nothing here touches a cluster: a line that cannot be understood ends here.
"""

import dataclasses
import difflib
import shlex
import types
import typing
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, cast

from bot.errors import UsageError

Model = TypeVar("Model")

MAXIMUM_LINE = 4_000
"""Characters; Slack's own advice for a message. Longer lines are refused before anything looks at them."""

_QUOTED_AT_MOST = 60
"""Characters of what was typed that a message repeats."""


@dataclass(frozen=True, slots=True)
class Value:
    """How one word is read. `parse` raises ValueError (its text is not shown) when the word is not one."""

    parse: Callable[[str], Any]
    expected: str
    """Completes "expected …": `a port from 1 to 65535`."""
    example: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    """All there are, when they can be listed: for "did you mean" and for selects in forms."""
    commas: bool = False
    """A repeatable option takes several at once as well, with commas between them."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field of a model, as the grammar sees it."""

    field: str
    summary: str
    flags: tuple[str, ...]
    """Empty: positional."""
    value: Value | None
    """None: a flag that takes no value."""
    required: bool
    repeatable: bool
    rest: bool
    default: Any

    @property
    def label(self) -> str:
        """How messages call it: `--port`, or `TARGET`."""
        return self.flags[-1] if self.flags else self.metavar

    @property
    def metavar(self) -> str:
        if self.value and self.value.metavar:
            return self.value.metavar
        return self.field.replace("_", "-").upper()

    @property
    def example(self) -> str:
        if not self.flags:
            return self.value.example if self.value else ""
        return f"{self.label} {self.value.example}" if self.value else self.label

    @property
    def spelling(self) -> str:
        """All its flags and its value's name: `-n, --namespace NAMESPACE`."""
        names = ", ".join(self.flags) or self.metavar
        return f"{names} {self.metavar}" if self.flags and self.value else names

    @property
    def usage(self) -> str:
        shown = self.metavar + ("..." if self.repeatable or self.rest else "")
        if self.flags:
            shown = f"{self.label} {shown}" if self.value else self.label
        return shown if self.required else f"[{shown}]"


_REQUIRED = dataclasses.MISSING


def argument(summary: str, *, default: Any = _REQUIRED) -> Any:
    """A positional word, in the order of the fields. With a default it may be left out."""
    return dataclasses.field(default=default, metadata={"summary": summary, "flags": ()})


def option(*flags: str, summary: str, default: Any = _REQUIRED) -> Any:
    """`option("-n", "--namespace", summary=…, default="")`; the last flag is the name that messages use."""
    return dataclasses.field(default=default, metadata={"summary": summary, "flags": flags})


def rest(summary: str) -> Any:
    """All words from here on, unread (a `str` field, quoted again): the command line that a schedule runs."""
    return dataclasses.field(metadata={"summary": summary, "flags": (), "rest": True})


_BUILT_IN = {
    str: Value(str, "a word", "web"),
    int: Value(int, "a whole number", "3"),
}


def _value_of(annotation: Any) -> tuple[Value | None, bool]:
    """How a field of this type is read, and whether it may be given several times."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return next(extra for extra in arguments[1:] if isinstance(extra, Value)), False
    if origin in (typing.Union, types.UnionType):
        return _value_of(next(a for a in arguments if a is not type(None)))
    if origin is tuple:
        return _value_of(arguments[0])[0], True
    if annotation is bool:
        return None, False
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return choice(annotation), False
    return _BUILT_IN[annotation], False


def choice(kind: type[Enum]) -> Value:
    """One of the values of an Enum, in any case."""
    members = {str(member.value).lower(): member for member in kind}
    names = tuple(str(member.value) for member in kind)

    def parse(word: str) -> Enum:
        if word.lower() not in members:
            raise ValueError(word)
        return members[word.lower()]

    return Value(parse, "one of " + ", ".join(names), names[0], "|".join(names), names)


_known: dict[type[Any], tuple[Parameter, ...]] = {}
"""Reading type hints anew would cost more than reading the line."""


def parameters(model: type[Any]) -> tuple[Parameter, ...]:
    """The parameters of a model, positional ones first, each group in the order of the fields."""
    if model not in _known:
        _known[model] = _parameters(model)
    return _known[model]


def _parameters(model: type[Any]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(model, include_extras=True)
    found = []
    for field in dataclasses.fields(model):
        value, repeatable = _value_of(hints[field.name])
        default = field.default
        found.append(
            Parameter(
                field=field.name,
                summary=field.metadata["summary"],
                flags=tuple(field.metadata["flags"]),
                value=value,
                required=default is dataclasses.MISSING,
                repeatable=repeatable,
                rest=bool(field.metadata.get("rest")),
                default=None if default is dataclasses.MISSING else default,
            )
        )
    return tuple(sorted(found, key=lambda parameter: bool(parameter.flags)))


def usage(name: str, model: type[Any]) -> str:
    """`expose TARGET --port PORT [--name NAME] …`."""
    return " ".join((name, *(parameter.usage for parameter in parameters(model))))


def split(line: str) -> list[str]:
    """The words of a line, quoted as in a shell; nothing is ever expanded. Raises UsageError."""
    if len(line) > MAXIMUM_LINE:
        raise UsageError(
            "That line is too long", cause=f"it has {len(line):,} characters, {MAXIMUM_LINE:,} are read at the most"
        )
    line = "".join(" " if unicodedata.category(c) == "Zs" else c for c in line)
    if unprintable := next((c for c in line if not c.isprintable() and c not in "\t\r\n"), ""):
        raise UsageError(
            "That line holds a character that cannot be typed",
            cause=f"U+{ord(unprintable):04X}",
            next_step="type the line again instead of pasting it",
        )
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(
            "A quote is not closed, or the line ends in a backslash",
            cause=f"in {told(line)}",
            next_step='close it, as in `--grep "connection refused"`',
        ) from None


def told(words: str) -> str:
    """What was typed, for a message: in quotes, not too long, without marks that would end code."""
    shortened = words if len(words) <= _QUOTED_AT_MOST else words[: _QUOTED_AT_MOST - 1] + "…"
    return repr(shortened.replace("`", "'"))


def suggestion(word: str, known: Sequence[str]) -> str:
    """`Did you mean …?`, or empty when nothing is close."""
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower()[:_QUOTED_AT_MOST], by_lower, n=1, cutoff=0.6)
    return f"did you mean `{by_lower[close[0]]}`?" if close else ""


def parse(name: str, model: type[Model], words: Sequence[str]) -> Model:
    """The request that the words after the command's name make. Raises UsageError that names the argument at fault."""
    return cast(Model, _Parser(name, model).read(list(words)))


class _Parser:
    """Reads the words of one line, left to right."""

    def __init__(self, name: str, model: type[Any]) -> None:
        self._name = name
        self._model = model
        self._all = parameters(model)
        self._by_flag = {flag: parameter for parameter in self._all for flag in parameter.flags}
        self._positional = [parameter for parameter in self._all if not parameter.flags]
        self._found: dict[str, Any] = {}

    def read(self, words: list[str]) -> Any:
        only_words = False
        while words:
            current = self._positional[0] if self._positional else None
            if current and current.rest and (only_words or not words[0].startswith("-")):
                self._found[current.field] = shlex.join(words)
                break
            word = words.pop(0)
            if word == "--" and not only_words:
                only_words = True
            elif word.startswith("-") and len(word) > 1 and not only_words:
                self._flag(word, words)
            else:
                self._word(word)
        return self._finish()

    def _flag(self, word: str, words: list[str]) -> None:
        flag, equals, attached = word.partition("=")
        if flag not in self._by_flag and not flag.startswith("--") and flag[:2] in self._by_flag:
            flag, equals, attached = flag[:2], "=", word[2:]  # `-nshop`, as kubectl takes it
        parameter = self._by_flag.get(flag)
        if parameter is None:
            raise self._wrong(
                f"`{self._name}` has no option {told(flag)}",
                suggestion(flag, list(self._by_flag)) or f"it takes {self._options()}",
            )
        if parameter.value is None:
            if equals:
                self._store(parameter, self._truth(parameter, attached))
            else:
                self._store(parameter, True)
            return
        if not equals:
            if not words or words[0] in self._by_flag:
                raise self._wrong(
                    f"`{flag}` needs a value", f"expected {parameter.value.expected}", f"example: `{parameter.example}`"
                )
            attached = words.pop(0)
        for each in attached.split(",") if parameter.repeatable and parameter.value.commas else (attached,):
            self._store(parameter, self._read(parameter, each))

    def _truth(self, parameter: Parameter, word: str) -> bool:
        if word.lower() not in ("true", "false"):
            raise self._wrong(
                f"`{parameter.label}` does not take {told(word)}", "expected `true` or `false`, or nothing"
            )
        return word.lower() == "true"

    def _word(self, word: str) -> None:
        if not self._positional:
            raise self._wrong(
                f"`{self._name}` does not know what to do with {told(word)}",
                suggestion(word, list(self._by_flag)) if word.startswith("-") else "",
            )
        parameter = self._positional[0]
        self._store(parameter, self._read(parameter, word))
        if not parameter.repeatable:
            self._positional.pop(0)

    def _read(self, parameter: Parameter, word: str) -> Any:
        assert parameter.value is not None
        try:
            return parameter.value.parse(word)
        except ValueError:
            raise self._wrong(
                f"`{parameter.label}` cannot be {told(word)}",
                f"expected {parameter.value.expected}",
                suggestion(word, parameter.value.choices) or f"example: `{parameter.example}`",
            ) from None

    def _store(self, parameter: Parameter, value: Any) -> None:
        if parameter.repeatable:
            self._found[parameter.field] = (*self._found.get(parameter.field, ()), value)
        elif parameter.field in self._found:
            raise self._wrong(f"`{parameter.label}` was given twice", "it takes one value")
        else:
            self._found[parameter.field] = value

    def _finish(self) -> Any:
        for parameter in self._all:
            if parameter.required and parameter.field not in self._found:
                assert parameter.value is not None
                raise self._wrong(
                    f"`{self._name}` needs {parameter.label}: {parameter.summary}",
                    f"expected {parameter.value.expected}",
                    f"example: `{parameter.example}`",
                )
        return self._model(**self._found)

    def _options(self) -> str:
        return ", ".join(f"`{flag}`" for flag in self._by_flag) or "no options"

    def _wrong(self, summary: str, cause: str = "", next_step: str = "") -> UsageError:
        return UsageError(summary, cause=cause, next_step=next_step or f"see `help {self._name}`")


def shown(value: Any) -> str:
    """A value as one types it; empty for nothing and for a flag that is not there."""
    if value is None or value is False or value == ():
        return ""
    return str(value.value) if isinstance(value, Enum) else str(value)


def written(name: str, request: Any) -> str:
    """The canonical line of a request: every parameter that differs from its default, in the order of the model.

    `parse` of its words gives an equal request. Values are written by `str`, Enums by their value.
    """
    words, options, last = [], [], ""
    for parameter in parameters(type(request)):
        value = getattr(request, parameter.field)
        if value == parameter.default and not parameter.required:
            continue
        if parameter.rest:
            last = str(value)
        elif parameter.flags:
            options += [_written_option(parameter, one) for one in (value if parameter.repeatable else (value,))]
        else:
            words += [shown(one) for one in (value if parameter.repeatable else (value,))]
    if any(word.startswith("-") for word in words):
        return " ".join((name, *options, "--", shlex.join(words), last)).rstrip()
    return " ".join(part for part in (name, shlex.join(words), *options, f"-- {last}" if last else "") if part)


def _written_option(parameter: Parameter, value: Any) -> str:
    flag = parameter.flags[-1]
    if parameter.value is None:
        return flag if value else f"{flag}=false"
    word = shown(value)
    # What begins with a dash would be taken for an option of its own, and nothing for a missing value.
    return shlex.quote(f"{flag}={word}") if word.startswith("-") or not word else f"{flag} {shlex.quote(word)}"
