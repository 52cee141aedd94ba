"""Posting to channels. One routine (`deliver`) alone calls it for messages that tell of state, from the outbox."""

from typing import Protocol

import msgspec

from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Report


class MessageId(msgspec.Struct, frozen=True):
    """A message that was posted."""

    channel: str
    timestamp: str
    """Slack's `ts`."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be told in a channel, about something that has state."""

    conversation: str
    """What it is about: `change/7`, `incident/3`. Within one conversation nothing overtakes anything."""
    slot: str
    """Its place in the conversation: `plan`, `progress`, `head`, `ended`. A second one edits the first."""
    channel: str
    """Channel id, or a person's id for direct messages."""
    report: Report
    thread: str = ""
    """`ts` of an existing message in whose thread it belongs."""
    in_thread_of: str = ""
    """A slot of the same conversation in whose thread it belongs."""
    reply_to: str = ""
    """response_url to use when the bot cannot post in the channel; empty: the author's direct messages."""
    author: str = ""
    """Slack user id to tell when the bot cannot post in the channel."""


class Messenger(Protocol):
    """Slack's Web API, as little as is needed. Raises Refused (cannot post there: for good, with the way to invite the
    bot as next_step), Unreachable (try again later; `retry_after_seconds` when Slack said so)."""

    async def post(self, place: Place, report: Report, token: str) -> MessageId:
        """Posts a message, with its files. `token` goes along as metadata, so that `find` can recognise it."""
        ...

    async def update(self, message: MessageId, report: Report) -> None:
        """Edits a message that was posted, within the workspace's budget. Raises NotFound when somebody deleted it."""
        ...

    async def find(self, place: Place, token: str) -> MessageId | None:
        """The message that was posted with this token, among the recent ones there. Raises Refused when the bot may
        not read the channel."""
        ...

    async def reply(self, reply_to: str, report: Report) -> None:
        """Tells the person alone, by a response_url."""
        ...

    async def channel_named(self, name: str) -> Place | None:
        """The channel of this name that the bot can see."""
        ...
