"""What every source of a manifest is held to: a size, and the digest that was pinned."""

import hashlib
import re

from bot.domain.plugins.releases import ManifestFile
from bot.errors import Refused

MOST_BYTES = 32 * 1024 * 1024
"""More is never read, wherever it comes from."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


def summary(path: str) -> str:
    """What could not be done, the first words of each error here."""
    return f"Cannot read the manifest {path}"


def pinned(file: ManifestFile) -> str:
    """The digest in lower case. Raises Refused when there is none: what is not pinned is not read."""
    digest = file.sha256.lower()
    if not _DIGEST.fullmatch(digest):
        raise Refused(summary(file.path), cause="no sha256 of 64 hexadecimal digits is pinned for it")
    return digest


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def other_digest(file: ManifestFile, where: str, content: bytes, next_step: str) -> Refused:
    """The error for a file that is not the pinned one. `where` names what was looked at."""
    told, way = looks(content)
    seen = f"{told}; " if told else ""
    return Refused(
        summary(file.path),
        cause=f"{where} is not the pinned file: {seen}expected sha256 {pinned(file)}, found "
        f"{digest_of(content)} ({len(content)} bytes)",
        next_step=f"{way}; {next_step}" if way else next_step,
    )


def is_page(content: bytes) -> bool:
    """Whether it begins as a web page does."""
    return content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html"))


def looks(content: bytes) -> tuple[str, str]:
    """What a file of another digest seems to be, and what to do about it; both empty when nothing is seen. Its bytes
    are looked at and nothing more: what is not the pinned file is not parsed."""
    if not content.strip():
        return "it is empty", "its copying or download did not come about: fetch it anew"
    if is_page(content):
        return "it is an HTML page, as a proxy or a login page gives", "fetch it anew from where that is not in between"
    if not content.endswith((b"\n", b"\r")):
        return "it looks cut off: it ends in the middle of a line", "fetch it anew, and compare its size"
    return "", ""


def too_big(path: str, where: str) -> Refused:
    return Refused(
        summary(path),
        cause=f"{where} is larger than {MOST_BYTES // 1024 // 1024} MB, which no manifest is",
        next_step="see what is there: it cannot be the pinned file",
    )
