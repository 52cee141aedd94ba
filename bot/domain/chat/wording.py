"""Sentences that several commands say, so that they say them alike."""

from collections.abc import Iterable

from bot.domain.chat.report import Plain, Text, text
from bot.domain.diagnosis.diagnose import Skipped
from bot.domain.network.snapshot import Unread


def unread_notes(unread: Iterable[Unread]) -> tuple[Text, ...]:
    """What could not be read and why, a line each."""
    return tuple(
        text(
            "Could not read ",
            Plain(each.kind.plural + (f" in {each.namespace}" if each.namespace else "")),
            ": ",
            Plain(each.reason),
        )
        for each in unread
    )


def skipped_notes(skipped: Iterable[Skipped]) -> tuple[Text, ...]:
    """What was not judged because of that, in one line."""
    told = [f"{each.rule} (needs {', '.join(kind.plural for kind in each.kinds)})" for each in skipped]
    return (text("Not judged for want of reading: ", Plain("; ".join(told))),) if told else ()


def counted(number: int, one: str, many: str = "") -> str:
    """`1 service`, `3 services`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
