"""What people do in the pretend Slack, and which payload the bot gets for it. The page and `Person` both come here.

Every function raises `Refusal` when Slack itself would not let the person do this; its `text` tells the person.
"""

import copy
import uuid
from dataclasses import dataclass
from typing import Any

from bot.playground.slack_server import elements, payloads
from bot.playground.slack_server.chat_text import as_message, as_slash_text
from bot.playground.slack_server.delivery import Delivery
from bot.playground.slack_server.methods import views
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Channel, Store, User

_TYPED_CHARACTERS = 12_000


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command as the app's manifest declares it."""

    name: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = True
    completions: tuple[str, ...] = ()
    """Lines that the composer may offer after the name."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a person clicks in: a message, or a view."""

    channel: str = ""
    ts: str = ""
    view_id: str = ""


@dataclass(slots=True)
class Acting:
    """The hands of the people."""

    store: Store
    delivery: Delivery
    commands: list[SlashCommand]
    base_url: str = ""
    typographic: bool = False
    """Whether quotes and hyphens become typographic on the way, as on phones and macOS."""

    def say(self, user: User, channel_name: str, text: str, thread_ts: str | None = None) -> JSON:
        """A message, or a slash command; `{"ts": …}` or `{"command": …}`."""
        channel = self._channel(user, channel_name)
        if not text.strip() or len(text) > _TYPED_CHARACTERS:
            raise Refusal(
                "no_text" if not text.strip() else "msg_too_long", text="Type a message of up to 12,000 characters."
            )
        if text.startswith("/"):
            return self._command(user, channel, text, thread_ts)
        if channel.is_archived:
            raise Refusal("is_archived", text="This channel is archived.")
        fields: JSON = {
            "text": as_message(text, self.store.names(), self.typographic),
            "client_msg_id": str(uuid.uuid4()),
        }
        if thread_ts:
            parent = self.store.messages[channel.id].get(thread_ts)
            if parent is None:
                raise Refusal("thread_not_found", text="That thread is gone.")
            fields["thread_ts"] = parent.get("thread_ts", thread_ts)
        message = self.store.add_message(channel, user.id, fields)
        self._tell_bot(user, channel, message)
        return {"ts": message["ts"]}

    def _command(self, user: User, channel: Channel, typed: str, thread_ts: str | None) -> JSON:
        name, *rest = typed.split(None, 1)
        command = next((command for command in self.commands if command.name == name), None)
        if command is None:
            raise Refusal(
                "unknown_command", text=f'{name} is not a valid command. Messages that start with "/" are commands.'
            )
        if thread_ts:
            raise Refusal("command_in_thread", text=f"{name} is not supported in threads. Sorry!")
        text = "".join(rest).strip()
        if command.should_escape:
            text = as_slash_text(text, self.store.names(), self.typographic)
        response_url = self._response_url(self.store.new_hook(channel.id, user.id))
        self.delivery.slash_command(payloads.slash_command(self.store, channel, user.id, name, text, response_url))
        return {"command": name}

    def _tell_bot(self, user: User, channel: Channel, message: JSON) -> None:
        if channel.is_im:
            self.delivery.event("message.im", payloads.message_event(channel, message))
        elif f"<@{self.store.bot_user_id}>" in message["text"]:
            if self.store.bot_user_id in channel.members:
                self.delivery.event("app_mention", payloads.mention_event(channel, message))
            else:
                bot = self.store.users[self.store.bot_user_id].name
                text = f"You mentioned @{bot}, but they are not in this channel. Invite them, or do nothing."
                self.store.notice(user.id, "not_in_channel", text, channel.id)

    def click(self, user: User, place: Place, block_id: str, action_id: str, value: Any, values: JSON) -> None:
        """A button or a choice, with what stands in the inputs around it."""
        target, block, element = self._element(user, place, block_id, action_id)
        state = self._state(place, target["blocks"], values)
        try:
            action = elements.action_of(block, element, value, self.store.next_ts())
            if element["type"] not in ("button", "overflow"):
                state.setdefault(block_id, {})[action_id] = elements.state_of(element, value)
        except elements.WrongValue as wrong:
            raise Refusal("invalid_value", text=str(wrong)) from wrong
        if block["type"] == "input" and not block.get("dispatch_action"):
            return  # Slack tells the app of inputs only when they are submitted
        if place.view_id:
            view = self._with_state(target, state)
            self.delivery.interaction(payloads.block_actions_on_view(self.store, user.id, view, action))
            return
        channel = self.store.channels[place.channel]
        hook_id = self.store.new_hook(channel.id, user.id, target["ts"], bool(target.get("ephemeral")))
        self.delivery.interaction(
            payloads.block_actions_on_message(
                self.store,
                channel,
                user.id,
                copy.deepcopy(target),
                action,
                copy.deepcopy(state),
                self._response_url(hook_id),
            )
        )

    async def options(self, user: User, place: Place, block_id: str, action_id: str, query: str) -> list[JSON]:
        """What the bot offers for an external select."""
        target, _block, element = self._element(user, place, block_id, action_id)
        if element["type"] != "external_select":
            raise Refusal("invalid_value", text="This select has its own options.")
        if place.view_id:
            container: JSON = {"container": {"type": "view", "view_id": place.view_id}, "view": target}
        else:
            channel = self.store.channels[place.channel]
            container = {"container": {"type": "message", "message_ts": place.ts, "channel_id": channel.id}}
            container |= {"channel": {"id": channel.id, "name": payloads.channel_name(channel)}, "message": target}
        payload = payloads.block_suggestion(self.store, user.id, container, element, block_id, query)
        return await self.delivery.suggestion(payload)

    def submit(self, user: User, view_id: str, values: JSON) -> None:
        """Submits the modal on top."""
        view = self._top_view(user, view_id)
        state = self._state(Place(view_id=view_id), view["blocks"], values)
        wrong: JSON = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                text = elements.wrong_input(block, state.get(block["block_id"], {}).get(block["element"]["action_id"]))
                wrong |= {block["block_id"]: text} if text else {}
        if wrong:
            raise Refusal("missing_input", errors=wrong, text="Some fields are not filled in as they must be.")
        submitted = self._with_state(view, state)
        urls = self._view_response_urls(user, submitted)
        self.delivery.submission(payloads.view_submission(self.store, user.id, submitted, urls))

    def close(self, user: User, view_id: str, all_: bool = False) -> None:
        """Closes the modal on top, or (`all_`) the whole stack; the app hears of it when it asked for that."""
        view = self._top_view(user, view_id)
        cleared = all_ or bool(view.get("clear_on_close"))
        for closed in views.close_views(self.store, user.id, views.VIEWS_IN_A_STACK if cleared else 1):
            if closed.get("notify_on_close"):
                self.delivery.interaction(payloads.view_closed(self.store, user.id, closed, cleared))

    def invite(self, user: User, channel_name: str, user_name: str = "") -> None:
        """Brings someone into a channel; the bot when nobody is named."""
        channel = self._channel(user, channel_name)
        invited = self.store.person(user_name) if user_name else self.store.users[self.store.bot_user_id]
        if user_name in (self.store.bot_user_id, self.store.users[self.store.bot_user_id].name):
            invited = self.store.users[self.store.bot_user_id]
        if invited is None:
            raise Refusal("user_not_found", text=f"There is nobody called {user_name}.")
        if channel.is_im or channel.is_archived:
            raise Refusal("method_not_supported_for_channel_type", text="Nobody can be invited here.")
        if invited.id in channel.members:
            raise Refusal("already_in_channel", text=f"{invited.name} is already in this channel.")
        channel.members.append(invited.id)
        self.store.publish_channel(channel)
        joined = {"type": "member_joined_channel", "user": invited.id, "channel": channel.id, "inviter": user.id}
        self.delivery.event("member_joined_channel", {**joined, "channel_type": "C", "team": self.store.team_id})

    def open_home(self, user: User) -> None:
        home = self.store.views.get(self.store.homes.get(user.id, ""))
        inner: JSON = {"type": "app_home_opened", "user": user.id, "channel": self.store.direct_channel(user.id).id}
        inner |= {"tab": "home", "event_ts": self.store.next_ts()} | ({"view": home} if home else {})
        self.delivery.event("app_home_opened", inner)

    def message(self, user: User, channel_id: str, ts: str) -> JSON | None:
        """A message that this person can see, ephemeral or not."""
        channel = self.store.channels.get(channel_id)
        if channel is None or not self.store.can_see(channel, user.id):
            return None
        if self.store.ephemeral_for.get(ts) == user.id:
            return self.store.ephemerals[channel.id].get(ts)
        return self.store.messages[channel.id].get(ts)

    def _channel(self, user: User, name: str) -> Channel:
        channel = self.store.find_channel(name, user.id)
        if channel is None or user.id not in channel.members:
            raise Refusal("channel_not_found", text=f"There is no channel {name}, or {user.name} is not in it.")
        return channel

    def _element(self, user: User, place: Place, block_id: str, action_id: str) -> tuple[JSON, JSON, JSON]:
        if place.view_id:
            target = self.store.views.get(place.view_id)
            if target is not None and self.store.view_owner[place.view_id] != user.id:
                target = None
        else:
            target = self.message(user, place.channel, place.ts)
        found = elements.find(target.get("blocks", []), block_id, action_id) if target else None
        if target is None or found is None:
            raise Refusal("element_not_found", text="That is no longer there.")
        return target, *found

    def _state(self, place: Place, blocks: list[JSON], values: JSON) -> JSON:
        """What stands in the inputs, after `values` have been put in; kept."""
        key = place.view_id or f"{place.channel}/{place.ts}"
        state = elements.initial_state(blocks, self.store.states.get(key, {}))
        for block_id, fields in values.items():
            for action_id, value in fields.items():
                found = elements.find(blocks, block_id, action_id)
                if found is None:
                    raise Refusal("element_not_found", text="That field is no longer there.")
                try:
                    state.setdefault(block_id, {})[action_id] = elements.state_of(found[1], value)
                except elements.WrongValue as wrong:
                    raise Refusal("invalid_value", text=str(wrong)) from wrong
        self.store.states[key] = state
        return state

    def _with_state(self, view: JSON, state: JSON) -> JSON:
        view["state"] = {"values": state}
        return copy.deepcopy(view)

    def _top_view(self, user: User, view_id: str) -> JSON:
        stack = self.store.stacks.get(user.id, [])
        if not stack or stack[-1] != view_id:
            raise Refusal("view_not_found", text="That window is no longer open.")
        return self.store.views[view_id]

    def _view_response_urls(self, user: User, view: JSON) -> list[JSON]:
        urls: list[JSON] = []
        for block in view["blocks"]:
            element = block.get("element", {})
            if not element.get("response_url_enabled"):
                continue
            state = view["state"]["values"][block["block_id"]][element["action_id"]]
            channel_id = state.get("selected_conversation") or state.get("selected_channel")
            if channel_id in self.store.channels:
                url = self._response_url(self.store.new_hook(channel_id, user.id))
                place = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append({**place, "channel_id": channel_id, "response_url": url})
        return urls

    def _response_url(self, hook_id: str) -> str:
        if not self.base_url:
            raise RuntimeError("set EmbeddedSlack.base_url once the port of the server is known")
        return f"{self.base_url}/hooks/{hook_id}"
