"""The NGINX Ingress Controller of NGINX Inc (F5). It is not ingress-nginx, and understands none of its annotations.

https://docs.nginx.com/nginx-ingress-controller/ : it serves Ingresses of the class that it is told, and no others.
"""

from __future__ import annotations

from typing import Any

from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, SERVICE, ref_to
from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge import fitting
from bot.domain.plugins.edge.installation import ALL_OPTIONS, EdgeInstallation
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, Exposure, WorkloadKind
from bot.domain.plugins.fitting import Misshapen, Objects, container, copied
from bot.domain.plugins.releases import ManifestFile, Release

INGRESS_CONTROLLER = "nginx.org/ingress-controller"
_NAME = "nginx-ingress"
_BASE = "https://raw.githubusercontent.com/nginx/kubernetes-ingress/v5.5.4"
_FILES = (
    ("deployments/common/ns-and-sa.yaml", "699c7e4fa9992baa0d30c979d59ac44f23d87dcaacc32cd5748e81bbc0d70f4f"),
    ("deployments/rbac/rbac.yaml", "1f40827042a0f26f7d79f7fecce70b0a43e80cb38e260650df1c4fdad9605920"),
    ("deploy/crds.yaml", "9a79a8233162a61fc16820c17c62ec6c33f2c1666b69814f30603ef4e0b93098"),
    ("deployments/common/nginx-config.yaml", "c232ef3d5bd84abe4d40c9a4b86a3f390ea2ec71434b0028d91d6c5bb28e163e"),
    ("deployments/common/ingress-class.yaml", "b720fb1fe9b5beac1e347a5bb0859eafa1b2fba492d4698789fe13043a3dfa6e"),
    ("deployments/deployment/nginx-ingress.yaml", "e76d4d5369e57d27e21f37aaa3760028910e91c89e4e19b050a3802d460565fd"),
    ("deployments/daemon-set/nginx-ingress.yaml", "fe1bce460c73aa2101c2d954fa6610d73fb8329406a4e0c6812f233df0c80788"),
    ("deployments/service/nodeport.yaml", "c5d28abea9be0631e1bfe33ab6b2f7b7cff808f943225ae7b187fbb390fc829c"),
    ("deployments/service/loadbalancer.yaml", "625ab46db11dfb040fbe99be62140787de7a9589509057b8dd4ccac5ebaabcb3"),
)
"""Both workloads and both Services: one of each is applied."""


def _fit(objects: Objects, parameters: EdgeParameters, release: Release) -> Objects:
    kind = (parameters.kind or WorkloadKind.DEPLOYMENT).value
    exposure = (parameters.service or Exposure.LOAD_BALANCER).value
    fitted = tuple(each for each in copied(objects) if _is_wanted(each, kind, exposure))
    if not any(each.get("kind") == "Service" for each in fitted):
        raise Misshapen(f"Service of type {exposure}")
    fitting.moved(fitted, parameters.namespace)
    nginx = container(fitted, (kind, _NAME), _NAME)
    nginx["args"] = [*nginx["args"], f"-ingress-class={parameters.class_name}"]
    fitting.mirrored(fitted, parameters)
    if kind == "Deployment":
        fitting.replicated(fitted, _NAME, parameters)
    return (*fitted, fitting.ingress_class(parameters, INGRESS_CONTROLLER))


def _is_wanted(object: dict[str, Any], kind: str, exposure: str) -> bool:
    """The published class is left out for one of the name that was asked for."""
    if object.get("kind") in ("Deployment", "DaemonSet"):
        return bool(object["kind"] == kind)
    if object.get("kind") == "Service":
        return bool(object["spec"].get("type") == exposure)
    return object.get("kind") != "IngressClass"


def _workload(parameters: EdgeParameters) -> Any:
    kind = DAEMON_SET if parameters.kind is WorkloadKind.DAEMON_SET else DEPLOYMENT
    return (ref_to(kind, parameters.namespace, _NAME),)


CONTROLLER = IngressController(
    title="NGINX Ingress Controller (NGINX Inc)",
    images=("nginx/nginx-ingress", "nginxinc/nginx-ingress", "nginx-ic/nginx-plus-ingress", "nginx-plus-ingress"),
    ingress_classes=(INGRESS_CONTROLLER,),
    install=EdgeInstallation(
        releases=(
            Release(
                version="v5.5.4",
                tag="5.5.4",
                files=tuple(ManifestFile(f"nginx-inc/v5.5.4/{name}", f"{_BASE}/{name}", s) for name, s in _FILES),
                kubernetes=("1.29", "1.36"),
                architectures=frozenset({"amd64", "arm64", "arm", "ppc64le", "s390x"}),
            ),
        ),
        options=ALL_OPTIONS | {EdgeOption.KIND},
        fit=_fit,
        class_name="nginx",
        namespace="nginx-ingress",
        service=Exposure.LOAD_BALANCER,
        workloads=_workload,
        services=lambda parameters: (ref_to(SERVICE, parameters.namespace, _NAME),),
        notes=("Annotations of ingress-nginx mean nothing to it: `ingress to-gateway` tells what becomes of them.",),
    ),
)
"""Kubernetes versions: https://docs.nginx.com/nginx-ingress-controller/changelog"""
