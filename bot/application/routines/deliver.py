"""Delivers the outbox: alone in calling the Messenger for what tells of state.

Within a conversation nothing overtakes anything: only its first undelivered entry is ever tried. An entry is marked
before it is sent; when a process dies in between, the next one looks for the message by its token before posting again,
and where it may not look it says that this may be a repetition. No failure of one conversation holds up another.
"""

import asyncio
import contextlib
import datetime
import logging
import secrets
from dataclasses import dataclass

import msgspec

from bot import metrics
from bot.application.ports import MessageId, Messenger, OutboxEntry, Ports
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import ChannelSpan, Paragraph, Report, Status, Text, text
from bot.errors import BotError, NotFound, Refused, Unreachable

_log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""How often the outbox is looked at without being woken: other processes put messages there, too."""
FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 300.0
POSTS_AT_ONCE = 8
EDITS_AT_ONCE = 8
"""Edits share the workspace's small budget and may wait a minute for it; new messages pass them by."""
MOST_ATTEMPTS = 8
"""Of what fails for another reason than that Slack does not answer: it must not hold up its conversation for ever."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """An entry that is marked as being sent, as it was just before, and where its conversation stands."""

    entry: OutboxEntry
    posted: MessageId | None
    root: MessageId | None


class Delivery:
    """One loop over the outbox."""

    def __init__(self, ports: Ports, messenger: Messenger) -> None:
        self._ports = ports
        self._messenger = messenger
        self._wake = asyncio.Event()
        self._posts = asyncio.Semaphore(POSTS_AT_ONCE)
        self._edits = asyncio.Semaphore(EDITS_AT_ONCE)
        self._under_way: dict[int, asyncio.Task[bool]] = {}

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled. What is being sent then stays marked, and is looked for at the next start."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._begin_due()
                except Exception as error:  # noqa: BLE001  the loop must go on; the reason is in the log
                    _complain("the outbox could not be looked at", error)
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def deliver_due(self) -> int:
        """Tries the first entry of each conversation that is due. Returns how many of them are dealt with for good."""
        return sum(await asyncio.gather(*await self._begin_due()))

    async def _begin_due(self) -> list[asyncio.Task[bool]]:
        async with self._ports.storage.read() as tx:
            entries = await tx.outbox.due(self._ports.clock.now())
        begun = []
        for entry in entries:
            if entry.id not in self._under_way:
                task = asyncio.create_task(self._dealt_with(entry), name=f"deliver {_name(entry)}")
                self._under_way[entry.id] = task
                task.add_done_callback(lambda done, id=entry.id: self._ended(id, done))  # type: ignore[misc]
                begun.append(task)
        return begun

    def _ended(self, id: int, task: asyncio.Task[bool]) -> None:
        del self._under_way[id]
        if task.cancelled():
            return
        if error := task.exception():
            _complain(f"{task.get_name()} ended", error)
        elif task.result():
            self.wake()  # the next one of its conversation may go

    async def _dealt_with(self, entry: OutboxEntry) -> bool:
        async with self._ports.storage.read() as tx:
            posted = await tx.outbox.posted(entry.message.conversation, entry.message.slot)
        async with self._edits if posted else self._posts:
            taken = await self._take(entry.id)
            if taken is None:
                return False
            try:
                message = await self._send(taken)
            except Exception as error:  # noqa: BLE001  one conversation must not hold up the others
                return await self._try_later(taken.entry, error)
            await self._delivered(taken.entry, message, "delivered")
            return True

    async def _take(self, id: int) -> _Taken | None:
        """Marks the entry, reading it in the same transaction: since it was found due, a newer message may have
        taken its place, or it may have gone."""
        async with self._ports.storage.begin() as tx:
            due = await tx.outbox.due(self._ports.clock.now())
            entry = next((each for each in due if each.id == id), None)
            if entry is None:
                return None
            message = entry.message
            posted = await tx.outbox.posted(message.conversation, message.slot)
            root = await tx.outbox.posted(message.conversation, message.in_thread_of) if message.in_thread_of else None
            await tx.outbox.sending(id)
        return _Taken(entry, posted, root)

    async def _delivered(self, entry: OutboxEntry, message: MessageId | None, outcome: str) -> None:
        async with self._ports.storage.begin() as tx:
            await tx.outbox.delivered(entry.id, message)
        metrics.DELIVERIES.labels(outcome).inc()

    async def _send(self, taken: _Taken) -> MessageId | None:
        """Where it is now; None: told in a way that cannot be edited."""
        message, token = taken.entry.message, _token(taken.entry)
        if taken.posted is not None:
            with contextlib.suppress(NotFound, Refused):  # deleted, or too old to be edited: told anew
                await self._messenger.update(taken.posted, _elsewhere(message.report, message.channel, taken.posted))
                return taken.posted
        place = Place(message.channel, thread=message.thread)
        if taken.root:
            place = Place(taken.root.channel, thread=taken.root.timestamp)
        report = message.report
        try:
            if taken.posted is None and (taken.entry.sending or taken.entry.attempts):
                try:
                    if found := await self._messenger.find(place, token):
                        await self._messenger.update(found, report)  # it may hold what was said before
                        return found
                except Refused:
                    report = _marked(report)
            return await self._messenger.post(place, report, token)
        except Refused as error:
            return await self._tell_author(taken.entry, error)

    async def _tell_author(self, entry: OutboxEntry, error: Refused) -> MessageId | None:
        """It cannot be told there: the author is told instead, and how to mend it. In direct messages the slot has a
        place of its own from then on, so that what follows edits it. Raises Refused when there is nobody to tell."""
        _log.warning("%s cannot be told: %s", _name(entry), error)
        message, report = entry.message, _with_reason(entry.message.report, error)
        if message.reply_to:
            with contextlib.suppress(Refused):  # it has expired or was used up: the direct messages are left
                await self._messenger.reply(message.reply_to, report)
                return None
        if not message.author or message.channel == message.author:
            raise error
        return await self._messenger.post(Place(message.author), report, _token(entry))

    async def _try_later(self, entry: OutboxEntry, error: Exception) -> bool:
        """Whether that was the end of it."""
        seconds = min(FIRST_RETRY_SECONDS * 2 ** min(entry.attempts, 20), LONGEST_RETRY_SECONDS)
        if isinstance(error, Unreachable):
            seconds = max(seconds, error.retry_after_seconds or 0)
        elif not isinstance(error, BotError):
            _complain(f"{_name(entry)} was not told", error)
        never = isinstance(error, Refused) or (
            not isinstance(error, Unreachable) and entry.attempts + 1 >= MOST_ATTEMPTS
        )
        if never:
            _log.error("%s is not told to anybody: %s", _name(entry), error)
        else:
            _log.warning("%s is tried again in %.0f s: %s", _name(entry), seconds, error)
        retry_at = None if never else self._ports.clock.now() + datetime.timedelta(seconds=seconds)
        async with self._ports.storage.begin() as tx:
            await tx.outbox.failed(entry.id, str(error), retry_at)
        metrics.DELIVERIES.labels("refused" if never else "retried").inc()
        return never


def _complain(what: str, error: BaseException) -> None:
    if isinstance(error, BotError):
        _log.warning("%s: %s", what, error)
    else:
        _log.error("bug %s: %s", secrets.token_hex(4), what, exc_info=error)


def _token(entry: OutboxEntry) -> str:
    """What recognises this very message among others of this and other databases."""
    return f"{entry.message.conversation}/{entry.message.slot}/{entry.created_at.timestamp():.3f}"


def _name(entry: OutboxEntry) -> str:
    return f"{entry.message.conversation} ({entry.message.slot})"


def _marked(report: Report) -> Report:
    note: Text = text("This may be a repetition: the bot was interrupted while it said this.")
    return msgspec.structs.replace(report, footnotes=(*report.footnotes, note))


def _elsewhere(report: Report, channel: str, posted: MessageId) -> Report:
    """The report, which says why it is not in the channel where it belongs, when it is not."""
    if posted.channel == channel or not channel.startswith(("C", "G")):
        return report
    note = text("Told here because the bot cannot post in ", ChannelSpan(channel), ": invite it there with `/invite`.")
    return msgspec.structs.replace(report, footnotes=(*report.footnotes, note))


def _with_reason(report: Report, error: Refused) -> Report:
    words = ". ".join(part for part in (error.summary, error.cause, error.next_step) if part)
    status = Status.FAILED if report.status is Status.OK else report.status
    return msgspec.structs.replace(report, blocks=(Paragraph(text(words + ".")), *report.blocks), status=status)
