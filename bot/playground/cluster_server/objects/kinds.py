"""The kinds this server serves: one table, from the record of a real server. Custom resources add rows to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.playground.cluster_server.schema import Node, recorded, types

_WITHOUT_GENERATION = {
    ("", kind)
    for kind in ("ConfigMap", "Secret", "Service", "Namespace", "Node", "ServiceAccount", "Endpoints", "Event",
                 "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota", "LimitRange", "PodTemplate")
} | {
    ("coordination.k8s.io", "Lease"), ("events.k8s.io", "Event"), ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"), ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"), ("storage.k8s.io", "StorageClass"),
    ("apps", "ControllerRevision"), ("autoscaling", "HorizontalPodAutoscaler"),
    ("apiregistration.k8s.io", "APIService"), ("networking.k8s.io", "ServiceCIDR"),
    ("networking.k8s.io", "IPAddress"),
}  # fmt: skip
"""Kinds whose objects carry no `metadata.generation` (seen in 1.36)."""


_SHOWN_WHEN_GONE = {
    ("", "Service"), ("", "Pod"), ("", "ServiceAccount"), ("", "Namespace"), ("", "ResourceQuota"),
    ("", "PersistentVolumeClaim"), ("", "PersistentVolume"), ("", "PodTemplate"), ("storage.k8s.io", "StorageClass"),
}  # fmt: skip
_ORPHANING = {("batch", "Job"), ("", "ReplicationController")}
_CREATED_BY_UPDATE = {
    ("", "Service"), ("", "Endpoints"), ("", "Event"), ("", "LimitRange"), ("coordination.k8s.io", "Lease"),
    ("events.k8s.io", "Event"), ("rbac.authorization.k8s.io", "Role"), ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
}  # fmt: skip
_NEEDS_REVISION = {
    ("policy", "PodDisruptionBudget"), ("coordination.k8s.io", "Lease"), ("coordination.k8s.io", "LeaseCandidate"),
    ("node.k8s.io", "RuntimeClass"), ("storage.k8s.io", "CSIDriver"), ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "CSIStorageCapacity"), ("storage.k8s.io", "VolumeAttachment"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Table; priority 0 is shown without `-o wide`."""

    name: str
    type: str
    format: str
    priority: int


@dataclass(frozen=True, slots=True)
class Subresource:
    name: str
    group: str
    version: str
    kind: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Custom:
    """What is known of a custom resource beyond its row, from its definition."""

    schema: dict[str, Any]
    """openAPIV3Schema of this version."""
    columns: tuple[dict[str, Any], ...]
    """additionalPrinterColumns."""
    stored_as: str
    """apiVersion under which objects are stored."""
    list_kind: str
    scale: dict[str, Any] | None
    """Paths of the scale subresource."""
    type: Node
    selectable: tuple[str, ...]
    """Fields that lists may be selected by, as paths."""
    has_rules: bool
    """Whether there are CEL rules anywhere."""


@dataclass(frozen=True, eq=False)
class Kind:
    """One row of the table."""

    group: str
    version: str
    plural: str
    singular: str
    name: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    type_name: str = ""
    columns: tuple[Column, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    custom: Custom | None = None

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> tuple[str, str]:
        """Group and plural: what is stored under one key whatever the version."""
        return _STORED_AS.get((self.group, self.plural), (self.group, self.plural))

    @cached_property
    def type(self) -> Node:
        return self.custom.type if self.custom else types().named(self.type_name)

    @property
    def stored_as(self) -> str:
        """The apiVersion that objects of it bear in the store."""
        if self.custom:
            return self.custom.stored_as
        return "v1" if self.converted else self.api_version

    @property
    def list_name(self) -> str:
        return self.custom.list_kind if self.custom else f"{self.name}List"

    @property
    def shown_when_gone(self) -> bool:
        """Whether a delete answers with the object, where others say only that it succeeded."""
        return (self.group, self.name) in _SHOWN_WHEN_GONE

    @property
    def propagation(self) -> str:
        """What happens to what it owns, when a delete does not say."""
        return "Orphan" if (self.group, self.name) in _ORPHANING else "Background"

    @property
    def converted(self) -> bool:
        """Whether it is stored as a kind of another group, with other names of fields."""
        return (self.group, self.plural) in _STORED_AS

    @property
    def created_by_update(self) -> bool:
        """Whether a PUT to a name that is not there makes it."""
        return (self.group, self.name) in _CREATED_BY_UPDATE

    @property
    def needs_revision(self) -> bool:
        """Whether a PUT has to say which version it replaces."""
        return bool(self.custom) or (self.group, self.name) in _NEEDS_REVISION

    @property
    def counts_changes(self) -> bool:
        """Whether a change of what is wanted is a new generation."""
        return self.counts_generations and (self.group, self.name) != ("scheduling.k8s.io", "PriorityClass")

    @cached_property
    def counts_generations(self) -> bool:
        return (self.group, self.name) not in _WITHOUT_GENERATION

    @cached_property
    def has_status(self) -> bool:
        return any(sub.name == "status" for sub in self.subresources)

    def subresource(self, name: str) -> Subresource | None:
        return next((sub for sub in self.subresources if sub.name == name), None)

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


_STORED_AS = {("events.k8s.io", "events"): ("", "events")}
"""Served by two groups, stored once."""


class Kinds:
    """Finds rows by what a path or an object says."""

    def __init__(self, rows: Iterable[Kind]) -> None:
        self.rows: list[Kind] = []
        self._by_version: dict[tuple[str, str], list[Kind]] = {}
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        self._by_name: dict[tuple[str, str], Kind] = {}
        for row in rows:
            self.add(row)

    def add(self, kind: Kind) -> None:
        self.rows.append(kind)
        self._by_version.setdefault((kind.group, kind.version), []).append(kind)
        self._by_path[kind.group, kind.version, kind.plural] = kind
        self._by_name[kind.api_version, kind.name] = kind

    def remove(self, group: str, plural: str) -> None:
        """Takes all versions of a custom resource away."""
        for row in [row for row in self.rows if (row.group, row.plural) == (group, plural)]:
            self.rows.remove(row)
            self._by_version[row.group, row.version].remove(row)
            self._by_path.pop((row.group, row.version, row.plural), None)
            self._by_name.pop((row.api_version, row.name), None)

    def served(self, group: str, version: str, plural: str) -> Kind | None:
        return self._by_path.get((group, version, plural))

    def of(self, api_version: str, name: str) -> Kind | None:
        return self._by_name.get((api_version, name))

    def named(self, api_version: str, name: str) -> Kind:
        """Raises KeyError for a kind that is not in the table: for our own controllers, which know what there is."""
        return self._by_name[api_version, name]

    def groups(self) -> dict[str, list[str]]:
        """Versions by group, in the order of the table; the core group is ""."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            versions = found.setdefault(row.group, [])
            if row.version not in versions:
                versions.append(row.version)
        return found

    def in_version(self, group: str, version: str) -> list[Kind]:
        return self._by_version.get((group, version), [])


def built_in_kinds() -> Kinds:
    return Kinds(
        Kind(
            said["group"], said["version"], said["plural"], said["singular"], said["kind"], said["namespaced"],
            tuple(said["verbs"]), tuple(said["short"]), tuple(said["categories"]), said["type"],
            tuple(Column(*column) for column in said["columns"]),
            tuple(Subresource(name, group, version, kind, tuple(verbs))
                  for name, group, version, kind, verbs in said["subresources"]),
        )
        for said in recorded()["resources"]
    )  # fmt: skip
