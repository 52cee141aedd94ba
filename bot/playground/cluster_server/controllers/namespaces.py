"""Namespaces: what each new one is given, and how one ends: its content first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

_CA_SAID = {
    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using "
    "internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across "
    "distributions of Kubernetes clusters."
}
_WRITING = Writing("kube-controller-manager")


class Namespaces(Controller):
    account = "namespace-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource == ("", "namespaces"):
            return [("", change.obj["metadata"]["name"])]
        namespace = change.obj["metadata"].get("namespace", "")
        return [("", namespace)] if namespace and change.type == "DELETED" else ()

    def reconcile(self, key: Key) -> Pause:
        kind, name = self.scene.kind("v1", "Namespace"), key[1]
        namespace = self.registry.find(kind, "", name)
        if namespace is None:
            return None
        if is_going(namespace):
            if remaining := self._remaining(name):
                self._tell(namespace, remaining)
                return None
            self.registry.vanish(kind, "", name)
            return None
        self._given(name, "ServiceAccount", "default", {})
        self._given(name, "ConfigMap", "kube-root-ca.crt", {"data": {"ca.crt": self.scene.ca_pem}}, _CA_SAID)
        return None

    def _given(
        self, namespace: str, kind_name: str, name: str, body: dict[str, Any], note: dict[str, str] | None = None
    ) -> None:
        kind = self.scene.kind("v1", kind_name)
        if not self.registry.find(kind, namespace, name):
            metadata = {"name": name} | ({"annotations": note} if note else {})
            self.registry.create(kind, namespace, {"metadata": metadata} | body, _WRITING)

    def _tell(self, namespace: dict[str, Any], remaining: Counter[str]) -> None:
        """Words of pkg/controller/namespace/deletion."""
        told = ", ".join(f"{resource} has {count} resource instances" for resource, count in sorted(remaining.items()))
        said = {"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain",
                "message": f"Some resources are remaining: {told}"}  # fmt: skip
        before = dig(namespace, "status", "conditions", default=[])
        if not any(said.items() <= each.items() for each in before):
            kept = [each for each in before if each["type"] != said["type"]]
            status = namespace["status"] | {"conditions": [*kept, said | {"lastTransitionTime": self.registry.now()}]}
            self.registry.write_status(self.scene.kind("v1", "Namespace"), namespace, status, _WRITING.manager)

    def _remaining(self, namespace: str) -> Counter[str]:
        """How many of each resource do not go at once."""
        remaining: Counter[str] = Counter()
        for stored in self.registry.store.everything():
            metadata = stored.obj["metadata"]
            if metadata.get("namespace") != namespace:
                continue
            kind = self.registry.kinds.of(stored.obj["apiVersion"], stored.obj["kind"])
            if kind is not None:
                _, gone = self.registry.delete(kind, namespace, metadata["name"], Deleting())
                if not gone:
                    remaining[f"{kind.plural}.{kind.group}"] += 1
        return remaining
