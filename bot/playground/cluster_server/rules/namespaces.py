"""Namespaces."""

from __future__ import annotations

from bot.playground.cluster_server.naming import LABEL
from bot.playground.cluster_server.rules.contract import Object, Rules


def fill(namespace: Object) -> None:
    namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = namespace["metadata"]["name"]
    namespace.setdefault("status", {}).setdefault("phase", "Active")


def prepare(namespace: Object, before: Object | None) -> None:
    if before is None:
        namespace.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


RULES = Rules(fill=fill, naming=LABEL, prepare=prepare)
