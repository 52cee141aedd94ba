"""Questions that are asked by creating an object which is never stored: who am I, may I."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.kinds import Kind

Object = dict[str, Any]
ADMIN = {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}
_REVIEWS = (
    "SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectRulesReview",
    "SelfSubjectReview",
)  # fmt: skip


def is_review(kind: Kind) -> bool:
    return kind.name in _REVIEWS


def reviewed(kind: Kind, asked: Object) -> Object:
    """The answer for the one user that there is: the administrator, who may do everything."""
    answer: Object = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": asked.get("metadata") or {}}
    answer["spec"] = asked.get("spec") or {}
    if kind.name == "SelfSubjectReview":
        del answer["spec"]
        return answer | {"status": {"userInfo": ADMIN}}
    if kind.name == "SelfSubjectRulesReview":
        rules = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        urls = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
        return answer | {"status": {"resourceRules": rules, "nonResourceRules": urls, "incomplete": False}}
    return answer | {"status": {"allowed": True}}
