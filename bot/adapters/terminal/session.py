"""The door of a terminal: one command line in, its report out, and the question that a plan asks.

Like Slack's listeners it knows nothing of clusters: it is given `dispatch`, and turns what comes back into text or JSON
and an exit status.
"""

import getpass
import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from bot.adapters.terminal.following import Following
from bot.adapters.terminal.rendering import exit_status, render_json, render_text
from bot.application.ports import Answer
from bot.domain.chat.invocation import Actor, Invocation, Source
from bot.domain.chat.report import Action, Menu, Report

Show = Callable[[Report], Awaitable[None]]


class Dispatch(Protocol):
    def __call__(self, invocation: Invocation, show: Show) -> Awaitable[Answer]: ...


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where to write, how wide, and how to ask. `ask` is None where nobody can answer."""

    out: TextIO
    err: TextIO
    width: int
    colour: bool
    ask: Callable[[str], str] | None


async def converse(
    dispatch: Dispatch, words: Sequence[str], terminal: Terminal, *, as_json: bool, approve: bool
) -> int:
    """Carries out one line. Returns the exit status: 0 all well, 1 findings, 2 it could not be done."""
    show: Show = _silent if as_json else Following(terminal.err)
    answer = await dispatch(_invocation(shlex.join(words)), show)
    while answer.report.menu is not None and terminal.ask is not None and not as_json:
        status = _tell(answer.report, terminal, as_json)
        if (chosen := _chosen(answer.report.menu, terminal.ask)) is None:
            return status
        answer = await dispatch(_invocation(chosen), show)
    if (doubts := _doubts(answer)) and terminal.ask is not None and not as_json:
        status = _tell(answer.report, terminal, as_json)
        if terminal.ask(f"{doubts.label}? [y/N] ").strip().lower() not in ("y", "yes"):
            return status
        answer = await dispatch(_invocation(doubts.command), show)
    approval = _approval(answer.report) if answer.change else None
    if approval is None:
        return _tell(answer.report, terminal, as_json)
    if not as_json:
        _tell(answer.report, terminal, as_json)
    if not approve:
        if as_json or terminal.ask is None:
            if as_json:
                _tell(answer.report, terminal, as_json)
            terminal.err.write(f"Nothing was changed. To apply this plan: patchbay run {approval}\n")
            return 1
        if terminal.ask("Apply this plan? [y/N] ").strip().lower() not in ("y", "yes"):
            cancelled = await dispatch(_invocation(f"changes cancel {answer.change}"), show)
            return _tell(cancelled.report, terminal, as_json)
    outcome = await dispatch(_invocation(approval), show)
    return _tell(outcome.report, terminal, as_json)


def _chosen(menu: Menu, ask: Callable[[str], str]) -> str | None:
    """The line of the number that is typed; None: nothing, or no such number."""
    typed = ask(f"{menu.label}, 1 to {len(menu.choices)}: ").strip()
    if not typed.isascii() or not typed.isdigit() or len(typed) > 4 or not 1 <= int(typed) <= len(menu.choices):
        return None
    return menu.choices[int(typed) - 1].command


def _doubts(answer: Answer) -> Action | None:
    """What plans again with all doubts accepted; None when there are none. `--yes` never does that."""
    if answer.change:
        return None
    return next((each for each in answer.report.actions if " --accept " in each.command), None)


def _invocation(line: str) -> Invocation:
    name = getpass.getuser()
    return Invocation(text=line, source=Source.TERMINAL, actor=Actor(f"terminal:{name}", name))


def _approval(report: Report) -> str | None:
    """The command line behind the plan's Approve button."""
    return next((action.command for action in report.actions if action.command.startswith("changes approve ")), None)


def _tell(report: Report, terminal: Terminal, as_json: bool) -> int:
    if as_json:
        terminal.out.write(render_json(report) + "\n")
    else:
        terminal.out.write(render_text(report, colour=terminal.colour, width=terminal.width) + "\n")
    terminal.out.flush()
    return exit_status(report)


async def _silent(report: Report) -> None:
    return None
