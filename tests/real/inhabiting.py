"""Namespaces on the real cluster in which programs run: one of each kind of workload, all answering over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.real.certificates import self_made
from tests.real.hands import Object, given, kubectl

IMAGE = "registry.local/toolbox:1"
# Each says its own name, so that a test knows whom it has reached.
_SERVE = 'mkdir -p /www/api; echo "$1 $HOSTNAME" | tee /www/index.html >/www/api/index.html; '
_LISTEN = "for port in $2; do httpd -p $port -h /www; done; sleep 3600 & wait"

Port = tuple[str, int, str]


@dataclass(frozen=True)
class Place:
    """One namespace, by short words."""

    name: str

    def get(self, kind: str, name: str) -> Object | None:
        """As `kubectl get -o json` shows it, which leaves out managedFields; None: there is none."""
        said = kubectl("get", kind, name, "-n", self.name, "-o", "json", "--ignore-not-found")
        return dict(json.loads(said)) if said.strip() else None

    def names(self, kind: str) -> list[str]:
        said = kubectl("get", kind, "-n", self.name, "-o", "jsonpath={.items[*].metadata.name}")
        return sorted(said.split())

    def make(self, *objects: Object) -> None:
        given([each | {"metadata": {"namespace": self.name} | each["metadata"]} for each in objects], "create")

    def certify(self, name: str, *hosts: str) -> str:
        """A TLS Secret with a certificate of its own for these hosts; returns the certificate."""
        certificate, key = self_made(*hosts)
        secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls"}
        self.make(secret | {"stringData": {"tls.crt": certificate, "tls.key": key}})
        return certificate

    def delete(self, kind: str, name: str) -> None:
        kubectl("delete", kind, name, "-n", self.name, "--ignore-not-found", "--wait=true")

    def clear(self) -> None:
        """All goes that leads to its programs."""
        kinds = ["services", "ingresses", "secrets"]
        if kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "-o", "name").strip():
            kinds += ["gateways", "httproutes", "grpcroutes", "referencegrants"]
        kubectl("delete", ",".join(kinds), "-n", self.name, "--all", "--wait=true")

    def expose(self, *words: str) -> None:
        kubectl("expose", "-n", self.name, *words)

    def create(self, *words: str) -> None:
        kubectl("create", "-n", self.name, *words)


@contextmanager
def inhabited() -> Iterator[Place]:
    """A new one; everything in it is ready. It is gone afterwards."""
    made = kubectl("create", "-f", "-", "-o", "name", input=json.dumps(_namespace()))
    place = Place(made.strip().partition("/")[2])
    try:
        place.make(*_workloads())
        for workload in ("deployment/web", "deployment/many", "daemonset/agent", "statefulset/db"):
            kubectl("rollout", "status", workload, "-n", place.name, "--timeout=90s", seconds=120)
        kubectl("wait", "pods", "--all", "-n", place.name, "--for=condition=Ready", "--timeout=90s", seconds=120)
        yield place
    finally:
        kubectl("delete", "namespace", place.name, "--wait=false")


def _namespace() -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "reachable-"}}


def _workloads() -> list[Object]:
    http: list[Port] = [("http", 8080, "TCP")]
    two: list[Port] = [("http", 8080, "TCP"), ("metrics", 9090, "TCP")]
    mixed: list[Port] = [("dns", 5353, "UDP"), ("dns-tcp", 5353, "TCP"), ("http", 8080, "TCP")]
    front = {"tier": "front"}
    return [
        _workload("apps/v1", "Deployment", "web", http, labels=front, replicas=2),
        _workload("apps/v1", "Deployment", "many", two),
        _workload("apps/v1", "Deployment", "mixed", mixed),
        _workload("apps/v1", "ReplicaSet", "set", http),
        _workload("apps/v1", "DaemonSet", "agent", http),
        _workload("apps/v1", "StatefulSet", "db", http, serviceName="db"),
        _workload("v1", "ReplicationController", "old", http),
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "solo", "labels": {"app": "solo", "pet": "yes"}}}
        | {"spec": _pod("solo", http)},
    ]


def _workload(
    api_version: str, kind: str, app: str, ports: list[Port], labels: dict[str, str] | None = None, **spec: Any
) -> Object:
    selected = {"app": app}
    template = {"metadata": {"labels": selected | (labels or {})}, "spec": _pod(app, ports)}
    selector: Any = selected if kind == "ReplicationController" else {"matchLabels": selected}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": app, "labels": selected | (labels or {})},
        "spec": {"selector": selector, "template": template} | spec,
    }


def _pod(app: str, ports: list[Port]) -> Object:
    """Listens on its TCP ports, over HTTP."""
    listening = " ".join(str(number) for _, number, protocol in ports if protocol == "TCP")
    container = {
        "name": "c",
        "image": IMAGE,
        "command": ["sh", "-c", _SERVE + _LISTEN, "sh", app, listening],
        "ports": [{"name": name, "containerPort": number, "protocol": protocol} for name, number, protocol in ports],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
    }
    return {"terminationGracePeriodSeconds": 0, "containers": [container]}
