"""The tigera operator: what it makes of an Installation of Calico once it runs, what it says of that, and how it takes
it away again.

The names are those that the real operator uses, see https://docs.tigera.io/calico/latest/reference/installation/api.
An Installation that is deleted stays until the operator has ended the pods that need the network to end; without an
operator it stays for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.networks import kubeadm_subnets
from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    is_going,
    is_ready,
    key_of,
    reference_to,
)
from bot.playground.cluster_server.networks import calico_system, tigera_status
from bot.playground.cluster_server.networks.calico import GROUP_VERSION
from bot.playground.cluster_server.networks.installation import Wrong, changed_pool, completed, mtu, pool_spec
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
GROUP = "operator.tigera.io"
_VERSION = f"{GROUP}/v1"
_OPERATOR = ("tigera-operator", "tigera-operator")
_WRITING = Writing("operator")
_SYSTEM = calico_system.NAMESPACE
_RELEASES = {"v1.42.": "v3.32.1", "v1.40.": "v3.31.7"}
"""What an operator installs, by the beginning of its version."""
_FINALIZERS = ["tigera.io/operator-cleanup", f"{GROUP}/installation-controller"]
_FIRST = ("calico-kube-controllers", "calico-apiserver", "goldmane", "whisker")
"""Deployments whose pods need the network to end well."""
_STATUS_OF = {"APIServer": "apiserver", "Goldmane": "goldmane", "Whisker": "whisker"}
_NO_POOLS = "waiting for enabled IP pools to be created"
_NOT_INSTALLED = "Waiting for Installation to be ready"
_MANAGED = {"app.kubernetes.io/managed-by": "tigera-operator"}


class Tigera(Controller):
    """Keys are the names of the operator's own kinds."""

    def concerns(self, change: Change) -> Iterable[Key]:
        group, plural = change.resource
        metadata = change.obj["metadata"]
        namespace = metadata.get("namespace", "")
        if group == GROUP or group == "apiextensions.k8s.io":
            return self._keys() if plural != "tigerastatuses" else ()
        if change.resource == (GROUP_VERSION.partition("/")[0], "ippools"):
            return self._keys()
        if (group == "apps" and namespace == _SYSTEM) or (change.resource == ("", "pods") and namespace in _OURS):
            return self._keys()
        if key_of(change.obj) == ("kube-system", "kubeadm-config"):
            return self._keys()
        return ()

    def everything(self) -> Iterable[Key]:
        return self._keys()

    def _keys(self) -> list[Key]:
        return [("", name) for name in ("Installation", *_STATUS_OF) if self._kind(name)]

    def _kind(self, name: str) -> Kind | None:
        return self.registry.kinds.of(_VERSION, name)

    def _wanted(self, name: str) -> Object | None:
        kind = self._kind(name)
        return next(iter(self.registry.list(kind)), None) if kind else None

    def reconcile(self, key: Key) -> Pause:
        wanted, installation, release = self._wanted(key[1]), self._wanted("Installation"), self._release()
        if wanted is None or installation is None or not release:
            return None
        if is_going(installation):
            self._dismantle(installation)
        elif key[1] == "Installation":
            self._install(wanted, release)
        elif not dig(installation, "status", "variant"):
            self._tell_wrong(wanted, _STATUS_OF[key[1]], Wrong("ResourceNotReady", _NOT_INSTALLED))
        elif not is_going(wanted):
            made = [
                self._made(wanted, workload) for workload in calico_system.parts(key[1], installation["spec"], release)
            ]
            if key[1] == "APIServer":
                self._serve(wanted)
            self._tell(wanted, _STATUS_OF[key[1]], made)
        return None

    def _release(self) -> str:
        """What the operator installs that runs now; empty: none does."""
        deployment = self.registry.find(self.scene.kind("apps/v1", "Deployment"), *_OPERATOR)
        if deployment is None:
            return ""
        asked = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        pods = self.registry.list(self.scene.kind("v1", "Pod"), _OPERATOR[0])
        running = {pod["spec"]["containers"][0]["image"] for pod in pods if is_ready(pod) and not is_going(pod)}
        if not running:
            return ""
        tag = (asked if asked in running else min(running)).rpartition(":")[2]
        return next((to for start, to in _RELEASES.items() if tag.startswith(start)), "v3.32.1")

    def _install(self, installation: Object, release: str) -> None:
        try:
            installation = self._completed(installation)
        except Wrong as wrong:
            self._tell_wrong(installation, "ippools", wrong)
            if not self._pools():
                self._tell_wrong(installation, "calico", Wrong("ResourceNotFound", _NO_POOLS))
            return
        spec = installation["spec"]
        self._make_pools(spec["calicoNetwork"]["ipPools"])
        self._tell(installation, "ippools", [])
        made = [self._made(installation, workload) for workload in calico_system.parts("Installation", spec, release)]
        kind = self.scene.kind(_VERSION, "Installation")
        live = self.registry.get(kind, "", installation["metadata"]["name"])
        status = {"variant": "Calico", "calicoVersion": release, "mtu": mtu(spec), "computed": spec}
        self.registry.write_status(kind, live, (live.get("status") or {}) | status, _WRITING.manager)
        self._tell(installation, "calico", made)

    def _completed(self, installation: Object) -> Object:
        """With its defaults and finalizers, written back. Raises Wrong, with the finalizers written."""
        kind, name = self.scene.kind(_VERSION, "Installation"), installation["metadata"]["name"]
        there = installation["metadata"].get("finalizers") or []
        missing = [finalizer for finalizer in _FINALIZERS if finalizer not in there]
        if missing:
            metadata = installation["metadata"] | {"finalizers": [*there, *missing]}
            installation = self.registry.update(kind, "", name, installation | {"metadata": metadata}, _WRITING)
        spec = completed(installation.get("spec") or {}, kubeadm_subnets(self.registry), self._pools())
        if spec != installation.get("spec"):
            installation = self.registry.update(kind, "", name, installation | {"spec": spec}, _WRITING)
        return installation

    def _pools(self) -> list[Object]:
        kind = self.registry.kinds.of(GROUP_VERSION, "IPPool")
        return list(self.registry.list(kind)) if kind else []

    def _make_pools(self, pools: list[Object]) -> None:
        kind = self.registry.kinds.of(GROUP_VERSION, "IPPool")
        for pool in pools if kind else ():
            assert kind is not None
            found = self.registry.find(kind, "", pool["name"])
            if found is None:
                metadata = {"name": pool["name"], "labels": _MANAGED}
                body = {"apiVersion": GROUP_VERSION, "kind": "IPPool", "metadata": metadata, "spec": pool_spec(pool)}
                self.registry.create(kind, "", body, _WRITING)
            elif (spec := changed_pool(found["spec"], pool)) != found["spec"]:
                self.registry.update(kind, "", pool["name"], found | {"spec": spec}, _WRITING)

    def _made(self, owner: Object, workload: Object) -> Object:
        """The workload as it is now; made when it is not there, with its account and namespace, and brought to other
        images and settings when those changed."""
        self._make_room(owner, workload["metadata"]["name"])
        kind, name = self.scene.kind("apps/v1", workload["kind"]), workload["metadata"]["name"]
        found = self.registry.find(kind, _SYSTEM, name)
        if found is None:
            metadata = workload["metadata"] | {"ownerReferences": [reference_to(owner)]}
            return self.registry.create(kind, _SYSTEM, workload | {"metadata": metadata}, _WRITING)
        if is_going(found) or calico_system.images(found) == calico_system.images(workload):
            return found
        return self.registry.update(kind, _SYSTEM, name, found | {"spec": found["spec"] | workload["spec"]}, _WRITING)

    def _make_room(self, owner: Object, account: str) -> None:
        namespaces, accounts = self.scene.kind("v1", "Namespace"), self.scene.kind("v1", "ServiceAccount")
        owned = {"ownerReferences": [reference_to(self._wanted("Installation") or owner)]}
        if not self.registry.find(namespaces, "", _SYSTEM):
            labels = {"name": _SYSTEM, "pod-security.kubernetes.io/enforce": "privileged"}
            self.registry.create(namespaces, "", {"metadata": {"name": _SYSTEM, "labels": labels} | owned}, _WRITING)
        for name in ("default", account):
            if not self.registry.find(accounts, _SYSTEM, name):
                self.registry.create(accounts, _SYSTEM, {"metadata": {"name": name} | owned}, _WRITING)

    def _serve(self, owner: Object) -> None:
        services, kind = self.scene.kind("v1", "Service"), self.scene.kind("apiregistration.k8s.io/v1", "APIService")
        references = {"ownerReferences": [reference_to(owner)]}
        if not self.registry.find(services, _SYSTEM, "calico-api"):
            spec: Object = {"selector": {"k8s-app": "calico-apiserver"}, "ports": [{"port": 443, "targetPort": 5443}]}
            self.registry.create(
                services, _SYSTEM, {"metadata": {"name": "calico-api"} | references, "spec": spec}, _WRITING
            )
        if not self.registry.find(kind, "", "v3.projectcalico.org"):
            spec = {"group": "projectcalico.org", "version": "v3", "groupPriorityMinimum": 1500, "versionPriority": 200,
                    "service": {"namespace": _SYSTEM, "name": "calico-api", "port": 443}}  # fmt: skip
            obj = {"metadata": {"name": "v3.projectcalico.org"} | references, "spec": spec}
            self.registry.create(kind, "", obj, _WRITING)

    def _dismantle(self, installation: Object) -> None:
        """First what needs the network to end; then the Installation is let go, and takes the rest with it."""
        kind, pods = self.scene.kind("apps/v1", "Deployment"), self.scene.kind("v1", "Pod")
        for name in _FIRST:
            found = self.registry.find(kind, _SYSTEM, name)
            if found is not None and not is_going(found):
                self.registry.delete(kind, _SYSTEM, name, Deleting())
        if any(pod["metadata"].get("labels", {}).get("k8s-app") in _FIRST for pod in self.registry.list(pods, _SYSTEM)):
            return
        metadata = dict(installation["metadata"])
        kept = [name for name in metadata.get("finalizers") or () if name not in _FINALIZERS]
        if kept != (metadata.get("finalizers") or []):
            metadata["finalizers"] = kept
            installations = self.scene.kind(_VERSION, "Installation")
            self.registry.update(installations, "", metadata["name"], installation | {"metadata": metadata}, _WRITING)

    def _tell(self, owner: Object, name: str, workloads: list[Object]) -> None:
        pods = self.registry.list(self.scene.kind("v1", "Pod"), _SYSTEM) if workloads else ()
        self._write_status(owner, name, tigera_status.told(workloads, pods))

    def _tell_wrong(self, owner: Object, name: str, wrong: Wrong) -> None:
        found = self._status(owner, name)
        before = [said["type"] for said in dig(found, "status", "conditions", default=())]
        self._write_status(owner, name, tigera_status.told_wrong(wrong.reason, str(wrong), before))

    def _status(self, owner: Object, name: str) -> Object | None:
        """A TigeraStatus, as `kubectl get tigerastatus` shows it."""
        kind = self._kind("TigeraStatus")
        if kind is None:
            return None
        metadata = {"name": name, "ownerReferences": [reference_to(owner)]}
        body = {"apiVersion": _VERSION, "kind": "TigeraStatus", "metadata": metadata, "spec": {}}
        return self.registry.find(kind, "", name) or self.registry.create(kind, "", body, _WRITING)

    def _write_status(self, owner: Object, name: str, said: dict[str, tuple[str, str, str]]) -> None:
        """On the TigeraStatus, and on the object that it is about; `ippools` is about nobody's own."""
        generation = owner["metadata"].get("generation", 1)
        if found := self._status(owner, name):
            dated = self._dated(found, said, generation)
            self.registry.write_status(
                self.scene.kind(_VERSION, "TigeraStatus"), found, {"conditions": dated}, "operator"
            )
        if name != "ippools":
            kind = self.scene.kind(_VERSION, owner["kind"])
            live = self.registry.get(kind, "", owner["metadata"]["name"])
            status = (live.get("status") or {}) | {
                "conditions": self._dated(live, tigera_status.mirrored(said), generation)
            }
            self.registry.write_status(kind, live, status, "operator")

    def _dated(self, obj: Object, said: dict[str, tuple[str, str, str]], generation: int) -> list[Object]:
        before = dig(obj, "status", "conditions", default=[])
        return tigera_status.dated(said, before, self.registry.now(), generation)


_OURS = (_SYSTEM, _OPERATOR[0])
