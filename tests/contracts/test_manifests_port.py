"""What every source of manifests promises: the one in memory, which other tests stand on, and the real one."""

import hashlib
from pathlib import Path

import pytest

from bot.adapters.manifests import MirrorThenDownload
from bot.application.ports import Manifests
from bot.domain.network.references import JSONObject
from bot.domain.plugins.releases import ManifestFile
from bot.errors import NotFound
from tests.fakes import FakeManifests

CONTENT = b"""\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: nets.acme.io}
spec:
  group: acme.io
  names: {kind: Net, plural: nets}
  versions: [{name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}]
"""
DEFINITION: JSONObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "nets.acme.io"},
    "spec": {
        "group": "acme.io",
        "names": {"kind": "Net", "plural": "nets"},
        "versions": [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"type": "object"}}}],
    },
}
FILE = ManifestFile("acme/v1/net.yaml", "", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(params=["memory", "mirror"])
def manifests(request: pytest.FixtureRequest, tmp_path: Path) -> Manifests:
    if request.param == "memory":
        fake = FakeManifests({FILE.path: [DEFINITION]})
        fake.in_mirror["acme/v1"] = (FILE,)
        return fake
    where = tmp_path / "mirror" / FILE.path
    where.parent.mkdir(parents=True)
    where.write_bytes(CONTENT)
    where.with_name("net.yaml.sha256").write_text(f"{FILE.sha256}  net.yaml\n")
    return MirrorThenDownload(tmp_path / "mirror", tmp_path / "cache")


async def test_a_file_is_read_as_its_objects(manifests: Manifests) -> None:
    found = await manifests.read(FILE)
    assert (found.file, found.objects) == (FILE, (DEFINITION,))
    assert found.origin


async def test_who_reads_may_change_what_was_read(manifests: Manifests) -> None:
    (await manifests.read(FILE)).objects[0]["kind"] = "Changed"
    assert (await manifests.read(FILE)).objects == (DEFINITION,)


async def test_what_is_nowhere_is_not_found(manifests: Manifests) -> None:
    with pytest.raises(NotFound, match=r"Cannot read the manifest acme/v2/net\.yaml"):
        await manifests.read(ManifestFile("acme/v2/net.yaml", "", FILE.sha256))


async def test_a_mirrored_folder_lists_files_that_can_be_read(manifests: Manifests) -> None:
    assert await manifests.mirrored("acme/v1") == (FILE,)
    assert await manifests.mirrored("acme/v2") == ()


def test_a_kind_that_nobody_defines_is_not_found(manifests: Manifests) -> None:
    net: JSONObject = {"apiVersion": "acme.io/v1", "kind": "Net", "metadata": {"name": "a"}}
    assert manifests.misfits(net, [DEFINITION]) == ()
    with pytest.raises(NotFound):
        manifests.misfits(net | {"kind": "Other"}, [DEFINITION])
