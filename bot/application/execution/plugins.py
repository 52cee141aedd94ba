"""Network plugins by the name that is typed, and their releases: read from where manifests come from."""

from __future__ import annotations

import dataclasses
import re
from typing import Annotated

from bot.application.execution import release_files
from bot.application.ports import Context, Ports
from bot.discovery import declared
from bot.domain.chat.grammar import Value
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.cni import NetworkPlugin
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.parameters import Taken
from bot.domain.plugins.releases import Release
from bot.errors import NotFound, UsageError

_VERSION = re.compile(r"v?[0-9][A-Za-z0-9.+-]{0,40}")


def all_plugins() -> dict[str, NetworkPlugin]:
    """Every plugin by the name that is typed: `kube-router`."""
    found = declared("bot.domain.plugins.cni", "CNI", NetworkPlugin)
    return {name.replace("_", "-"): plugin for name, plugin in found.items()}


_NAMES = tuple(name for name, plugin in all_plugins().items() if plugin.install is not None)


def _plugin_name(word: str) -> str:
    lower = word.lower().replace("_", "-")
    if lower not in all_plugins():
        raise ValueError(word)
    return lower


PluginName = Annotated[
    str, Value(_plugin_name, f"a network plugin: {', '.join(_NAMES)}", "calico", "PLUGIN", tuple(all_plugins()))
]


def installable(name: str) -> tuple[NetworkPlugin, Installation]:
    """Raises UsageError for a plugin that is only recognised, with how it is installed."""
    plugin = all_plugins()[name]
    if plugin.install is None:
        raise UsageError(
            f"{plugin.title} is not installed from here",
            cause=plugin.why_not,
            next_step=f"Patchbay recognises it, and installs {', '.join(_NAMES)}",
        )
    return plugin, plugin.install


def taken(ports: Ports, name: str, plugin: NetworkPlugin, installation: Installation) -> Taken:
    """What it takes here, versions that only this house has included."""
    taken = installation.taken(plugin.title)
    return dataclasses.replace(
        taken, versions=tuple(r.version for r in release_files.releases(ports, name, installation.releases))
    )


async def read_release(
    context: Context, name: str, plugin: NetworkPlugin, installation: Installation, version: str
) -> tuple[Release, list[Source]]:
    """The release of that version, else the newest; with its files. Where the newest is not to be had, and this house
    has manifests of its own, those are taken. Raises what the port Manifests raises, and NotFound."""
    if not installation.releases:
        release = await _rendered(context.ports, name, plugin, installation, version)
        return release, await release_files.files_of(context.ports, release)
    return await release_files.read_release(context.ports, name, installation.releases, version)


async def read_nearest(
    context: Context, name: str, plugin: NetworkPlugin, installation: Installation, version: str
) -> tuple[Release, list[Source]]:
    """The release whose image is tagged like the one that is there; when none is pinned here, the newest one."""
    if not installation.releases:
        return await read_release(context, name, plugin, installation, version)
    return await release_files.read_nearest(context.ports, name, installation.releases, version)


async def _rendered(
    ports: Ports, name: str, plugin: NetworkPlugin, installation: Installation, version: str
) -> Release:
    """What an operator rendered and put into the mirror."""
    check_version(name, plugin, installation, version)
    files = await ports.manifests.mirrored(f"{installation.mirror_folder}/{version}")
    if not files:
        how = _how_to_render(name, installation, version)
        raise NotFound(f"There is no rendered manifest of {plugin.title} {version}", next_step=how)
    return Release(version=version, files=files)


def check_version(name: str, plugin: NetworkPlugin, installation: Installation, version: str) -> None:
    """Raises UsageError for a plugin without pinned releases when no version is said, or none that could be one."""
    if installation.releases or _VERSION.fullmatch(version):
        return
    how = _how_to_render(name, installation, "VERSION")
    raise UsageError(
        f"{version[:60]!r} is no version" if version else f"{plugin.title} needs a version here",
        cause="it is published as a Helm chart alone, and installed from a manifest rendered from that",
        next_step=f"say it as in `--version v1.20.0`; if there is no manifest yet, {how}",
    )


def _how_to_render(name: str, installation: Installation, version: str) -> str:
    return (
        f"render it (`helm template {name} …`), put it into the folder {installation.mirror_folder}/{version} of the "
        "mirror that PATCHBAY_MANIFESTS names, and its digest beside it (`sha256sum FILE > FILE.sha256`)"
    )
