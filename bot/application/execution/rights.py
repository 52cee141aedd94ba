"""What the bot has to be allowed for a plan, and what of that it is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from bot.application.ports import Cluster, Right
from bot.domain.changes import fields
from bot.domain.network.references import JSONObject
from bot.domain.plugins.fitting import Objects, ref
from bot.domain.plugins.steps import TRIAL_NAMESPACE, definitions
from bot.errors import BotError

_AT_ONCE = 8
TRIAL_RIGHTS = (
    *(Right(verb, "pods", "", TRIAL_NAMESPACE) for verb in ("create", "patch", "list", "delete")),
    Right("list", "nodes"),
)
"""For proving a network plugin: a new pod on each node."""


async def missing_rights(cluster: Cluster, needed: Iterable[Right]) -> tuple[str, ...] | None:
    """What is needed and the bot may not do; None when the API server does not tell."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def ask(right: Right) -> str:
        async with turn:
            return "" if await cluster.may(right) else str(right)

    try:
        answers = await asyncio.gather(*map(ask, needed))
    except BotError:
        return None
    return tuple(answer for answer in answers if answer)


def needed_rights(objects: Objects) -> list[Right]:
    """For writing each kind of object, putting it back and deleting it again. To grant what one does not
    hold takes `escalate`, to bind it `bind`: https://kubernetes.io/docs/reference/access-authn-authz/rbac/"""
    plurals = {key: _plural_of(definition) for key, definition in definitions(objects)}
    rights: dict[Right, None] = {}
    for object in objects:
        own = ref(object)
        group = own.api_version.partition("/")[0] if "/" in own.api_version else ""
        resource = plurals.get((group, own.kind)) or plural(own.kind)
        for verb in ("get", "create", "patch", "update", "delete"):
            rights[Right(verb, resource, group, own.namespace)] = None
        if own.kind in ("ClusterRole", "Role"):
            rights[Right("escalate", resource, group, own.namespace)] = None
        if own.kind in ("ClusterRoleBinding", "RoleBinding"):
            named: Any = object.get("roleRef") or {}
            role = plural(str(named.get("kind")))
            rights[Right("bind", role, group, own.namespace, str(named.get("name")))] = None
    return list(rights)


def _plural_of(definition: JSONObject) -> str:
    return str(fields.at(definition, ("spec", "names", "plural")).value)


def plural(kind: str) -> str:
    """The resource of a built-in kind, and of the Gateway API's: `networkpolicies`, `gateways`."""
    word = kind.lower()
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word if word == "endpoints" else word + ("es" if word.endswith("s") else "s")
