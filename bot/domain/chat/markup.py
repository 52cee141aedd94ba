"""Undoes what chat does to typed text, so that a command line reads as it was meant.

Chat links host names, turns quotes and dashes typographic, writes entities and leaves its marks for bold and code.
What stands in quotes keeps its marks and dashes, because there a person means them. People and channels stay as the
tokens that chat sends (`<@U…>`, `<#C…|name>`): names change, ids do not.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re

_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LINK = re.compile(r"<((?:https?|mailto|tel|ftp):[^<>|]*)(?:\|([^<>]*))?>")
_BROADCAST = re.compile(r"<!(here|channel|everyone)(?:\|[^<>]*)?>")
_ENTITY = re.compile(r"&(lt|gt|amp);")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&"}
_DOUBLE = re.compile("[\u201c-\u201f\u2033\u2036\u00ab\u00bb\uff02]")
# One between two letters is an apostrophe ("don't"): made straight, it would open a quote that nothing closes.
_SINGLE = re.compile("[\u2018\u201a\u201b\u2032\u2035\u2039\u203a\uff07]|(?<!\\w)\u2019|\u2019(?!\\w)")
_HYPHENS = re.compile("[\u2010\u2011\ufe63\uff0d]")
_DASHES = "\u2012-\u2015\u2212"

_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'[^']*'"
_DASHED = rf"(?<!\S)-*[{_DASHES}][-{_DASHES}]*(?=\w|\s|$)"
_CODE = r"```(?P<pre>.+?)```|(?<![\w`])`(?P<code>[^`\n]+)`(?![\w`])"
# A mark opens a word and closes one: `*.example.com`, `a_b_c` and `~` alone are names, not marks.
_MARKED = r"(?<![^\s*_~])(?P<mark>[*_~])(?=[^\s.])(?P<marked>(?:(?!(?P=mark)).)*(?<!\s))(?P=mark)(?![^\s*_~,;:!?])"
_OUTSIDE_QUOTES = re.compile(f"{_CODE}|{_MARKED}|{_QUOTED}|{_DASHED}", re.DOTALL)


def unmangled(text: str) -> str:
    """The text as it was typed, without space around it."""
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _BROADCAST.sub(r"@\1", _LINK.sub(_as_typed, text))
    text = _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
    text = _HYPHENS.sub("-", _SINGLE.sub("'", _DOUBLE.sub('"', text)))
    return _plain(text).strip()


def _as_typed(link: re.Match[str]) -> str:
    """What was typed: the label; without one, the address, which chat writes `mailto:` before."""
    return link[2] or re.sub(r"^(mailto|tel):", "", link[1])


def _plain(text: str) -> str:
    """Without marks, and with plain dashes, outside quotes."""
    return _OUTSIDE_QUOTES.sub(_unmarked, text)


def _unmarked(match: re.Match[str]) -> str:
    found = match[0]
    if (code := match["pre"] or match["code"]) is not None:
        return code
    if match["mark"]:
        return _plain(match["marked"])
    if found[0] in "\"'":
        return found
    following = re.match(r"\w*", match.string[match.end() :])
    # Chat turns two hyphens into one dash; an option of one letter is never written with two.
    return "-" if following and len(following[0]) == 1 else "--"
