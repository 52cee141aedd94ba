"""What Slack sends, as invocations. Pure. Slack's payloads are read generously: a missing field is an empty one."""

import re
from typing import Any, TypeAlias

from bot.adapters.slack.blocks import ACTION_ID
from bot.domain.chat.invocation import Actor, Invocation, Place, Source
from bot.domain.chat.markup import unmangled

Payload: TypeAlias = dict[str, Any]

_NAMELESS = {"directmessage", "privategroup"}
"""What Slack calls direct messages and private channels in payloads: no names."""
_HARMLESS_SUBTYPES = {None, "file_share", "thread_broadcast"}


def from_slash(body: Payload, command: str) -> Invocation:
    """A slash command; its text is without the command's name already, unless somebody typed it twice."""
    return Invocation(
        text=_without_command(unmangled(_text(body, "text")), command),
        source=Source.SLASH,
        actor=_actor(_text(body, "user_id"), _text(body, "user_name")),
        place=_place(_text(body, "channel_id"), _text(body, "channel_name")),
        reply_to=_text(body, "response_url"),
    )


def from_mention(event: Payload, bot_user: str, command: str) -> Invocation:
    """A mention; what stands after it is the line, or before it when nothing follows."""
    before, after = _around_mention(_text(event, "text"), bot_user)
    return Invocation(
        text=_without_command(unmangled(after) or unmangled(before), command),
        source=Source.MENTION,
        actor=_actor(_text(event, "user")),
        place=Place(channel=_text(event, "channel"), thread=_text(event, "thread_ts") or _text(event, "ts")),
    )


def from_direct(event: Payload, bot_user: str, command: str) -> Invocation:
    """A direct message; a mention or the slash command's name before the line are dropped."""
    before, after = _around_mention(_text(event, "text"), bot_user)
    return Invocation(
        text=_without_command(unmangled(after) or unmangled(before), command),
        source=Source.DIRECT,
        actor=_actor(_text(event, "user")),
        place=Place(channel=_text(event, "channel"), thread=_text(event, "thread_ts")),
    )


def from_click(body: Payload) -> Invocation | None:
    """A click on one of our buttons, or a choice of one of our menus, whose value is a command line; None: it is none
    of ours."""
    action = next(iter(body.get("actions") or ()), None) or {}
    chosen = action.get("selected_option")
    line = chosen.get("value") if isinstance(chosen, dict) else action.get("value")
    if not _text(action, "action_id").startswith(ACTION_ID) or not isinstance(line, str) or not line:
        return None
    person, channel, container = body.get("user") or {}, body.get("channel") or {}, body.get("container") or {}
    thread = _text(container, "thread_ts") or _text(body.get("message") or {}, "thread_ts")
    return Invocation(
        text=line,
        source=Source.CLICK,
        actor=_actor(_text(person, "id"), _text(person, "username") or _text(person, "name")),
        place=_place(_text(channel, "id") or _text(container, "channel_id"), _text(channel, "name"), thread),
        reply_to=_text(body, "response_url"),
    )


def is_from_a_person(event: Payload, bot_user: str) -> bool:
    """Whether somebody said it: no bot, not we ourselves, no edit, no notice of Slack's."""
    return bool(
        event.get("user")
        and event["user"] not in (bot_user, "USLACKBOT")
        and not event.get("bot_id")
        and not event.get("edited")
        and not event.get("hidden")
        and event.get("subtype") in _HARMLESS_SUBTYPES
    )


def _around_mention(words: str, bot_user: str) -> tuple[str, str]:
    """What stands before the first mention of the bot, and after it. Without a mention all stands before."""
    before, *after = re.split(rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>", words, maxsplit=1)
    return before, after[0].lstrip(" ,:\u00a0") if after else ""


def _without_command(line: str, command: str) -> str:
    return re.sub(rf"^{re.escape(command)}(?:\s+|$)", "", line)


def _actor(user: str, name: str = "") -> Actor:
    return Actor(id=f"slack:{user}", name=name)


def _place(channel: str, name: str, thread: str = "") -> Place:
    return Place(channel=channel, name="" if name in _NAMELESS else name, thread=thread)


def _text(payload: Payload, key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""
