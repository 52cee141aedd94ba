"""conversations.*: which channels there are, who is in them, what was said. docs.slack.dev/reference/methods."""

import re

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.methods.reaching import own_channel, seen_channel
from bot.playground.slack_server.paging import page, with_cursor
from bot.playground.slack_server.rate_limits import TIERS
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Channel, Store

_TOPIC_CHARACTERS = 250


def channel_json(store: Store, channel: Channel) -> JSON:
    """As Slack describes a conversation to the bot."""
    shared: JSON = {
        "id": channel.id,
        "created": channel.created,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
    }
    shared |= {"is_mpim": False, "context_team_id": store.team_id, "is_org_shared": False}
    if channel.is_im:
        return {**shared, "user": channel.user, "is_open": True}
    return {
        **shared,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_general": channel.name == "general",
        "is_member": store.bot_user_id in channel.members,
        "creator": channel.creator,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": channel.creator if channel.topic else "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def list_(store: Store, arguments: Arguments) -> JSON:
    types = arguments.names("types") or ["public_channel"]
    if set(types) - {"public_channel", "private_channel", "im", "mpim"}:
        raise Refusal("invalid_types")
    found = [
        channel_json(store, channel)
        for channel in store.channels.values()
        if _type(channel) in types
        and store.can_see(channel, store.bot_user_id)
        and not (channel.is_archived and arguments.flag("exclude_archived"))
    ]
    listed, cursor = page(found, arguments, most=1_000)
    return with_cursor({"channels": listed}, cursor)


def _type(channel: Channel) -> str:
    return "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"


def info(store: Store, arguments: Arguments) -> JSON:
    return {"channel": channel_json(store, seen_channel(store, arguments))}


def members(store: Store, arguments: Arguments) -> JSON:
    listed, cursor = page(seen_channel(store, arguments).members, arguments)
    return with_cursor({"members": listed}, cursor)


def history(store: Store, arguments: Arguments) -> JSON:
    channel = _readable(store, arguments)
    messages = [
        m for m in store.messages[channel.id].values() if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype")
    ]
    return _messages(list(reversed(messages)), arguments)


def replies(store: Store, arguments: Arguments) -> JSON:
    channel = _readable(store, arguments)
    ts = arguments.required("ts")
    if ts not in store.messages[channel.id]:
        raise Refusal("thread_not_found")
    return _messages([m for m in store.messages[channel.id].values() if ts in (m["ts"], m.get("thread_ts"))], arguments)


def _messages(messages: list[JSON], arguments: Arguments) -> JSON:
    oldest, latest = (_ts(arguments, name) for name in ("oldest", "latest"))
    if arguments.flag("inclusive"):
        chosen = [m for m in messages if (not oldest or m["ts"] >= oldest) and (not latest or m["ts"] <= latest)]
    else:
        chosen = [m for m in messages if (not oldest or m["ts"] > oldest) and (not latest or m["ts"] < latest)]
    hidden = () if arguments.flag("include_all_metadata") else ("metadata",)
    listed, cursor = page(chosen, arguments)
    shown = [{name: value for name, value in message.items() if name not in hidden} for message in listed]
    answer = {"messages": shown, "has_more": bool(cursor)}
    return with_cursor(answer, cursor) if cursor else answer


def _ts(arguments: Arguments, name: str) -> str:
    value = arguments.text(name)
    if value in ("", "0"):
        return ""
    if not re.fullmatch(r"\d{1,10}(\.\d{1,6})?", value):
        raise Refusal(f"invalid_ts_{name}")
    seconds, _, fraction = value.partition(".")
    return f"{int(seconds):010d}.{fraction:0<6}"


def _readable(store: Store, arguments: Arguments) -> Channel:
    channel = seen_channel(store, arguments)
    if store.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def join(store: Store, arguments: Arguments) -> JSON:
    channel = seen_channel(store, arguments)
    if channel.is_im or channel.is_private:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refusal("is_archived")
    if store.bot_user_id in channel.members:
        already: JSON = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        return {"channel": channel_json(store, channel), **already}
    channel.members.append(store.bot_user_id)
    store.publish_channel(channel)
    return {"channel": channel_json(store, channel)}


def create(store: Store, arguments: Arguments) -> JSON:
    name = arguments.text("name")
    if not name:
        raise Refusal("invalid_name_required")
    if len(name) > 80:
        raise Refusal("invalid_name_maxlength")
    if not re.search(r"[a-z0-9]", name):
        raise Refusal("invalid_name_punctuation")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise Refusal("invalid_name_specials")
    if any(channel.name == name for channel in store.channels.values()):
        raise Refusal("name_taken")
    private = arguments.flag("is_private")
    channel = store.add_channel(name, store.bot_user_id, [store.bot_user_id], is_private=private)
    return {"channel": channel_json(store, channel)}


def invite(store: Store, arguments: Arguments) -> JSON:
    channel = own_channel(store, arguments)
    if channel.is_im:
        raise Refusal("method_not_supported_for_channel_type")
    users = arguments.names("users")
    if not users:
        raise Refusal("no_user")
    for user_id in users:
        if user_id == store.bot_user_id:
            raise Refusal("cant_invite_self")
        if user_id not in store.users:
            raise Refusal("user_not_found")
        if user_id in channel.members:
            raise Refusal("already_in_channel")
    channel.members.extend(dict.fromkeys(users))
    store.publish_channel(channel)
    return {"channel": channel_json(store, channel)}


def set_topic(store: Store, arguments: Arguments) -> JSON:
    channel = own_channel(store, arguments)
    if channel.is_im:
        raise Refusal("method_not_supported_for_channel_type")
    topic = arguments.text("topic")
    if len(topic) > _TOPIC_CHARACTERS:
        raise Refusal("too_long")
    channel.topic = topic
    store.publish_channel(channel)
    return {"channel": channel_json(store, channel), "topic": topic}


def archive(store: Store, arguments: Arguments) -> JSON:
    channel = seen_channel(store, arguments)
    if channel.is_im:
        raise Refusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refusal("already_archived")
    if channel.name == "general":
        raise Refusal("cant_archive_general")
    if store.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    channel.is_archived = True
    store.publish_channel(channel)
    return {}


def open_(store: Store, arguments: Arguments) -> JSON:
    if arguments.text("channel"):
        channel = seen_channel(store, arguments)
        if not channel.is_im:
            raise Refusal("channel_not_found")
    else:
        users = arguments.names("users")
        if not users:
            raise Refusal("users_list_not_supplied")
        if len(users) > 1:
            raise Refusal("method_not_supported_for_channel_type")  # group messages are not part of this workspace
        if users[0] not in store.users or store.users[users[0]].is_bot:
            raise Refusal("user_not_found")
        channel = store.direct_channel(users[0])
    return {"channel": channel_json(store, channel) if arguments.flag("return_im") else {"id": channel.id}}


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_MANAGE = ("channels:manage", "groups:write", "im:write", "mpim:write")

METHODS = {
    "conversations.list": Method(list_, TIERS[2], _READ),
    "conversations.info": Method(info, TIERS[3], _READ),
    "conversations.members": Method(members, TIERS[4], _READ),
    "conversations.history": Method(history, TIERS[3], _HISTORY),
    "conversations.replies": Method(replies, TIERS[3], _HISTORY),
    "conversations.join": Method(join, TIERS[3], ("channels:join",)),
    "conversations.create": Method(create, TIERS[2], ("channels:manage", "groups:write")),
    "conversations.invite": Method(invite, TIERS[3], ("channels:manage", "groups:write", "channels:write.invites")),
    "conversations.setTopic": Method(set_topic, TIERS[2], ("channels:manage", "groups:write", "channels:write.topic")),
    "conversations.archive": Method(archive, TIERS[2], ("channels:manage", "groups:write")),
    "conversations.open": Method(open_, TIERS[3], _MANAGE),
}
