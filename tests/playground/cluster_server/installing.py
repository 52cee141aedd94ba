"""Manifests, the real ones and the playground's own, applied to a cluster through its API as kubectl does it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.playground.cluster_server.conftest import Client

Object = dict[str, Any]
REAL = Path("/work/shared/manifests")


def objects_of(*files: Path) -> Iterator[Object]:
    """What they hold, lists taken apart."""
    for file in files:
        for document in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader):
            if document:
                yield from document["items"] if document["kind"] == "List" else [document]


def place(client: Client, obj: Object) -> str:
    kind = client.cluster.kinds.named(obj["apiVersion"], obj["kind"])
    root = f"/apis/{obj['apiVersion']}" if kind.group else f"/api/{obj['apiVersion']}"
    namespace = f"/namespaces/{obj['metadata'].get('namespace', 'default')}" if kind.namespaced else ""
    return f"{root}{namespace}/{kind.plural}/{obj['metadata']['name']}"


async def install(client: Client, objects: Iterator[Object] | list[Object], *, force: bool = False) -> None:
    """By server-side apply; `force` takes over what others have written since, as the tigera operator does."""
    for obj in objects:
        answer = await client.apply(place(client, obj), obj, query="&force=true" if force else "")
        assert answer.status in (200, 201), answer.body
    await client.cluster.settled()


async def remove(client: Client, objects: Iterator[Object] | list[Object]) -> None:
    """Last first; what defines kinds goes with what is of them."""
    for obj in reversed(list(objects)):
        answer = await client.ask("DELETE", place(client, obj))
        assert answer.status in (200, 202), answer.body
    await client.cluster.settled()
