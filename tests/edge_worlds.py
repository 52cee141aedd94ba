"""What tests of ingress controllers share: a cluster with a network, and what they find there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.plugging import Site, site

Object = dict[str, Any]


@asynccontextmanager
async def edge(cache: Path, *, mirror: Path | None = None, network: bool = True) -> AsyncIterator[Site]:
    """Three nodes with flannel's network. `mirror` is where manifests come from; None: the playground's own alone."""
    async with site(cache, mirror=mirror) as here:
        if network:
            said = await here.approved("cni install flannel")
            assert said.startswith("Applied"), said
        yield here


def ingress(name: str, class_name: str = "", *, namespace: str = "default", annotated: str = "") -> Object:
    """An Ingress of that class: by the field, or by the annotation of old."""
    metadata: Object = {"name": name, "namespace": namespace}
    if annotated:
        metadata["annotations"] = {"kubernetes.io/ingress.class": annotated}
    spec: Object = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    if class_name:
        spec["ingressClassName"] = class_name
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def ingress_class(name: str, controller: str, *, default: bool = False) -> Object:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"controller": controller},
    }


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def deployment(namespace: str, name: str, image: str) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "controller", "image": image}]},
            },
        },
    }
