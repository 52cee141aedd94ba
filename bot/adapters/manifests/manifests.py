"""The port Manifests: finds a pinned file, holds it to its digest, and only then reads it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bot.adapters.manifests.downloading import DEFAULT_HOSTS, Download
from bot.adapters.manifests.folders import Folder, in_no_folder
from bot.adapters.manifests.keeping import Cache, Recent
from bot.adapters.manifests.parsing import objects_in
from bot.adapters.manifests.pinning import pinned, summary
from bot.application.ports.manifests import Manifest
from bot.domain.network.references import JSONObject
from bot.domain.plugins.releases import ManifestFile
from bot.errors import Unreachable

_log = logging.getLogger(__name__)
_decoder = msgspec.json.Decoder(tuple[dict[str, Any], ...])


class MirrorThenDownload:
    """Implements the port Manifests. Files, the network and the parser are used in threads.

    `own` is searched last, for files without a URL: what came with Patchbay. What was read is remembered by its
    digest, so a file that changes in a mirror afterwards is noticed when it has been forgotten. Each reading gives
    objects of its own.
    """

    def __init__(
        self,
        mirror: Path | None,
        cache: Path,
        *,
        own: Path | None = None,
        hosts: frozenset[str] = DEFAULT_HOSTS,
        pauses: Sequence[float] = (0.5, 2.0),
        seconds: float = 60.0,
    ) -> None:
        """`pauses`: seconds between the tries of a download; `seconds`: what a download may take, tries included."""
        self._mirror = Folder(f"the mirror {mirror}", mirror) if mirror else None
        self._own = Folder("Patchbay's own manifests", own) if own else None
        self._cache = Cache(cache)
        self._recent = Recent()
        self._download = Download(hosts, pauses)
        self._seconds = seconds

    async def read(self, file: ManifestFile) -> Manifest:
        digest = pinned(file)
        found = self._recent.get(file)
        if found is None:
            source = await asyncio.to_thread(self._at_hand, file, digest)
            content, origin = source if source is not None else await self._fetched(file, digest)
            found = (await asyncio.to_thread(_as_json, content, file.path), origin)
            self._recent.put(file, *found)
        encoded, origin = found
        return Manifest(file, await asyncio.to_thread(_decoder.decode, encoded), origin)

    async def mirrored(self, folder: str) -> tuple[ManifestFile, ...]:
        return await asyncio.to_thread(self._mirror.files, folder) if self._mirror else ()

    def misfits(self, object: JSONObject, definitions: Sequence[JSONObject]) -> tuple[str, ...]:
        from bot.adapters.manifests.fitting import misfits  # jsonschema costs 0.09 s, which most lines typed never need

        return misfits(object, definitions)

    def _at_hand(self, file: ManifestFile, digest: str) -> tuple[bytes, str] | None:
        """The file from this machine and where it was. Raises Refused, or NotFound when it is nowhere else either."""
        for folder in (self._mirror, None if file.url else self._own):
            if folder and (content := folder.content(file)) is not None:
                return content, folder.name
        if not file.url:
            raise in_no_folder(file, self._mirror)
        content = self._cache.get(digest)
        return None if content is None else (content, file.url)

    async def _fetched(self, file: ManifestFile, digest: str) -> tuple[bytes, str]:
        stop = threading.Event()
        try:
            async with asyncio.timeout(self._seconds):
                content = await asyncio.to_thread(self._download.content, file, stop)
        except TimeoutError as error:
            raise Unreachable(
                summary(file.path),
                cause=f"the download took longer than {self._seconds:g} s",
                next_step="try again later, or put the file into the folder that PATCHBAY_MANIFESTS names",
            ) from error
        finally:
            stop.set()  # a thread cannot be cancelled, and must not go on for a caller who has gone
        _log.info("downloaded %s (%d bytes)", file.url, len(content))
        await asyncio.to_thread(self._cache.put, digest, content)
        return content, file.url


def _as_json(content: bytes, path: str) -> bytes:
    return msgspec.json.encode(objects_in(content, path))
