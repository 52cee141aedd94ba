"""What is kept: downloaded files on disk, named by their digest, and the latest parsed ones in memory.

Both are conveniences. A folder that cannot be written costs another download, never a reading.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections import OrderedDict
from pathlib import Path

from bot.adapters.manifests.pinning import MOST_BYTES, digest_of
from bot.domain.plugins.releases import ManifestFile

_log = logging.getLogger(__name__)


class Cache:
    """Files in a folder, each named by its sha256, and believed only while it has it. Blocks: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> bytes | None:
        """Its bytes, or None. A file that is not what its name says is thrown away."""
        where = self._folder / digest
        try:
            with where.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("the cache of manifests cannot be read: %s", error)
            return None
        if digest_of(content) == digest:
            return content
        _log.warning("%s is damaged: it is thrown away and downloaded again", where)
        with contextlib.suppress(OSError):
            where.unlink()
        return None

    def put(self, digest: str, content: bytes) -> None:
        """Keeps it, whole or not at all."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{digest[:12]}-", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as opened:
                    opened.write(content)
                    opened.flush()
                    os.fsync(opened.fileno())
                os.replace(name, self._folder / digest)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            _log.warning("a manifest could not be kept and will be downloaded again: %s", error)


class Recent:
    """The manifests that were read last, as JSON, so that whoever reads gets values of their own. One event loop."""

    def __init__(self, most: int = 8, most_bytes: int = 16 * 1024 * 1024) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[ManifestFile, tuple[bytes, str]] = OrderedDict()

    def get(self, file: ManifestFile) -> tuple[bytes, str] | None:
        """Its objects as JSON, and where they came from."""
        found = self._kept.get(file)
        if found:
            self._kept.move_to_end(file)
        return found

    def put(self, file: ManifestFile, encoded: bytes, origin: str) -> None:
        self._kept[file] = (encoded, origin)
        self._kept.move_to_end(file)
        while len(self._kept) > self._most or sum(len(each) for each, _ in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)
