"""`help`: everything it says is read from the models of the commands, so that it cannot be out of date."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from bot.application.ports import Changing, Command, Context, Look, Steering
from bot.domain.chat import grammar
from bot.domain.chat.grammar import Parameter, argument
from bot.domain.chat.report import Block, Bullets, Code, Paragraph, Preformatted, Report, Status, Table, table, text
from bot.domain.chat.values import Word
from bot.domain.chat.wording import counted
from bot.errors import UsageError

_GROUPS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("Look", Look),
    ("Change", Changing),
    ("Schedules, incidents and approvals", Steering),
)


@dataclass(frozen=True, kw_only=True)
class Help:
    command: tuple[Word, ...] = argument("the command to explain", default=())


async def explain(request: Help, context: Context) -> Report:
    """Answers without asking any cluster."""
    catalogue, prefix = context.ports.catalogue, context.ports.command_prefix
    words = [word.lower() for word in request.command]
    if words and words[0] == prefix.removeprefix("/"):
        words = words[1:]
    if not words:
        return _overview(tuple(sorted(catalogue.items())), prefix)
    for length in (2, 1):
        if command := catalogue.get(" ".join(words[:length])):
            return _page(command, prefix)
    group = {name: command for name, command in catalogue.items() if name.split()[0] == words[0]}
    if group:
        return Report(
            status=Status.OK, title=f"{words[0]}: {counted(len(group), 'command')}", blocks=(_table(group.values()),)
        )
    raise UsageError(
        f"There is no command `{' '.join(request.command)[:60]}`",
        next_step=grammar.suggestion(" ".join(words), list(catalogue)) or f"see `{prefix} help`",
    )


@functools.lru_cache(maxsize=4)  # the same for everybody, and the first thing that everybody asks
def _overview(catalogue: tuple[tuple[str, Command], ...], prefix: str) -> Report:
    blocks: list[Block] = []
    for title, kind in _GROUPS:
        members = [command for _, command in catalogue if isinstance(command, kind)]
        if members:
            blocks.append(_table(members, title))
    examples = tuple(f"{prefix} {command.examples[0]}" for _, command in catalogue if command.examples)
    blocks.append(Preformatted(content="\n".join(examples), title="Examples"))
    return Report(
        status=Status.OK,
        title="What Patchbay can do",
        blocks=tuple(blocks),
        footnotes=(text("More about one: ", Code(f"{prefix} help COMMAND"), "."),),
    )


def _table(commands: Iterable[Command], title: str = "") -> Table:
    return table(("COMMAND", "WHAT IT DOES"), ((Code(c.name), c.summary) for c in commands), title)


def _page(command: Command, prefix: str) -> Report:
    parameters = grammar.parameters(command.model)
    blocks: list[Block] = [
        Preformatted(content=f"{prefix} {grammar.usage(command.name, command.model)}", title="Usage")
    ]
    if command.details:
        blocks.append(Paragraph(text(command.details)))
    for title, group in (
        ("Arguments", [parameter for parameter in parameters if not parameter.flags]),
        ("Options", [parameter for parameter in parameters if parameter.flags]),
    ):
        if group:
            blocks.append(table(("NAME", "MEANING", "EXPECTED"), (_row(each) for each in group), title))
    blocks.append(Preformatted(content="\n".join(f"{prefix} {line}" for line in command.examples), title="Examples"))
    if command.needs_change_right:
        blocks.append(Bullets((text("Only people who may change things may use it."),)))
    return Report(status=Status.OK, title=f"{command.name}: {command.summary}", blocks=tuple(blocks))


def _row(parameter: Parameter) -> tuple[Code, str, str]:
    return Code(parameter.spelling), parameter.summary + _default(parameter), _expected(parameter)


def _expected(parameter: Parameter) -> str:
    if parameter.rest:
        return "a whole command"
    return parameter.value.expected if parameter.value else "nothing: it is there or not"


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return " (needed)" if parameter.flags else ""
    shown = grammar.shown(parameter.default)
    return f" (default: {shown})" if shown else ""


COMMAND = Look(
    name="help",
    model=Help,
    handler=explain,
    summary="say what can be asked for, or explain one command",
    examples=("help", "help services", "help ingress create"),
)
