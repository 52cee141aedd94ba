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

import msgspec

from bot import metrics
from bot.application.ports import MessageId, Messenger, OutboxEntry, Ports
from bot.domain.chat.invocation import Place
from bot.domain.chat.report import Paragraph, Report, Status, Text, text
from bot.errors import BotError, NotFound, Refused, Unreachable

_log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""How often the outbox is looked at without being woken: other processes put messages there, too."""
FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 300.0
AT_ONCE = 8
"""Conversations that are told at the same time."""


class Delivery:
    """One loop over the outbox."""

    def __init__(self, ports: Ports, messenger: Messenger) -> None:
        self._ports = ports
        self._messenger = messenger
        self._wake = asyncio.Event()
        self._gate = asyncio.Semaphore(AT_ONCE)

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._wake.clear()
            try:
                delivered = await self.deliver_due()
            except Exception:  # noqa: BLE001  the loop must go on; the reason is in the log
                _log.exception("bug %s: the outbox could not be looked at", secrets.token_hex(4))
                delivered = 0
            if not delivered:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def deliver_due(self) -> int:
        """Tries the first entry of each conversation that is due. Returns how many of them are dealt with for good."""
        async with self._ports.storage.read() as tx:
            entries = await tx.outbox.due(self._ports.clock.now())
        return sum(await asyncio.gather(*(self._dealt_with(entry) for entry in entries)))

    async def _dealt_with(self, entry: OutboxEntry) -> bool:
        async with self._gate:
            try:
                message = await self._send(entry)
            except Refused as error:
                await self._give_up(entry, error)
                return True
            except Exception as error:  # noqa: BLE001  one conversation must not hold up the others
                await self._try_later(entry, error)
                return False
            async with self._ports.storage.begin() as tx:
                await tx.outbox.delivered(entry.id, message)
            metrics.DELIVERIES.labels("delivered").inc()
            return True

    async def _send(self, entry: OutboxEntry) -> MessageId:
        message = entry.message
        async with self._ports.storage.begin() as tx:
            posted = await tx.outbox.posted(message.conversation, message.slot)
            root = await tx.outbox.posted(message.conversation, message.in_thread_of) if message.in_thread_of else None
            await tx.outbox.sending(entry.id)
        if posted is not None:
            with contextlib.suppress(NotFound):  # somebody deleted it: told anew
                await self._messenger.update(posted, message.report)
                return posted
        place = Place(message.channel, thread=root.timestamp if root else message.thread)
        report = message.report
        if posted is None and (entry.sending or entry.attempts):
            try:
                if found := await self._messenger.find(place, _token(entry)):
                    await self._messenger.update(found, report)  # it may hold what was said before
                    return found
            except Refused:
                report = _marked(report)
        return await self._messenger.post(place, report, _token(entry))

    async def _try_later(self, entry: OutboxEntry, error: Exception) -> None:
        seconds = min(FIRST_RETRY_SECONDS * 2**entry.attempts, LONGEST_RETRY_SECONDS)
        if isinstance(error, Unreachable):
            seconds = max(seconds, error.retry_after_seconds or 0)
            _log.warning("%s waits %.0f s for Slack: %s", _name(entry), seconds, error)
        elif isinstance(error, BotError):
            _log.warning("%s is tried again in %.0f s: %s", _name(entry), seconds, error)
        else:
            _log.error("bug %s: %s was not told", secrets.token_hex(4), _name(entry), exc_info=error)
        retry_at = self._ports.clock.now() + datetime.timedelta(seconds=seconds)
        async with self._ports.storage.begin() as tx:
            await tx.outbox.failed(entry.id, str(error), retry_at)
        metrics.DELIVERIES.labels("retried").inc()

    async def _give_up(self, entry: OutboxEntry, error: Refused) -> None:
        """It cannot be told there, ever: the author is told instead, and how to mend it."""
        _log.warning("%s cannot be told: %s", _name(entry), error)
        async with self._ports.storage.begin() as tx:
            await tx.outbox.failed(entry.id, str(error), None)
        metrics.DELIVERIES.labels("refused").inc()
        message = entry.message
        report = _with_reason(message.report, error)
        if message.reply_to:
            with contextlib.suppress(BotError):  # it may have expired: the direct messages are left
                await self._messenger.reply(message.reply_to, report)
                return
        if message.author and message.channel != message.author:
            try:
                await self._messenger.post(Place(message.author), report, _token(entry))
            except BotError as again:
                _log.error("%s could be told to nobody: %s", _name(entry), again)


def _token(entry: OutboxEntry) -> str:
    """What recognises this very message among others of this and other databases."""
    return f"{entry.message.conversation}/{entry.message.slot}/{entry.created_at.timestamp():.3f}"


def _name(entry: OutboxEntry) -> str:
    return f"{entry.message.conversation} ({entry.message.slot})"


def _marked(report: Report) -> Report:
    note: Text = text("This may be a repetition: the bot was interrupted while it said this.")
    return msgspec.structs.replace(report, footnotes=(*report.footnotes, note))


def _with_reason(report: Report, error: Refused) -> Report:
    words = ". ".join(part for part in (error.summary, error.cause, error.next_step) if part)
    status = Status.FAILED if report.status is Status.OK else report.status
    return msgspec.structs.replace(report, blocks=(Paragraph(text(words + ".")), *report.blocks), status=status)
