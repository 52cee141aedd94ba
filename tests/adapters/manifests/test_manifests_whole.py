"""The port as a whole, on real manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.adapters.manifests import MirrorThenDownload
from bot.app.house import open_ports
from bot.application.ports import Manifests
from bot.domain.access import AccessPolicy
from bot.settings import said
from tests.adapters.manifests.conftest import SHARED, pinned, put


async def test_calico_is_read_from_a_mirror_and_its_resources_fit(shared: Callable[[str], bytes], cache: Path) -> None:
    manifests: Manifests = MirrorThenDownload(SHARED, cache)

    async def read(name: str) -> tuple[object, ...]:
        path = f"calico/v3.32.1/{name}.yaml"
        return (await manifests.read(pinned(shared(path), path))).objects

    definitions, resources = await read("operator-crds"), await read("custom-resources")
    assert [manifests.misfits(each, definitions) for each in resources] == [()] * 4  # type: ignore[arg-type]


async def test_the_house_takes_both_folders_from_the_settings(mirror: Path, cache: Path, tmp_path: Path) -> None:
    put(mirror)
    settings = said(
        manifests=str(mirror), manifest_cache=str(cache), database_url=f"sqlite+aiosqlite:///{tmp_path / 'p.db'}"
    )
    async with open_ports(settings, "run", AccessPolicy(), "patchbay") as ports:
        assert (await ports.manifests.read(pinned())).origin == f"the mirror {mirror}"
