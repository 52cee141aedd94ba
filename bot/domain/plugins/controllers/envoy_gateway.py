"""Envoy Gateway: recognised. It is a Helm chart, or a file that no digest here is proved for.

https://gateway.envoyproxy.io/docs/install/
"""

from bot.domain.plugins.controllers import IngressController

CONTROLLER = IngressController(
    title="Envoy Gateway",
    images=("envoyproxy/gateway",),
    gateway_classes=("gateway.envoyproxy.io/gatewayclass-controller",),
    why_not="its makers install it by Helm (`helm install eg oci://docker.io/envoyproxy/gateway-helm`); it needs the "
    "Gateway API's definitions, which `controller install gateway-api` brings",
)
