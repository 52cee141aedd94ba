"""Traefik, from the examples of its documentation: they are made whole here, and each field that is adjusted is told.

https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-ingress/
"""

from __future__ import annotations

from typing import Any

from bot.domain.network.references import DEPLOYMENT, SERVICE, JSONObject, ref_to
from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge import fitting
from bot.domain.plugins.edge.encrypting import by_router
from bot.domain.plugins.edge.installation import ALL_OPTIONS, EdgeInstallation
from bot.domain.plugins.edge.listening import by_entry_points
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, Exposure
from bot.domain.plugins.fitting import Objects, change_images, container, copied, named
from bot.domain.plugins.releases import ManifestFile, Release

INGRESS_CONTROLLER = "traefik.io/ingress-controller"
GATEWAY_CONTROLLER = "traefik.io/gateway-controller"
_NAME = "traefik"
_IMAGES = ("traefik", "mirrored-library-traefik")
_ACCOUNT = "traefik-controller"
_FILES = (
    ("kubernetes-crd-definition-v1.yml", "1d5e8558803804562238b0d4a57174aadd6d87c36e3c4c55199ebcc356a9406c"),
    ("kubernetes-crd-rbac.yml", "01e592c73d42c225351fe41b40162fc77ec5239773e7d7be81d40bba08f65f27"),
    ("kubernetes-gateway-rbac.yml", "be058cd1029ce508e83f5f6a6d8a6b4210d37e9e4b63a350087a0de9639cf47a"),
    ("kubernetes-gateway-traefik-lb-svc.yml", "d85efaeb6e927914532f38572d872fca2aec61e654e73cbe068d65904a2ee7f3"),
)
_BASE = "https://raw.githubusercontent.com/traefik/traefik/v3.7.9/docs/content/reference/dynamic-configuration"
_PING = 8080
"""The port of Traefik's own entry point, `traefik`, where `--ping` answers:
https://doc.traefik.io/traefik/reference/install-configuration/observability/healthcheck/"""


def _fit(objects: Objects, parameters: EdgeParameters, release: Release) -> Objects:
    fitted = copied(objects)
    if not parameters.gateway_api:
        fitted = fitting.without(fitted, ("ClusterRole", "gateway-role"), ("ClusterRoleBinding", "gateway-controller"))
    fitting.moved(fitted, parameters.namespace)
    _bind(fitted)
    _set_up(fitted, parameters)
    change_images(fitted, lambda image: image.rpartition(":")[0] + f":{release.image_tag}")
    fitting.mirrored(fitted, parameters)
    fitting.replicated(fitted, _NAME, parameters)
    fitting.exposed(fitted, _NAME, parameters)
    added: list[JSONObject] = [fitting.ingress_class(parameters, INGRESS_CONTROLLER)]
    if parameters.gateway_api:
        added.append(fitting.gateway_class(parameters, GATEWAY_CONTROLLER))
    return (fitting.namespace_object(parameters.namespace), *fitted, *added)


def _bind(objects: Objects) -> None:
    """The examples' roles are bound to two accounts, of which only one is in them."""
    for object in objects:
        subjects: Any = object.get("subjects") or ()
        for subject in subjects:
            subject["name"] = _ACCOUNT


def _set_up(objects: Objects, parameters: EdgeParameters) -> None:
    """It serves Ingresses of its class alone, also by TLS, says its address in them, and tells when it is ready."""
    traefik = container(objects, ("Deployment", _NAME), _NAME)
    place = f"{parameters.namespace}/{_NAME}"
    args = [each for each in traefik["args"] if "kubernetesgateway" not in each]
    args += [
        "--ping=true",
        "--providers.kubernetesingress=true",
        f"--providers.kubernetesingress.ingressclass={parameters.class_name}",
        f"--providers.kubernetesingress.ingressendpoint.publishedservice={place}",
        "--providers.kubernetescrd=true",
        # Else what Ingresses lead to is not served by TLS: 404, whatever Secret they name, as seen with v3.7.9. See
        # https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/ (http.tls).
        "--entrypoints.websecure.http.tls=true",
    ]
    if parameters.gateway_api:
        args += [
            "--providers.kubernetesgateway=true",
            f"--providers.kubernetesgateway.statusaddress.service.namespace={parameters.namespace}",
            f"--providers.kubernetesgateway.statusaddress.service.name={_NAME}",
        ]
    traefik["args"] = args
    traefik["ports"] = [*traefik["ports"], {"name": "traefik", "containerPort": _PING}]
    traefik["readinessProbe"] = {"httpGet": {"path": "/ping", "port": "traefik"}, "periodSeconds": 5}
    named(objects, "ServiceAccount", _ACCOUNT)


CONTROLLER = IngressController(
    title="Traefik",
    images=_IMAGES,
    ingress_classes=(INGRESS_CONTROLLER,),
    gateway_classes=(GATEWAY_CONTROLLER,),
    legacy_class="traefik",
    listening=lambda workloads, _: by_entry_points(workloads, _IMAGES),
    unencrypted=lambda ingress, workloads: by_router(ingress, workloads, _IMAGES),
    install=EdgeInstallation(
        releases=(
            Release(
                version="v3.7.9",
                files=tuple(ManifestFile(f"traefik/v3.7.9/{name}", f"{_BASE}/{name}", sum_) for name, sum_ in _FILES),
                architectures=frozenset({"amd64", "arm64", "arm", "ppc64le", "riscv64", "s390x"}),
            ),
        ),
        options=ALL_OPTIONS | {EdgeOption.GATEWAY_API},
        fit=_fit,
        class_name="traefik",
        namespace="traefik",
        service=Exposure.LOAD_BALANCER,
        workloads=lambda parameters: (ref_to(DEPLOYMENT, parameters.namespace, _NAME),),
        services=lambda parameters: (ref_to(SERVICE, parameters.namespace, _NAME),),
        gateway_api="v1.4.0",
        writers=("traefik",),
    ),
)
"""Gateway API: the documentation of v3.6 names v1.4.0 (https://doc.traefik.io/traefik/v3.6/), that of v3.8 v1.6.3; the
RBAC of v3.7 names BackendTLSPolicy, which v1.4.0 brought as v1."""
