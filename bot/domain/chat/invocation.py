"""Who said what, where, in which cluster: before parsing. A click, a schedule's run and a terminal line too."""

from enum import Enum

import msgspec


class Source(Enum):
    """By which door it came in."""

    SLASH = "slash command"
    MENTION = "mention"
    DIRECT = "direct message"
    CLICK = "click"
    FORM = "form"
    SCHEDULE = "schedule"
    TERMINAL = "terminal"


class Actor(msgspec.Struct, frozen=True):
    """On whose behalf something is done. `id` is unique across doors: `slack:U061F7AUR`, `terminal:alice`."""

    id: str
    name: str = ""

    @property
    def slack_id(self) -> str:
        """The Slack user id, or empty."""
        return self.id.removeprefix("slack:") if self.id.startswith("slack:") else ""


class Place(msgspec.Struct, frozen=True):
    """Where in Slack: a channel, and the thread in it, if any."""

    channel: str
    """The channel's id, `C…`, `G…` or `D…`; a person's id `U…` means the direct messages with that person."""
    name: str = ""
    """Without `#`; empty when it is not known."""
    thread: str = ""
    """`ts` of the message that the thread hangs on."""


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing asked of the bot. `text` is a command line without the slash command's name: `expose deploy/web …`."""

    text: str
    source: Source
    actor: Actor
    place: Place | None = None
    """None in a terminal."""
    cluster: str = ""
    """uid of the cluster that is meant; empty: the only one, or the default."""
    reply_to: str = ""
    """A Slack response_url, which is a secret and good for 30 minutes; empty elsewhere."""
