"""Which channel a name or a person means. Lists are kept for a while: conversations.list has 20 calls a minute."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.calling import Calls, Time
from bot.domain.chat.invocation import Place

_FRESH_SECONDS = 300.0
_STALE_SECONDS = 30.0
"""A name that is not in the list is looked for again, but not more often than this."""
_MOST_PAGES = 50


class Channels:
    """The channels that the bot can see, and the direct messages that it has opened."""

    def __init__(self, client: AsyncWebClient, calls: Calls, clock: Time) -> None:
        self._client = client
        self._calls = calls
        self._clock = clock
        self._by_name: dict[str, str] = {}
        self._listed_at: float | None = None
        self._direct: dict[str, str] = {}

    async def named(self, name: str) -> Place | None:
        """The channel of this name, with or without `#`; an archived one does not count."""
        name = name.removeprefix("#")
        age = self._clock.monotonic() - self._listed_at if self._listed_at is not None else None
        if age is None or age > (_FRESH_SECONDS if name in self._by_name else _STALE_SECONDS):
            await self._list()
        return Place(channel=self._by_name[name], name=name) if name in self._by_name else None

    async def resolved(self, channel: str) -> str:
        """A channel's id; for a person's, the direct messages with that person."""
        if channel[:1] not in ("U", "W"):
            return channel
        if channel not in self._direct:
            answer = await self._calls(self._client.conversations_open, users=channel)
            self._direct[channel] = str(answer["channel"]["id"])
        return self._direct[channel]

    async def _list(self) -> None:
        found: dict[str, str] = {}
        arguments: dict[str, Any] = {
            "types": "public_channel,private_channel",
            "exclude_archived": True,
            "limit": 200,
        }
        for _ in range(_MOST_PAGES):
            answer = await self._calls(self._client.conversations_list, **arguments)
            found.update({str(channel["name"]): str(channel["id"]) for channel in answer.get("channels") or ()})
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            arguments["cursor"] = cursor
        self._by_name = found
        self._listed_at = self._clock.monotonic()
