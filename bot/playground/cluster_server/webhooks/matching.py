"""Which webhooks a request is put to: each says so by rules, by selectors and by conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.cluster_server import statuses
from bot.playground.cluster_server.customs.expressions import evaluated, is_unknown
from bot.playground.cluster_server.objects.kinds import Kind, Kinds
from bot.playground.cluster_server.objects.store import Store
from bot.playground.cluster_server.selectors import selector_matches
from bot.playground.cluster_server.webhooks.asking import CREATE, UPDATE, Asking, View, other_views

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of one configuration."""

    said: Object
    place: tuple[str, int]
    """The configuration's name, and which of its webhooks it is."""

    @property
    def name(self) -> str:
        return str(self.said["name"])

    @property
    def ignores_failures(self) -> bool:
        return self.said.get("failurePolicy") == "Ignore"


class Matching:
    """Looks at the configurations of one kind at each request; keeps nothing."""

    def __init__(self, store: Store, kinds: Kinds, configurations: Kind) -> None:
        self._store = store
        self._kinds = kinds
        self._configurations = configurations
        self._namespaces = kinds.named("v1", "Namespace")

    def are_any(self) -> bool:
        return self._store.count(self._configurations) > 0

    def hooks(self) -> Iterator[Hook]:
        """All, in the order in which they are asked: by the names of their configurations."""
        for stored in sorted(self._store.list(self._configurations), key=lambda each: each.obj["metadata"]["name"]):
            for number, said in enumerate(stored.obj.get("webhooks") or ()):
                yield Hook(said, (stored.obj["metadata"]["name"], number))

    def view_for(self, hook: Hook, asking: Asking, obj: Object | None, before: Object | None) -> View | None:
        """Through what a webhook wants to see the object; None: it does not care."""
        if not asking.view.is_whole:  # then it is not the object whose labels count
            obj, before = (one and asking.view.show(one) for one in (obj, before))
        if not self._is_in_chosen_namespace(hook, asking, obj) or not _is_chosen(hook, obj, before):
            return None
        views = [asking.view]
        if hook.said.get("matchPolicy") == "Equivalent":
            views += other_views(asking.view, self._kinds)
        rules = hook.said.get("rules") or ()
        return next((view for view in views if any(_covers(rule, asking, view.resource) for rule in rules)), None)

    def _is_in_chosen_namespace(self, hook: Hook, asking: Asking, obj: Object | None) -> bool:
        selector = hook.said.get("namespaceSelector") or {}
        is_namespace = asking.view.resource.resource == ("", "namespaces")
        if not selector or (not asking.namespace and not is_namespace):
            return True
        if is_namespace and not asking.subresource and asking.operation in (CREATE, UPDATE):
            found = obj
        else:
            stored = self._store.get(self._namespaces, "", asking.namespace)
            found = stored.obj if stored else None
        return selector_matches(selector, (found or {}).get("metadata", {}).get("labels") or {})


def _is_chosen(hook: Hook, obj: Object | None, before: Object | None) -> bool:
    """Either by what the object is, or by what it was."""
    selector = hook.said.get("objectSelector") or {}
    if not selector:
        return True
    labels = [one["metadata"].get("labels") or {} for one in (obj, before) if one and "metadata" in one]
    return any(selector_matches(selector, found) for found in labels)


def _covers(rule: Object, asking: Asking, kind: Kind) -> bool:
    is_namespace = kind.resource == ("", "namespaces")
    is_namespaced = bool(asking.namespace) and not is_namespace
    if rule.get("scope", "*") not in ("*", "Namespaced" if is_namespaced else "Cluster"):
        return False
    wanted = (("operations", asking.operation), ("apiGroups", kind.group), ("apiVersions", kind.version))
    if any(not {"*", value} & set(rule.get(field) or ()) for field, value in wanted):
        return False
    for said in rule.get("resources") or ():
        plural, _, subresource = said.partition("/")
        if plural in ("*", kind.plural) and subresource in ("*", asking.subresource):
            return True
    return False


def conditions_hold(hook: Hook, asking: Asking, request: Object) -> bool:
    """Whether a webhook's CEL conditions want it to be asked. Raises 403 for one that cannot be evaluated.

    One that calls what the CEL library lacks counts as kept; the authorizer is not known.
    """
    failures = []
    names = {"object": request["object"], "oldObject": request["oldObject"], "request": request}
    for said in hook.said.get("matchConditions") or ():
        try:
            if evaluated(said["expression"], names) is False:
                return False
        except (RuntimeError, ValueError, TypeError) as error:
            if not is_unknown(error):
                failures.append(f"expression '{said['expression']}' resulted in error: {error}")
    if failures and not hook.ignores_failures:
        told = failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]"
        kind = asking.view.resource
        raise statuses.forbidden(kind.plural, kind.group, asking.name, told)
    return not failures
