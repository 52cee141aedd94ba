"""`patchbay run`: one command in a terminal."""

import asyncio
import logging
import shutil
import sys
from collections.abc import Sequence

from bot import logs
from bot.adapters.terminal.session import Terminal, converse
from bot.app.house import open_ports
from bot.application.execution.dispatch import Show, dispatch
from bot.application.ports import Answer, Ports
from bot.application.routines import resume_changes
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Invocation
from bot.errors import BotError
from bot.settings import Settings

_log = logging.getLogger(__name__)


def run(settings: Settings, words: Sequence[str], *, as_json: bool, approve: bool) -> int:
    """One command in a terminal. Returns the exit status: 0 all well, 1 findings, 2 it could not be done."""
    logs.configure("error", json=False)
    return asyncio.run(_run(settings, words, as_json=as_json, approve=approve))


async def _run(settings: Settings, words: Sequence[str], *, as_json: bool, approve: bool) -> int:
    # Whoever holds the kubeconfig could use kubectl as well: here the cluster's own rights decide.
    access = AccessPolicy(frozenset({"*"}), settings.second_approver)
    terminal = Terminal(
        out=sys.stdout,
        err=sys.stderr,
        width=shutil.get_terminal_size((120, 24)).columns,
        colour=sys.stdout.isatty(),
        ask=input if sys.stdin.isatty() else None,
    )
    async with open_ports(settings, "run", access, "patchbay run") as ports:
        await _resume(ports, terminal)

        async def answer(invocation: Invocation, show: Show) -> Answer:
            return await dispatch(ports, invocation, show)

        return await converse(answer, words, terminal, as_json=as_json, approve=approve)


async def _resume(ports: Ports, terminal: Terminal) -> None:
    """Finishes what an earlier `run` was interrupted in; names what is left to `serve`. It never stops the command."""
    try:
        for record in await resume_changes.resumable(ports):
            terminal.err.write(f"Change {record.id} was interrupted; it is finished first: {record.change.summary} …\n")
            terminal.err.flush()
        for record in await resume_changes.resume_changes(ports):
            terminal.err.write(f"Change {record.id} had been interrupted; it is now {record.state.value}.\n")
        for record in await resume_changes.left_to_others(ports):
            terminal.err.write(
                f"Change {record.id} was interrupted in `patchbay {record.origin}`, which will finish it.\n"
            )
    except BotError as error:
        _log.info("interrupted changes could not be looked for: %s", error)
