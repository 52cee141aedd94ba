"""Reads annotation values as the controller does: what it cannot read it ignores, and takes the default.

See internal/ingress/annotations/parser in https://github.com/kubernetes/ingress-nginx: booleans are Go's
strconv.ParseBool, numbers strconv.Atoi, texts are trimmed line by line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.domain.migration.nginx import PREFIX
from bot.domain.migration.outcome import Journal

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
# What the controller holds a header's name, a Kubernetes name and a host to, as far as the Gateway API takes them too.
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

OLD_NAMES = {
    "whitelist-source-range": "allowlist-source-range",
    "limit-whitelist": "limit-allowlist",
}
"""Names that the controller still takes for others."""


class Annotations:
    """The annotations of one Ingress that begin with the controller's prefix. Remembers which were asked for, so that
    those that nobody reads can be told at the end."""

    def __init__(self, annotations: Mapping[str, str], journal: Journal) -> None:
        self._values = {
            name.removeprefix(PREFIX): value for name, value in annotations.items() if name.startswith(PREFIX)
        }
        self._journal = journal
        self._read: set[str] = set()
        self._ignored: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of all, by name."""
        return tuple(sorted(self._values))

    @property
    def unread(self) -> tuple[str, ...]:
        """Short names that nobody asked for, by name."""
        return tuple(sorted(self._values.keys() - self._read))

    def raw(self, name: str) -> str:
        """As it stands there, without marking it as read."""
        return self._values.get(name, "")

    def has(self, name: str) -> bool:
        return name in self._values

    def heeded(self, name: str) -> bool:
        """Whether it is there, and has a value that the controller takes, as far as it was read."""
        return name in self._values and name not in self._ignored

    def text(self, name: str) -> str:
        """Trimmed; empty where it is not there."""
        if name not in self._values:
            return ""
        self._read.add(name)
        return "\n".join(line.strip() for line in self._values[name].split("\n")).strip()

    def flag(self, name: str, default: bool) -> bool:
        """A value that is no boolean is told, and the default taken."""
        said = self._values.get(name)
        if said is None:
            return default
        self._read.add(name)
        if said in _TRUE:
            return True
        if said in _FALSE:
            return False
        self._malformed(name, "it is neither true nor false", f"the controller took {str(default).lower()}")
        return default

    def number(self, name: str, default: int, least: int = 0, most: int = 2**31 - 1) -> int:
        """A value that is no whole number from `least` to `most` is told, and the default taken."""
        said = self._values.get(name)
        if said is None:
            return default
        self._read.add(name)
        if re.fullmatch(r"[+-]?[0-9]{1,10}", said) and least <= int(said) <= most:
            return int(said)
        self._malformed(name, f"it is no whole number from {least}", f"the controller took its default, {default}")
        return default

    def malformed(self, name: str, what: str) -> None:
        """Tells of a value that the controller did not take."""
        self._malformed(name, what, "the controller left it out")

    def _malformed(self, name: str, what: str, took: str) -> None:
        self._ignored.add(name)
        self._journal.ignore(name, f"its value means nothing: {what}; {took}", "mend it or take it away")
