"""What many methods ask first: which conversation and which message are meant, and may the bot do this there."""

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Channel, Store


def seen_channel(store: Store, arguments: Arguments) -> Channel:
    """By id, as Slack wants it; channel_not_found also for what the bot must not know of."""
    channel = store.channels.get(arguments.required("channel"))
    if channel is None or not store.can_see(channel, store.bot_user_id):
        raise Refusal("channel_not_found")
    return channel


def own_channel(store: Store, arguments: Arguments) -> Channel:
    """A channel that the bot is in and that is in use."""
    channel = seen_channel(store, arguments)
    if store.bot_user_id not in channel.members:
        raise Refusal("not_in_channel")
    if channel.is_archived:
        raise Refusal("is_archived")
    return channel


def destination(store: Store, arguments: Arguments) -> Channel:
    """Where a message goes: a channel of the bot, or a person's id, which means their direct messages."""
    user = store.users.get(arguments.text("channel"))
    if user is not None and not user.is_bot:
        return store.direct_channel(user.id)
    return own_channel(store, arguments)


def thread(store: Store, channel: Channel, arguments: Arguments) -> JSON:
    """`{"thread_ts": …}` when the message belongs into a thread, else nothing."""
    thread_ts = arguments.text("thread_ts")
    if not thread_ts:
        return {}
    parent = store.messages[channel.id].get(thread_ts)
    if parent is None:
        raise Refusal("thread_not_found")
    if parent.get("thread_ts", thread_ts) != thread_ts:
        raise Refusal("cannot_reply_to_message")
    return {"thread_ts": thread_ts}


def message(store: Store, channel: Channel, ts: str, code: str = "message_not_found") -> JSON:
    found = store.messages[channel.id].get(ts)
    if found is None or found.get("subtype") == "tombstone":
        raise Refusal(code)
    return found
