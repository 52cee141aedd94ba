"""Records the objects that a real API server makes for itself when it starts, without what differs between servers.

Run as `record` is: `python -m bot.playground.cluster_server.schema.record_beginnings http://127.0.0.1:8001`.
"""

import json
import sys
from typing import Any

import requests

_RBAC, _FLOW = "/apis/rbac.authorization.k8s.io/v1", "/apis/flowcontrol.apiserver.k8s.io/v1"
_DEFAULTS = "?labelSelector=kubernetes.io/bootstrapping%3Drbac-defaults"
_PATHS = (
    f"{_RBAC}/clusterroles{_DEFAULTS}", f"{_RBAC}/clusterrolebindings{_DEFAULTS}", f"{_RBAC}/roles{_DEFAULTS}",
    f"{_RBAC}/rolebindings{_DEFAULTS}", "/apis/scheduling.k8s.io/v1/priorityclasses", f"{_FLOW}/flowschemas",
    f"{_FLOW}/prioritylevelconfigurations",
    "/apis/apiregistration.k8s.io/v1/apiservices?labelSelector=kube-aggregator.kubernetes.io/automanaged",
)  # fmt: skip


def main() -> None:
    server = sys.argv[1].rstrip("/")
    objects = [obj for path in _PATHS for obj in _objects(server, path)]
    version = requests.get(f"{server}/version", timeout=60).json()["gitVersion"]
    json.dump({"source": "a real kube-apiserver", "version": version, "objects": objects}, sys.stdout, indent=None,
              separators=(",", ":"))  # fmt: skip


def _objects(server: str, path: str) -> list[dict[str, Any]]:
    listed = requests.get(server + path, timeout=60).json()
    head = {"apiVersion": listed["apiVersion"], "kind": listed["kind"].removesuffix("List")}
    return [head | _kept(obj) for obj in listed["items"] if not _is_of_a_definition(obj)]


def _is_of_a_definition(obj: dict[str, Any]) -> bool:
    """APIServices of custom resources come and go with these."""
    return bool(obj["metadata"].get("labels", {}).get("kube-aggregator.kubernetes.io/automanaged") == "true")


def _kept(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {k: v for k, v in obj["metadata"].items() if k in ("name", "namespace", "labels", "annotations")}
    kept = {"metadata": metadata} | {k: v for k, v in obj.items() if k not in ("metadata", "status")}
    if "matchingPrecedence" in (obj.get("spec") or {}):  # flow schemas say whether what they name is there
        kept["status"] = {"conditions": [c | {"lastTransitionTime": None} for c in obj["status"]["conditions"]]}
    return kept


if __name__ == "__main__":
    main()
