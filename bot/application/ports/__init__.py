"""What the application needs of the world, as Protocols. Adapters implement them; tests have small real ones in memory.

`Ports` holds one of each, and the catalogue of commands. `app.py` fills it; nothing else is looked up by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.application.ports.catalogue import Answer, Changing, Command, Context, Look, Steering
from bot.application.ports.clock import Clock
from bot.application.ports.cluster import Applied, Cluster, Clusters, LogLines, LogRequest, OpenCluster, Prober, Right
from bot.application.ports.manifests import Manifest, Manifests
from bot.application.ports.messenger import Message, MessageId, Messenger
from bot.application.ports.network import Certificates, Network
from bot.application.ports.storage import (
    ChangeStore,
    IncidentStore,
    Outbox,
    OutboxEntry,
    ScheduleStore,
    SeenEvents,
    Storage,
    Transaction,
)
from bot.domain.access import AccessPolicy
from bot.domain.plugins.releases import Release

__all__ = [
    "Answer",
    "Applied",
    "Certificates",
    "ChangeStore",
    "Changing",
    "Clock",
    "Cluster",
    "Clusters",
    "Command",
    "Context",
    "IncidentStore",
    "LogLines",
    "LogRequest",
    "Look",
    "Manifest",
    "Manifests",
    "Message",
    "MessageId",
    "Messenger",
    "Network",
    "OpenCluster",
    "Outbox",
    "OutboxEntry",
    "Ports",
    "Prober",
    "Process",
    "Right",
    "ScheduleStore",
    "SeenEvents",
    "Steering",
    "Storage",
    "Transaction",
]


@dataclass(frozen=True, slots=True)
class Process:
    """This very process, as leases and records name it."""

    id: str
    """Random, new at each start."""
    kind: str
    """`serve` or `run`."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each."""

    clusters: Clusters
    storage: Storage
    clock: Clock
    process: Process
    access: AccessPolicy
    manifests: Manifests
    certificates: Certificates
    network: Network | None = None
    """None: the bot cannot reach the addresses of clusters from where it stands, or was not told that it can."""
    own_releases: Mapping[str, tuple[Release, ...]] = field(default_factory=dict)
    """Releases that this house alone has, by plugin: the playground's own, for machines without mirror and internet."""
    catalogue: Mapping[str, Command] = field(default_factory=dict)
    """Commands by name, `ingress create`."""
    messenger: Messenger | None = None
    """None in a terminal: then nothing is posted anywhere."""
    command_prefix: str = "/net"
    """How people address the bot; texts that show a command line put it before."""
