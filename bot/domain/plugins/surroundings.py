"""What a cluster says of itself that matters to a network plugin, each with who said it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.network.references import DAEMON_SET, NODE, JSONObject, Ref
from bot.domain.network.snapshot import Node, Snapshot


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses that somebody means to use."""

    cidr: str
    said_by: str
    """Object and field: `ConfigMap kube-system/kubeadm-config, networking.podSubnet`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The cluster as it was read. Lists are in a stable order."""

    snapshot: Snapshot
    """Nodes, DaemonSets, Deployments, namespaces."""
    pod_ranges: tuple[Range, ...] = ()
    """For the whole cluster: kubeadm, the controller manager, kube-proxy. Those of nodes are in `snapshot`."""
    service_ranges: tuple[Range, ...] = ()
    definitions: frozenset[str] = frozenset()
    """Names of the CustomResourceDefinitions."""
    kube_proxy: bool | None = None
    """Whether kube-proxy is seen; None: it could not be read."""
    unread: tuple[str, ...] = ()
    """What could not be read, and why."""
    missing_rights: tuple[str, ...] | None = None
    """What the plan needs and the bot may not do; None: nobody asked."""
    existing: dict[Ref, JSONObject] = field(default_factory=dict)
    """Objects of the plan that are there already."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.snapshot.nodes

    @property
    def nodes_read(self) -> bool:
        """Whether `nodes` are all that there are."""
        return self.snapshot.could_read(NODE)

    @property
    def agents_read(self) -> bool:
        """Whether the DaemonSets are all that there are."""
        return self.snapshot.could_read(DAEMON_SET)

    @property
    def definitions_read(self) -> bool:
        """Whether `definitions` are all that there are: only then does absence mean anything."""
        return not any(each.startswith("customresourcedefinitions:") for each in self.unread)

    @property
    def kubernetes(self) -> str:
        """`1.36`; empty when it is not known."""
        parts = self.snapshot.cluster.version.removeprefix("v").split(".")
        return ".".join(parts[:2]) if len(parts) >= 2 else ""

    def unread_of(self, *names: str) -> tuple[str, ...]:
        """Those of the names of what should have been read that could not be: `ConfigMap kube-system/kube-proxy`."""
        return tuple(name for name in names if any(each.startswith((f"{name}:", f"{name},")) for each in self.unread))

    def cluster_pod_cidrs(self) -> tuple[Range, ...]:
        """What the cluster itself means pods to have: the first that says so, one range a family."""
        by_source: dict[str, list[Range]] = {}
        for each in self.pod_ranges:
            by_source.setdefault(each.said_by, []).append(each)
        return tuple(next(iter(by_source.values()), ()))
