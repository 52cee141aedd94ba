from __future__ import annotations

import os
from pathlib import Path

import pytest
import responses

from bot.adapters.manifests import MirrorThenDownload, folders
from bot.errors import NotFound, Refused
from tests.adapters.manifests.conftest import CONTENT, URL, pinned, put


async def test_the_mirror_comes_first(reader: MirrorThenDownload, mirror: Path, web: responses.RequestsMock) -> None:
    put(mirror)
    found = await reader.read(pinned())
    assert (found.origin, len(found.objects)) == (f"the mirror {mirror}", 1)
    assert not web.calls


async def test_another_file_in_the_mirror_is_refused_and_not_downloaded_instead(
    reader: MirrorThenDownload, mirror: Path, web: responses.RequestsMock
) -> None:
    put(mirror, b"kind: Other\n")
    web.get(URL, CONTENT)
    with pytest.raises(Refused) as caught:
        await reader.read(pinned())
    said = str(caught.value)
    assert f"acme/v1/net.yaml in the mirror {mirror} is not the pinned file" in said
    assert f"expected sha256 {pinned().sha256}, found {pinned(b'kind: Other' + bytes([10])).sha256}" in said
    assert "take this one away to have it downloaded" in said
    assert not web.calls


@pytest.mark.parametrize(
    ("content", "seen", "way"),
    [
        (b"", "it is empty", "fetch it anew"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<p>Log in\n", "it is an HTML page, as a proxy or a login page", "in between"),
        (b"<HTML>Log in</HTML>", "it is an HTML page", "in between"),
        (CONTENT[:-9], "it looks cut off: it ends in the middle of a line", "compare its size"),
        (CONTENT + b"# more\n", "", "Put the pinned file there, or take this one away to have it downloaded"),
    ],
)
async def test_what_another_file_looks_like_is_told(
    reader: MirrorThenDownload, mirror: Path, content: bytes, seen: str, way: str
) -> None:
    put(mirror, content)
    with pytest.raises(Refused) as caught:
        await reader.read(pinned())
    assert seen in caught.value.cause
    assert ("it is" in caught.value.cause or "it looks" in caught.value.cause) is bool(seen)
    assert f"({len(content)} bytes)" in caught.value.cause
    assert way.lower() in caught.value.next_step.lower()


async def test_what_no_folder_has_and_nobody_publishes_is_not_found(
    reader: MirrorThenDownload, mirror: Path, cache: Path
) -> None:
    with pytest.raises(NotFound, match=f"the mirror {mirror} does not have it"):
        await reader.read(pinned(url=""))
    with pytest.raises(NotFound, match="no mirror folder is set"):
        await MirrorThenDownload(None, cache).read(pinned(url=""))
    with pytest.raises(NotFound, match="gone does not exist"):
        await MirrorThenDownload(mirror / "gone", cache).read(pinned(url=""))


async def test_patchbays_own_folder_comes_last_for_what_nobody_publishes(
    mirror: Path, cache: Path, tmp_path: Path, web: responses.RequestsMock
) -> None:
    put(tmp_path / "own")
    reader = MirrorThenDownload(mirror, cache, own=tmp_path / "own")
    assert (await reader.read(pinned(url=""))).origin == "Patchbay's own manifests"
    web.get(URL, CONTENT)
    assert (await reader.read(pinned())).origin == URL
    put(mirror)
    assert (await MirrorThenDownload(mirror, cache, own=tmp_path / "own").read(pinned(url=""))).origin == (
        f"the mirror {mirror}"
    )


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "acme/../../secret", "", "a\\b", "a\nb", "a\0b"])
async def test_no_path_leads_out(reader: MirrorThenDownload, tmp_path: Path, path: str) -> None:
    put(tmp_path, path="secret")
    with pytest.raises(Refused, match="is no path below the mirror"):
        await reader.read(pinned(path=path))


async def test_a_link_may_lead_within_the_folder_and_not_out_of_it(
    reader: MirrorThenDownload, mirror: Path, tmp_path: Path
) -> None:
    put(mirror, path="..data/net.yaml")
    (mirror / "in.yaml").symlink_to("..data/net.yaml")  # as Kubernetes mounts ConfigMaps
    assert (await reader.read(pinned(path="in.yaml"))).objects
    put(tmp_path, path="secret.yaml")
    (mirror / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(Refused, match="a link that leads out of the folder"):
        await reader.read(pinned(path="out.yaml"))
    (mirror / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(Refused, match=r"loop.yaml in the mirror .* cannot be read"):
        await reader.read(pinned(path="loop.yaml"))


async def test_what_is_no_file_is_not_opened(reader: MirrorThenDownload, mirror: Path) -> None:
    os.mkfifo(mirror / "pipe.yaml")
    (mirror / "folder.yaml").mkdir()
    for path in ("pipe.yaml", "folder.yaml"):
        with pytest.raises(Refused, match=f"{path} in the mirror .* is .*no file") as caught:
            await reader.read(pinned(path=path))
        assert "take this one away to have it downloaded" in caught.value.next_step


async def test_a_file_that_is_too_large_is_refused(
    reader: MirrorThenDownload, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 30)
    put(mirror)
    with pytest.raises(Refused, match="is larger than"):
        await reader.read(pinned())


async def test_a_file_that_may_not_be_read_is_not_downloaded_instead(
    reader: MirrorThenDownload, mirror: Path, monkeypatch: pytest.MonkeyPatch, web: responses.RequestsMock
) -> None:
    put(mirror)

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, as whom tests may run, is never refused

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(Refused, match="cannot be read: permission denied"):
        await reader.read(pinned())
    assert not web.calls


async def test_what_is_not_pinned_is_not_read(reader: MirrorThenDownload, mirror: Path) -> None:
    put(mirror)
    for digest in ("", "../../etc/passwd", "g" * 64):
        with pytest.raises(Refused, match="no sha256 of 64 hexadecimal digits"):
            await reader.read(pinned().__class__("acme/v1/net.yaml", URL, digest))


DIGEST = pinned().sha256


class TestMirrored:
    @pytest.mark.parametrize(
        "beside",
        [f"{DIGEST}  b.yaml\n", f"{DIGEST} *b.yaml\n", DIGEST.upper(), f"{'0' * 64}  a.yaml\n{DIGEST}  ./b.yaml\n"],
    )
    async def test_a_file_with_its_digest_beside_it_can_be_read(
        self, reader: MirrorThenDownload, mirror: Path, beside: str
    ) -> None:
        put(mirror, path="cilium/v1.20.0/b.yaml")
        put(mirror, beside.encode(), "cilium/v1.20.0/b.yaml.sha256")
        (found,) = await reader.mirrored("cilium/v1.20.0")
        assert found == pinned(path="cilium/v1.20.0/b.yaml", url="")
        assert (await reader.read(found)).objects

    async def test_they_come_by_name_and_others_are_left_out(self, reader: MirrorThenDownload, mirror: Path) -> None:
        for name in ("c.yaml", "a.yaml", "b.yaml", "deeper/d.yaml"):
            put(mirror, path=f"x/{name}")
        for name in ("c.yaml", "a.yaml", "deeper/d.yaml", "gone.yaml"):
            put(mirror, DIGEST.encode(), f"x/{name}.sha256")
        assert [file.path for file in await reader.mirrored("x")] == ["x/a.yaml", "x/c.yaml"]

    async def test_no_folder_no_files(self, reader: MirrorThenDownload, mirror: Path, cache: Path) -> None:
        put(mirror, path="x/a.yaml")
        assert await reader.mirrored("x") == ()
        assert await reader.mirrored("y") == ()
        assert await reader.mirrored("x/a.yaml") == ()
        assert await MirrorThenDownload(None, cache).mirrored("x") == ()

    async def test_what_holds_no_digest_is_refused(self, reader: MirrorThenDownload, mirror: Path) -> None:
        put(mirror, path="x/a.yaml")
        put(mirror, b"soon\n", "x/a.yaml.sha256")
        with pytest.raises(Refused, match=r"x/a.yaml.sha256 in the mirror .* holds no sha256 of a.yaml"):
            await reader.mirrored("x")

    async def test_no_folder_outside_is_listed(self, reader: MirrorThenDownload, mirror: Path, tmp_path: Path) -> None:
        put(tmp_path, path="other/a.yaml")
        (mirror / "out").symlink_to(tmp_path / "other")
        for folder in ("../other", "out", "/etc"):
            with pytest.raises(Refused):
                await reader.mirrored(folder)
