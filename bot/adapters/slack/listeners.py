"""What people do in Slack becomes an invocation; its answer goes back the way it came.

Acknowledged first, whatever the cluster does: the work is handed to the Supervisor, because Bolt would lose it on
SIGTERM. One slash command, one pattern of button ids: Bolt's cost grows with the number of listeners.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.adapters.slack.answering import Door, Spoken, Whisper, interrupted, working
from bot.adapters.slack.blocks import ACTION_ID
from bot.adapters.slack.delivery import SlackMessenger
from bot.adapters.slack.payloads import (
    Payload,
    from_click,
    from_direct,
    from_mention,
    from_slash,
    is_from_a_person,
)
from bot.application.execution.dispatch import Show, bug, failure
from bot.application.execution.supervision import Supervisor
from bot.application.ports import Answer
from bot.domain.chat.invocation import Invocation, Source
from bot.domain.chat.report import Report
from bot.errors import BotError

_log = logging.getLogger(__name__)

Dispatch = Callable[[Invocation, Show], Awaitable[Answer]]
FirstTime = Callable[[str], Awaitable[bool]]
Ack = Callable[..., Awaitable[Any]]

WORKING_AFTER_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Listeners:
    """What the edge needs to answer people."""

    messenger: SlackMessenger
    bot_user: str
    command: str
    dispatch: Dispatch
    first_time: FirstTime
    supervisor: Supervisor
    working_after_seconds: float = WORKING_AFTER_SECONDS

    def register(self, app: AsyncApp) -> None:
        """Every payload Slack can send is acknowledged; what is not ours is then left alone."""
        app.command(self.command)(self.slash)
        app.event(re.compile(".*"))(self.event)
        app.action(re.compile(re.escape(ACTION_ID)))(self.click)
        app.action(re.compile(".*"))(_only_acknowledge)

    async def slash(self, ack: Ack, body: Payload) -> None:
        await ack()
        invocation = from_slash(body, self.command)
        self._begin(invocation, Whisper(self.messenger, invocation.reply_to, invocation.actor.slack_id, replaces=True))

    async def click(self, ack: Ack, body: Payload) -> None:
        await ack()
        if invocation := from_click(body):
            self._begin(invocation, self._door_of_click(invocation))

    async def event(self, ack: Ack, body: Payload) -> None:
        await ack()
        event = body.get("event") or {}
        if not is_from_a_person(event, self.bot_user):
            return
        if event.get("type") == "app_mention" and event.get("channel_type") != "im":
            invocation = from_mention(event, self.bot_user, self.command)
        elif event.get("type") == "message" and event.get("channel_type") == "im":
            invocation = from_direct(event, self.bot_user, self.command)
        else:
            return
        assert invocation.place is not None
        person = invocation.actor.slack_id if invocation.source is Source.MENTION else ""
        door = Spoken(self.messenger, invocation.place, person=person)
        self._begin(invocation, door, event_id=str(body.get("event_id") or ""))

    def _door_of_click(self, invocation: Invocation) -> Door:
        place, person = invocation.place, invocation.actor.slack_id
        assert place is not None
        if place.channel.startswith("D") or not invocation.reply_to:
            return Spoken(self.messenger, place, person="" if place.channel.startswith("D") else person)
        thread = place if place.thread else None
        return Whisper(self.messenger, invocation.reply_to, person, replaces=False, thread=thread)

    def _begin(self, invocation: Invocation, door: Door, *, event_id: str = "") -> None:
        name = f"{invocation.source.value} of {invocation.actor.id}"
        try:
            self.supervisor.start(self._serve(invocation, door, event_id), name)
        except RuntimeError:  # it drains: the process ends
            task = asyncio.create_task(self._last_words(door, interrupted(invocation.text)), name=name)
            _farewells.add(task)
            task.add_done_callback(_farewells.discard)

    async def _serve(self, invocation: Invocation, door: Door, event_id: str) -> None:
        if event_id and not await self._is_new(event_id):
            return
        try:
            await self._converse(invocation, door)
        except asyncio.CancelledError:
            await self._last_words(door, interrupted(invocation.text))
            raise
        except BotError as error:
            _log.warning("%s was not answered: %s", invocation.actor.id, error)
            await self._last_words(door, failure(error))
        except Exception:  # noqa: BLE001  a bug must still be answered: with a reference that is in the log
            reference = secrets.token_hex(4)
            _log.exception("bug %s: answering %s, who asked %r", reference, invocation.actor.id, invocation.text)
            await self._last_words(door, bug(reference))

    async def _converse(self, invocation: Invocation, door: Door) -> None:
        """Dispatches, says that it is working when that takes a while, and answers."""
        show = _careful(door)
        asked = asyncio.ensure_future(self.dispatch(invocation, show))
        try:
            await asyncio.wait({asked}, timeout=self.working_after_seconds)
            if not asked.done() and not _told_in_channel(invocation):
                await show(working(invocation.text))
            answer = await asked
        finally:
            if not asked.done():
                asked.cancel()
                await asyncio.wait({asked})
        if answer.said_in_channel:
            try:
                await door.hush()
            except BotError as error:
                _log.info("the working line stays: %s", error)
        else:
            await door.answer(answer.report)

    async def _is_new(self, event_id: str) -> bool:
        try:
            return await self.first_time(event_id)
        except Exception:  # noqa: BLE001  rather answered twice than never
            _log.exception("cannot tell whether event %s is new", event_id)
            return True

    async def _last_words(self, door: Door, report: Report) -> None:
        try:
            await door.answer(report)
        except Exception as error:  # noqa: BLE001  there is no other way left to say it
            _log.warning("could not say %r: %s", report.title, error)


def _told_in_channel(invocation: Invocation) -> bool:
    """Whether progress is a message in the channel, where a line that cannot be taken back would only be in the way."""
    return invocation.source is Source.CLICK and invocation.text.startswith("changes ")


_farewells: set[asyncio.Task[None]] = set()


def _careful(door: Door) -> Show:
    """Showing progress must not end the work whose progress it is. One at a time."""
    turn = asyncio.Lock()

    async def show(report: Report) -> None:
        async with turn:
            try:
                await door.show(report)
            except BotError as error:
                _log.info("progress is not shown: %s", error)

    return show


async def _only_acknowledge(ack: Ack) -> None:
    await ack()
