"""The one kind of failure that people are meant to read.

A broken network is a `Finding`, an ordinary result. `BotError` is for when the bot could not do what was asked.
Whatever is not a `BotError` is a bug: it is caught where a command or a routine starts, logged under a short reference
and answered with that reference.
"""


class BotError(Exception):
    """The bot could not do what was asked: what happened, why, and what to do next, each in plain words."""

    def __init__(self, summary: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        return ". ".join(part.rstrip(".") for part in (self.summary, self.cause, self.next_step) if part)


class UsageError(BotError):
    """What was typed cannot be understood; nothing was read and nothing was changed."""


class NotFound(BotError):
    """The named thing does not exist (in the cluster, or among what the bot remembers)."""


class Refused(BotError):
    """The cluster or the bot's own rules do not allow it."""


class Unreachable(BotError):
    """The other side did not answer in time, or not at all: trying again later may help."""

    retry_after_seconds: float | None = None
    """When the other side said how long to wait."""


class Undecided(BotError):
    """There is more than one way, and a person has to choose: each is offered, in a menu where there are menus."""

    def __init__(self, summary: str, choices: tuple[tuple[str, str], ...], *, cause: str = "", asks: str = "") -> None:
        super().__init__(summary, cause=cause)
        self.choices = choices
        """Label, and the complete command line that makes it so."""
        self.asks = asks or "Choose one"
        """What stands in the menu before something is chosen: `Choose a port`."""

    def __str__(self) -> str:
        return f"{super().__str__()} {self.asks}: {', '.join(label for label, _ in self.choices[:10])}"


class Conflict(BotError):
    """Somebody else changed or owns what was to be written: a fresh reading is needed before trying again."""
