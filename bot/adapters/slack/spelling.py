"""Spans as Slack's mrkdwn: whatever they hold is escaped, so that no value can mention, link or format anything.

https://docs.slack.dev/messaging/formatting-message-text
"""

import datetime
import re
from collections.abc import Iterable, Iterator

import msgspec

from bot.domain.chat.report import Bold, ChannelSpan, Code, Link, PersonSpan, Plain, Span, Text, TimeSpan, plain

_PIECE = 400
"""Characters of one span that are kept together when a long text is split."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_OPENING_MARK = re.compile(r"(?<![^\W_])([*_~`])(?=\S)")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{2,20}")
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>|\"`]{1,1500}")
_JOINER = "\u2060"
"""Invisible and without width: after a mark it keeps Slack from seeing the beginning of bold, italic or code."""


def length(text: str) -> int:
    """Characters as Slack may count them (UTF-16): those beyond the basic plane count twice, to be on the safe side."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def weight(block: object) -> int:
    """Characters of a block as JSON."""
    encoded = msgspec.json.encode(block)
    return len(encoded) if encoded.isascii() else length(encoded.decode())


def cleaned(text: str) -> str:
    """The text without control characters, reordering marks and what is no character; each is shown as `\ufffd`."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n"))


def escaped(text: str) -> str:
    """The text with the three characters that Slack gives a meaning written as entities."""
    return cleaned(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def inert(text: str) -> str:
    """Escaped, and with its own `*`, `_`, `~` and backquotes kept from being marks."""
    return _OPENING_MARK.sub(rf"\1{_JOINER}", escaped(text))


def mrkdwn(spans: Text) -> str:
    """The whole text."""
    return "".join(atoms(spans))


def atoms(spans: Text) -> Iterator[str]:
    """The text in pieces between which it may be split; none is longer than 2,500 characters, escaped."""
    for span in spans:
        for part in _split(span):
            yield _atom(part)


def _split(span: Span) -> Iterator[Span]:
    match span:
        case Plain() | Bold() | Code():
            for piece in pieces(span.text, _PIECE):
                yield type(span)(piece)
        case _:
            yield span


def pieces(text: str, most: int) -> Iterator[str]:
    """The text in parts of at most so many characters, broken after a newline or a space where there is one."""
    while len(text) > most:
        cut = max(text.rfind("\n", most // 2, most), text.rfind(" ", most // 2, most)) + 1 or most
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def _atom(span: Span) -> str:
    match span:
        case Plain():
            return inert(span.text)
        case Bold():
            return _marked(span.text, "*")
        case Code():
            return _code(span.text)
        case Link():
            return _link(span)
        case PersonSpan():
            return f"<@{span.id}>" if _PERSON.fullmatch(span.id) else inert(_short(f"@{span.name or span.id}"))
        case ChannelSpan():
            return f"<#{span.id}>" if _CHANNEL.fullmatch(span.id) else inert(_short(f"#{span.name or span.id}"))
        case TimeSpan():
            return _time(span)


def _marked(text: str, mark: str) -> str:
    """Bold text; the mark must touch what it marks, and ends with the line."""
    words = text.replace("\n", " ")
    inner = words.strip()
    if not inner:
        return inert(text)
    before, after = words[: words.index(inner[0])], words[len(words.rstrip()) :]
    return before + mark + inert(inner).replace(mark, "\u2217") + mark + after


def _code(text: str) -> str:
    """Code on one line. A backquote would end it: the prime that looks like it stands in its place."""
    words = escaped(text.replace("\n", " ").replace("`", "\u02cb"))
    return f"`{words}`" if words.strip() else words


def _link(span: Link) -> str:
    if not _ADDRESS.fullmatch(span.url):
        return inert(_short(plain((span,))))
    label = escaped(_short(span.text)).replace("|", "\u2223").replace("\n", " ")
    return f"<{escaped(span.url)}|{label}>" if label.strip() else f"<{escaped(span.url)}>"


def _time(span: TimeSpan) -> str:
    at = aware(span.at)
    if not is_dateable(at):
        return inert(plain((TimeSpan(at),)))
    fallback = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|{fallback}>"


def is_dateable(at: datetime.datetime) -> bool:
    """Whether Slack takes the instant as a date: after 1970, and with ten digits."""
    return 0 < at.timestamp() < 9_999_999_999


def aware(at: datetime.datetime) -> datetime.datetime:
    """The instant in UTC; a time without zone is taken for UTC."""
    return at.replace(tzinfo=datetime.UTC) if at.tzinfo is None else at.astimezone(datetime.UTC)


def _short(text: str, most: int = _PIECE) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def shortened(text: str, most: int) -> str:
    """Text for a place that takes no more: cut, with … at its end. Not escaped: for `plain_text` objects."""
    text = cleaned(text)
    while length(text) > most:
        text = text[: most - 1 - max(0, length(text) - len(text))].removesuffix("…") + "…" if most > 1 else text[:most]
    return text


def packed(parts: Iterable[str], most: int, separator: str = "") -> Iterator[str]:
    """Joins parts to texts of at most so many characters (each part is shorter than that)."""
    current, used = "", 0
    for part in parts:
        size = length(part) + len(separator)
        if current and used + size > most:
            yield current
            current, used = "", 0
        current = current + separator + part if current else part
        used += size
    if current:
        yield current
