"""response_url: five answers within thirty minutes, also where the bot is no member. Reference: slack.md, "HTTP"."""

import json

from aiohttp import web

from bot.playground.slack_server.checking import message_content
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Hook, Store


class ResponseUrls:
    """Takes what the bot posts to its response_urls."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/hooks/{hook_id:.+}", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            given = json.loads(await request.text())
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        try:
            use(self._store, request.match_info["hook_id"], given)
        except Refusal as refusal:
            status = 404 if refusal.code in ("expired_url", "used_url", "invalid_url") else 400
            return web.json_response(refusal.body(), status=status)
        return web.json_response({"ok": True})


def use(store: Store, hook_id: str, given: JSON) -> None:
    """One use of a response_url. Raises Refusal; a refused one is not counted."""
    hook = store.hooks.get(hook_id)
    if hook is None:
        raise Refusal("invalid_url")
    if store.clock.monotonic() > hook.expires:
        raise Refusal("expired_url")
    if hook.uses_left < 1:
        raise Refusal("used_url")
    if not isinstance(given, dict):
        raise Refusal("invalid_payload")
    respond(store, hook, given)
    hook.uses_left -= 1


def respond(store: Store, hook: Hook, given: JSON) -> None:
    """Posts, replaces or deletes as `given` says; also what an acknowledgement with a message does."""
    channel = store.channels[hook.channel]
    if given.get("delete_original"):
        _delete(store, hook)
        return
    content = message_content(given, store)
    content.setdefault("blocks", None)
    if given.get("replace_original") and _source_exists(store, hook):
        assert hook.source_ts is not None
        if hook.source_is_ephemeral:  # it stays one, whatever response_type says
            store.change_ephemeral(channel, hook.source_ts, content)
        else:
            store.change_message(channel, hook.source_ts, content, edited_by=store.bot_user_id)
        return
    kept = {name: value for name, value in content.items() if value is not None}
    if given.get("response_type") == "in_channel":
        posted = store.add_message(channel, store.bot_user_id, kept | _thread(store, hook, given))
    else:
        posted = store.add_ephemeral(channel, hook.user, kept)
    if hook.source_ts is None:
        hook.source_ts, hook.source_is_ephemeral = posted["ts"], bool(posted.get("ephemeral"))


def _thread(store: Store, hook: Hook, given: JSON) -> JSON:
    """A thread counts only when `replace_original` is false in so many words."""
    thread_ts = given.get("thread_ts")
    if not thread_ts or given.get("replace_original") is not False:
        return {}
    if thread_ts not in store.messages[hook.channel]:
        raise Refusal("thread_not_found")
    return {"thread_ts": thread_ts}


def _source_exists(store: Store, hook: Hook) -> bool:
    kept = store.ephemerals if hook.source_is_ephemeral else store.messages
    return hook.source_ts in kept[hook.channel]


def _delete(store: Store, hook: Hook) -> None:
    if hook.source_ts is None or not _source_exists(store, hook):
        raise Refusal("message_not_found")
    channel = store.channels[hook.channel]
    if hook.source_is_ephemeral:
        store.remove_ephemeral(channel, hook.source_ts)
    else:
        store.remove_message(channel, hook.source_ts)
