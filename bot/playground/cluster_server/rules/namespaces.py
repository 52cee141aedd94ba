"""Namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from bot.playground.cluster_server.naming import LABEL, finalizer_causes
from bot.playground.cluster_server.rules.contract import Object, Rules
from bot.playground.cluster_server.statuses import Cause


def fill(namespace: Object) -> None:
    namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = namespace["metadata"]["name"]
    namespace.setdefault("status", {}).setdefault("phase", "Active")


def prepare(namespace: Object, before: Object | None) -> None:
    if before is None:
        finalizers = namespace.setdefault("spec", {}).get("finalizers") or []
        if "kubernetes" not in finalizers:
            namespace["spec"]["finalizers"] = [*finalizers, "kubernetes"]


def judge(namespace: Object, before: Object | None) -> Iterator[Cause]:
    for name in (namespace.get("spec") or {}).get("finalizers") or ():
        yield from finalizer_causes("spec.finalizers", name)


RULES = Rules(fill=fill, judge=judge, naming=LABEL, prepare=prepare)
