"""The truth of the pretend workspace. Web API, sockets, signed HTTP and the page only look at this, and change this.

Messages and views are kept as Slack's own JSON objects. Every change that people could see is published in the feed.
Rules of methods (who may, what length) are not here: they stand with the methods.
"""

import copy
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.application.ports.clock import Clock
from bot.playground.slack_server.chat_text import Names
from bot.playground.slack_server.feed import Feed

JSON = dict[str, Any]

TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 30 * 60.0
HOOK_USES = 5


@dataclass(slots=True)
class User:
    """A person, or the bot."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    tz: str = "Europe/Berlin"


@dataclass(slots=True)
class Channel:
    """A conversation: public or private channel, or a direct one (`user` is the person in it with the bot)."""

    id: str
    name: str
    creator: str
    created: int
    members: list[str]
    is_private: bool = False
    is_archived: bool = False
    topic: str = ""
    user: str | None = None

    @property
    def is_im(self) -> bool:
        return self.user is not None


@dataclass(slots=True)
class File:
    """A file; `content` is None until its bytes came, `shared` false until the upload was completed."""

    id: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    upload_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    shared: bool = False
    channels: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Trigger:
    """The right to open one modal, within three seconds."""

    user: str
    expires: float
    root_view_id: str | None
    used: bool = False


@dataclass(slots=True)
class Hook:
    """A response_url. `source_ts` is the message clicked on, or the last one made through this url."""

    channel: str
    user: str
    expires: float
    uses_left: int
    source_ts: str | None = None
    source_is_ephemeral: bool = True


class Store:
    """One workspace with one app in it. All times come from the clock."""

    def __init__(self, clock: Clock, bot_name: str = "patchbay") -> None:
        self.clock = clock
        self.feed = Feed()
        self.team_id, self.team_domain, self.app_id = "T0PLAYGROUND", "playground", "A0PATCHBAY"
        self.bot_id, self.bot_user_id = "B0PATCHBAY", "U0PATCHBAY"
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, JSON]] = {}
        self.ephemerals: dict[str, dict[str, JSON]] = {}
        self.ephemeral_for: dict[str, str] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, JSON] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.view_owner: dict[str, str] = {}
        self.usergroups: dict[str, list[str]] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.states: dict[str, JSON] = {}
        """What stands in the inputs of a message (by channel and ts) or a view (by id): block id, action id, value."""
        self.on_direct_message: Callable[[Channel, JSON], None] | None = None
        """Told of what the bot itself writes to direct messages: Slack sends the bot its own messages as well."""
        self._last_microsecond = 0
        self._counter = 0
        self._furnish(bot_name)

    # Ids and times

    def next_ts(self) -> str:
        """The time now as Slack writes it; no two are alike."""
        self._last_microsecond = max(self._last_microsecond + 1, int(self.clock.now().timestamp() * 1_000_000))
        return f"{self._last_microsecond // 1_000_000}.{self._last_microsecond % 1_000_000:06d}"

    def next_id(self, letter: str) -> str:
        self._counter += 1
        return f"{letter}0{self._counter:08X}"

    def now_seconds(self) -> int:
        return int(self.clock.now().timestamp())

    # Who and where

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, creator: str, members: list[str], **more: Any) -> Channel:
        channel_id = more.pop("id", None) or self.next_id("D" if more.get("user") else "C")
        channel = Channel(channel_id, name, creator, self.now_seconds(), members, **more)
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.ephemerals[channel.id] = {}
        self.publish_channel(channel)
        return channel

    def direct_channel(self, user_id: str) -> Channel:
        """The direct messages between this person and the bot; made when there is none."""
        for channel in self.channels.values():
            if channel.user == user_id:
                return channel
        return self.add_channel("", self.bot_user_id, [user_id, self.bot_user_id], user=user_id)

    def person(self, name_or_id: str) -> User | None:
        """By name or id; None when there is no such person (the bot is none)."""
        for user in self.users.values():
            if not user.is_bot and name_or_id in (user.id, user.name):
                return user
        return None

    def find_channel(self, name_or_id: str, for_user: str) -> Channel | None:
        """By id or name (with or without #); `@patchbay` is the direct channel. None when this user cannot see one."""
        wanted = name_or_id.removeprefix("#")
        if wanted == f"@{self.users[self.bot_user_id].name}":
            return self.direct_channel(for_user)
        for channel in self.channels.values():
            if wanted in (channel.id, channel.name) and self.can_see(channel, for_user):
                return channel
        return None

    def can_see(self, channel: Channel, user_id: str) -> bool:
        return user_id in channel.members or not (channel.is_private or channel.is_im)

    def names(self) -> Names:
        """What @names and #names mean to people here."""
        return Names(
            users={user.name: user.id for user in self.users.values()},
            channels={c.name: (c.id, "" if c.is_private else c.name) for c in self.channels.values() if not c.is_im},
        )

    def audience(self, channel: Channel) -> frozenset[str] | None:
        return frozenset(channel.members) if channel.is_private or channel.is_im else None

    def publish_channel(self, channel: Channel) -> None:
        self.feed.publish("channel", {"channel": self.channel_for_page(channel)}, self.audience(channel))

    def channel_for_page(self, channel: Channel) -> JSON:
        return {
            "id": channel.id,
            "name": channel.name,
            "is_private": channel.is_private,
            "is_im": channel.is_im,
            "is_archived": channel.is_archived,
            "topic": channel.topic,
            "members": list(channel.members),
            **({"user": channel.user} if channel.user else {}),
        }

    # Messages

    def add_message(self, channel: Channel, user_id: str, fields: JSON) -> JSON:
        """`fields` are text, blocks, thread_ts, metadata and so on; gives the message as kept."""
        message: JSON = {"type": "message", "user": user_id, "ts": self.next_ts(), "team": self.team_id, **fields}
        if user_id == self.bot_user_id:
            message |= {"bot_id": self.bot_id, "app_id": self.app_id}
        self.messages[channel.id][message["ts"]] = message
        thread_ts = message.get("thread_ts")
        if thread_ts and thread_ts != message["ts"]:
            self._count_reply(channel, thread_ts, message)
        self._publish("message", channel, message)
        self._tell_bot(channel, message)
        return message

    def change_message(self, channel: Channel, ts: str, fields: JSON, edited_by: str | None = None) -> JSON:
        message = self.messages[channel.id][ts]
        before = copy.deepcopy(message)
        message.update(fields)
        for name in [name for name, value in message.items() if value is None]:
            del message[name]
        if edited_by:
            message["edited"] = {"user": edited_by, "ts": self.next_ts()}
        self._publish("message_changed", channel, message)
        changed = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": self.next_ts()}
        self._tell_bot(channel, {**changed, "message": message, "previous_message": before})
        return message

    def _tell_bot(self, channel: Channel, message: JSON) -> None:
        own = message.get("message", message)["user"] == self.bot_user_id
        if own and channel.is_im and self.on_direct_message is not None:
            self.on_direct_message(channel, message)

    def remove_message(self, channel: Channel, ts: str) -> None:
        """A message that has replies leaves a tombstone, so that its thread stays."""
        message = self.messages[channel.id][ts]
        self.states.pop(f"{channel.id}/{ts}", None)
        if message.get("reply_count"):
            kept = {name: message[name] for name in ("type", "ts", "thread_ts", "reply_count") if name in message}
            gone = {"subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT", "hidden": True}
            self.messages[channel.id][ts] = kept | gone
        else:
            del self.messages[channel.id][ts]
            parent = self.messages[channel.id].get(message.get("thread_ts", ""))
            if parent is not None and parent.get("reply_count"):
                parent["reply_count"] -= 1
                self._publish("message_changed", channel, parent)
        self.feed.publish("message_deleted", {"channel": channel.id, "ts": ts}, self.audience(channel))

    def _count_reply(self, channel: Channel, thread_ts: str, reply: JSON) -> None:
        parent = self.messages[channel.id].get(thread_ts)
        if parent is None:
            return
        repliers = [*parent.get("reply_users", []), reply["user"]]
        parent.update(
            thread_ts=thread_ts,
            reply_count=parent.get("reply_count", 0) + 1,
            reply_users=list(dict.fromkeys(repliers)),
            reply_users_count=len(set(repliers)),
            latest_reply=reply["ts"],
        )
        self._publish("message_changed", channel, parent)

    def _publish(self, type_: str, channel: Channel, message: JSON) -> None:
        shown = self.message_for_page(channel, message)
        self.feed.publish(type_, {"channel": channel.id, "message": shown}, self.audience(channel))

    def message_for_page(self, channel: Channel, message: JSON) -> JSON:
        shown = copy.deepcopy(message)
        shown["channel"] = channel.id
        shown.pop("metadata", None)
        if "files" in shown:
            shown["files"] = [self.file_for_page(self.files[file["id"]]) for file in shown["files"]]
        return shown

    # Ephemeral messages

    def add_ephemeral(self, channel: Channel, user_id: str, fields: JSON) -> JSON:
        """Seen by `user_id` alone; in no history."""
        message: JSON = {"type": "message", "user": self.bot_user_id, "ts": self.next_ts(), **fields}
        message |= {"bot_id": self.bot_id, "app_id": self.app_id, "ephemeral": True, "is_ephemeral": True}
        self.ephemerals[channel.id][message["ts"]] = message
        self.ephemeral_for[message["ts"]] = user_id
        self._publish_ephemeral("ephemeral", channel, message)
        return message

    def change_ephemeral(self, channel: Channel, ts: str, fields: JSON) -> None:
        message = self.ephemerals[channel.id][ts]
        message.update(fields)
        for name in [name for name, value in message.items() if value is None]:
            del message[name]
        self._publish_ephemeral("ephemeral_changed", channel, message)

    def remove_ephemeral(self, channel: Channel, ts: str) -> None:
        user = self.ephemeral_for.pop(ts)
        del self.ephemerals[channel.id][ts]
        self.feed.publish("ephemeral_deleted", {"channel": channel.id, "ts": ts}, frozenset({user}))

    def _publish_ephemeral(self, type_: str, channel: Channel, message: JSON) -> None:
        audience = frozenset({self.ephemeral_for[message["ts"]]})
        self.feed.publish(type_, {"channel": channel.id, "message": self.message_for_page(channel, message)}, audience)

    # Files

    def file_for_page(self, file: File) -> JSON:
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": mimetype(file.name),
            "size": file.length,
            "url": f"/page/files/{file.id}",
        }

    # Rights that end

    def new_trigger(self, user_id: str, root_view_id: str | None = None) -> str:
        trigger_id = f"{self.now_seconds()}.{self.next_id('1')}.{secrets.token_hex(16)}"
        expires = self.clock.monotonic() + TRIGGER_SECONDS
        self._forget_ended()
        self.triggers[trigger_id] = Trigger(user_id, expires, root_view_id)
        return trigger_id

    def new_hook(self, channel_id: str, user_id: str, source_ts: str | None = None, ephemeral: bool = True) -> str:
        """The path of a new response_url."""
        hook_id = f"{self.team_id}/{self.next_id('H')}/{secrets.token_urlsafe(18)}"
        expires = self.clock.monotonic() + HOOK_SECONDS
        self._forget_ended()
        self.hooks[hook_id] = Hook(channel_id, user_id, expires, HOOK_USES, source_ts, ephemeral)
        return hook_id

    def _forget_ended(self) -> None:
        """Ended rights are remembered for an hour, so that the refusal can say that they ended."""
        before = self.clock.monotonic() - 3_600
        self.triggers = {name: trigger for name, trigger in self.triggers.items() if trigger.expires > before}
        self.hooks = {name: hook for name, hook in self.hooks.items() if hook.expires > before}

    def notice(self, user_id: str, code: str, text: str, channel_id: str | None = None) -> None:
        """What Slack itself tells one person."""
        data = {"code": code, "text": text} | ({"channel": channel_id} if channel_id else {})
        self.feed.publish("notice", data, frozenset({user_id}))

    def _furnish(self, bot_name: str) -> None:
        ana = self.add_user(User("U0ANA", "ana", "Ana Almeida"))
        ben = self.add_user(User("U0BEN", "ben", "Ben Bauer"))
        bot = self.add_user(User(self.bot_user_id, bot_name, "Patchbay", is_bot=True))
        self.add_channel("general", ana.id, [ana.id, ben.id], id="C0GENERAL")
        self.add_channel("net-ops", ana.id, [ana.id, ben.id, bot.id], id="C0NETOPS")
        self.add_channel("net-health", ana.id, [ana.id, ben.id, bot.id], id="C0NETHEALTH")
        self.add_channel("", bot.id, [ana.id, bot.id], id="D0ANA", user=ana.id)
        self.add_channel("", bot.id, [ben.id, bot.id], id="D0BEN", user=ben.id)


def mimetype(name: str) -> str:
    """By the ending of the name; nothing that a browser would run."""
    kinds = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "json": "application/json"}
    kinds |= {"txt": "text/plain", "log": "text/plain", "yaml": "text/plain", "yml": "text/plain", "csv": "text/csv"}
    return kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream")
