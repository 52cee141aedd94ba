"""Namespaces: what each new one is given, and how one ends: its content first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import Controller, Key, Pause, is_going
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change

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
            if not self._emptied(name):
                return None
            self.registry.vanish(kind, "", name)
            return None
        self._given(name, "ServiceAccount", "default", {})
        self._given(name, "ConfigMap", "kube-root-ca.crt", {"data": {"ca.crt": self.scene.ca_pem}})
        return None

    def _given(self, namespace: str, kind_name: str, name: str, body: dict[str, Any]) -> None:
        kind = self.scene.kind("v1", kind_name)
        if not self.registry.find(kind, namespace, name):
            self.registry.create(kind, namespace, {"metadata": {"name": name}} | body, _WRITING)

    def _emptied(self, namespace: str) -> bool:
        empty = True
        for stored in self.registry.store.everything():
            metadata = stored.obj["metadata"]
            if metadata.get("namespace") != namespace:
                continue
            kind = self.registry.kinds.of(stored.obj["apiVersion"], stored.obj["kind"])
            if kind is not None:
                _, gone = self.registry.delete(kind, namespace, metadata["name"], Deleting())
                empty = empty and gone
        return empty
