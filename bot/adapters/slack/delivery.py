"""Messages that Slack keeps: posting, editing, finding again. Implements the port Messenger.

An answer longer than one message goes on in the thread of its first one. Files hang beside it; one that cannot be
uploaded is told of and does not undo the message, which already stands.
"""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.blocks import File
from bot.adapters.slack.calling import Budget, Calls, Time
from bot.adapters.slack.channels import Channels
from bot.adapters.slack.failures import TryLater, translated
from bot.adapters.slack.rendering import Rendering, SlackMessage, render
from bot.application.ports.messenger import MessageId
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Report
from bot.errors import BotError, Refused, Unreachable

_log = logging.getLogger(__name__)

EVENT_TYPE = "patchbay"
_EDITS_A_MINUTE = 45
"""Slack allows a workspace 50; a few are left for whatever else speaks with this token."""
_FIND_PAGES = 3
_REPLY_SECONDS = 15.0
_UPLOAD_SECONDS = 60.0
_REMEMBERED_FILES = 500


class SlackMessenger:
    """One workspace, one bot."""

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, calls: Calls, clock: Time) -> None:
        self._client = client
        self._session = session
        self._calls = calls
        self._edits = Budget(_EDITS_A_MINUTE, 60.0, clock)
        self._channels = Channels(client, calls, clock)
        self._uploaded: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def post(self, place: Place, report: Report, token: str) -> MessageId:
        """Posts a message, with its files. `token` goes along as metadata, so that `find` can recognise it."""
        return await self.post_rendering(place, render(report), token)

    async def post_rendering(self, place: Place, rendering: Rendering, token: str = "") -> MessageId:
        """The first message's id; the others and the files follow in its thread."""
        channel = await self._channels.resolved(place.channel)
        where = place.name and f"#{place.name}"
        first = await self._post(channel, rendering.messages[0], place.thread, token, where)
        await self._follow(first, rendering, place.thread, skip=1)
        return first

    async def update(self, message: MessageId, report: Report) -> None:
        """Edits a message; waits for its turn in the workspace's budget. Raises NotFound when it is gone."""
        rendering = render(report, messages=1)
        await self._edit(message, rendering.messages[0])
        await self._follow(message, rendering, "", skip=1)

    async def finish(self, message: MessageId, report: Report, thread: str) -> None:
        """Edits a message for the last time: into the answer, however long that is."""
        rendering = render(report)
        await self._edit(message, rendering.messages[0])
        await self._follow(message, rendering, thread, skip=1)

    async def delete(self, message: MessageId) -> None:
        """Takes a message of ours away."""
        await self._calls(self._client.chat_delete, channel=message.channel, ts=message.timestamp)

    async def find(self, place: Place, token: str) -> MessageId | None:
        """The message with this token among the last few hundred there. Raises Refused when the bot may not read it."""
        channel = await self._channels.resolved(place.channel)
        arguments: dict[str, Any] = {"channel": channel, "limit": 200, "include_all_metadata": True}
        call: Callable[..., Awaitable[Any]] = self._client.conversations_history
        if place.thread:
            call, arguments["ts"] = self._client.conversations_replies, place.thread
        for _ in range(_FIND_PAGES):
            answer = await self._calls(call, where=place.name, **arguments)
            for message in answer.get("messages") or ():
                if _token_of(message) == token:
                    return MessageId(channel, str(message["ts"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            arguments["cursor"] = cursor
        return None

    async def reply(self, reply_to: str, report: Report) -> None:
        """Tells the person alone. Raises Refused when the address has expired or was used up, and when the report needs
        a file: those cannot be shown to one person in a channel.
        """
        rendering = render(report)
        if rendering.files:
            raise Refused("A file cannot be shown to one person alone in a channel")
        for message in rendering.messages:
            await self.respond(reply_to, {"text": message.text, "blocks": message.blocks, "replace_original": False})

    async def respond(self, reply_to: str, payload: dict[str, Any]) -> None:
        """Posts to a response_url; for one person alone unless the payload says otherwise."""
        body = {"response_type": "ephemeral", "unfurl_links": False, "unfurl_media": False, **payload}
        timeout = aiohttp.ClientTimeout(total=_REPLY_SECONDS)
        try:
            async with self._session.post(reply_to, json=body, timeout=timeout, allow_redirects=False) as response:
                status, said = response.status, (await response.content.read(200)).decode(errors="replace")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise translated(error) from None  # the address is a secret, which the cause would hold
        if status == 429 or status >= 500:
            raise TryLater("Slack does not answer", cause=f"it says {status}")
        if status != 200:
            raise Refused("Slack does not take this answer any more", cause=f"it says {status} {said[:80]!r}")

    async def whisper(self, place: Place, person: str, report: Report) -> None:
        """Tells one person alone, in the thread where it was asked. Raises Refused where the bot is not a member."""
        for message in render(report).messages:
            await self._calls(
                self._client.chat_postEphemeral, where=place.name, channel=place.channel, user=person,
                text=message.text, blocks=message.blocks, thread_ts=place.thread or None,
            )  # fmt: skip

    async def channel_named(self, name: str) -> Place | None:
        """The channel of this name that the bot can see."""
        return await self._channels.named(name)

    async def _post(self, channel: str, message: SlackMessage, thread: str, token: str, where: str = "") -> MessageId:
        answer = await self._calls(
            self._client.chat_postMessage, where=where, channel=channel, text=message.text, blocks=message.blocks,
            thread_ts=thread or None, unfurl_links=False, unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"token": token}} if token else None,
        )  # fmt: skip
        return MessageId(str(answer["channel"]), str(answer["ts"]))

    async def _edit(self, message: MessageId, content: SlackMessage) -> None:
        await self._edits.take()
        await self._calls(
            self._client.chat_update, channel=message.channel, ts=message.timestamp,
            text=content.text, blocks=content.blocks,
        )  # fmt: skip

    async def _follow(self, first: MessageId, rendering: Rendering, thread: str, *, skip: int) -> None:
        """What comes after the first message. It stands already: what fails here is told there, not raised."""
        thread = thread or first.timestamp
        try:
            for message in rendering.messages[skip:]:
                await self._post(first.channel, message, thread, "")
            for file in rendering.files:
                await self._upload_once(first, file, thread)
        except BotError as error:
            _log.warning("the rest of a message in %s was not posted: %s", first.channel, error)
            note = SlackMessage(f"⚠️ The rest of this did not arrive: {error.summary}. {error.cause}"[:400], [])
            try:
                await self._post(first.channel, note, thread, "")
            except BotError as again:
                _log.warning("and that could not be said: %s", again)

    async def _upload_once(self, message: MessageId, file: File, thread: str) -> None:
        """The same file is not uploaded again at each edit of its message."""
        digest = hashlib.sha256(f"{file.name}\0{file.content}".encode(errors="replace")).hexdigest()
        key = (message.timestamp, digest)
        if key not in self._uploaded:
            await self._upload(message.channel, file, thread)
            self._uploaded[key] = None
            if len(self._uploaded) > _REMEMBERED_FILES:
                self._uploaded.popitem(last=False)

    async def _upload(self, channel: str, file: File, thread: str) -> None:
        """https://docs.slack.dev/messaging/working-with-files: ask for an address, post there, complete."""
        content = file.content.encode(errors="replace")
        ticket = await self._calls(self._client.files_getUploadURLExternal, filename=file.name, length=len(content))
        timeout = aiohttp.ClientTimeout(total=_UPLOAD_SECONDS)
        try:
            async with self._session.post(str(ticket["upload_url"]), data=content, timeout=timeout) as response:
                status = response.status
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error) from None
        if status != 200:
            raise Unreachable("Slack does not take the file", cause=f"it says {status}")
        await self._calls(
            self._client.files_completeUploadExternal, files=[{"id": ticket["file_id"], "title": file.title}],
            channel_id=channel, thread_ts=thread or None,
        )  # fmt: skip


def _token_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    token = (metadata.get("event_payload") or {}).get("token")
    return token if isinstance(token, str) and token else None
