"""What Slack sends to the app, field by field. Reference: docs.slack.dev/reference/interaction-payloads and /events."""

import uuid
from typing import Any

from bot.playground.slack_server.store import JSON, Channel, Store

_TOKEN = "playground-verification-token"  # noqa: S105  long out of use; real payloads still carry one


def channel_name(channel: Channel) -> str:
    return "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name


def slash_command(store: Store, channel: Channel, user_id: str, command: str, text: str, response_url: str) -> JSON:
    return {
        "token": _TOKEN,
        "team_id": store.team_id,
        "team_domain": store.team_domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user_id,
        "user_name": store.users[user_id].name,
        "command": command,
        "text": text,
        "api_app_id": store.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": store.new_trigger(user_id),
    }


def event(store: Store, inner: JSON) -> JSON:
    """An event in its envelope, as the Events API sends it."""
    return {
        "token": _TOKEN,
        "team_id": store.team_id,
        "context_team_id": store.team_id,
        "context_enterprise_id": None,
        "api_app_id": store.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": store.next_id("Ev"),
        "event_time": store.now_seconds(),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": store.team_id,
                "user_id": store.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            },
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def message_event(channel: Channel, message: JSON) -> JSON:
    """`message` as the bot hears it in direct messages."""
    inner = {name: value for name, value in message.items() if name != "metadata"}
    return {**inner, "channel": channel.id, "event_ts": message["ts"], "channel_type": "im"}


def mention_event(channel: Channel, message: JSON) -> JSON:
    return {**message, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}


def interaction(store: Store, user_id: str, type_: str) -> JSON:
    """What all interactions begin with."""
    user = store.users[user_id]
    return {
        "type": type_,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": store.team_id},
        "api_app_id": store.app_id,
        "token": _TOKEN,
        "team": {"id": store.team_id, "domain": store.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def block_actions_on_message(
    store: Store, channel: Channel, user_id: str, message: JSON, action: JSON, values: JSON, response_url: str
) -> JSON:
    ephemeral = bool(message.get("ephemeral"))
    container: JSON = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    payload = interaction(store, user_id, "block_actions")
    payload |= {"container": container, "trigger_id": store.new_trigger(user_id), "response_url": response_url}
    payload |= {
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": values},
        "actions": [action],
    }
    if not ephemeral:  # Slack keeps no ephemeral message that it could send along
        payload["message"] = {name: value for name, value in message.items() if name != "metadata"}
    return payload


def block_actions_on_view(store: Store, user_id: str, view: JSON, action: JSON) -> JSON:
    payload = interaction(store, user_id, "block_actions")
    payload |= {"container": {"type": "view", "view_id": view["id"]}, "view": view, "actions": [action]}
    return {**payload, "trigger_id": store.new_trigger(user_id, view["root_view_id"])}


def view_submission(store: Store, user_id: str, view: JSON, response_urls: list[JSON]) -> JSON:
    payload = interaction(store, user_id, "view_submission")
    payload |= {"view": view, "response_urls": response_urls}
    return {**payload, "trigger_id": store.new_trigger(user_id, view["root_view_id"])}


def view_closed(store: Store, user_id: str, view: JSON, is_cleared: bool) -> JSON:
    return {**interaction(store, user_id, "view_closed"), "view": view, "is_cleared": is_cleared}


def block_suggestion(store: Store, user_id: str, container: JSON, element: JSON, block_id: str, query: str) -> JSON:
    payload: dict[str, Any] = interaction(store, user_id, "block_suggestion")
    return {**payload, **container, "action_id": element["action_id"], "block_id": block_id, "value": query}
