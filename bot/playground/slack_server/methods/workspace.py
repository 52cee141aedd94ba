"""Who is who, and small signs under messages: auth.test, users.*, usergroups.*, team.info, reactions.*."""

import re

from bot.playground.slack_server.arguments import Arguments
from bot.playground.slack_server.methods import Method
from bot.playground.slack_server.methods.reaching import message, own_channel
from bot.playground.slack_server.paging import page, with_cursor
from bot.playground.slack_server.rate_limits import TIERS
from bot.playground.slack_server.refusal import Refusal
from bot.playground.slack_server.store import JSON, Store, User


def auth_test(store: Store, arguments: Arguments) -> JSON:
    who: JSON = {"url": f"https://{store.team_domain}.slack.com/", "team": "Playground", "team_id": store.team_id}
    who |= {"user": store.users[store.bot_user_id].name, "user_id": store.bot_user_id, "bot_id": store.bot_id}
    return {**who, "is_enterprise_install": False}


def user_json(store: Store, user: User) -> JSON:
    profile = {"real_name": user.real_name, "display_name": user.name}
    return {
        "id": user.id,
        "team_id": store.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "tz": user.tz,
        "profile": profile,
    }


def users_info(store: Store, arguments: Arguments) -> JSON:
    user = store.users.get(arguments.required("user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user_json(store, user)}


def users_list(store: Store, arguments: Arguments) -> JSON:
    listed, cursor = page([user_json(store, user) for user in store.users.values()], arguments)
    return with_cursor({"members": listed}, cursor)


def usergroup_users(store: Store, arguments: Arguments) -> JSON:
    members = store.usergroups.get(arguments.required("usergroup"))
    if members is None:
        raise Refusal("no_such_subteam")
    return {"users": list(members)}


def team_info(store: Store, arguments: Arguments) -> JSON:
    return {"team": {"id": store.team_id, "name": "Playground", "domain": store.team_domain}}


def add_reaction(store: Store, arguments: Arguments) -> JSON:
    _reaction(store, arguments, add=True)
    return {}


def remove_reaction(store: Store, arguments: Arguments) -> JSON:
    _reaction(store, arguments, add=False)
    return {}


def _reaction(store: Store, arguments: Arguments, add: bool) -> None:
    name = arguments.text("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]{1,100}", name):
        raise Refusal("invalid_name")
    channel = own_channel(store, arguments)
    found = message(store, channel, arguments.required("timestamp"))
    users: dict[str, list[str]] = {item["name"]: item["users"] for item in found.get("reactions", [])}
    present = store.bot_user_id in users.get(name, [])
    if add and present:
        raise Refusal("already_reacted")
    if not add and not present:
        raise Refusal("no_reaction")
    others = [user for user in users.get(name, []) if user != store.bot_user_id]
    users[name] = [*others, store.bot_user_id] if add else others
    found["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in users.items() if u]
    data = {"channel": channel.id, "ts": found["ts"], "reactions": found["reactions"]}
    store.feed.publish("reaction", data, store.audience(channel))


METHODS = {
    "auth.test": Method(auth_test, None),
    "users.info": Method(users_info, TIERS[4], ("users:read",)),
    "users.list": Method(users_list, TIERS[2], ("users:read",)),
    "usergroups.users.list": Method(usergroup_users, TIERS[2], ("usergroups:read",)),
    "team.info": Method(team_info, TIERS[3], ("team:read",)),
    "reactions.add": Method(add_reaction, TIERS[3], ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, TIERS[2], ("reactions:write",)),
}
