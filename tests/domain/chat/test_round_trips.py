"""Whatever any command can be asked for is written as one line, and that line asks for the same."""

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.application.execution.dispatch import understand
from bot.application.ports import Changing, Command, Look, Steering
from bot.discovery import declared
from bot.domain.chat import grammar
from bot.domain.chat.grammar import Parameter

CATALOGUE: dict[str, Command] = {
    command.name: command
    for command in declared("bot.application.commands", "COMMAND", Look, Steering, Changing).values()
}


def _words(parameter: Parameter) -> st.SearchStrategy[list[str]]:
    """Words that give this parameter a value: its example, or any of its choices, in each spelling."""
    if parameter.rest:
        return st.sampled_from([["--", "services", "-n", "shop"], ["--", "logs", "deploy/web", "--grep", "a b"]])
    if parameter.value is None:
        return st.sampled_from([[flag] for flag in parameter.flags])
    values = list(parameter.value.choices) or [parameter.value.example]
    if not parameter.flags:
        return st.sampled_from([[value] for value in values])
    return st.sampled_from([[flag, value] for flag in parameter.flags for value in values])


@st.composite
def _lines(draw: st.DrawFn) -> str:
    """A command with all it needs and some of what it may be given."""
    name = draw(st.sampled_from(sorted(CATALOGUE)))
    parameters = grammar.parameters(CATALOGUE[name].model)
    taken = [each for each in parameters if each.required or draw(st.booleans())]
    words = [draw(_words(each)) for each in taken if each.flags]
    positional = [each for each in parameters if not each.flags]
    while positional and not positional[-1].required and positional[-1] not in taken:
        positional.pop()
    words += [draw(_words(each)) for each in positional]
    return " ".join((name, shlex.join(word for group in words for word in group)))


def _again(command: Command, request: Any) -> Any:
    other, again = understand(CATALOGUE, grammar.written(command.name, request))
    assert other is command
    return again


@settings(max_examples=500)
@given(_lines())
def test_every_request_survives_being_written(line: str) -> None:
    command, request = understand(CATALOGUE, line)
    assert _again(command, request) == request


@pytest.mark.parametrize("example", [example for command in CATALOGUE.values() for example in command.examples])
def test_every_example_is_understood_and_survives_being_written(example: str) -> None:
    command, request = understand(CATALOGUE, example)
    assert _again(command, request) == request
    assert example.startswith(command.name)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_command_explains_itself(name: str) -> None:
    command = CATALOGUE[name]
    assert command.examples
    assert command.summary[0].islower()
    assert not command.summary.endswith(".")
    for parameter in grammar.parameters(command.model):
        assert parameter.summary
