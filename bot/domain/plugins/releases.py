"""Releases of what can be installed: which files they are made of, where these come from, and their digests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of a release, pinned by its digest."""

    path: str
    """Below a mirror folder: `flannel/v0.28.9/kube-flannel.yml`."""
    url: str
    """Where its makers publish it; empty: nowhere, it is to be had from a mirror folder alone."""
    sha256: str
    """Of its bytes, 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a plugin."""

    version: str
    """As its makers write it: `v0.28.9`."""
    files: tuple[ManifestFile, ...]
    """In the order in which they are applied."""
    tag: str = ""
    """How its agent's image is tagged, where that is not the version."""
    kubernetes: tuple[str, str] = ("", "")
    """The oldest and the newest Kubernetes minor (`1.32`) that its makers tested it with, both included. The newest is
    empty where they say `1.23 or later`; both are where it is not known here what they say."""
    architectures: frozenset[str] = frozenset({"amd64", "arm64"})
    """Those that its images are made for, as nodes name theirs."""

    @property
    def image_tag(self) -> str:
        return self.tag or self.version
