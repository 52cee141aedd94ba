from __future__ import annotations

import logging
from pathlib import Path

import pytest
import responses

from bot.adapters.manifests import MirrorThenDownload
from bot.adapters.manifests.keeping import Cache, Recent
from tests.adapters.manifests.conftest import CONTENT, URL, pinned, put

DIGEST = pinned().sha256


def kept_in(cache: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in cache.iterdir()}


async def test_a_download_is_kept_by_its_digest(
    reader: MirrorThenDownload, cache: Path, web: responses.RequestsMock
) -> None:
    web.get(URL, CONTENT)
    await reader.read(pinned())
    assert kept_in(cache) == {DIGEST: CONTENT}
    found = await MirrorThenDownload(None, cache).read(pinned())
    assert (found.origin, len(found.objects), len(web.calls)) == (URL, 1, 1)


async def test_a_damaged_file_is_thrown_away_and_downloaded_again(
    cache: Path, web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    put(cache, b"damaged", DIGEST)
    web.get(URL, CONTENT)
    assert (await MirrorThenDownload(None, cache).read(pinned())).objects
    assert (cache / DIGEST).read_bytes() == CONTENT
    assert "is damaged" in caplog.text


async def test_a_folder_that_cannot_be_written_is_told_and_the_file_read(
    tmp_path: Path, web: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, path="file")
    web.get(URL, CONTENT)
    reader = MirrorThenDownload(None, tmp_path / "file" / "cache")
    with caplog.at_level(logging.WARNING):
        assert (await reader.read(pinned())).objects
    assert "a manifest could not be kept" in caplog.text


def test_what_could_not_be_written_whole_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    Cache(cache).put(DIGEST, CONTENT)
    assert kept_in(cache) == {}


async def test_reading_again_asks_nobody_and_gives_other_objects(reader: MirrorThenDownload, mirror: Path) -> None:
    where = put(mirror)
    first = await reader.read(pinned())
    where.unlink()
    second = await reader.read(pinned())
    assert first == second
    first.objects[0]["kind"] = "Changed"
    assert (await reader.read(pinned())).objects == second.objects


def test_what_was_not_read_for_long_is_forgotten_first() -> None:
    recent = Recent(most=2, most_bytes=100)
    a, b, c = (pinned(path=name) for name in "abc")
    recent.put(a, b"1", "x")
    recent.put(b, b"2", "x")
    recent.get(a)
    recent.put(c, b"3", "x")
    assert [recent.get(each) is not None for each in (a, b, c)] == [True, False, True]
    recent.put(b, b"4" * 100, "x")
    assert [recent.get(each) is not None for each in (a, b, c)] == [False, True, False]
    recent.put(a, b"5" * 101, "x")
    assert recent.get(a) is None
