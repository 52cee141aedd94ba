"""The HAProxy Kubernetes Ingress Controller of HAProxy Technologies. (HAProxy Ingress, of others, has its own file.)

https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/ingressclass.md says which Ingresses it
serves: told no class, it would take those without one. It is always told one here, so it does not.
"""

from __future__ import annotations

from bot.domain.network.references import DEPLOYMENT, SERVICE, ref_to
from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge import fitting
from bot.domain.plugins.edge.installation import ALL_OPTIONS, EdgeInstallation
from bot.domain.plugins.edge.parameters import EdgeParameters, Exposure
from bot.domain.plugins.fitting import Objects, change_images, container, copied, pinned
from bot.domain.plugins.releases import ManifestFile, Release

INGRESS_CONTROLLER = "haproxy.org/ingress-controller"
_NAME = "haproxy-kubernetes-ingress"


def _fit(objects: Objects, parameters: EdgeParameters, release: Release) -> Objects:
    fitted = copied(objects)
    fitting.moved(fitted, parameters.namespace)
    haproxy = container(fitted, ("Deployment", _NAME), "haproxy-ingress")
    place = f"{parameters.namespace}/{_NAME}"
    args = [f"--configmap={place}" if each.startswith("--configmap=") else each for each in haproxy["args"]]
    haproxy["args"] = [*args, f"--ingress.class={parameters.class_name}", f"--publish-service={place}"]
    change_images(fitted, lambda image: pinned(image, release.image_tag))
    fitting.mirrored(fitted, parameters)
    fitting.replicated(fitted, _NAME, parameters)
    fitting.exposed(fitted, _NAME, parameters)
    # Told a class, it looks for that name behind its own.
    return (*fitted, fitting.ingress_class(parameters, f"{INGRESS_CONTROLLER}/{parameters.class_name}"))


CONTROLLER = IngressController(
    title="HAProxy",
    images=("haproxytech/kubernetes-ingress",),
    ingress_classes=(INGRESS_CONTROLLER,),
    gateway_classes=("haproxy.org/gateway-controller",),
    install=EdgeInstallation(
        releases=(
            Release(
                version="v3.2.11",
                tag="3.2.11",
                files=(
                    ManifestFile(
                        "haproxy/v3.2.11/haproxy-ingress.yaml",
                        "https://raw.githubusercontent.com/haproxytech/kubernetes-ingress/v3.2.11/deploy/haproxy-ingress.yaml",
                        "ee2a4c98d2b7544eae0b46c3be3f7e4bd56434aecf75613a9ee93b508cfc9b8a",
                    ),
                ),
                kubernetes=("1.32", "1.37"),
            ),
        ),
        options=ALL_OPTIONS,
        fit=_fit,
        class_name="haproxy",
        namespace="haproxy-controller",
        service=Exposure.NODE_PORT,
        workloads=lambda parameters: (ref_to(DEPLOYMENT, parameters.namespace, _NAME),),
        services=lambda parameters: (ref_to(SERVICE, parameters.namespace, _NAME),),
    ),
)
"""Kubernetes versions: https://github.com/haproxytech/kubernetes-ingress/blob/master/documentation/lifecycle.md"""
