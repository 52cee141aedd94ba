"""Where an answer goes: to one person through a response_url, or as a message in a thread or in direct messages.

A response_url takes five messages in 30 minutes (https://docs.slack.dev/interactivity/handling-user-interaction), so
they are counted: three are kept for the answer.
"""

import logging
from typing import Any, Protocol

import msgspec

from bot.adapters.slack.delivery import SlackMessenger
from bot.adapters.slack.rendering import MOST_MESSAGES, SlackMessage, render
from bot.application.ports.messenger import MessageId
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Code, Report, Status, paragraph
from bot.errors import BotError, NotFound

_log = logging.getLogger(__name__)

_USES = 5


class Door(Protocol):
    """The way back to whoever asked."""

    async def show(self, report: Report) -> None:
        """What is so far; it makes room for the answer. Not shown where that cannot be."""

    async def answer(self, report: Report) -> None: ...

    async def hush(self) -> None:
        """The answer is told elsewhere: takes away what was shown."""


def working(line: str) -> Report:
    return Report(status=Status.WORKING, title="Working on it", blocks=(paragraph(Code(line[:200] or "help")),))


def interrupted(line: str) -> Report:
    return Report(
        status=Status.FAILED,
        title="Interrupted by a restart",
        blocks=(
            paragraph("The bot was told to stop before it had finished this; ask again: ", Code(line[:200] or "help")),
        ),
    )


class Whisper:
    """To one person alone, through a response_url.

    `replaces`: what was shown can be replaced by what follows. After a click it cannot: "the original" would be the
    message with the button, which is everybody's.
    """

    def __init__(
        self, messenger: SlackMessenger, url: str, person: str, *, replaces: bool, thread: Place | None = None
    ):
        self._messenger = messenger
        self._url = url
        self._person = person
        self._replaces = replaces
        self._thread = thread
        self._left = _USES
        self._shown = False

    async def show(self, report: Report) -> None:
        if self._thread:
            return  # a response_url cannot whisper into a thread
        if not self._replaces:  # it will stand there for good: so it says nothing that passes
            if self._shown:
                return
            report = msgspec.structs.replace(report, title="Taken: what comes of it follows")
        if self._left > MOST_MESSAGES:
            await self._respond(render(report, messages=1).messages[0])
            self._shown = True

    async def answer(self, report: Report) -> None:
        rendering = render(report)
        if rendering.files:
            report = await self._in_direct_messages(report)
            rendering = render(report)
        if self._thread and await self._in_thread(report):
            return
        try:
            for message in rendering.messages:
                await self._respond(message)
        except BotError as error:
            _log.info("an answer goes to direct messages: %s", error)
            await self._messenger.post(Place(channel=self._person), report, "")

    async def hush(self) -> None:
        if self._shown and self._replaces and self._left:
            await self._send({"delete_original": True})

    async def _in_direct_messages(self, report: Report) -> Report:
        """Posts it there, because files cannot be ephemeral; what to say here instead."""
        return await sent_privately(self._messenger, self._person, report)

    async def _in_thread(self, report: Report) -> bool:
        """Where the bot is a member, the answer to a click in a thread stands in that thread."""
        assert self._thread is not None
        try:
            await self._messenger.whisper(self._thread, self._person, report)
        except BotError:
            return False
        return True

    async def _respond(self, message: SlackMessage) -> None:
        replace = self._replaces and self._shown
        self._shown = False  # what comes next stands beside it
        await self._send({"text": message.text, "blocks": message.blocks, "replace_original": replace})

    async def _send(self, payload: dict[str, Any]) -> None:
        self._left -= 1
        await self._messenger.respond(self._url, payload)


class Spoken:
    """As a message that everybody there can read; progress and answer are edits of the same one.

    `person`: whoever asked, for what must not be said to everybody; empty where nobody else listens.
    """

    def __init__(self, messenger: SlackMessenger, place: Place, *, person: str = ""):
        self._messenger = messenger
        self._place = place
        self._person = person
        self._message: MessageId | None = None

    async def show(self, report: Report) -> None:
        if report.private and self._person:
            return
        if self._message is None:
            self._message = await self._messenger.post(self._place, report, "")
        else:
            await self._messenger.update(self._message, report)

    async def answer(self, report: Report) -> None:
        if report.private and self._person:
            report = await sent_privately(self._messenger, self._person, report)
        if self._message is not None:
            try:
                await self._messenger.finish(self._message, report, self._place.thread)
                return
            except NotFound:
                self._message = None
        await self._messenger.post(self._place, report, "")

    async def hush(self) -> None:
        if self._message is not None:
            await self._messenger.delete(self._message)


async def sent_privately(messenger: SlackMessenger, person: str, report: Report) -> Report:
    """Posts the report to a person's direct messages; returns what to say where it was asked."""
    try:
        await messenger.post(Place(channel=person), report, "")
    except BotError as error:
        return Report(
            status=Status.FAILED,
            title="The answer is for you alone, and your direct messages cannot be reached",
            blocks=(paragraph(f"{error.summary}. {error.cause}."),),
        )
    return Report(
        status=report.status,
        title="The answer is in your direct messages",
        blocks=(paragraph("It holds what only you should see, or a file: open the messages with this app."),),
    )
