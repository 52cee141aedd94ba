"""Network plugins by the name that is typed, and their releases: read from where manifests come from."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Sequence
from typing import Annotated

from bot.application.ports import Context, Ports
from bot.discovery import declared
from bot.domain.chat.grammar import Value
from bot.domain.network.references import JSONObject
from bot.domain.plugins.cni import NetworkPlugin
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.installation import Installation
from bot.domain.plugins.installing import Source
from bot.domain.plugins.parameters import Taken
from bot.domain.plugins.releases import ManifestFile, Release
from bot.domain.plugins.steps import definitions
from bot.errors import NotFound, Refused, Unreachable, UsageError

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
    return dataclasses.replace(taken, versions=tuple(r.version for r in releases(ports, name, installation)))


def releases(ports: Ports, name: str, installation: Installation) -> tuple[Release, ...]:
    """All that can be had here, newest first; those that only this house has come last."""
    return (*installation.releases, *ports.own_releases.get(name, ()))


async def read_release(
    context: Context, name: str, plugin: NetworkPlugin, installation: Installation, version: str
) -> tuple[Release, list[Source]]:
    """The release of that version, else the newest; with its files. Where the newest is not to be had, and this house
    has manifests of its own, those are taken. Raises what the port Manifests raises, and NotFound."""
    if not installation.releases:
        release = await _rendered(context.ports, name, plugin, installation, version)
        return release, await _files(context.ports, release)
    known = releases(context.ports, name, installation)
    wanted = next((each for each in known if each.version == version), known[0])
    try:
        return wanted, await _files(context.ports, wanted)
    except (NotFound, Unreachable):
        own = context.ports.own_releases.get(name)
        if version or not own:
            raise
        return own[0], await _files(context.ports, own[0])


async def read_nearest(
    context: Context, name: str, plugin: NetworkPlugin, installation: Installation, version: str
) -> tuple[Release, list[Source]]:
    """The release whose image is tagged like the one that is there; when none is pinned here, the newest one."""
    if not installation.releases:
        return await read_release(context, name, plugin, installation, version)
    same = [each for each in releases(context.ports, name, installation) if each.image_tag == version]
    for release in same[:-1]:
        with contextlib.suppress(NotFound, Unreachable):
            return release, await _files(context.ports, release)
    return await read_release(context, name, plugin, installation, same[-1].version if same else "")


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


async def _files(ports: Ports, release: Release) -> list[Source]:
    return [await _source(ports, file) for file in release.files]


async def _source(ports: Ports, file: ManifestFile) -> Source:
    read = await ports.manifests.read(file)
    return Source(file.path, read.origin, file.sha256, read.objects)


def check_custom(ports: Ports, objects: Sequence[JSONObject]) -> None:
    """Checks custom resources against the definitions that come with them. Raises Refused with every misfit."""
    defined = dict(definitions(objects))
    found = []
    for object in objects:
        own = ref(object)
        if (own.api_version.partition("/")[0], own.kind) in defined:
            found += [f"{own}: {line}" for line in ports.manifests.misfits(object, list(defined.values()))]
    if found:
        raise Refused("The API server would not take what this plan writes", cause="\n".join(found[:10]))
