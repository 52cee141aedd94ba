"""`patchbay run`: one command in a terminal."""

import asyncio
import logging
import math
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Sequence

from bot import logs
from bot.adapters.terminal.escaping import harmless
from bot.adapters.terminal.following import Following
from bot.adapters.terminal.session import Terminal, converse
from bot.app.house import open_ports
from bot.application.execution import telling
from bot.application.execution.applying import show_nothing
from bot.application.execution.dispatch import Show, dispatch, understand
from bot.application.ports import Answer, Changing, Ports, Steering
from bot.application.routines import resume_changes
from bot.domain.access import AccessPolicy
from bot.domain.changes.change import ChangeRecord
from bot.domain.chat.invocation import Invocation
from bot.errors import BotError
from bot.settings import Settings

_log = logging.getLogger(__name__)

_GOING_BACK = "changes cancel"


def run(settings: Settings, words: Sequence[str], *, as_json: bool, approve: bool) -> int:
    """One command in a terminal. Returns the exit status: 0 all well, 1 findings, 2 it could not be done."""
    logs.configure("error", json=False)
    return asyncio.run(_run(settings, unquoted(words), as_json=as_json, approve=approve))


def unquoted(words: Sequence[str]) -> Sequence[str]:
    """A whole command in quotes, as people paste it from chat, counts as its words."""
    if len(words) != 1:
        return words
    try:
        return shlex.split(words[0])
    except ValueError:
        return words


async def _run(settings: Settings, words: Sequence[str], *, as_json: bool, approve: bool) -> int:
    # Whoever holds the kubeconfig could use kubectl as well: here the cluster's own rights decide.
    access = AccessPolicy(frozenset({"*"}), settings.second_approver)
    terminal = Terminal(
        out=sys.stdout,
        err=sys.stderr,
        width=shutil.get_terminal_size((120, 24)).columns,
        colour=sys.stdout.isatty(),
        ask=ask if sys.stdin.isatty() else None,
    )
    async with open_ports(settings, "run", access, "patchbay run") as ports:

        async def answer(invocation: Invocation, show: Show) -> Answer:
            return await dispatch(ports, invocation, show)

        try:
            await attend_to_interrupted(
                ports, terminal, words, lambda: show_nothing if as_json else Following(terminal.err)
            )
            return await converse(answer, words, terminal, as_json=as_json, approve=approve)
        except asyncio.CancelledError:
            await tell_of_interruption(ports, terminal)
            raise


def ask(question: str) -> str:
    """Ctrl-C ends the question at once: asyncio would only note it, and go on waiting for the line."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input(question)
    finally:
        signal.signal(signal.SIGINT, before)


async def tell_of_interruption(ports: Ports, terminal: Terminal) -> None:
    """After Ctrl-C: what this process was in the middle of, and what can be done about it."""
    try:
        async with ports.storage.read() as reading:
            running = await reading.changes.running()
    except BotError as error:
        _log.info("interrupted changes could not be looked for: %s", error)
        return
    for record in running:
        if record.owner == ports.process.id:
            _say(terminal, f"{telling.interrupted(record)} {_lease(ports, record)} {_ways(ports, record)}")


def _lease(ports: Ports, record: ChangeRecord) -> str:
    left = (record.lease_until - ports.clock.now()).total_seconds() if record.lease_until else 0.0
    return f"Nobody can take it up for another {math.ceil(left)} s." if left > 0 else "Its lease was given up."


async def attend_to_interrupted(
    ports: Ports, terminal: Terminal, words: Sequence[str], follow: Callable[[], Show]
) -> None:
    """What earlier processes were interrupted in: whoever only looks, or goes back, is told of it and not kept waiting;
    whoever changes something waits until it is finished. It never stops the command."""
    waits = _waits(ports, words)
    try:
        for record in await resume_changes.resumable(ports):
            if waits:
                await _finish(ports, terminal, record, follow())
            elif not _is_about(words, record):
                _say(terminal, f"{telling.interrupted(record)} {_ways(ports, record)}")
        for record in await resume_changes.left_to_others(ports):
            if not _is_about(words, record):
                _say(terminal, f"{telling.interrupted(record)} {_ways(ports, record)}")
    except BotError as error:
        _log.info("interrupted changes could not be looked for: %s", error)


async def _finish(ports: Ports, terminal: Terminal, record: ChangeRecord, show: Show) -> None:
    _say(terminal, f"{telling.interrupted(record)} It is finished first: {record.change.summary} …")
    ended = await resume_changes.resume(ports, record, show)
    if ended is None:
        _say(terminal, f"Change {record.id} could not be finished now: see patchbay run changes show {record.id}")
    else:
        _say(terminal, f"Change {record.id} had been interrupted; it is now {ended.state.value}.")


def _waits(ports: Ports, words: Sequence[str]) -> bool:
    """Whether what was interrupted has to be finished before these words are carried out."""
    try:
        command, request = understand(ports.catalogue, shlex.join(words))
    except BotError:
        return False
    if isinstance(command, Changing):
        return not request.dry_run
    return isinstance(command, Steering) and command.name != _GOING_BACK


def _is_about(words: Sequence[str], record: ChangeRecord) -> bool:
    """Whether these words go back from this very change: then there is nothing to tell."""
    return [word.lower() for word in words[:3]] == [*_GOING_BACK.split(), str(record.id)]


def _ways(ports: Ports, record: ChangeRecord) -> str:
    """How it goes on, and how to go back."""
    ours = resume_changes.may_resume(ports, record)
    on = "Any changing command finishes it first." if ours else f"`patchbay {record.origin}` will finish it."
    return f"{on} To go back: patchbay run {_GOING_BACK} {record.id}"


def _say(terminal: Terminal, line: str) -> None:
    terminal.err.write(harmless(line) + "\n")
    terminal.err.flush()
