"""Pinned manifests: from a mirror folder, from what was kept, or downloaded, with `requests`; read with PyYAML.

One way in, `MirrorThenDownload`: it finds the bytes (`folders`, `keeping`, `downloading`), holds them to their digest,
and only then are they parsed (`parsing`). `fitting` compares custom resources with their definitions.
"""

from bot.adapters.manifests.downloading import DEFAULT_HOSTS
from bot.adapters.manifests.manifests import MirrorThenDownload

__all__ = ["DEFAULT_HOSTS", "MirrorThenDownload"]
