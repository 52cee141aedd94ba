"""What is asked of the API server, word for word, and what is made of its answers. Real ones: tests/contracts."""

from __future__ import annotations

from typing import Any

import pytest
from speaking_api_server import SpeakingServer, status

from bot.adapters.cluster.reviewing import may
from bot.application.ports import Right
from bot.errors import BotError, Refused, Unreachable

PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RBAC = "rbac.authorization.k8s.io"


async def answered(server: SpeakingServer, right: Right, *answers: Any) -> bool:
    session = server.session([])
    server.on("POST", PATH, *answers)
    try:
        return await may(session, right)
    finally:
        await session.close()


@pytest.mark.parametrize(
    ("right", "attributes"),
    [
        (Right("list", "nodes"), {"verb": "list", "resource": "nodes"}),
        (
            Right("get", "pods/log", namespace="shop"),
            {"verb": "get", "resource": "pods", "subresource": "log", "namespace": "shop"},
        ),
        (
            Right("bind", "clusterroles", RBAC, name="view"),
            {"verb": "bind", "resource": "clusterroles", "group": RBAC, "name": "view"},
        ),
    ],
    ids=str,
)
async def test_what_is_not_said_is_not_asked(server: SpeakingServer, right: Right, attributes: dict[str, str]) -> None:
    assert await answered(server, right, (201, {"status": {"allowed": True}}))
    assert server.heard[0].json["spec"] == {"resourceAttributes": attributes}
    assert server.heard[0].json["kind"] == "SelfSubjectAccessReview"


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ({"status": {"allowed": True, "reason": "RBAC: allowed by ClusterRoleBinding"}}, True),
        ({"status": {"allowed": False, "denied": True}}, False),
        ({"status": {}}, False),
        ({}, False),
    ],
)
async def test_only_a_yes_is_one(server: SpeakingServer, body: dict[str, Any], allowed: bool) -> None:
    assert await answered(server, Right("list", "nodes"), (201, body)) is allowed


async def test_a_review_is_asked_again_after_5xx_since_it_stores_nothing(server: SpeakingServer) -> None:
    busy = status(503, "etcdserver: leader changed")
    assert await answered(server, Right("list", "nodes"), busy, (201, {"status": {"allowed": True}}))
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((201, b"<html>"), BotError, "the answer is no review"),
        ((201, {"status": {"allowed": "perhaps"}}), BotError, "the answer is no review"),
        (status(403, "selfsubjectaccessreviews is forbidden", "Forbidden"), Refused, "is forbidden"),
        (status(503, "etcdserver: leader changed"), Unreachable, "leader changed"),
    ],
)
async def test_no_answer_is_no_permission(
    server: SpeakingServer, answer: Any, kind: type[BotError], words: str
) -> None:
    with pytest.raises(kind, match=words) as told:
        await answered(server, Right("create", "daemonsets", "apps", "kube-system"), answer)
    assert "create daemonsets.apps in kube-system" in str(told.value)
