"""What StatefulSets and DaemonSets were before: a ControllerRevision for each template, so that one can go back."""

from __future__ import annotations

from typing import Any

from bot.playground.cluster_server.controllers.running import Scene, reference_to
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.values import copied

Object = dict[str, Any]
REVISION_HASH = "controller-revision-hash"
_WRITING = Writing("kube-controller-manager")


def ensure_revision(scene: Scene, owner: Object, name: str) -> None:
    """The revision of that name is the newest one afterwards."""
    registry, kind = scene.registry, scene.kind("apps/v1", "ControllerRevision")
    namespace = owner["metadata"]["namespace"]
    known = registry.owned(kind, owner)
    newest = max((found["revision"] for found in known), default=0)
    mine = next((found for found in known if found["metadata"]["name"] == name), None)
    if mine is None:
        template = copied(owner["spec"]["template"]) | {"$patch": "replace"}
        labels = (owner["spec"]["template"].get("metadata") or {}).get("labels") or {}
        metadata: Object = {
            "name": name, "ownerReferences": [reference_to(owner)],
            "labels": labels | {"controller.kubernetes.io/hash": name.rpartition("-")[2]},
        }  # fmt: skip
        if annotations := owner["metadata"].get("annotations"):
            metadata["annotations"] = annotations
        obj = {"metadata": metadata, "data": {"spec": {"template": template}}, "revision": newest + 1}
        registry.create(kind, namespace, obj, _WRITING)
    elif mine["revision"] < newest:
        registry.update(kind, namespace, name, mine | {"revision": newest + 1}, _WRITING)
