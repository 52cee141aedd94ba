"""The tigera operator: what it makes of an Installation of Calico once it runs, and what it says of that.

The names are those that the real operator uses, see https://docs.tigera.io/calico/latest/reference/installation/api.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    is_going,
    key_of,
    reference_to,
)
from bot.playground.cluster_server.objects.kinds import Kind
from bot.playground.cluster_server.objects.registry import Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
GROUP = "operator.tigera.io"
_VERSION = f"{GROUP}/v1"
_OPERATOR = ("tigera-operator", "tigera-operator")
_WRITING = Writing("tigera-operator")
_SYSTEM = "calico-system"
_RELEASES = {"v1.42.": "v3.32.1", "v1.40.": "v3.31.7"}
"""What an operator installs, by the beginning of its version."""
_REGISTRY = "quay.io/calico"
_HOST_MTU, _OVERHEAD = 1500, {"VXLAN": 50, "VXLANCrossSubnet": 50, "IPIP": 20, "IPIPCrossSubnet": 20}
_POOLS = ("crd.projectcalico.org/v1", "IPPool")
_DEFAULT_POOL = "default-ipv4-ippool"


class Tigera(Controller):
    """Keys are the names of the operator's own kinds."""

    def concerns(self, change: Change) -> Iterable[Key]:
        if change.resource[0] == GROUP or change.resource[0] == "apiextensions.k8s.io":
            return self._keys() if change.resource[1] != "tigerastatuses" else ()
        metadata = change.obj["metadata"]
        if change.resource[0] == "apps" and (metadata.get("namespace") == _SYSTEM or key_of(change.obj) == _OPERATOR):
            return self._keys()
        return ()

    def everything(self) -> Iterable[Key]:
        return self._keys()

    def _keys(self) -> list[Key]:
        return [("", name) for name in ("Installation", "APIServer", "Goldmane", "Whisker") if self._kind(name)]

    def _kind(self, name: str) -> Kind | None:
        return self.registry.kinds.of(_VERSION, name)

    def _wanted(self, name: str) -> Object | None:
        kind = self._kind(name)
        return next((obj for obj in self.registry.list(kind) if not is_going(obj)), None) if kind else None

    def reconcile(self, key: Key) -> Pause:
        wanted, operator = (
            self._wanted(key[1]),
            self.registry.find(self.scene.kind("apps/v1", "Deployment"), *_OPERATOR),
        )
        if wanted is None or not dig(operator, "status", "readyReplicas"):
            return None
        assert operator is not None
        image = operator["spec"]["template"]["spec"]["containers"][0]["image"]
        release = next((to for start, to in _RELEASES.items() if image.rpartition(":")[2].startswith(start)), "v3.32.1")
        match key[1]:
            case "Installation":
                self._install(wanted, release)
            case "APIServer":
                made = self._workload(wanted, "Deployment", "calico-apiserver", f"apiserver:{release}", port=5443)
                self._serve(wanted)
                self._tell(wanted, "apiserver", [made])
            case "Goldmane":
                made = self._workload(wanted, "Deployment", "goldmane", f"goldmane:{release}", port=7443)
                self._tell(wanted, "goldmane", [made])
            case "Whisker":
                made = self._workload(wanted, "Deployment", "whisker", f"whisker:{release}", port=8081)
                self._tell(wanted, "whisker", [made])
        return None

    def _install(self, installation: Object, release: str) -> None:
        pools = dig(installation, "spec", "calicoNetwork", "ipPools", default=[{"cidr": "192.168.0.0/16"}])
        self._make_pools(installation, pools)
        made = [
            self._workload(installation, "DaemonSet", "calico-node", f"node:{release}", host=True),
            self._workload(installation, "Deployment", "calico-typha", f"typha:{release}", host=True, port=5473),
            self._workload(installation, "Deployment", "calico-kube-controllers", f"kube-controllers:{release}"),
        ]
        self._tell(installation, "calico", made)
        self._tell(installation, "ippools", [])
        kind = self._kind("Installation")
        assert kind is not None
        live = self.registry.get(kind, "", installation["metadata"]["name"])
        encapsulation = pools[0].get("encapsulation", "IPIP") if pools else "None"
        mtu = dig(live, "spec", "calicoNetwork", "mtu") or _HOST_MTU - _OVERHEAD.get(encapsulation, 0)
        status = {
            "variant": "Calico", "calicoVersion": release, "mtu": mtu, "computed": live.get("spec") or {},
            "conditions": self._conditions(live, made),
        }  # fmt: skip
        self.registry.write_status(kind, live, status, _WRITING.manager)

    def _make_pools(self, installation: Object, pools: list[Object]) -> None:
        kind = self.registry.kinds.of(*_POOLS)
        for number, pool in enumerate(pools if kind else ()):
            assert kind is not None
            name = pool.get("name") or (_DEFAULT_POOL if number == 0 else f"ippool-{number}")
            if self.registry.find(kind, "", name):
                continue
            how = pool.get("encapsulation", "IPIP")
            spec = {
                "cidr": pool["cidr"], "blockSize": pool.get("blockSize", 26),
                "ipipMode": {"IPIP": "Always", "IPIPCrossSubnet": "CrossSubnet"}.get(how, "Never"),
                "vxlanMode": {"VXLAN": "Always", "VXLANCrossSubnet": "CrossSubnet"}.get(how, "Never"),
                "natOutgoing": pool.get("natOutgoing", "Enabled") == "Enabled",
                "nodeSelector": pool.get("nodeSelector", "all()"), "allowedUses": ["Workload", "Tunnel"],
            }  # fmt: skip
            obj = {"apiVersion": _POOLS[0], "kind": _POOLS[1], "metadata": {"name": name}, "spec": spec}
            self.registry.create(kind, "", obj, _WRITING)

    def _workload(
        self, owner: Object, kind_name: str, name: str, image: str, *, host: bool = False, port: int = 0
    ) -> Object:
        """Makes it, its account and its namespace, when they are not there yet."""
        namespaces, accounts = self.scene.kind("v1", "Namespace"), self.scene.kind("v1", "ServiceAccount")
        if not self.registry.find(namespaces, "", _SYSTEM):
            labels = {"name": _SYSTEM, "pod-security.kubernetes.io/enforce": "privileged"}
            self.registry.create(namespaces, "", {"metadata": {"name": _SYSTEM, "labels": labels}}, _WRITING)
        for account in ("default", name):
            if not self.registry.find(accounts, _SYSTEM, account):
                self.registry.create(accounts, _SYSTEM, {"metadata": {"name": account}}, _WRITING)
        kind = self.scene.kind("apps/v1", kind_name)
        found = self.registry.find(kind, _SYSTEM, name)
        if found is not None:
            return found
        registry = (dig(owner, "spec", "registry") or f"{_REGISTRY}/").rstrip("/")
        container: Object = {"name": name, "image": f"{registry}/{image}"}
        if port:
            container["ports"] = [{"containerPort": port}]
        spec: Object = {"serviceAccountName": name, "containers": [container], "tolerations": [{"operator": "Exists"}]}
        if host:
            spec["hostNetwork"] = True
        if kind_name == "DaemonSet":
            spec["volumes"] = [{"name": "cni-net-dir", "hostPath": {"path": "/etc/cni/net.d"}}]
            container["volumeMounts"] = [{"name": "cni-net-dir", "mountPath": "/host/etc/cni/net.d"}]
        labels = {"k8s-app": name, "app.kubernetes.io/name": name}
        workload = {"selector": {"matchLabels": {"k8s-app": name}},
                    "template": {"metadata": {"labels": labels}, "spec": spec}}  # fmt: skip
        metadata = {"name": name, "labels": labels, "ownerReferences": [reference_to(owner)]}
        return self.registry.create(kind, _SYSTEM, {"metadata": metadata, "spec": workload}, _WRITING)

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

    def _tell(self, owner: Object, name: str, workloads: list[Object]) -> None:
        """A TigeraStatus, as `kubectl get tigerastatus` shows it."""
        kind = self._kind("TigeraStatus")
        if kind is None:
            return
        found = self.registry.find(kind, "", name)
        if found is None:
            body = {"apiVersion": _VERSION, "kind": "TigeraStatus", "metadata": {"name": name}, "spec": {}}
            body["metadata"] = {"name": name, "ownerReferences": [reference_to(owner)]}
            found = self.registry.create(kind, "", body, _WRITING)
        status = {"conditions": self._conditions(found, workloads)}
        self.registry.write_status(kind, found, status, _WRITING.manager)

    def _conditions(self, obj: Object, workloads: list[Object]) -> list[Object]:
        waiting = [said for workload in workloads for said in _unready(workload)]
        before = {said["type"]: said for said in dig(obj, "status", "conditions", default=())}
        why = ("ResourceNotReady", "; ".join(waiting)) if waiting else ("AllObjectsAvailable", "All objects available")
        found = []
        for name, holds in (("Available", not waiting), ("Progressing", bool(waiting)), ("Degraded", False)):
            reason, message = why if name != "Degraded" else ("AllObjectsAvailable", "All objects available")
            said = {
                "type": name, "status": "True" if holds else "False", "reason": reason, "message": message,
                "lastTransitionTime": self.registry.now(),
                "observedGeneration": obj["metadata"].get("generation", 1),
            }  # fmt: skip
            if before.get(name, {}).get("status") == said["status"]:
                said["lastTransitionTime"] = before[name]["lastTransitionTime"]
            found.append(said)
        return found


def _unready(workload: Object) -> Iterator[str]:
    status, name = workload.get("status") or {}, f"{workload['metadata']['namespace']}/{workload['metadata']['name']}"
    if workload["kind"] == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
        if not wanted or ready < wanted:
            yield f'DaemonSet "{name}" is not available (awaiting {wanted - ready} nodes)'
    elif status.get("availableReplicas", 0) < workload["spec"].get("replicas", 1):
        yield f'Deployment "{name}" is not available (awaiting 1 replicas)'
