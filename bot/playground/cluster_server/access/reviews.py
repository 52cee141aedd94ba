"""Questions that are asked by creating an object which is never stored: who am I, may I, whose token is this."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.guarding import Guard
from bot.playground.cluster_server.access.people import User
from bot.playground.cluster_server.access.rights import Wish
from bot.playground.cluster_server.http.requests import Target
from bot.playground.cluster_server.objects import ownership
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.ownership import Manager
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.statuses import Cause, invalid

Object = dict[str, Any]

_REVIEWS = (
    "SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectRulesReview",
    "SelfSubjectReview", "TokenReview",
)  # fmt: skip


def is_review(kind: Kind) -> bool:
    return kind.name in _REVIEWS


class Reviews:
    def __init__(self, guard: Guard, now: Any) -> None:
        self._guard = guard
        self._now = now

    def answer(self, user: User, target: Target, asked: Object, writing: Writing) -> Object:
        """Raises 400 and 422."""
        kind, spec = target.kind, asked.get("spec") or {}
        metadata: Object = dict(asked.get("metadata") or {})
        if target.namespace:
            metadata["namespace"] = target.namespace
        review: Object = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": metadata}
        match kind.name:
            case "SelfSubjectReview":
                metadata["creationTimestamp"] = self._now()
                return review | {"status": {"userInfo": user.info()}}
            case "SelfSubjectRulesReview":
                if not spec.get("namespace"):
                    raise statuses.bad_request("no namespace on request")
                return review | {"spec": {}, "status": self._rules(user, spec["namespace"])}
            case "TokenReview":
                if not spec.get("token"):
                    raise statuses.bad_request("token is required for TokenReview in authentication")
                status = self._token(spec["token"])
            case _:
                status = self._access(user, target, spec)
        manager = Manager(writing.manager, "Update", kind.api_version)
        owned = {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {}, "spec": spec}
        managed = ownership.after_update(None, owned, kind.type, manager, self._now())
        if managed:
            metadata["managedFields"] = managed
        return review | {"spec": spec, "status": status}

    def _access(self, user: User, target: Target, spec: Object) -> Object:
        resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
        causes: list[Cause] = []
        is_local = target.kind.name == "LocalSubjectAccessReview"
        if is_local and path is not None:
            causes.append(_of_path(path, "disallowed on this kind of request"))
        elif is_local and (resource or {}).get("namespace") != target.namespace:
            given = (resource or {}).get("namespace", "")
            causes.append(invalid("spec.resourceAttributes.namespace", given, "must match metadata.namespace"))
        if resource is not None and path is not None:
            causes.append(_of_path(path, "cannot be specified in combination with resourceAttributes"))
        elif resource is None and path is None:
            said = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            causes.append(invalid("spec.resourceAttributes", None if resource is None else resource, said))
        if target.kind.name != "SelfSubjectAccessReview":
            if not spec.get("user") and not spec.get("groups"):
                causes.append(invalid("spec.user", "", "at least one of user or group must be specified"))
            extra = {name: tuple(values) for name, values in (spec.get("extra") or {}).items()}
            user = User(spec.get("user", ""), tuple(spec.get("groups") or ()), spec.get("uid", ""), extra)
        if causes:
            raise statuses.unprocessable("", target.kind.group, "", causes)
        verdict = self._guard.rights.judge(user, _wish(resource, path))
        status: Object = {"allowed": verdict.allowed}
        if verdict.reason:
            status["reason"] = verdict.reason
        return status

    def _rules(self, user: User, namespace: str) -> Object:
        """Of somebody who may do everything besides, as the real server tells it: that one rule comes first."""
        resources: list[Object] = []
        paths: list[Object] = []
        for grant in self._guard.rights.grants(user, namespace):
            rule = grant.rule
            kept = {name: rule[name] for name in ("verbs", "apiGroups", "resources", "resourceNames") if rule.get(name)}
            if rule.get("nonResourceURLs"):
                paths.append({"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]})
            elif kept not in resources:
                resources.append(kept)
        return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}

    def _token(self, token: str) -> Object:
        user = self._guard.authenticator.of_token(token)
        if user is None:
            return {"user": {}, "error": "invalid bearer token"}
        return {
            "authenticated": True,
            "user": user.info(),
            "audiences": ["https://kubernetes.default.svc.cluster.local"],
        }


def _of_path(path: Object, said: str) -> Cause:
    printed = f'{{"Path":{statuses.shown(path.get("path", ""))},"Verb":{statuses.shown(path.get("verb", ""))}}}'
    return Cause("spec.nonResourceAttributes", f"Invalid value: {printed}: {said}")


def _wish(resource: Object | None, path: Object | None) -> Wish:
    if path is not None:
        return Wish(path.get("verb", ""), path=path.get("path", ""))
    said = resource or {}
    return Wish(
        said.get("verb", ""), said.get("group", ""), said.get("resource", ""), said.get("subresource", ""),
        said.get("namespace", ""), said.get("name", ""),
    )  # fmt: skip
