"""A pinned file, and what reads it without pausing between tries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from bot.adapters.manifests import MirrorThenDownload
from bot.domain.plugins.releases import ManifestFile

SHARED = Path("/work/shared/manifests")
"""Manifests of real plugins, where this project is developed."""
CONTENT = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"
URL = "https://raw.githubusercontent.com/acme/net/v1/net.yaml"


def pinned(content: bytes = CONTENT, path: str = "acme/v1/net.yaml", url: str = URL) -> ManifestFile:
    return ManifestFile(path, url, hashlib.sha256(content).hexdigest())


def put(root: Path, content: bytes = CONTENT, path: str = "acme/v1/net.yaml") -> Path:
    where = root / path
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(content)
    return where


@pytest.fixture
def web(no_call_by_requests_leaves_a_test: responses.RequestsMock) -> responses.RequestsMock:
    return no_call_by_requests_leaves_a_test


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def reader(mirror: Path, cache: Path) -> MirrorThenDownload:
    return MirrorThenDownload(mirror, cache, pauses=(0, 0))


@pytest.fixture
def shared() -> Callable[[str], bytes]:
    """The bytes of a real manifest; the test is skipped where there are none."""
    if not SHARED.is_dir():
        pytest.skip(f"REAL MANIFESTS SKIPPED: there is no {SHARED}")
    return lambda path: (SHARED / path).read_bytes()
