"""What both ways to the bot, sockets and signed HTTP, have in common: a request goes out, a reply comes back or not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.playground.slack_server.store import JSON

Kind = Literal["slash_commands", "interactive", "events_api"]
Outcome = Literal["ok", "timeout", "error", "unreachable"]

DEADLINE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Which repetition of an event this is, and what went wrong before: `timeout`, `http_error`, …"""

    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """How it went. `payload` is what the bot put into its acknowledgement, None when nothing."""

    outcome: Outcome
    payload: Any = None
    no_retry: bool = False


class Transport(Protocol):
    retry_reasons: Mapping[Outcome, str]
    """What the next attempt calls each way to fail; what is not here is a `timeout`."""

    async def deliver(self, kind: Kind, payload: JSON, retry: Retry | None = None) -> Reply:
        """Hands one payload to the bot and waits for its acknowledgement, no longer than the deadline."""
        ...

    async def close(self) -> None: ...
