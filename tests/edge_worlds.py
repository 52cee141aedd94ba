"""What tests of ingress controllers share: a cluster with a network, where the programs of controllers run."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.playground.cluster_server.pods.programs import Program, Reply
from tests.plugging import Site, site

Object = dict[str, Any]
_HAPROXY = "haproxytech/kubernetes-ingress"
_CONTOUR = "projectcontour/contour"


@asynccontextmanager
async def edge(cache: Path, *, mirror: Path | None = None, network: bool = True) -> AsyncIterator[Site]:
    """Three nodes with flannel's network. `mirror` is where manifests come from; None: the playground's own alone."""
    async with site(cache, mirror=mirror) as here:
        run_controllers(here)
        if network:
            said = await here.approved("cni install flannel")
            assert said.startswith("Applied"), said
        yield here


def run_controllers(here: Site) -> None:
    """HAProxy answers its liveness probe at a port that it does not declare; what Contour does beforehand ends."""
    programs = here.world.cluster.programs
    before = programs.of_agents

    def of(container: Object, pod: Object, program: Program) -> Program:
        found = before(container, pod, program) if before else program
        image, command = str(container.get("image", "")), [*container.get("command", ()), *container.get("args", ())]
        if _HAPROXY in image:
            ports = (1024, 1042, 8080, 8443)
            return dataclasses.replace(found, http={port: {"": Reply("ok")} for port in ports}, declared=True)
        if _CONTOUR in image and ("bootstrap" in command or "certgen" in command):
            return dataclasses.replace(found, exit_code=0)
        if "envoyproxy/envoy" in image:
            return dataclasses.replace(found, http={port: {"": Reply("ok")} for port in (8002, 8080, 8443)})
        return found

    programs.of_agents = of


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
