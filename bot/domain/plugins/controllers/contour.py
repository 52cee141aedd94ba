"""Contour: a Deployment that watches, and Envoy on every node that carries the traffic, at the hosts' ports 80 and 443.

https://projectcontour.io/docs/1.33/configuration/
"""

from __future__ import annotations

from typing import Any

from bot.domain.changes.change import Ask
from bot.domain.network.probing import TCPProbe
from bot.domain.network.references import DAEMON_SET, DEPLOYMENT, GATEWAY, SERVICE, JSONObject, ref_to
from bot.domain.plugins.controllers import IngressController
from bot.domain.plugins.edge import fitting
from bot.domain.plugins.edge.installation import ALL_OPTIONS, EdgeInstallation
from bot.domain.plugins.edge.listening import by_services
from bot.domain.plugins.edge.parameters import EdgeOption, EdgeParameters, Exposure
from bot.domain.plugins.fitting import Misshapen, Objects, container, copied, named
from bot.domain.plugins.releases import ManifestFile, Release

INGRESS_CONTROLLER = "projectcontour.io/ingress-controller"
"""Contour looks at the class's name alone (internal/ingressclass/ingressclass.go), so this is for people."""
GATEWAY_CONTROLLER = "projectcontour.io/gateway-controller"
_CONTOUR, _ENVOY = "contour", "envoy"
_XDS = 8001
"""Where Contour tells Envoy what to serve. Envoy itself opens its ports only with the first host that it serves, as its
makers say (https://github.com/projectcontour/contour/issues/5371): asked before, they refuse."""
_COMMENTED = "# gateway:\n#   namespace: projectcontour\n#   name: contour\n"
"""How the published settings show where the Gateway is said."""


def _fit(objects: Objects, parameters: EdgeParameters, release: Release) -> Objects:
    fitted = copied(objects)
    fitting.moved(fitted, parameters.namespace)
    contour = container(fitted, ("Deployment", _CONTOUR), _CONTOUR)
    contour["args"] = [*contour["args"], f"--ingress-class-name={parameters.class_name}"]
    fitting.mirrored(fitted, parameters)
    fitting.replicated(fitted, _CONTOUR, parameters)
    fitting.exposed(fitted, _ENVOY, parameters)
    added: list[JSONObject] = [fitting.ingress_class(parameters, INGRESS_CONTROLLER)]
    if parameters.gateway_api:
        _name_gateway(named(fitted, "ConfigMap", _CONTOUR), parameters)
        added += [fitting.gateway_class(parameters, GATEWAY_CONTROLLER), _gateway(parameters)]
    return (*fitted, *added)


def _name_gateway(settings: dict[str, Any], parameters: EdgeParameters) -> None:
    """It serves the one Gateway that it is told of: https://projectcontour.io/docs/1.33/guides/gateway-api/"""
    text = str((settings.get("data") or {}).get("contour.yaml") or "")
    if _COMMENTED not in text:
        raise Misshapen("place for the Gateway under data.contour.yaml in ConfigMap contour")
    said = f"gateway:\n  gatewayRef:\n    namespace: {parameters.namespace}\n    name: {_CONTOUR}\n"
    settings["data"]["contour.yaml"] = text.replace(_COMMENTED, said)


def _gateway(parameters: EdgeParameters) -> JSONObject:
    return {
        "apiVersion": GATEWAY.api_version,
        "kind": GATEWAY.name,
        "metadata": {"name": _CONTOUR, "namespace": parameters.namespace},
        "spec": {
            "gatewayClassName": parameters.class_name,
            "listeners": [
                {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "All"}}}
            ],
        },
    }


CONTROLLER = IngressController(
    title="Contour",
    images=("projectcontour/contour",),
    ingress_classes=("projectcontour.io",),
    gateway_classes=("projectcontour.io",),
    one_gateway="its ConfigMap contour names it, under gateway.gatewayRef",
    listening=lambda _, services: by_services(services),
    legacy_class="contour",
    install=EdgeInstallation(
        releases=(
            Release(
                version="v1.33.6",
                files=(
                    ManifestFile(
                        "contour/v1.33.6/contour.yaml",
                        "https://raw.githubusercontent.com/projectcontour/contour/v1.33.6/examples/render/contour.yaml",
                        "1d2e45c4bb31bea93085231d9b50e2c95ad92432253872b683e672eb7cecbbd8",
                    ),
                ),
                kubernetes=("1.32", "1.34"),
            ),
        ),
        options=ALL_OPTIONS | {EdgeOption.GATEWAY_API},
        fit=_fit,
        class_name="contour",
        namespace="projectcontour",
        service=Exposure.LOAD_BALANCER,
        workloads=lambda parameters: (
            ref_to(DEPLOYMENT, parameters.namespace, _CONTOUR),
            ref_to(DAEMON_SET, parameters.namespace, _ENVOY),
        ),
        services=lambda parameters: (ref_to(SERVICE, parameters.namespace, _ENVOY),),
        asked=lambda parameters: (
            Ask(probe=TCPProbe(target=ref_to(SERVICE, parameters.namespace, _CONTOUR), port=_XDS)),
        ),
        gateway_api="v1.3.0",
        writers=("contour",),
        notes=(
            "HTTPProxies have to name its class as well, in `spec.ingressClassName`: it serves no others.",
            "Envoy takes requests once there is an Ingress, HTTPProxy or route to serve, and refuses them before: at "
            "the end Contour itself is asked.",
        ),
        makes=("Secrets contourcert and envoycert, by its Job contour-certgen",),
    ),
)
"""Kubernetes and Gateway API versions: the release notes of v1.33.0 and v1.33.3."""
