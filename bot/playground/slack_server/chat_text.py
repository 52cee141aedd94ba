"""What Slack does to text on its way from a person to an app: links, entities, names, typographic signs.

Source: docs.slack.dev "Formatting message text" and slack.md. Bare host names are linked when they end in a domain that
exists, so `web.example.com` becomes a link and `web.shop.svc.cluster.local` does not. Code is not linked, but escaped.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_COUNTRIES = (
    "ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr "
    "ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm "
    "jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp "
    "mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw "
    "py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm "
    "tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_GENERIC = (
    "com org net edu gov mil int info biz name pro app dev cloud online site tech xyz systems network blog shop page"
)
_DOMAIN = "|".join(sorted((_COUNTRIES + " " + _GENERIC).split(), key=len, reverse=True))
_HOST = rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_DOMAIN})(?![a-z0-9-]|\.[a-z0-9])"
_TOKEN = re.compile(
    rf"(?P<code>```.*?```|`[^`\n]+`)"
    rf"|(?P<url>\bhttps?://[^\s<>|`]+)"
    rf"|(?P<mail>\b[a-z0-9._%+-]+@{_HOST})"
    rf"|(?P<host>(?<![\w@./:-]){_HOST}(?::\d+)?(?:/[^\s<>|`]*)?)"
    rf"|(?P<user>(?<!\w)@[a-z0-9][a-z0-9._-]*)"
    rf"|(?P<channel>(?<!\w)\#[a-z0-9][a-z0-9_-]*)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Names:
    """What names stand for: `ana` → `U…`, `general` → (`C…`, the name that is shown; empty for a private channel)."""

    users: Mapping[str, str]
    channels: Mapping[str, tuple[str, str]]


def escape(text: str) -> str:
    """`&`, `<` and `>` as entities: the three signs that Slack's markup needs for itself."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_message(typed: str, names: Names, typographic: bool = False) -> str:
    """A message or mention as apps receive it."""
    if typographic:
        typed = _outside_code(typed, _with_typographic_signs)
    return _rewrite(typed, names, links=True, entities=True)


def as_slash_text(typed: str, names: Names, typographic: bool = False) -> str:
    """What follows a slash command, when the app asked for `should_escape`: names and URLs in brackets, no entities."""
    if typographic:
        typed = _outside_code(typed, _with_typographic_signs)
    return _rewrite(typed, names, links=False, entities=False)


def _rewrite(typed: str, names: Names, links: bool, entities: bool) -> str:
    plain: Callable[[str], str] = escape if entities else str
    parts: list[str] = []
    position = 0
    for match in _TOKEN.finditer(typed):
        parts.append(plain(typed[position : match.start()]))
        parts.append(_token(match, names, links, plain))
        position = match.end()
    parts.append(plain(typed[position:]))
    return "".join(parts)


def _token(match: re.Match[str], names: Names, links: bool, plain: Callable[[str], str]) -> str:
    token, kind = match.group(), match.lastgroup
    if kind == "url":
        url, rest = _without_trailing_signs(token)
        return f"<{plain(url)}>{plain(rest)}"
    if kind == "mail" and links:
        return f"<mailto:{token}|{token}>"
    if kind == "host" and links:
        host, rest = _without_trailing_signs(token)
        return f"<http://{plain(host)}|{plain(host)}>{plain(rest)}"
    if kind == "user":
        name, rest = _known(token[1:], names.users)
        return f"<@{names.users[name]}>{rest}" if name else plain(token)
    if kind == "channel":
        name = token[1:].lower()
        if name in names.channels:
            channel_id, shown = names.channels[name]
            return f"<#{channel_id}|{shown}>"
    return plain(token)


def _known(name: str, known: Mapping[str, str]) -> tuple[str, str]:
    """`ana.` at the end of a sentence is ana, and a full stop."""
    stripped = name.rstrip("._-")
    for candidate in (name, stripped):
        if candidate.lower() in known:
            return candidate.lower(), name[len(candidate) :]
    return "", name


def _without_trailing_signs(url: str) -> tuple[str, str]:
    stripped = url.rstrip(".,;:!?)\"'”’")
    return stripped, url[len(stripped) :]


def _outside_code(typed: str, change: Callable[[str], str]) -> str:
    parts = re.split(r"(```.*?```|`[^`\n]+`)", typed, flags=re.DOTALL)
    return "".join(part if index % 2 else change(part) for index, part in enumerate(parts))


def _with_typographic_signs(text: str) -> str:
    """As phones and macOS do: curly quotes, and a long dash for two hyphens."""
    text = re.sub(r'(^|[\s(\[=])"', r"\1“", text).replace('"', "”")
    text = re.sub(r"(^|[\s(\[=])'", r"\1‘", text).replace("'", "’")
    return text.replace("--", "—")
