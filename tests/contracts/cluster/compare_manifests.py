"""Tries the objects of all manifests below a folder on the embedded cluster and on a real one, and compares answers.

`python -m tests.contracts.cluster.compare_manifests KUBECONFIG FOLDER`: each object is created and applied with
`dryRun=All`; definitions are applied for real first, so that their resources are known, and taken away at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.playground.cluster_server import EmbeddedCluster
from tests.contracts.cluster.api import API, Answer
from tests.contracts.cluster.asking import differences, recorded

Object = dict[str, Any]
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def objects(folder: Path) -> Iterator[tuple[Path, Object]]:
    for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")]):
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader):
            if isinstance(document, dict) and "kind" in document:
                for obj in document["items"] if document["kind"] == "List" else [document]:
                    yield path, obj


class Places:
    """Where objects of each kind live, from the discovery of a real server."""

    def __init__(self, api: API) -> None:
        self._found: dict[tuple[str, str], tuple[str, bool]] = {}
        versions = [f"/apis/{v['groupVersion']}" for g in api.get("/apis").body["groups"] for v in g["versions"]]
        for base in ["/api/v1", *versions]:
            for resource in api.get(base).body.get("resources", ()):
                if "/" not in resource["name"]:
                    version = base.removeprefix("/apis/").removeprefix("/api/")
                    self._found[version, resource["kind"]] = (f"{base}/{resource['name']}", resource["namespaced"])

    def of(self, obj: Object, namespace: str) -> str:
        collection, namespaced = self._found.get((obj["apiVersion"], obj["kind"]), ("", True))
        if not collection:
            plural = obj["kind"].lower() + "s"
            return f"/apis/{obj['apiVersion']}/namespaces/{namespace}/{plural}"
        base, _, plural = collection.rpartition("/")
        return f"{base}/namespaces/{namespace}/{plural}" if namespaced else collection


def tried(api: API, path: str, obj: Object) -> Iterator[tuple[str, Answer]]:
    yield "create", api.ask("POST", f"{path}?dryRun=All&fieldManager=tried", obj)
    name = obj["metadata"].get("name")
    if name:
        options = "dryRun=All&fieldManager=tried"
        yield "apply", api.ask("PATCH", f"{path}/{name}?{options}", obj, patch="apply")


def compared(real: API, ours: API, folder: Path) -> tuple[int, int]:
    """How many answers were compared, and how many differ."""
    found = list(objects(folder))
    definitions = {obj["metadata"]["name"]: obj for _, obj in found if obj["kind"] == "CustomResourceDefinition"}
    for api in (real, ours):
        for name, definition in definitions.items():
            api.ask("PATCH", f"{_DEFINITIONS}/{name}?fieldManager=tried&force=true", definition, patch="apply")
    places, count, differ = Places(real), 0, 0
    for path, obj in found:
        if "namespace" in obj["metadata"] or "/namespaces/" in places.of(obj, "default"):
            obj = json.loads(json.dumps(obj))
            obj["metadata"]["namespace"] = "default"
        place = places.of(obj, "default")
        for (how, one), (_, other) in zip(tried(real, place, obj), tried(ours, place, obj), strict=True):
            count += 1
            wrong = list(differences(recorded(one, {}, "default"), recorded(other, {}, "default")))
            if wrong:
                differ += 1
                print(f"## {how} {path.relative_to(folder)}: {obj['kind']} {obj['metadata'].get('name')}")  # noqa: T201
                print("\n".join(f"   {line[:300]}" for line in wrong[:6]))  # noqa: T201
    for name in definitions:
        real.ask("DELETE", f"{_DEFINITIONS}/{name}")
    return count, differ


async def main() -> int:
    real = API(Path(sys.argv[1]))
    async with EmbeddedCluster() as cluster:
        await cluster.settled()
        ours = API(cluster.kubeconfig_path)
        count, differ = await asyncio.to_thread(compared, real, ours, Path(sys.argv[2]))
        ours.close()
    real.close()
    print(f"{differ} of {count} answers differ")  # noqa: T201
    return min(1, differ)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
