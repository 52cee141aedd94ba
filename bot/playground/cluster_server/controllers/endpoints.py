"""EndpointSlices and Endpoints of Services that have a selector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.playground.cluster_server.controllers.running import (
    Controller,
    Key,
    Pause,
    is_going,
    is_owned_by,
    is_ready,
    key_of,
    reference_to,
)
from bot.playground.cluster_server.objects.registry import Deleting, Writing
from bot.playground.cluster_server.objects.store import Change
from bot.playground.cluster_server.values import dig

Object = dict[str, Any]
_WRITING = Writing("kube-controller-manager")
_MANAGED_BY = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
SERVICE_NAME = "kubernetes.io/service-name"


class Endpoints(Controller):
    account = "endpointslice-controller"

    def concerns(self, change: Change) -> Iterable[Key]:
        metadata = change.obj["metadata"]
        if change.resource == ("", "services"):
            return [key_of(change.obj)]
        if change.resource == ("discovery.k8s.io", "endpointslices"):
            name = (metadata.get("labels") or {}).get(SERVICE_NAME)
            return [(metadata["namespace"], name)] if name else ()
        if change.resource == ("", "pods"):
            seen = [change.obj, *([change.previous.obj] if change.previous else ())]
            services = self.registry.list(self.scene.kind("v1", "Service"), metadata["namespace"])
            return [key_of(service) for service in services if any(_selects(service, pod) for pod in seen)]
        return ()

    def reconcile(self, key: Key) -> Pause:
        service = self.registry.find(self.scene.kind("v1", "Service"), *key)
        endpoints_kind = self.scene.kind("v1", "Endpoints")
        if service is None:
            if self.registry.find(endpoints_kind, *key):
                self.registry.delete(endpoints_kind, *key)
            return None
        if not service["spec"].get("selector") or service["spec"]["type"] == "ExternalName":
            return None
        pods = [
            pod
            for pod in self.registry.list(self.scene.kind("v1", "Pod"), key[0])
            if _selects(service, pod) and dig(pod, "status", "podIP") and not is_going(pod)
        ]
        groups = _by_ports(service, pods) or [([], [])]
        self._write_slices(service, groups)
        self._write_endpoints(service, groups)
        return None

    def _write_slices(self, service: Object, groups: list[tuple[list[Object], list[Object]]]) -> None:
        kind, namespace = self.scene.kind("discovery.k8s.io/v1", "EndpointSlice"), service["metadata"]["namespace"]
        slices = [found for found in self.registry.list(kind, namespace) if is_owned_by(found, service)]
        for number, (ports, pods) in enumerate(groups):
            said = {
                "addressType": "IPv4", "endpoints": [_endpoint(service, pod) for pod in pods] or None,
                "ports": ports or None,
            }  # fmt: skip
            if number < len(slices):
                before = slices[number]
                if any(before.get(field) != value for field, value in said.items()):
                    self.registry.update(kind, *key_of(before), before | said, _WRITING)
            else:
                name = service["metadata"]["name"]
                labels = (service["metadata"].get("labels") or {}) | _MANAGED_BY | {SERVICE_NAME: name}
                if service["spec"].get("clusterIP") == "None":
                    labels["service.kubernetes.io/headless"] = ""
                owned = {"generateName": f"{name}-", "labels": labels, "ownerReferences": [reference_to(service)]}
                self.registry.create(kind, namespace, {"metadata": owned} | said, _WRITING)
        for extra in slices[len(groups) :]:
            self.registry.delete(kind, *key_of(extra), Deleting())

    def _write_endpoints(self, service: Object, groups: list[tuple[list[Object], list[Object]]]) -> None:
        subsets = []
        for ports, pods in groups:
            ready = [_address(pod) for pod in pods if is_ready(pod)]
            unready = [_address(pod) for pod in pods if not is_ready(pod)]
            if not pods:
                continue
            subset: Object = {"addresses": ready} if ready else {}
            if unready:
                subset["notReadyAddresses"] = unready
            if ports:
                subset["ports"] = ports
            subsets.append(subset)
        kind, key = self.scene.kind("v1", "Endpoints"), key_of(service)
        before = self.registry.find(kind, *key)
        labels = (service["metadata"].get("labels") or {}) | {
            "endpoints.kubernetes.io/managed-by": "endpoint-controller"
        }
        said: Object = {"subsets": subsets} if subsets else {}
        if before is None:
            self.registry.create(kind, key[0], {"metadata": {"name": key[1], "labels": labels}} | said, _WRITING)
        elif before.get("subsets", []) != subsets:
            kept = {name: value for name, value in before.items() if name != "subsets"}
            self.registry.update(kind, *key, kept | said, _WRITING)


def _selects(service: Object, pod: Object) -> bool:
    selector, labels = service["spec"].get("selector"), pod["metadata"].get("labels") or {}
    same = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _by_ports(service: Object, pods: list[Object]) -> list[tuple[list[Object], list[Object]]]:
    """Pods in groups that listen on the same ports: a named port may be another number in each."""
    groups: list[tuple[list[Object], list[Object]]] = []
    for pod in pods:
        ports = [said for port in service["spec"].get("ports") or () if (said := _port(port, pod))]
        for known, members in groups:
            if known == ports:
                members.append(pod)
                break
        else:
            groups.append((ports, [pod]))
    return groups


def _port(port: Object, pod: Object) -> Object | None:
    """None: the pod has no port of that name."""
    number = port["targetPort"]
    if isinstance(number, str):
        declared = [said for container in pod["spec"]["containers"] for said in container.get("ports") or ()]
        number = next(
            (said["containerPort"] for said in declared
             if said.get("name") == port["targetPort"] and said["protocol"] == port["protocol"]),
            None,
        )  # fmt: skip
        if number is None:
            return None
    said = {"name": port.get("name", ""), "port": number, "protocol": port["protocol"]}
    return said | ({"appProtocol": port["appProtocol"]} if "appProtocol" in port else {})


def _endpoint(service: Object, pod: Object) -> Object:
    ready = is_ready(pod)
    metadata = pod["metadata"]
    published = ready or bool(service["spec"].get("publishNotReadyAddresses"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": published, "serving": ready, "terminating": False},
        "targetRef": {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "nodeName": pod["spec"]["nodeName"],
    }


def _address(pod: Object) -> Object:
    metadata = pod["metadata"]
    target = {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target}
