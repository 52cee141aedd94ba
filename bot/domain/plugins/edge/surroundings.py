"""What a cluster says of itself that matters to what leads traffic into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.network.references import NODE, JSONObject, Kind, Ref
from bot.domain.network.snapshot import Node, Snapshot


@dataclass(frozen=True, slots=True)
class GatewayDefinition:
    """A definition of the Gateway API that is there."""

    name: str
    """`httproutes.gateway.networking.k8s.io`."""
    version: str
    """Of the bundle that it came with, from its annotation: `v1.6.1`; empty: it does not say."""
    channel: str
    """`standard` or `experimental`; empty: it does not say."""
    ours: bool
    """Whether Patchbay has applied it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The cluster as it was read. Lists are in a stable order."""

    snapshot: Snapshot
    """Nodes, pods, Services, Deployments, DaemonSets, Ingresses and their classes."""
    definitions: frozenset[str] = frozenset()
    """Names of all CustomResourceDefinitions."""
    gateway_api: tuple[GatewayDefinition, ...] = ()
    gateway_classes: tuple[JSONObject, ...] = ()
    gateways: tuple[JSONObject, ...] = ()
    routes: tuple[JSONObject, ...] = ()
    """All that may be attached to Gateways, of every kind that is defined."""
    unread: tuple[str, ...] = ()
    """What could not be read, and why: `gateways: …`."""
    missing_rights: tuple[str, ...] | None = None
    """What the plan needs and the bot may not do; None: nobody asked."""
    existing: Mapping[Ref, JSONObject] = field(default_factory=dict)
    """Objects of the plan that are there already."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.snapshot.nodes

    @property
    def nodes_read(self) -> bool:
        """Whether `nodes` are all that there are."""
        return self.snapshot.could_read(NODE)

    @property
    def kubernetes(self) -> str:
        """`1.36`; empty when it is not known."""
        parts = self.snapshot.cluster.version.removeprefix("v").split(".")
        return ".".join(parts[:2]) if len(parts) >= 2 else ""

    def could_read(self, *kinds: Kind) -> bool:
        """Whether each of these kinds of the snapshot was completely read."""
        return self.snapshot.could_read(*kinds)

    def unread_of(self, *plurals: str) -> tuple[str, ...]:
        """Those of the plurals that could not be read."""
        return tuple(name for name in plurals if any(each.startswith(f"{name}:") for each in self.unread))


def part(object: JSONObject, *path: str) -> Any:
    """What stands there; None when nothing does."""
    value: Any = object
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def name_of(object: JSONObject) -> str:
    """`shop/web`, or `web` for what has no namespace."""
    namespace, name = part(object, "metadata", "namespace"), part(object, "metadata", "name")
    return f"{namespace}/{name}" if namespace else str(name)
