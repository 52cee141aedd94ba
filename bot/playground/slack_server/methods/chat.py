"""chat.*: the bot speaks. Reference: docs.slack.dev/reference/methods/chat.postMessage and its neighbours."""

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.block_kit import IN_MESSAGES, blocks_problems
from bot.playground.slack_server.checking import (
    BLOCKS_A_MESSAGE,
    POSTED_CHARACTERS,
    UPDATED_CHARACTERS,
    message_content,
    metadata,
)
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.methods.reaching import destination, message, own_channel, seen_channel, thread
from bot.playground.slack_server.rate_limits import POST, TIERS
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Store


def post_message(store: Store, arguments: Arguments) -> JSON:
    channel = destination(store, arguments)
    fields = message_content(arguments.given, store) | metadata(arguments.given) | thread(store, channel, arguments)
    if fields.get("thread_ts") and arguments.flag("reply_broadcast"):
        fields["subtype"] = "thread_broadcast"
    posted = store.add_message(channel, store.bot_user_id, fields)
    answer: JSON = {"channel": channel.id, "ts": posted["ts"], "message": posted}
    if len(arguments.text("text")) > POSTED_CHARACTERS:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def update(store: Store, arguments: Arguments) -> JSON:
    channel = own_channel(store, arguments)
    old = message(store, channel, arguments.required("ts"))
    if old["user"] != store.bot_user_id:
        raise Refusal("cant_update_message")
    fields = message_content(arguments.given, store, UPDATED_CHARACTERS) | metadata(arguments.given)
    for name in ("blocks", "attachments"):
        # What is left out stays as it was; only an empty list takes it away (python-slack-sdk issue 523).
        if arguments.given.get(name) == [] and name in old:
            fields[name] = None
    changed = store.change_message(channel, old["ts"], fields, edited_by=store.bot_user_id)
    return {"channel": channel.id, "ts": old["ts"], "text": changed["text"], "message": changed}


def delete(store: Store, arguments: Arguments) -> JSON:
    channel = own_channel(store, arguments)
    old = message(store, channel, arguments.required("ts"))
    if old["user"] != store.bot_user_id:
        raise Refusal("cant_delete_message")
    store.remove_message(channel, old["ts"])
    return {"channel": channel.id, "ts": old["ts"]}


def post_ephemeral(store: Store, arguments: Arguments) -> JSON:
    channel = own_channel(store, arguments)
    user = arguments.required("user")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    fields = message_content(arguments.given, store, UPDATED_CHARACTERS) | thread(store, channel, arguments)
    posted = store.add_ephemeral(channel, user, fields)
    return {"message_ts": posted["ts"]}


def get_permalink(store: Store, arguments: Arguments) -> JSON:
    channel = seen_channel(store, arguments)
    found = message(store, channel, arguments.required("message_ts"))
    link = f"https://{store.team_domain}.slack.com/archives/{channel.id}/p{found['ts'].replace('.', '')}"
    thread_ts = found.get("thread_ts")
    if thread_ts and thread_ts != found["ts"]:
        link += f"?thread_ts={thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def validate_blocks(_store: Store, arguments: Arguments) -> JSON:
    problems = blocks_problems(arguments.given.get("blocks"), BLOCKS_A_MESSAGE, IN_MESSAGES)
    errors = [sentence.rstrip("]").partition(" [json-pointer:") for sentence in problems]
    if errors:
        listed = [
            {"pointer": where, "code": "invalid", "message": text, "constraint": text} for text, _, where in errors
        ]
        raise Refusal("invalid_blocks", errors=listed)
    return {}


METHODS = {
    "chat.postMessage": Method(post_message, POST, ("chat:write",)),
    "chat.update": Method(update, TIERS[3], ("chat:write",)),
    "chat.delete": Method(delete, TIERS[3], ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, TIERS[4], ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, None),
    "blocks.validate": Method(validate_blocks, TIERS[3]),
}
