"""Makes whatever came from a cluster harmless for a terminal, without hiding any of it, and measures its width."""

import re
import unicodedata

_CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1, but not tab and newline: escape sequences begin with one of them
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # reordering, invisible
)
_DANGEROUS = re.compile(f"[{_CONTROLS}\ud800-\udfff]")
_IN_A_LINE = re.compile(f"[{_CONTROLS}\ud800-\udfff\n\t]")


def harmless(text: str, *, lines: bool = False) -> str:
    """The text with control characters, escape sequences and reordering marks written out (`\\x1b[31m`).

    `lines`: newlines and tabs may stay, as in a log; otherwise they too are written out.
    """
    return (_DANGEROUS if lines else _IN_A_LINE).sub(lambda match: _written(match[0]), text)


def harmless_json(text: str) -> str:
    """JSON keeps its meaning: what a terminal might act on is written as JSON escapes it (only strings can hold it)."""
    return _DANGEROUS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _written(character: str) -> str:
    code = ord(character)
    if character in "\n\t":
        return {"\n": "\\n", "\t": "\\t"}[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def width(text: str) -> int:
    """Columns that a terminal needs for it: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """The text with spaces after it, up to so many columns."""
    return text + " " * max(0, columns - width(text))


def pieces(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at spaces where that is possible; nothing is lost.

    A line is never empty unless the text is.
    """
    lines: list[str] = []
    line, used = "", 0
    for word in re.split(r"(?<= )", text):
        if used and used + width(word.rstrip(" ")) > columns:
            lines.append(line)
            line, used = "", 0
        for character in word if width(word.rstrip(" ")) > columns else ():
            if used and used + _columns(character) > columns:
                lines.append(line)
                line, used = "", 0
            line, used = line + character, used + _columns(character)
        if width(word.rstrip(" ")) <= columns:
            line, used = line + word, used + width(word)
    return [*lines, line] if line or not lines else lines
