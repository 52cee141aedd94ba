"""From an invocation to a report, whichever door it came through.

Parsing, rights, the default namespace and errors are settled here once; what is left for commands is their own work.
"""

import dataclasses
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.application.execution import proposing
from bot.application.ports import Answer, Changing, Command, Context, Ports
from bot.domain.chat import grammar
from bot.domain.chat.invocation import Invocation
from bot.domain.chat.report import Action, Code, Menu, Paragraph, Report, Status, text
from bot.domain.chat.values import InNamespace
from bot.errors import BotError, Refused, Undecided, UsageError

_log = logging.getLogger(__name__)

Show = Callable[[Report], Awaitable[None]]


async def _show_nothing(report: Report) -> None:
    return None


async def dispatch(ports: Ports, invocation: Invocation, show: Show = _show_nothing) -> Answer:
    """Carries out what was said and answers, always: what went wrong is an answer too."""
    try:
        return await _carry_out(ports, invocation, show)
    except Undecided as undecided:
        return Answer(question(undecided))
    except BotError as error:
        _log.info("%s asked %r: %s", invocation.actor.id, invocation.text, error)
        return Answer(failure(error))
    except Exception:  # noqa: BLE001  a bug must still be answered: with a reference that is in the log
        reference = secrets.token_hex(4)
        _log.exception("bug %s: %s asked %r", reference, invocation.actor.id, invocation.text)
        return Answer(bug(reference))


def understand(catalogue: Mapping[str, Command], line: str) -> tuple[Command, Any]:
    """The command that a line names, and its request. Raises UsageError."""
    words = grammar.split(line)
    if not words or words[0] in ("-h", "--help"):
        words = ["help", *words[1:]]
    for length in (2, 1):
        name = " ".join(words[:length]).lower()
        if len(words) >= length and (command := catalogue.get(name)):
            if _asks_for_help(words[length:]) and (help_ := catalogue.get("help")):
                return help_, grammar.parse("help", help_.model, name.split())
            return command, grammar.parse(name, command.model, words[length:])
    raise _unknown(catalogue, words)


def _asks_for_help(words: list[str]) -> bool:
    """`services --help`, as every program on a command line takes it; what follows `--` belongs to another command."""
    own = words[: words.index("--")] if "--" in words else words
    return "--help" in own or "-h" in own


def _unknown(catalogue: Mapping[str, Command], words: list[str]) -> UsageError:
    first = words[0].lower()
    group = [name for name in catalogue if name.startswith(f"{first} ")]
    if group:
        said = " ".join(words[:2])
        return UsageError(
            f"There is no command {grammar.told(said)}" if len(words) > 1 else f"`{first}` needs one more word",
            cause=("there are " if len(group) > 1 else "there is ") + ", ".join(f"`{name}`" for name in group),
            next_step=grammar.suggestion(" ".join(words[:2]), group) if len(words) > 1 else "",
        )
    known = sorted({name.split()[0] for name in catalogue})
    return UsageError(
        f"There is no command {grammar.told(words[0])}", next_step=grammar.suggestion(first, known) or "see `help`"
    )


async def _carry_out(ports: Ports, invocation: Invocation, show: Show) -> Answer:
    command, request = understand(ports.catalogue, invocation.text)
    if command.needs_change_right and not ports.access.may_change(invocation.actor):
        raise Refused(
            f"You may not use `{command.name}`",
            cause="only people whom the setting PATCHBAY_CHANGERS lists may change things",
            next_step=f"ask the operator to add `{invocation.actor.id.removeprefix('slack:')}` to it",
        )
    async with ports.clusters.open(invocation.cluster, invocation.actor) as opened:
        if isinstance(request, InNamespace) and not request.namespace:
            request = dataclasses.replace(request, namespace=opened.cluster.default_namespace)
        context = Context(
            ports=ports,
            invocation=invocation,
            cluster=opened.cluster,
            prober=opened.prober,
            show=show,
            line=grammar.written(command.name, request),
        )
        if isinstance(command, Changing):
            change = await command.planner(request, context)
            return await proposing.propose(change, context, dry_run=request.dry_run)
        answer = await command.handler(request, context)
        return answer if isinstance(answer, Answer) else Answer(answer, request=request)


def failure(error: BotError) -> Report:
    """What people are told when the bot could not do what was asked."""
    parts = [_sentence(part) for part in (error.cause, error.next_step) if part]
    blocks = tuple(Paragraph(text(part)) for part in parts)
    return Report(status=Status.FAILED, title=error.summary.replace("`", ""), blocks=blocks)


def question(undecided: Undecided) -> Report:
    """What people are asked when there is more than one way."""
    choices = tuple(Action(label=label, command=line) for label, line in undecided.choices)
    blocks = (Paragraph(text(_sentence(undecided.cause))),) if undecided.cause else ()
    return Report(
        status=Status.FINDINGS,
        title=undecided.summary.replace("`", ""),
        blocks=blocks,
        menu=Menu(undecided.asks, choices),
        footnotes=(text("Nothing was written. Choose, and the plan is shown first."),),
    )


def bug(reference: str) -> Report:
    """What people are told when the bot itself is at fault."""
    return Report(
        status=Status.FAILED,
        title="Something in Patchbay itself went wrong",
        blocks=(
            Paragraph(
                text(
                    "Nothing more was done. The operator finds the reason in the log under the reference ",
                    Code(reference),
                )
            ),
        ),
    )


def _sentence(words: str) -> str:
    """Begins with a capital letter, unless code, a path or an address comes first, and ends with a full stop, unless a
    mark stands there."""
    first = words.partition(" ")[0]
    if "/" not in first and "." not in first.rstrip(".:"):
        words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "?", "!")) else words + "."
