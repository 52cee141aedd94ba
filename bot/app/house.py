"""What stands behind every door: the commands, and the ports to clusters, to manifests and to what is remembered."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.manifests import MirrorThenDownload
from bot.adapters.network import AddressNetwork, Ways, X509Certificates
from bot.adapters.storage import SQLStorage
from bot.adapters.timers.clock import SystemClock
from bot.application.ports import Changing, Command, Look, Ports, Process, Steering
from bot.discovery import DeclarationError, declared
from bot.domain.access import AccessPolicy
from bot.domain.plugins.releases import Release
from bot.settings import Settings


def catalogue() -> dict[str, Command]:
    """All commands by name, sorted. Raises DeclarationError when a file is called otherwise than its command, with `_`
    for spaces and dashes."""
    found: dict[str, Command] = declared("bot.application.commands", "COMMAND", Look, Steering, Changing)
    for module, command in found.items():
        if command.name.replace("-", " ") != module.replace("_", " "):
            raise DeclarationError(f"commands/{module}.py declares `{command.name}`: name one after the other")
    return {command.name: command for command in found.values()}


@dataclass(frozen=True, slots=True)
class OwnManifests:
    """Manifests that come with a house, for machines with neither mirror nor internet: only the playground has any."""

    folder: Path | None = None
    releases: Mapping[str, tuple[Release, ...]] = field(default_factory=dict)
    """By plugin, as its name is typed."""


NO_MANIFESTS = OwnManifests()


@contextlib.asynccontextmanager
async def open_ports(
    settings: Settings,
    kind: str,
    access: AccessPolicy,
    prefix: str,
    own: OwnManifests = NO_MANIFESTS,
    ways: Ways | None = None,
) -> AsyncIterator[Ports]:
    """The ports that every door needs: clusters and storage, opened; no messenger yet. `ways` is another network
    than this machine's; None: addresses are dialled as they are."""
    clusters = KubernetesClusters(settings.kubeconfig or None, settings.kube_context)
    storage = SQLStorage(settings.database)
    try:
        await storage.open()
        yield Ports(
            clusters=clusters,
            storage=storage,
            clock=SystemClock(),
            manifests=MirrorThenDownload(settings.manifest_mirror, settings.manifest_cache_folder, own=own.folder),
            certificates=X509Certificates(),
            network=_network(settings, ways),
            own_releases=own.releases,
            process=Process(secrets.token_hex(8), kind),
            access=access,
            catalogue=catalogue(),
            command_prefix=prefix,
        )
    finally:
        await clusters.close()
        await storage.close()


def _network(settings: Settings, ways: Ways | None) -> AddressNetwork | None:
    if not settings.can_reach_addresses:
        return None
    return AddressNetwork(ways)
