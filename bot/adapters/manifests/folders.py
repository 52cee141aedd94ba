"""Manifests in a folder: an operator's mirror, or what came with Patchbay. Nothing outside of the folder is read."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from bot.adapters.manifests.pinning import MOST_BYTES, digest_of, other_digest, pinned, summary, too_big
from bot.domain.plugins.releases import ManifestFile
from bot.errors import NotFound, Refused

_PUT = "put the pinned file there, or take this one away"
_MOST_DIGEST_BYTES = 100_000
_SUM = re.compile(r"\\?([0-9a-fA-F]{64})(?: [ *](.+))?")
"""A line of `sha256sum`: two spaces, or a space and an asterisk, before the name; a backslash before an escaped one."""


class Folder:
    """One folder; `name` is how people call it: `the mirror /srv/manifests`. Blocks: call it in a thread."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.root = root

    def content(self, file: ManifestFile) -> bytes | None:
        """The file's bytes, which have the pinned digest; None when there is no such file. Raises Refused."""
        where = self._inside(file.path)
        if where is None:
            return None
        if not where.is_file():
            raise Refused(
                summary(file.path),
                cause=f"{self._called(file.path)} is {_instead(where)}",
                next_step=f"{_PUT}{_or_download(file)}",
            )
        content = self._read(where, file.path, MOST_BYTES)
        if digest_of(content) != pinned(file):
            raise other_digest(file, self._called(file.path), content, f"{_PUT}{_or_download(file)}")
        return content

    def files(self, folder: str) -> tuple[ManifestFile, ...]:
        """The files right in a folder that have their digest beside them, by name. Raises Refused."""
        where = self._inside(folder)
        if where is None or not where.is_dir():
            return ()
        try:
            names = {entry.name for entry in where.iterdir()}
        except OSError as error:
            raise self._unreadable(folder, error) from error
        paths = sorted(f"{PurePosixPath(folder)}/{name}" for name in names if f"{name}.sha256" in names)
        return tuple(ManifestFile(path, "", self._digest_beside(path)) for path in paths if self._is_file(path))

    def _is_file(self, path: str) -> bool:
        where = self._inside(path)
        return where is not None and where.is_file()

    def _digest_beside(self, path: str) -> str:
        beside, name = f"{path}.sha256", PurePosixPath(path).name
        where = self._inside(beside)
        text = self._read(where, beside, _MOST_DIGEST_BYTES).decode("utf-8", "replace") if where else ""
        for line in text.splitlines():
            found = _SUM.fullmatch(line.strip())
            if found and (found[2] is None or PurePosixPath(found[2]).name == name):
                return found[1].lower()
        raise Refused(
            summary(path),
            cause=f"{self._called(beside)} holds no sha256 of {name}",
            next_step=f"write it anew, in that folder: `sha256sum {name} > {name}.sha256`",
        )

    def _inside(self, path: str) -> Path | None:
        """Where a path leads, links followed; None when nothing is there. Raises Refused when it leads out."""
        parts = PurePosixPath(path)
        if not path or parts.is_absolute() or ".." in parts.parts or "\\" in path or not path.isprintable():
            raise Refused(summary(path), cause=f"{path!r} is no path below {self.name}")
        try:
            root = self.root.resolve(strict=True)
            found = (root / parts).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
            raise self._unreadable(path, error) from error
        if not found.is_relative_to(root):
            raise Refused(
                summary(path),
                cause=f"{self._called(path)} is a link that leads out of the folder",
                next_step="put the file itself there",
            )
        return found

    def _read(self, where: Path, path: str, most: int) -> bytes:
        try:
            with where.open("rb") as opened:
                content = opened.read(most + 1)
        except OSError as error:
            raise self._unreadable(path, error) from error
        if len(content) > most:
            raise too_big(path, self._called(path))
        return content

    def _called(self, path: str) -> str:
        return f"{path} in {self.name}"

    def _unreadable(self, path: str, error: Exception) -> Refused:
        why = (error.strerror if isinstance(error, OSError) else "") or "its links lead in a circle"
        return Refused(
            summary(path),
            cause=f"{self._called(path)} cannot be read: {why.lower()}",
            next_step="let Patchbay's user read the folder",
        )


def _or_download(file: ManifestFile) -> str:
    return " to have it downloaded" if file.url else ""


def _instead(where: Path) -> str:
    return "a folder, and no file" if where.is_dir() else "no file"


def in_no_folder(file: ManifestFile, mirror: Folder | None) -> NotFound:
    """The error for a file that has no URL and is in none of the folders."""
    looked = f"{mirror.name} does not have it" if mirror else "no mirror folder is set"
    if mirror and not mirror.root.is_dir():
        looked = f"{mirror.name} does not exist"
    return NotFound(
        summary(file.path),
        cause=f"{looked}, and nobody publishes it",
        next_step=f"put it as {file.path} into the folder that PATCHBAY_MANIFESTS names",
    )
