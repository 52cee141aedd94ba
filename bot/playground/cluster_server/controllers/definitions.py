"""Custom resource definitions: accepts their names, serves what they define, and clears up behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.access.people import APISERVER, User
from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going
from bot.playground.cluster_server.customs import definitions
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_MANAGER = "kube-apiserver"
_AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"


class Definitions(Controller):
    """Keys are names of definitions."""

    def user(self, key: Key) -> User:
        return APISERVER

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == (definitions.GROUP, definitions.PLURAL):
            if change.type == "DELETED":
                self._no_longer(change.obj)
                return [("", found["metadata"]["name"]) for found in self._all()]  # a name may be free now
            return [("", change.obj["metadata"]["name"])]
        if change.type == "DELETED":
            return [("", name) for name in [f"{change.resource[1]}.{change.resource[0]}"] if self._find(name)]
        return ()

    def _kind(self) -> Kind:
        return self.scene.kind("apiextensions.k8s.io/v1", definitions.KIND)

    def _all(self) -> list[Object]:
        return list(self.registry.list(self._kind()))

    def _find(self, name: str) -> Object | None:
        return self.registry.find(self._kind(), "", name)

    def reconcile(self, key: Key) -> Pause:
        definition = self._find(key[1])
        if definition is None:
            return None
        if is_going(definition):
            self._end(definition)
            return None
        conflict = self._conflict(definition)
        names = definition["spec"]["names"]
        status: Object = definition["status"] | {
            "conditions": self._conditions(definition, conflict),
            "acceptedNames": definition["status"]["acceptedNames"] if conflict else names,
        }
        definition = self.registry.write_status(self._kind(), definition, status, _MANAGER)
        if not conflict or _holds(definition, "Established"):
            self._serve(definition)
        return None

    def _serve(self, definition: Object) -> None:
        spec = definition["spec"]
        self.registry.kinds.remove(spec["group"], definition["status"]["acceptedNames"]["plural"])
        for row in definitions.rows_of(definition):
            self.registry.kinds.add(row)
        self._announce(spec["group"])

    def _no_longer(self, definition: Object) -> None:
        self.registry.kinds.remove(definition["spec"]["group"], definition["spec"]["names"]["plural"])
        self._announce(definition["spec"]["group"])

    def _announce(self, group: str) -> None:
        """An APIService for each version of a group that is served, as the real server's autoregistration has it."""
        kind = self.scene.kind("apiregistration.k8s.io/v1", "APIService")
        wanted = {f"{row.version}.{group}": row.version for row in self.registry.kinds.rows if row.group == group}
        for service in list(self.registry.list(kind)):
            name, labels = service["metadata"]["name"], service["metadata"].get("labels") or {}
            if service["spec"].get("group") == group and labels.get(_AUTOMANAGED) == "true" and name not in wanted:
                self.registry.vanish(kind, "", name)
        for name, version in wanted.items():
            if not self.registry.find(kind, "", name):
                spec = {"group": group, "version": version, "groupPriorityMinimum": 1000, "versionPriority": 100}
                metadata = {"name": name, "labels": {_AUTOMANAGED: "true"}}
                self.registry.create(kind, "", {"metadata": metadata, "spec": spec}, Writing(_MANAGER))

    def _conflict(self, definition: Object) -> str:
        """What is wrong with its names; empty: nothing."""
        spec, own = definition["spec"], definition["metadata"]["name"]
        for kind in self.registry.kinds.rows:
            if kind.group != spec["group"] or (kind.custom and f"{kind.plural}.{kind.group}" == own):
                continue
            if spec["names"]["plural"] in (kind.plural, kind.singular, *kind.short_names):
                return f'"{spec["names"]["plural"]}" is already in use'
            if spec["names"]["kind"] in (kind.name, kind.list_name):
                return f'"{spec["names"]["kind"]}" is already in use'
        return ""

    def _conditions(self, definition: Object, conflict: str) -> list[Object]:
        accepted = ("False", "KindConflict", conflict) if conflict else ("True", "NoConflicts", "no conflicts found")
        established = ("True", "InitialNamesAccepted", "the initial names have been accepted")
        if conflict and not _holds(definition, "Established"):
            established = ("False", "NotAccepted", "not all names are accepted")
        said = [("NamesAccepted", accepted), ("Established", established)]
        if definitions.protected(definition["spec"]["group"]):
            said.insert(0, ("KubernetesAPIApprovalPolicyConformant", _approval(definition)))
        before = {each["type"]: each for each in dig(definition, "status", "conditions", default=())}
        found = []
        for name, (status, reason, message) in said:
            was = before.get(name, {})
            since = was["lastTransitionTime"] if was.get("status") == status else self.registry.now()
            found.append(
                {"type": name, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}
            )
        return found

    def _end(self, definition: Object) -> None:
        """Deletes what is defined; the definition goes with the last of them."""
        names, group = definition["spec"]["names"], definition["spec"]["group"]
        rows = [row for row in self.registry.kinds.rows if (row.group, row.plural) == (group, names["plural"])]
        left = [obj["metadata"] for row in rows[:1] for obj in self.registry.list(row)]
        for metadata in left:
            if not metadata.get("deletionTimestamp"):
                self.registry.delete(rows[0], metadata.get("namespace", ""), metadata["name"], Deleting())
        if left and next(iter(self.registry.list(rows[0])), None) is not None:
            return
        self._no_longer(definition)
        metadata = dict(definition["metadata"])
        metadata["finalizers"] = [f for f in metadata.get("finalizers") or () if f != definitions.CLEANUP]
        self.registry.update(self._kind(), "", metadata["name"], definition | {"metadata": metadata}, Writing(_MANAGER))


def _approval(definition: Object) -> tuple[str, str, str]:
    said = (definition["metadata"].get("annotations") or {}).get(definitions.APPROVED, "")
    if said.startswith("unapproved"):
        return "False", "UnapprovedAnnotation", f'not approved: "{said}"'
    return "True", "ApprovedAnnotation", f"approved in {said}"


def _holds(definition: Object, condition: str) -> bool:
    conditions = dig(definition, "status", "conditions", default=())
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)
