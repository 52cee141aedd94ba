"""Takes secrets out of text that somebody else wrote: logs above all.

Chat keeps what it is told, and shows it to people who may not read Secrets. Better one word too many is masked than one
too few. All patterns take time in proportion to the text: they begin at a literal or at a word's edge, and give nothing
back once taken (possessive quantifiers), because whoever writes the log also chooses what we search.
"""

from __future__ import annotations

import re

MASK = "***"

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----")
_BASE64_LINE = re.compile(r"[\s\"'|]*+[A-Za-z0-9+/=]{16,}+[\s\"',]*+")
_PEM_LINES = 400
_PEM_LENGTH = 32_000
"""What a private key has at the most: lines, and characters."""

_WORDS = (
    r"passw(?:or)?d|passphrase|passcode|secret|token|credential|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|private[_-]?key|encryption[_-]?key|signing[_-]?key|shared[_-]?key|client[_-]?key|session[_-]?(?:id|key)"
    r"|csrf|pwd|\bpass\b|signature|\bsig\b|\bcode_verifier\b|\bdsn\b"
)
_HEADER = re.compile(
    r"""(?i)(\b(?:proxy-)?authorization|\b(?:set-)?cookie|(?<![a-z0-9-])x-[a-z0-9-]{0,40}(?:auth|token|key)[a-z0-9-]{0,40})"""
    r"""(\\{0,3}["']?\s{0,4}[:=]\s{0,4}(?:\[\s{0,4})?\\{0,3}["']?)((?:bearer|basic|digest|token|negotiate|apikey)\s{1,4})?"""
    r"""([^"'\\\n\r\]]++)"""
)
_PAIR = re.compile(
    rf"""(?i)((?:{_WORDS})[a-z0-9_.-]{{0,40}}+)(\\{{0,3}}["']?[ \t]{{0,8}}(?:=>|:=|[:=])[ \t]{{0,8}})"""
    # The value: in quotes that are themselves quoted, in double or single quotes, or up to what ends a bare word.
    r"""(?:(\\{1,3}["'])([^"'\\\n]*+)|(")((?:[^"\\\n]|\\.)*+)|(')([^'\n]*+)|([^\s,;&"'\\)}\]]++))"""
)
_FLAG = re.compile(
    rf"""(?i)((?<![^\s"'])--?[a-z0-9][a-z0-9-]{{0,30}}(?:{_WORDS})[a-z0-9-]{{0,30}})"""
    r"""([ \t]{1,4})(?!-)([^\s"']++|"[^"\n]*+|'[^'\n]*+)"""
)
_STEMS = (
    "pass",
    "secret",
    "token",
    "credential",
    "key",
    "session",
    "csrf",
    "pwd",
    "sig",
    "verifier",
    "dsn",
    "auth",
    "cookie",
    "bearer",
    "hooks.",
)
"""One of these stands in whatever the patterns for keys and headers can match."""
_ABOUT = re.compile(r"(?i)[_.-]?(?:name|file|path|dir|type|kind|policy|ref|url|uri|count|length|expir\w*|ttl|version)$")
"""Endings of keys that speak about a secret and do not hold it: `secretName`, `token_type`, `password_file`."""
_HARMLESS = frozenset(
    {"null", "none", "nil", "true", "false", "undefined", "empty", "<nil>", "<none>", MASK, "''", '""'}
)

_URL = re.compile(r"(://)([^\s/?#\"'<>:@]{0,200}+)(:[^\s/\"'<>]{0,400}@|(?<=[A-Za-z0-9_-]{16})@)")
_BEARER = re.compile(r"(?i)(\bbearer\s{1,4})([A-Za-z0-9._~+/=-]{8,}+)")
_FORMATS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"eyJ[A-Za-z0-9_-]{6,}+\.[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+){0,3}"  # JWT, JWE
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,}+|github_pat_[A-Za-z0-9_]{20,}+|gl(?:pat|ptt|rt|dt|soat|cbt|ft)-[A-Za-z0-9_-]{16,}+"
    r"|xox[a-z]-[A-Za-z0-9-]{8,}+|xapp-[A-Za-z0-9-]{8,}+|xoxe\.[A-Za-z0-9.-]{8,}+"  # Slack
    r"|(?:sk|rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}+|sk-[A-Za-z0-9_-]{20,}+"  # Stripe, OpenAI, Anthropic
    r"|AIza[A-Za-z0-9_-]{30,}+|ya29\.[A-Za-z0-9_-]{16,}+|GOCSPX-[A-Za-z0-9_-]{16,}+"  # Google
    r"|hv[sbr]\.[A-Za-z0-9_-]{16,}+|npm_[A-Za-z0-9]{30,}+|pypi-[A-Za-z0-9_-]{30,}+|dop_v1_[a-f0-9]{40,}+"
    r"|SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+|dckr_pat_[A-Za-z0-9_-]{16,}+|age-secret-key-1[a-z0-9]{30,}+"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{30,}+)"
)
_HOOK = re.compile(r"(hooks\.slack\.com/[a-z]{1,20}/)([A-Za-z0-9/_-]{8,}+)")


def without_escapes(text: str) -> str:
    """The text without terminal colours and other control characters: they would hide keys from the patterns below."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def masked(text: str) -> tuple[str, int]:
    """The text with each secret replaced by ***, and how many there were.

    Recognised are private keys (PEM), Authorization and Cookie headers, passwords in URLs, values of keys such as
    `password` in JSON, YAML, `key=value` and options, and tokens whose form is known (JWT, AWS, GitHub, Slack, ...).
    """
    counter = _Counter()
    text = _without_private_keys(text, counter)
    lines = [_line(line, counter) for line in text.split("\n")]
    return "\n".join(lines), counter.count


def _line(line: str, counter: _Counter) -> str:
    """Most lines hold nothing that could belong to a secret; the costly patterns are kept for those that do."""
    if "://" in line:
        line = _URL.sub(counter.url, line)
    line = _FORMATS.sub(counter.whole, line)
    lower = line.lower()
    if not any(stem in lower for stem in _STEMS):
        return line
    for pattern, replace in (
        (_HOOK, counter.second_part),
        (_HEADER, counter.header),
        (_BEARER, counter.second_part),
        (_PAIR, counter.pair),
        (_FLAG, counter.flag),
    ):
        line = pattern.sub(replace, line)
    return line


class _Counter:
    """Counts what it replaces."""

    def __init__(self) -> None:
        self.count = 0

    def whole(self, match: re.Match[str]) -> str:
        self.count += 1
        return MASK

    def second_part(self, match: re.Match[str]) -> str:
        self.count += 1
        return match[1] + MASK

    def url(self, match: re.Match[str]) -> str:
        self.count += 1
        return f"{match[1]}{match[2]}:{MASK}@" if match[3] != "@" else f"{match[1]}{MASK}@"

    def header(self, match: re.Match[str]) -> str:
        if match[4].strip() in _HARMLESS:
            return match[0]
        self.count += 1
        return match[1] + match[2] + (match[3] or "") + MASK

    def pair(self, match: re.Match[str]) -> str:
        value = match[4] or match[6] or match[8] or match[9] or ""
        if not _secret(match[1], value):
            return match[0]
        self.count += 1
        return match[1] + match[2] + (match[3] or match[5] or match[7] or "") + MASK

    def flag(self, match: re.Match[str]) -> str:
        if not _secret(match[1], match[3].strip("\"'")):
            return match[0]
        self.count += 1
        return match[1] + match[2] + MASK


def _secret(key: str, value: str) -> bool:
    if not value or value.lower() in _HARMLESS or _ABOUT.search(key):
        return False
    # `tokens=150` counts tokens; `token=150` may well be one.
    return not (key.lower().endswith("s") and value.isdigit())


def _without_private_keys(text: str, counter: _Counter) -> str:
    """Private keys, whole, or as much of one as a log's beginning or end has left."""
    if "PRIVATE KEY" not in text:
        return text
    kept: list[str] = []
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        kept.append(_without_tails_of_keys(text[at : begin.start()], counter))
        end = _PEM_END.search(text, begin.end(), begin.end() + _PEM_LENGTH)
        counter.count += 1
        kept.append(f"{begin[0]} {MASK}")
        at = end.end() if end else _after_base64(text, begin.end())
    kept.append(_without_tails_of_keys(text[at:], counter))
    return "".join(kept)


def _after_base64(text: str, start: int) -> int:
    """Where the lines of a key without an end stop."""
    end = text.find("\n", start)
    if end < 0:
        return len(text)
    while True:
        following = text.find("\n", end + 1)
        line = text[end + 1 : following if following >= 0 else len(text)]
        if not _BASE64_LINE.fullmatch(line):
            return end
        if following < 0:
            return len(text)
        end = following


def _without_tails_of_keys(text: str, counter: _Counter) -> str:
    """The text without what stands before END lines whose BEGIN was cut off."""
    kept: list[str] = []
    at = 0
    while end := _PEM_END.search(text, at):
        lines = text[at : end.start()].split("\n")
        count = len(lines)
        while lines and count - len(lines) < _PEM_LINES and _is_of_key(lines[-1]):
            lines.pop()
        counter.count += 1
        kept += ["\n".join(lines), "\n" if lines else "", MASK, " ", end[0]]
        at = end.end()
    return "".join((*kept, text[at:]))


def _is_of_key(line: str) -> bool:
    return not line.strip() or _BASE64_LINE.fullmatch(line) is not None
