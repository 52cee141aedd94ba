"""RBAC: which rules hold for a user, and whether they allow something.

See https://kubernetes.io/docs/reference/access-authn-authz/rbac/. Nothing is remembered: a binding that changes counts
from the next request on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server.access.people import ACCOUNT, MASTERS, User
from bot.playground.cluster_server.objects.registry import Registry

Object = dict[str, Any]

GROUP = "rbac.authorization.k8s.io"
_VERSION = f"{GROUP}/v1"


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that a user wants to do; either `path` or `resource` is set."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def whole_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def told(self, user: str) -> str:
        """`User "bob" cannot list resource "pods" in API group "" in the namespace "shop"`."""
        if self.path:
            return f'User "{user}" cannot {self.verb} path "{self.path}"'
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        resource = f'resource "{self.whole_resource}" in API group "{self.group}"'
        return f'User "{user}" cannot {self.verb} {resource} {where}'


@dataclass(frozen=True, slots=True)
class Verdict:
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that holds for a user, and the binding by which it does."""

    rule: Object
    why: str


class Rights:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        named = registry.kinds.named
        self._roles, self._cluster_roles = named(_VERSION, "Role"), named(_VERSION, "ClusterRole")
        self._bindings, self._cluster_bindings = named(_VERSION, "RoleBinding"), named(_VERSION, "ClusterRoleBinding")

    def judge(self, user: User, wish: Wish) -> Verdict:
        if MASTERS in user.groups:
            return Verdict(True)
        missing: list[str] = []
        for grant in self.grants(user, wish.namespace, missing):
            if allows(grant.rule, wish):
                return Verdict(True, f"RBAC: allowed by {grant.why}")
        return Verdict(False, f"RBAC: {_several(missing)}" if missing else "")

    def grants(self, user: User, namespace: str, missing: list[str] | None = None) -> Iterator[Grant]:
        """The rules that hold for a user: everywhere, and in a namespace when one is named. Names of roles that are
        bound and do not exist are put into `missing`."""
        for binding in self._registry.list(self._cluster_bindings):
            yield from self._of(binding, user, "", missing)
        if namespace:
            for binding in self._registry.list(self._bindings, namespace):
                yield from self._of(binding, user, namespace, missing)

    def rules_of(self, kind: str, namespace: str, name: str) -> list[Object] | None:
        """Those of a role; None when there is none."""
        if kind == "ClusterRole":
            role = self._registry.find(self._cluster_roles, "", name)
        else:
            role = self._registry.find(self._roles, namespace, name)
        return None if role is None else list(role.get("rules") or ())

    def _of(self, binding: Object, user: User, namespace: str, missing: list[str] | None) -> Iterator[Grant]:
        subject = next((one for one in binding.get("subjects") or () if _is(one, user, namespace)), None)
        if subject is None:
            return
        reference = binding["roleRef"]
        rules = self.rules_of(reference["kind"], namespace, reference["name"])
        if rules is None:
            if missing is not None:
                plural = "clusterrole" if reference["kind"] == "ClusterRole" else "role"
                missing.append(f'{plural}.{GROUP} "{reference["name"]}" not found')
            return
        name = f"{binding['metadata']['name']}/{namespace}" if namespace else binding["metadata"]["name"]
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        account = f"{subject['name']}/{subject.get('namespace') or namespace}"
        whom = account if subject["kind"] == "ServiceAccount" else subject["name"]
        why = f'{kind} "{name}" of {reference["kind"]} "{reference["name"]}" to {subject["kind"]} "{whom}"'
        yield from (Grant(rule, why) for rule in rules)


def _is(subject: Object, user: User, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case "ServiceAccount":
            return user.name == f"{ACCOUNT}{subject.get('namespace') or namespace}:{subject['name']}"
    return False


def _several(missing: list[str]) -> str:
    return missing[0] if len(missing) == 1 else f"[{', '.join(missing)}]"


def allows(rule: Object, wish: Wish) -> bool:
    if not _holds(rule.get("verbs"), wish.verb):
        return False
    if wish.path:
        return any(_path_matches(pattern, wish.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    return (
        _holds(rule.get("apiGroups"), wish.group)
        and _resource_matches(rule.get("resources") or (), wish)
        and (not names or wish.name in names)
    )


def _holds(values: Iterable[str] | None, value: str) -> bool:
    return any(each in ("*", value) for each in values or ())


def _resource_matches(resources: Iterable[str], wish: Wish) -> bool:
    wanted = {"*", wish.whole_resource} | ({f"*/{wish.subresource}"} if wish.subresource else set())
    return any(each in wanted for each in resources)


def _path_matches(pattern: str, path: str) -> bool:
    return pattern == "*" or pattern == path or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def uncovered(rules: Iterable[Object], own: Iterable[Object]) -> list[Object]:
    """Those single rights of `rules` that nothing in `own` covers, put together again by group and resource."""
    held = list(own)
    left = [one for rule in rules for one in _broken_down(rule) if not any(_covers(mine, one) for mine in held)]
    return _put_together(left)


def _broken_down(rule: Object) -> Iterator[Object]:
    for verb in rule.get("verbs") or ():
        for url in rule.get("nonResourceURLs") or ():
            yield {"verbs": [verb], "nonResourceURLs": [url]}
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                one: Object = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
                names = rule.get("resourceNames") or ()
                yield from ({**one, "resourceNames": [name]} for name in names) if names else (one,)


def _covers(mine: Object, one: Object) -> bool:
    if not _holds(mine.get("verbs"), one["verbs"][0]):
        return False
    if "nonResourceURLs" in one:
        return any(_path_matches(pattern, one["nonResourceURLs"][0]) for pattern in mine.get("nonResourceURLs") or ())
    resource, names = one["resources"][0], mine.get("resourceNames") or ()
    below = f"*/{resource.partition('/')[2]}" if "/" in resource else ""
    return (
        _holds(mine.get("apiGroups"), one["apiGroups"][0])
        and any(each in ("*", resource, below) for each in mine.get("resources") or () if each)
        and (not names or one.get("resourceNames", [""])[0] in names)
    )


def _put_together(rules: list[Object]) -> list[Object]:
    found: dict[tuple[str, ...], Object] = {}
    for rule in rules:
        key = tuple(str(rule.get(name)) for name in ("nonResourceURLs", "apiGroups", "resources", "resourceNames"))
        if key in found:
            found[key]["verbs"] = [*found[key]["verbs"], *rule["verbs"]]
        else:
            found[key] = dict(rule)
    return list(found.values())


def told(rule: Object) -> str:
    """As the refusal of an escalation lists it."""
    names = (
        ("APIGroups", "apiGroups"), ("Resources", "resources"), ("ResourceNames", "resourceNames"),
        ("NonResourceURLs", "nonResourceURLs"), ("Verbs", "verbs"),
    )  # fmt: skip
    parts = [
        f"{title}:[{', '.join(chr(34) + value + chr(34) for value in rule[name])}]"
        for title, name in names
        if rule.get(name)
    ]
    return "{" + ", ".join(parts) + "}"
