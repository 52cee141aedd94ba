"""`patchbay run`: one command in a terminal."""

import asyncio
import shutil
import sys
from collections.abc import Sequence

from bot import logs
from bot.adapters.terminal.session import Terminal, converse
from bot.app.house import open_ports
from bot.application.execution.dispatch import Show, dispatch
from bot.application.ports import Answer
from bot.domain.access import AccessPolicy
from bot.domain.chat.invocation import Invocation
from bot.settings import Settings


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

        async def answer(invocation: Invocation, show: Show) -> Answer:
            return await dispatch(ports, invocation, show)

        return await converse(answer, words, terminal, as_json=as_json, approve=approve)
