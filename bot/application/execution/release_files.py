"""The files of releases, read from where manifests come from: mirror, internet, or what this house alone has."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from bot.application.ports import Ports
from bot.domain.network.references import JSONObject
from bot.domain.plugins.briefing import Source
from bot.domain.plugins.fitting import ref
from bot.domain.plugins.releases import ManifestFile, Release
from bot.domain.plugins.steps import definitions
from bot.errors import NotFound, Refused, Unreachable


def releases(ports: Ports, name: str, pinned: Sequence[Release]) -> tuple[Release, ...]:
    """All that can be had here, newest first; those that only this house has come last."""
    return (*pinned, *ports.own_releases.get(name, ()))


async def read_release(
    ports: Ports, name: str, pinned: Sequence[Release], version: str
) -> tuple[Release, list[Source]]:
    """The release of that version, else the newest; with its files. Where the newest is not to be had, and this house
    has manifests of its own, those are taken. Raises what the port Manifests raises, and NotFound."""
    known = releases(ports, name, pinned)
    wanted = next((each for each in known if each.version == version), known[0])
    try:
        return wanted, await files_of(ports, wanted)
    except (NotFound, Unreachable):
        own = ports.own_releases.get(name)
        if version or not own:
            raise
        return own[0], await files_of(ports, own[0])


async def read_nearest(ports: Ports, name: str, pinned: Sequence[Release], tag: str) -> tuple[Release, list[Source]]:
    """The release whose image is tagged like the one that is there; when none is pinned here, the newest one."""
    same = [each for each in releases(ports, name, pinned) if each.image_tag == tag]
    for release in same[:-1]:
        with contextlib.suppress(NotFound, Unreachable):
            return release, await files_of(ports, release)
    return await read_release(ports, name, pinned, same[-1].version if same else "")


async def files_of(ports: Ports, release: Release) -> list[Source]:
    """Raises what the port Manifests raises."""
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
