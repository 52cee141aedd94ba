"""Where manifests come from. Nothing that is not exactly the pinned file ever reaches a planner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.network.references import JSONObject
from bot.domain.plugins.releases import ManifestFile


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file that was read, with the digest that was asked for."""

    file: ManifestFile
    objects: tuple[JSONObject, ...]
    """Its objects in order; a `kind: List` is given as what it lists, and empty documents are left out. Each has
    apiVersion, kind and metadata.name."""
    origin: str
    """Where it was found, for people: `the mirror /srv/manifests`, or its URL."""


class Manifests(Protocol):
    """A mirror folder first, then the pinned URL; what was downloaded is kept by digest.

    Raises BotError: NotFound (in no mirror, and there is no URL), Unreachable (the download failed; trying again may
    help), Refused (another digest than the pinned one, not a manifest, too big, a host that is not allowed, a proxy
    that wants a password). Each says what was expected, what there was, and what to do next.
    """

    async def read(self, file: ManifestFile) -> Manifest: ...

    async def mirrored(self, folder: str) -> tuple[ManifestFile, ...]:
        """The files that an operator put into a folder of the mirror (`cilium/v1.20.0`), each with the digest from the
        file beside it that is called like it with `.sha256` added (as `sha256sum` writes it); by name, without URL.
        Empty: there is no such folder, or no file in it has a digest."""
        ...

    def misfits(self, object: JSONObject, definitions: Sequence[JSONObject]) -> tuple[str, ...]:
        """How a custom resource differs from the schema of its version in the CustomResourceDefinition among these, a
        line each as the API server words it (`spec.calicoNetwork.ipPools[0].natOutgoing: Unsupported value: …`),
        unknown fields included. Empty: it fits. Raises NotFound when none of them defines its kind."""
        ...
