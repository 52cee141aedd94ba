"""views.*: modals and the Home tab. Reference: docs.slack.dev/surfaces/modals."""

import secrets
from typing import Any

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.checking import view_content, with_ids
from bot.playground.slack_server.elements import initial_state
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.rate_limits import TIERS
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Store, Trigger

VIEWS_IN_A_STACK = 3


def open_(store: Store, arguments: Arguments) -> JSON:
    content = view_content(arguments.given.get("view"), "modal")
    trigger = _exchange(store, arguments)
    for view_id in store.stacks.pop(trigger.user, []):
        forget(store, view_id)
    return {"view": add_view(store, content, trigger.user)}


def push(store: Store, arguments: Arguments) -> JSON:
    content = view_content(arguments.given.get("view"), "modal")
    trigger = _exchange(store, arguments)
    if trigger.root_view_id not in store.stacks.get(trigger.user, []):
        raise Refusal("not_found")
    return {"view": push_view(store, content, trigger.user)}


def update(store: Store, arguments: Arguments) -> JSON:
    view = _named_view(store, arguments)
    content = view_content(arguments.given.get("view"), view["type"])
    if arguments.text("hash") not in ("", view["hash"]):
        raise Refusal("hash_conflict")
    return {"view": change_view(store, view, content)}


def publish(store: Store, arguments: Arguments) -> JSON:
    user = store.person(arguments.required("user_id"))
    if user is None:
        raise Refusal("user_not_found")
    content = view_content(arguments.given.get("view"), "home")
    old = store.views.get(store.homes.get(user.id, ""))
    if arguments.text("hash") and old and arguments.text("hash") != old["hash"]:
        raise Refusal("hash_conflict")
    if old:
        view = _fill(store, old, content)
    else:
        view = _fill(store, _new_view(store, user.id), content)
        store.homes[user.id] = view["id"]
    store.feed.publish("home_published", {"view": view}, frozenset({user.id}))
    return {"view": view}


def add_view(store: Store, content: JSON, user_id: str) -> JSON:
    """Opens a modal on top of this person's stack."""
    _check_external_id(store, content, None)
    stack = store.stacks.setdefault(user_id, [])
    view = _new_view(store, user_id)
    view["previous_view_id"] = stack[-1] if stack else None
    view["root_view_id"] = stack[0] if stack else view["id"]
    stack.append(view["id"])
    _fill(store, view, content)
    store.feed.publish("view_opened", {"view": view}, frozenset({user_id}))
    return view


def push_view(store: Store, content: JSON, user_id: str) -> JSON:
    if len(store.stacks.get(user_id, [])) >= VIEWS_IN_A_STACK:
        raise Refusal("push_limit_reached")
    return add_view(store, content, user_id)


def change_view(store: Store, view: JSON, content: JSON) -> JSON:
    _check_external_id(store, content, view["id"])
    _fill(store, view, content)
    kind = "view_updated" if view["type"] == "modal" else "home_published"
    store.feed.publish(kind, {"view": view}, frozenset({store.view_owner[view["id"]]}))
    return view


def close_views(store: Store, user_id: str, count: int) -> list[JSON]:
    """Takes views from the top of the stack; gives them, top one first."""
    closed: list[JSON] = []
    stack = store.stacks.get(user_id, [])
    while stack and len(closed) < count:
        view_id = stack.pop()
        closed.append(store.views[view_id])
        forget(store, view_id)
    return closed


def forget(store: Store, view_id: str) -> None:
    del store.views[view_id]
    store.states.pop(view_id, None)
    owner = store.view_owner.pop(view_id)
    store.feed.publish("view_closed", {"view_id": view_id}, frozenset({owner}))


def _exchange(store: Store, arguments: Arguments) -> Trigger:
    trigger = store.triggers.get(arguments.required("trigger_id"))
    if trigger is None:
        raise Refusal("invalid_trigger_id")
    if trigger.used:
        raise Refusal("exchanged_trigger_id")
    if store.clock.monotonic() > trigger.expires:
        raise Refusal("expired_trigger_id")
    trigger.used = True
    return trigger


def _named_view(store: Store, arguments: Arguments) -> JSON:
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if not view_id and not external_id:
        raise Refusal("invalid_arguments", ["missing required field: view_id"])
    for view in store.views.values():
        if view_id == view["id"] or (external_id and external_id == view["external_id"]):
            return view
    raise Refusal("not_found")


def _check_external_id(store: Store, content: JSON, own_id: str | None) -> None:
    wanted = content.get("external_id")
    if wanted and any(view["external_id"] == wanted and view["id"] != own_id for view in store.views.values()):
        raise Refusal("duplicate_external_id")


def _new_view(store: Store, user_id: str) -> JSON:
    view: JSON = {"id": store.next_id("V"), "team_id": store.team_id, "app_id": store.app_id, "bot_id": store.bot_id}
    view |= {"app_installed_team_id": store.team_id, "root_view_id": view["id"], "previous_view_id": None}
    store.views[view["id"]] = view
    store.view_owner[view["id"]] = user_id
    return view


_DEFAULTS: dict[str, Any] = {
    "callback_id": "",
    "external_id": "",
    "private_metadata": "",
    "title": None,
    "submit": None,
    "close": None,
    "clear_on_close": False,
    "notify_on_close": False,
}


def _fill(store: Store, view: JSON, content: JSON) -> JSON:
    view.update({name: content.get(name, default) for name, default in _DEFAULTS.items()})
    view["type"], view["blocks"] = content["type"], with_ids(content["blocks"], store)
    view["hash"] = f"{store.now_seconds()}.{secrets.token_hex(4)}"
    values = initial_state(view["blocks"], store.states.get(view["id"], {}))
    store.states[view["id"]] = values
    view["state"] = {"values": values}
    return view


METHODS = {
    "views.open": Method(open_, TIERS[4]),
    "views.push": Method(push, TIERS[4]),
    "views.update": Method(update, TIERS[4]),
    "views.publish": Method(publish, TIERS[4]),
}
