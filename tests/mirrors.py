"""Manifests for tests: the real ones where this machine has them, else the playground's own; never the internet."""

from collections.abc import Sequence
from pathlib import Path

from bot.adapters.manifests import MirrorThenDownload
from bot.application.ports import Manifest
from bot.domain.network.references import JSONObject
from bot.domain.plugins.releases import ManifestFile
from bot.errors import Unreachable
from bot.playground.manifests import FOLDER

MIRROR = Path("/work/shared/manifests")
HAVE_MIRROR = MIRROR.is_dir()


class Offline:
    """The real adapter on a machine without internet."""

    def __init__(self, cache: Path, mirror: Path | None = MIRROR if HAVE_MIRROR else None) -> None:
        self._mirror = mirror
        self._real = MirrorThenDownload(mirror, cache, own=FOLDER)

    async def read(self, file: ManifestFile) -> Manifest:
        if file.url and not (self._mirror and (self._mirror / file.path).is_file()):
            raise Unreachable(f"Cannot read the manifest {file.path}", cause="there is no internet in tests")
        return await self._real.read(file)

    async def mirrored(self, folder: str) -> tuple[ManifestFile, ...]:
        return await self._real.mirrored(folder)

    def misfits(self, object: JSONObject, definitions: Sequence[JSONObject]) -> tuple[str, ...]:
        return self._real.misfits(object, definitions)
