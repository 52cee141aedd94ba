"""Asking the API server what the bot may do."""

from __future__ import annotations

import msgspec

from bot.adapters.cluster.session import Call, Session
from bot.application.ports.cluster import Right
from bot.errors import BotError

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _Status(msgspec.Struct, frozen=True):
    allowed: bool = False


class _Review(msgspec.Struct, frozen=True):
    status: _Status = _Status()


async def may(session: Session, right: Right) -> bool:
    """https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/"""
    resource, _, subresource = right.resource.partition("/")
    asked = {"verb": right.verb, "group": right.group, "resource": resource, "subresource": subresource}
    asked |= {"namespace": right.namespace, "name": right.name}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
    }
    doing = f"ask whether Patchbay may {right}"
    # It stores nothing: asking again after a lost answer changes nothing.
    call = Call(doing=doing, method="POST", path=_PATH, body=msgspec.json.encode(body), repeatable=True)
    reply = await session.ask(call)
    try:
        return msgspec.json.decode(reply.body, type=_Review).status.allowed
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BotError(f"Cannot {doing}", cause="the answer is no review") from error
