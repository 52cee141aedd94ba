"""A real Traefik on the real cluster: built from its Go module, packed under the image's own name, and run from the
makers' own files, with what these leave open."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.mirrors import MIRROR
from tests.real.hands import Object, given, kubectl
from tests.real.standins import cluster

HERE = Path(__file__).parent
FILES = MIRROR / "traefik" / "v3.7.9"
GATEWAY_API = MIRROR / "gateway-api" / "v1.6.1" / "standard-install.yaml"
NAMESPACE, IMAGE = "traefik", "docker.io/library/traefik:v3.7.9"


class NotBuilt(Exception):
    """It is not there; says why."""


def give_image() -> None:
    """Imports it on every node. Raises NotBuilt: a test is no place to build it."""
    done = subprocess.run([HERE / "build-traefik", "--only-look"], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise NotBuilt(done.stderr.strip())
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        (root / "tmp").mkdir(parents=True)
        shutil.copy(done.stdout.strip(), root / "traefik")
        cluster("image", IMAGE, str(root), "--entrypoint", "/traefik", seconds=300)


def install() -> None:
    """For Ingresses of its class, the default one, and for Gateways. Waits until it runs. Definitions of the Gateway
    API that are there, of whichever version, are left alone."""
    if not _has_gateway_api():
        kubectl("apply", "--server-side", "-f", str(GATEWAY_API))
    given(_objects(), "apply", "--server-side")
    kubectl("rollout", "status", "deployment/traefik", "-n", NAMESPACE, "--timeout=90s", seconds=120)


def _has_gateway_api() -> bool:
    return bool(kubectl("get", "crd", "gateways.gateway.networking.k8s.io", "-o", "name", "--ignore-not-found"))


def give_class() -> None:
    """Only the class, the default one."""
    given(_classes()[:1], "apply", "--server-side")


def uninstall() -> None:
    """All of it but the definitions of the Gateway API."""
    there = [each for each in _objects() if each["kind"] != "GatewayClass" or _has_gateway_api()]
    given(there, "delete", "--ignore-not-found", "--wait=true")


def _objects() -> list[Object]:
    made: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        _its("v1", "ServiceAccount", "traefik"),
    ]
    for file in ("kubernetes-crd-rbac.yml", "kubernetes-gateway-rbac.yml"):
        made += map(_bound, yaml.safe_load_all((FILES / file).read_text()))
    return [*made, *_classes(), _deployment(), _service()]


def _its(api_version: str, kind: str, name: str, **more: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}} | more


def _bound(object: Object) -> Object:
    """The makers' bindings name a service account in `default`."""
    for subject in object.get("subjects") or ():
        subject |= {"name": "traefik", "namespace": NAMESPACE}
    return object


def _classes() -> list[Object]:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": "traefik", "annotations": default},
            "spec": {"controller": "traefik.io/ingress-controller"},
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "traefik"},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        },
    ]


def _deployment() -> Object:
    labels = {"app": "traefik"}
    container = {
        "name": "traefik",
        "image": IMAGE,
        "args": [
            "--global.checknewversion=false",
            "--entrypoints.web.address=:80",
            "--entrypoints.websecure.address=:443",
            # Without it a router speaks plain HTTP there, and the Secrets of Ingresses are loaded in vain.
            "--entrypoints.websecure.http.tls=true",
            "--providers.kubernetesingress=true",
            f"--providers.kubernetesingress.ingressendpoint.publishedservice={NAMESPACE}/traefik",
            "--providers.kubernetesgateway=true",
            "--providers.kubernetesgateway.statusaddress.service.name=traefik",
            f"--providers.kubernetesgateway.statusaddress.service.namespace={NAMESPACE}",
            "--ping=true",
        ],
        "ports": [{"name": "web", "containerPort": 80}, {"name": "websecure", "containerPort": 443}],
        "readinessProbe": {"httpGet": {"path": "/ping", "port": 8080}, "periodSeconds": 1},
    }
    pod = {"serviceAccountName": "traefik", "terminationGracePeriodSeconds": 1, "containers": [container]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return _its("apps/v1", "Deployment", "traefik", spec={"selector": {"matchLabels": labels}, "template": template})


def _service() -> Object:
    ports = [
        {"name": "web", "port": 80, "targetPort": "web"},
        {"name": "websecure", "port": 443, "targetPort": "websecure"},
    ]
    spec = {"type": "LoadBalancer", "selector": {"app": "traefik"}, "ports": ports}
    return _its("v1", "Service", "traefik", spec=spec)
