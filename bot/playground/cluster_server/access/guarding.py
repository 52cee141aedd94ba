"""What stands before each request: who asks, as whom, and whether they may."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.access.people import MASTERS, Authenticator, User, extra_of, impersonation
from bot.playground.cluster_server.access.rights import GROUP, Rights, Wish, told, uncovered
from bot.playground.cluster_server.http.requests import flag
from bot.playground.cluster_server.objects.kinds import Kind

Object = dict[str, Any]

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}
_STREAMS = ("exec", "attach", "portforward")
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


class Guard:
    def __init__(self, authenticator: Authenticator, rights: Rights) -> None:
        self.authenticator = authenticator
        self.rights = rights

    def let_in(self, request: web.Request) -> User:
        """Who asks, when they may. Raises 401, 403, and 400 for an impersonation of nobody."""
        user = self._user_of(request)
        if MASTERS in user.groups:
            return user
        wish = wish_of(request)
        self._check(user, wish)
        if wish.subresource in _STREAMS and wish.verb == "get":
            # Since 1.35 opening a stream by WebSocket takes the right to create it, as by POST.
            self._check(user, Wish("create", wish.group, wish.resource, wish.subresource, wish.namespace, wish.name))
        return user

    def _user_of(self, request: web.Request) -> User:
        user = self.authenticator.user(request.headers.get("Authorization", ""))
        if not any(name.lower().startswith("impersonate-") for name in request.headers):
            return user
        groups = [group for value in request.headers.getall("Impersonate-Group", []) for group in value.split(",")]
        wanted = impersonation(request.headers, [group for group in groups if group], extra_of(request.headers))
        if wanted is None:
            return user
        for group, whole, namespace, name in wanted.wanted:
            resource, _, subresource = whole.partition("/")
            self._check(user, Wish("impersonate", group, resource, subresource, namespace, name))
        return wanted.user

    def _check(self, user: User, wish: Wish) -> None:
        verdict = self.rights.judge(user, wish)
        if verdict.allowed:
            return
        said = wish.told(user.name) + (f": {verdict.reason}" if verdict.reason else "")
        if wish.path:
            raise statuses.APIError(403, "Forbidden", f"forbidden: {said}", {})
        raise statuses.forbidden(wish.resource, wish.group, wish.name, said)

    def check_grant(self, user: User, kind: Kind, namespace: str, obj: Object, before: Object | None) -> None:
        """Nobody may give rights that they do not hold themselves. Raises 403, and 404 for a role that is not there."""
        if kind.group != GROUP or MASTERS in user.groups or _says_the_same(obj, before):
            return
        metadata = obj["metadata"]
        if kind.name in ("Role", "ClusterRole"):
            verb, resource, name = "escalate", kind.plural, metadata["name"] if before else ""
        else:
            reference = obj.get("roleRef") or {}
            verb, name = "bind", reference.get("name", "")
            resource = "clusterroles" if reference.get("kind") == "ClusterRole" else "roles"
        if self.rights.judge(user, Wish(verb, GROUP, resource, "", namespace, name)).allowed:
            return
        rules = obj.get("rules") or []
        if verb == "bind":
            found = self.rights.rules_of("ClusterRole" if resource == "clusterroles" else "Role", namespace, name)
            if found is None:
                raise statuses.not_found(resource, GROUP, name)
            rules = found
        own = [grant.rule for grant in self.rights.grants(user, namespace)]
        if left := uncovered(rules, own):
            groups = " ".join(f'"{group}"' for group in user.groups)
            listed = "\n".join(told(rule) for rule in left)
            said = (
                f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n'
                f"{listed}"
            )
            raise statuses.forbidden(kind.plural, GROUP, metadata["name"], said)


def _says_the_same(obj: Object, before: Object | None) -> bool:
    """Whether a write only lets go of an object that is to be deleted, as the garbage collector may."""
    if before is None:
        return False
    left_out = ("ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation")

    def rest(one: Object) -> Object:
        return one | {"metadata": {name: value for name, value in one["metadata"].items() if name not in left_out}}

    return rest(obj) == rest(before) and obj["metadata"] != before["metadata"]


def wish_of(request: web.Request) -> Wish:
    """What a request wants, from its method and path alone: whether there is such a resource is asked later."""
    verb = _VERBS.get(request.method, request.method.lower())
    parts = [unquote(part) for part in request.rel_url.raw_path.split("/") if part]
    prefix = parts[0] if parts else ""
    if (prefix, len(parts) > 2) == ("api", True):
        group, parts = "", parts[2:]
    elif (prefix, len(parts) > 3) == ("apis", True):
        group, parts = parts[1], parts[3:]
    else:
        return Wish(verb, path=request.path)
    is_watched = parts[0] == "watch" and len(parts) > 1
    parts = parts[1:] if is_watched else parts
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
            parts = parts[2:]
    name, subresource = (*parts[1:3], "", "")[:2]
    if is_watched:
        verb = "watch"
    elif not name and verb == "get":
        verb = "watch" if flag(request.query, "watch") else "list"
        field, _, wanted = request.query.get("fieldSelector", "").partition("=")
        name = wanted.lstrip("=") if field == "metadata.name" and "," not in wanted else ""
    elif not name and verb == "delete":
        verb = "deletecollection"
    return Wish(verb, group, parts[0], subresource, namespace, name)
